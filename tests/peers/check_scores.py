#!/usr/bin/env python3
"""Checks COCO's scores against pycocotools on sets that nobody has seen before.

    check_scores.py --eval-test PROGRAM [--sets 30] [--seed N]

Random sets (src/eval/golden/random_sets.py) and what pycocotools says of them are written to a
folder, with which the golden test of src/eval runs. The seed is printed; --seed repeats a run. Exit
code 1 where numbers differ by more than 1e-9; 77, and the reason, without pycocotools.
"""
import argparse
import importlib.util
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

GENERATE = Path(__file__).resolve().parents[2] / "src" / "eval" / "golden" / "generate.py"
SKIPPED = 77
NEEDED = ("numpy", "pycocotools")
TESTS = ("Scores.EqualPycocotools", "Match.OverlapsArePycocotoolsToTheBit")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--eval-test", required=True)
    parser.add_argument("--sets", type=int, default=30)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    args = parser.parse_args()
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print(f"SKIPPED: no Python package {', '.join(missing)}")
        return SKIPPED
    print(f"seed {args.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        words = ["--random", str(args.sets), "--seed", str(args.seed), "--out", folder]
        subprocess.run([sys.executable, GENERATE, *words], check=True)
        test = [args.eval_test, f"--gtest_filter={':'.join(TESTS)}"]
        done = subprocess.run(test, env=os.environ | {"SHRIKE_SCORE_SETS": folder}, stdout=subprocess.PIPE, text=True)
    print(done.stdout)
    # A filter that finds no test is no success.
    return 0 if done.returncode == 0 and done.stdout.count("[       OK ]") == len(TESTS) else 1


if __name__ == "__main__":
    sys.exit(main())
