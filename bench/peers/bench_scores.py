#!/usr/bin/env python3
"""Times COCO's scores against pycocotools on the same pictures, in CPU seconds of one thread.

    bench_scores.py [--eval-bench build/release/eval_bench] [--pictures 5000] [--detections 100]

The pictures are made by eval_bench, which scores them and writes them down; pycocotools reads them
and does the same. Only the scoring is timed, for both: no file, no building of objects. Exit code 1
where one of the twelve numbers differs by more than 1e-9.
"""
import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src" / "eval" / "golden"))
import oracle
import random_sets

HEADLINES = 12


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--eval-bench", default=ROOT / "build" / "release" / "eval_bench")
    parser.add_argument("--pictures", type=int, default=5000)
    parser.add_argument("--detections", type=int, default=100)
    parser.add_argument("--classes", type=int, default=80)
    args = parser.parse_args()
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        words = [args.eval_bench, args.pictures, args.detections, args.classes, file.name]
        printed = subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True).stdout
        own = {name: float(value) for name, value in map(str.split, printed.splitlines())}
        [pictures] = random_sets.read_sets(file.name)
    evaluation = oracle.make(pictures)
    start = time.process_time()
    oracle.run(evaluation)
    peer = time.process_time() - start
    names = list(own)[-HEADLINES:]
    apart = max(abs(own[name] - value) for name, value in zip(names, evaluation.stats))
    print(f"pycocotools: {peer:.2f} s; shrike: matching {own['match_s']:.3f} s, scoring {own['score_s']:.3f} s, "
          f"bootstrap of 1,000 draws {own['bootstrap_s']:.2f} s")
    print(f"matches kept: {own['matches_mb']} MB; numbers at most {apart:.1e} apart")
    return 0 if apart <= 1e-9 else 1


if __name__ == "__main__":
    sys.exit(main())
