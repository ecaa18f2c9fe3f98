#!/usr/bin/env python3
"""Shrike beside ONNX Runtime, OpenVINO and ncnn: one table, one run, taking turns.

    side_by_side.sh MODEL[@SIZE] ... [--threads 1[,2 ...]] [--rounds 5] [--runs 10] [--engines ...] [--json F]
                    [--instead ENGINE=FILE ...]

MODEL: anything `shrike convert` reads (a file or a name of `shrike pull`); SIZE: of the square input,
640 when absent. The peers get the ONNX file, ncnn what pnnx makes of it; --instead gives an engine a file of
its own, as one that its own quantiser made (quantize_nncf.py).
  min, median   ms from input tensor to the file's outputs, over all rounds
  ratio         best peer's minimum / Shrike's: how many times faster Shrike is
  times one     the engine's minimum on the first of --threads / that on these: what more threads gain
  memory        MB at most of a fresh process with one run; of peers less what Python and NumPy need
  first         ms from the start of a process to its first result; Python's own start included
"""
import argparse
import functools
import json
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "peers"))
import shrike_cli

PEERS = ("onnxruntime", "openvino", "ncnn")


class Peer:
    """A process of engines.py that waits for its turns."""

    def __init__(self, name, model, size, threads):
        command = [sys.executable, HERE / "engines.py", name, model, size, size, threads]
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()
        if not first:
            raise RuntimeError((self.process.stderr.read().strip().splitlines() or ["it ended"])[-1])
        answer = json.loads(first)
        self.first_ms, self.memory_mb = answer["first_ms"], answer["memory_mb"]

    def times(self, runs):
        self.process.stdin.write(f"{runs}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.communicate()


class Shrike:
    def __init__(self, program, model, size, threads):
        self.program, self.model = program, model
        self.options = ["--imgsz", size, "--threads", threads]
        start = time.perf_counter()
        once = shrike_cli.bench(program, model, *self.options, "--runs", 1, "--warmup", 0)
        self.first_ms, self.memory_mb = 1e3 * (time.perf_counter() - start), once["peak_rss_mb"]

    def times(self, runs):
        latency = shrike_cli.bench(self.program, self.model, *self.options, "--runs", runs)["latency_ms"]
        return [latency["min"], latency["median"]]

    def end(self):
        pass


@functools.cache  # the file is the same for any number of threads
def pnnx(onnx, size):
    """ncnn's .param file of an ONNX file. The wheel's own executable: its script wants PyTorch."""
    program = Path(sysconfig.get_path("purelib")) / "pnnx" / "pnnx"
    done = subprocess.run([program, onnx, f"inputshape=[1,3,{size},{size}]"],
                          capture_output=True, text=True)
    param = onnx.with_suffix(".ncnn.param")
    if done.returncode != 0 or not param.exists():
        raise RuntimeError("pnnx does not convert it")
    return param


def start(name, args, model, onnx, size, threads):
    if name == "shrike":
        return Shrike(args.shrike, model, size, threads)
    if name in args.instead:
        return Peer(name, args.instead[name], size, threads)
    return Peer(name, pnnx(onnx, size) if name == "ncnn" else onnx, size, threads)


def measure(args, model, size, folder):
    """[{engine, threads, min, median, memory_mb, first_ms} or {engine, threads, error}], by threads"""
    onnx = Path(folder) / "model.onnx"  # a name that pnnx leaves as it is
    shrike_cli.convert(args.shrike, [model], onnx)
    running, rows = {}, {}
    for key in [(threads, name) for threads in args.threads for name in args.engines]:
        rows[key] = {"engine": key[1], "threads": key[0]}
        try:
            running[key] = start(key[1], args, model, onnx, size, key[0])
        except RuntimeError as error:
            rows[key]["error"] = str(error)
    times = {key: [] for key in running}
    for _ in range(args.rounds):
        for key, engine in running.items():
            times[key].append(engine.times(args.runs))
    for key, engine in running.items():
        engine.end()
        rows[key].update({"min": min(map(min, times[key])),
                          "median": statistics.median(map(statistics.median, times[key])),
                          "memory_mb": engine.memory_mb - (0 if key[1] == "shrike" else args.interpreter_mb),
                          "first_ms": engine.first_ms})
    return list(rows.values())


def show(label, rows):
    ones = {row["engine"]: row.get("min") for row in reversed(rows)}
    for row in rows:
        start = f"{label:28} {row['engine']:12} {row['threads']:7}"
        if "error" in row:
            print(f"{start} {row['error']}")
            continue
        peers = [other["min"] for other in rows
                 if other["engine"] != "shrike" and other["threads"] == row["threads"] and "min" in other]
        ratio = f"{min(peers) / row['min']:.2f}" if row["engine"] == "shrike" and peers else ""
        one = ones[row["engine"]]
        times_one = f"{one / row['min']:.2f}" if one and row["threads"] != rows[0]["threads"] else ""
        print(f"{start} {row['min']:9.2f} {row['median']:9.2f} {ratio:>7} {times_one:>9} {row['memory_mb']:8.0f} {row['first_ms']:8.0f}",
              flush=True)


def positive(word):
    number = int(word) if word.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{word!r} is no number from 1 on")
    return number


def numbers(words):
    """Of threads, each once."""
    return list(dict.fromkeys(positive(word) for word in words.split(",")))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--threads", type=numbers, default=[1],
                        help="a number, or several with commas")
    parser.add_argument("--rounds", type=positive, default=5)
    parser.add_argument("--runs", type=positive, default=10)
    parser.add_argument("--engines", nargs="+", choices=("shrike", *PEERS), default=("shrike", *PEERS))
    parser.add_argument("--instead", nargs="+", default=[], metavar="ENGINE=FILE", help="files for some of the peers")
    parser.add_argument("--json", type=Path, help="the numbers, in this file, too")
    shrike_cli.add_argument(parser)
    args = parser.parse_args()
    args.instead = dict(word.split("=", 1) for word in args.instead)
    interpreter = Peer("none", "-", 640, 1)
    args.interpreter_mb = interpreter.memory_mb
    interpreter.end()
    print(f"{args.rounds} rounds of {args.runs} runs, taking turns")
    print(f"{'model':28} {'engine':12} {'threads':>7} {'min':>9} {'median':>9} {'ratio':>7} {'times one':>9} {'memory':>8} {'first':>8}")
    everything = {}
    for word in args.models:
        model, _, size = word.partition("@")
        label = f"{Path(model).stem}@{size or 640}"
        with tempfile.TemporaryDirectory() as folder:
            everything[label] = measure(args, model, int(size or 640), folder)
        show(label, everything[label])
    if args.json:
        args.json.write_text(json.dumps({"threads": args.threads, "models": everything}, indent=1) + "\n")


if __name__ == "__main__":
    main()
