#!/usr/bin/env python3
"""Models quantised by ONNX Runtime (quantize_ort.py), run by `shrike run` in integers.

    check_quantized.py MODEL.onnx ... [--activations u8 i8]

Integers are rounded where a value lies between two of them, and one step more or less there is one
step in every layer behind: the outputs cannot be equal. What is checked, by the root of the mean
square of each output's parts: Shrike is nearer to ONNX Runtime's run of the same file than that is to
the float model, by a factor of --share; and the file runs in integers (`bench --layers`).
"""
import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

import compare
import quantize_ort
import reference
import shrike_cli


def spread(a, b):
    return float(np.sqrt(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)))


def integer_share(shrike, model):
    """The share of a model's products that its plan makes of integers."""
    layers = json.loads(shrike_cli.call(shrike, "bench", "--model", model, "--layers", "--runs", "1", "--json"))["layers"]
    total = sum(layer.get("macs", 0) for layer in layers)
    return sum(layer.get("macs", 0) for layer in layers if layer["op"] == "QConv") / max(total, 1)


def check(args, model, activations, folder):
    quantised = Path(folder) / f"{Path(model).stem}-{activations}.onnx"
    saved = Path(folder) / "saved.onnx"  # in an operator set that has a scale for each channel
    shrike_cli.convert(args.shrike, [model], saved)
    quantize_ort.quantize(saved, quantised, activations)
    x = reference.make_input(model)
    real, want = reference.outputs(reference.load(model), x), reference.outputs(quantised, x)
    got = shrike_cli.run(args.shrike, quantised, x)
    share = integer_share(args.shrike, quantised)
    good = share >= 0.95
    print(f"{quantised.name}: {100 * share:.1f} % of the products in integers{'' if good else '  MISMATCH'}")
    for name in want:
        same = (compare.sections(outputs[name]) for outputs in (got, want, real))
        for (part, ours), (_, theirs), (_, exact) in zip(*same):
            near, far = spread(ours, theirs), spread(theirs, exact)
            fits = near <= args.share * far
            good = good and fits
            print(f"  {name} {part}: {near:.3g} from ONNX Runtime, which is {far:.3g} from float{'' if fits else '  MISMATCH'}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--activations", nargs="+", choices=["u8", "i8"], default=["u8", "i8"])
    parser.add_argument("--share", type=float, default=0.5)
    shrike_cli.add_argument(parser)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = [check(args, model, kind, folder) for model in args.models for kind in args.activations]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
