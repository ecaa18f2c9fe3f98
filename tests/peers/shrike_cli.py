"""Runs the shrike program under test, as a user would, by its command-line contract."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

REPO = Path(__file__).resolve().parents[2]
DEFAULT = REPO / "build" / "release" / "shrike"


def add_argument(parser):
    parser.add_argument("--shrike", default=os.environ.get("SHRIKE", str(DEFAULT)), help="program under test")


def call(shrike, *args):
    """Its standard output; a failure ends the script with its message."""
    command = [str(shrike), *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n  exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def run(shrike, model, x):
    """The outputs of `shrike run`, by file name without .npy."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/x.npy", x.astype(np.float32))
        call(shrike, "run", "--model", model, "--input", f"{folder}/x.npy", "--output", f"{folder}/out")
        return {p.stem: np.load(p) for p in sorted(Path(folder, "out").glob("*.npy"))}


def convert(shrike, inputs, output, *options):
    call(shrike, "convert", *inputs, output, *options)


def detect(shrike, pictures, model, *options):
    """One object a picture."""
    return [json.loads(line) for line in call(shrike, "detect", *pictures, "--model", model, "--json", *options).splitlines()]


def bench(shrike, model, *options):
    return json.loads(call(shrike, "bench", "--model", model, "--json", *options))
