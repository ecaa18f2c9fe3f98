#!/usr/bin/env python3
"""What `shrike prune --latency` comes to: how far the pruned network is from what was wished.

    bench/latency_wishes.py SHRIKE MODEL:DATA ... [--wishes 0.8,0.65,0.5,0.4] [--importance l1]

For each model and share of its own latency (`shrike bench`, one thread): what prune measured in the
end, and what `shrike bench` says of the file right after, both beside the wish in percent; what
prune itself said of a miss. Standard library alone; files go to a folder of their own.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile


def shrike(*words):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True)


def bench(program, model):
    """The median of runs, in milliseconds, on one thread."""
    done = shrike(program, "bench", "--model", model, "--threads", 1, "--runs", 60, "--json")
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)["latency_ms"]["median"]


def row(program, model, data, importance, wish, out):
    done = shrike(program, "prune", "--model", model, "--data", data, "--latency", f"{wish:.3f}",
                  "--importance", importance, "--threads", 1, "--bootstrap", 0, "--json",
                  "--classes-by-index", "-o", out)
    said = [line.removeprefix("shrike: ") for line in done.stderr.splitlines()
            if "ms" in line and "measuring" not in line]
    if done.returncode:
        return f"{wish:.2f} | - | - | {' '.join(said) or done.stderr.strip()}"
    ms = json.loads(done.stdout)["network_ms"]["after"]
    after = bench(program, out)
    return (f"{wish:.2f} | {ms:.2f} ({100 * (ms / wish - 1):+.1f} %) | "
            f"{after:.2f} ({100 * (after / wish - 1):+.1f} %) | {' '.join(said)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("models", nargs="+", help="MODEL:DATA")
    parser.add_argument("--wishes", default="0.8,0.65,0.5,0.4")
    parser.add_argument("--importance", default="l1")
    asked = parser.parse_args()
    print("| model | ms | wish | by prune | by bench | said |\n|" + " --- |" * 6)
    for pair in asked.models:
        model, data = pair.rsplit(":", 1)
        whole = bench(asked.program, model)
        with tempfile.TemporaryDirectory() as folder:
            for share in asked.wishes.split(","):
                text = row(asked.program, model, data, asked.importance, whole * float(share),
                           pathlib.Path(folder) / "pruned.onnx")
                print(f"| {pathlib.Path(model).stem} | {whole:.2f} | {text} |", flush=True)


if __name__ == "__main__":
    main()
