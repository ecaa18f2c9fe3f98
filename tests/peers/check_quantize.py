#!/usr/bin/env python3
"""What `shrike quantize` writes, run by ONNX Runtime and by OpenVINO, where that is there.

    check_quantize.py MODEL ... --data DATA --shrike PROGRAM [--to TYPE ...]

The models become integers, of every type, by a few pictures of a data set. Where a value lies between two
integers, programs round it to either, which is one step in every layer behind: in a deep network the outputs
differ by about as much as integers do from floats. What is checked, by the root of the mean square of each
output's parts: each program's outputs are not more than --far times as far from the float model's as Shrike's
are and the other way round, nor from Shrike's. A program that does not round to 16 bits (OpenVINO) may be nearer to
the floats than Shrike is, but no farther. And of the cells with a score of half the best one, in either program, not
more than --cells have a score or a box that a detection would not be taken for the same by.
"""
import argparse
import importlib.util
import sys
import tempfile
from pathlib import Path

import numpy as np

import check_quantized
import compare
import reference
import shrike_cli


def spread(a, b):
    return float(np.sqrt(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)))


def openvino_outputs(model, x):
    import openvino
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(str(model)), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    result = compiled([x])
    return {reference.safe(port.get_any_name()): np.asarray(result[port]) for port in compiled.outputs}


def peers():
    known = {"ONNX Runtime": lambda model, x: reference.outputs(model, x)}
    if importlib.util.find_spec("openvino"):
        known["OpenVINO"] = openvino_outputs
    else:
        print("SKIPPED: no Python package openvino")
    return known


def same_detections(args, label, mine, other, size):
    """Of the first output, cells as check_quantized has them."""
    (boxes, scores), (their_boxes, theirs) = (check_quantized.cells(y, label, size) for y in (mine, other))
    best = np.maximum(scores.max(1), theirs.max(1))
    sure = best >= best.max() / 2
    differ = np.abs(scores[sure] - theirs[sure]).max(1)
    shared = check_quantized.overlap(boxes[sure], their_boxes[sure])
    wrong = np.count_nonzero((differ > check_quantized.NEAR_SCORE) | (shared < check_quantized.NEAR_BOX))
    good = wrong <= args.cells * np.count_nonzero(sure)
    print(f"  {np.count_nonzero(sure)} cells with scores from {best.max() / 2:.3f} to {best.max():.3f}: {wrong} differ by more"
          f" than {check_quantized.NEAR_SCORE} or overlap by less than {check_quantized.NEAR_BOX}{'' if good else '  MISMATCH'}")
    return good


# What a program computes in floats, whatever Q and DQ say.
IN_FLOATS = {("OpenVINO", "int16"), ("OpenVINO", "int16x8")}


def same_outputs(args, label, ours, theirs, real, nearer):
    good = True
    for output in theirs:
        same = (compare.sections(outputs[output]) for outputs in (ours, theirs, real))
        for (part, mine), (_, other), (_, exact) in zip(*same):
            apart, far, our_far = spread(mine, other), spread(other, exact), spread(mine, exact)
            fits = max(apart, far, our_far) <= args.far * (our_far if nearer else min(far, our_far))
            good = good and fits
            print(f"{label}, {output} {part}: {apart:.3g} apart, it is {far:.3g} from float, Shrike"
                  f" {our_far:.3g}{'' if fits else '  MISMATCH'}")
    return good


def check(args, model, to, folder):
    stem = Path(model).stem
    changed, floats = Path(folder) / f"{stem}-{to}.onnx", Path(folder) / f"{stem}.onnx"
    pictures = [] if to == "fp16" else ["--calib", args.calib]
    shrike_cli.call(args.shrike, "quantize", "--model", model, "--data", args.data, *pictures, "--to", to,
                    "--bootstrap", 0, "--max-drop", 100, "-o", changed)
    shrike_cli.convert(args.shrike, [model], floats)
    x = reference.make_input(floats)
    real = reference.outputs(floats, x)
    ours = shrike_cli.run(args.shrike, changed, x)
    good = True
    for name, run in peers().items():
        theirs = run(changed, x)
        label = f"{stem} {to}, {name}"
        good = same_outputs(args, label, ours, theirs, real, (name, to) in IN_FLOATS) and good
        first = next(iter(theirs))
        good = same_detections(args, label, ours[first], theirs[first], x.shape[2]) and good
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--data", required=True)
    parser.add_argument("--calib", type=int, default=8)
    parser.add_argument("--to", nargs="+", default=["int8", "int16", "int16x8", "fp16"])
    parser.add_argument("--far", type=float, default=1.5)
    parser.add_argument("--cells", type=float, default=0.1)
    shrike_cli.add_argument(parser)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = [check(args, model, to, folder) for model in args.models for to in args.to]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
