#!/usr/bin/env python3
"""Models quantised by ONNX Runtime (quantize_ort.py), run by `shrike run` in integers.

    check_quantized.py MODEL.onnx ... [--activations u8 i8 u16 i16] [--weights i8|i16]

What is checked, against ONNX Runtime's run of the same file:
  integers    nearly all products are made of integers (`bench --layers`)
  blocks      every convolution and all that lies between two of them, each from the integers that ONNX
              Runtime had there (quantized_blocks.py): no value lies more than a step away, at most
              --share of a block's values do; of 16 bits, whose sums ONNX Runtime makes of floats, so
              many lie more than a step away, and none more than WORDS
  output      the file's outputs: equal where no block differed in any value, as then no layer can
              differ; else, as a step spreads from layer to layer, the detections: the cells with at
              least half of the best score have nearly the same boxes and scores
"""
import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx

import compare
import quantize_ort
import quantized_blocks
import reference
import shrike_cli

NEAR_SCORE, NEAR_BOX = 0.1, 0.8  # of detections: scores apart, boxes' overlap
WORDS = 4  # steps of 16 bits


def integer_share(shrike, model):
    """The share of a model's products that its plan makes of integers."""
    layers = json.loads(shrike_cli.call(shrike, "bench", "--model", model, "--layers", "--runs", "1", "--json"))["layers"]
    total = sum(layer.get("macs", 0) for layer in layers)
    return sum(layer.get("macs", 0) for layer in layers if layer["op"] == "QConv") / max(total, 1)


def check_blocks(args, path, x, folder):
    """(whether all are good, whether no value differs at all, ONNX Runtime's outputs)"""
    model = onnx.load(path)
    cuts = quantized_blocks.find_cuts(model)
    had = reference.outputs(quantized_blocks.with_outputs(model, cuts), x)
    integers = [had.pop(reference.safe(cut.name)) for cut in cuts]
    given = [x, *(cut.real(q) for cut, q in zip(cuts, integers))]
    blocks = Path(folder) / "blocks.onnx"
    onnx.save(quantized_blocks.separated(model, cuts, [a.shape for a in given]), blocks)
    got = shrike_cli.run(args.shrike, blocks, quantized_blocks.flattened(given))
    apart = most = values = 0
    good, worst = True, (0, "none")
    for i, (cut, q) in enumerate(zip(cuts, integers)):
        steps = np.abs(cut.integers(got.pop(f"c{i}")) - q)
        far, furthest = (1, WORDS) if cut.words else (0, 1)
        share = np.count_nonzero(steps > far) / steps.size
        apart, most, values = apart + np.count_nonzero(steps), max(most, steps.max()), values + q.size
        worst = max(worst, (share, cut.name))
        if steps.max() > furthest or share > args.share:
            good = False
            print(f"  {cut.name}: {100 * share:.3f} % of the values are up to {steps.max():.0f} steps apart  MISMATCH")
    print(f"  {len(cuts)} blocks from the same integers: {apart} of {values} values are {most:.0f} step apart at most; "
          f"beyond what is rounding most of {worst[1]}, {100 * worst[0]:.4f} %")
    return compare.report("  decode of the same integers", got, had) and good, apart == 0, had


def cells(output, name, size):
    """(boxes (A, 4) as x1 y1 x2 y2, scores (A, C)) of a picture, the boxes as large as the input's pixels."""
    output = output if output.shape[1] > output.shape[2] else output.transpose(0, 2, 1)
    boxes, scores = output[0, :, :4].astype(np.float64), output[0, :, 4:]
    if "yolox" in name:  # rows of x, y, w, h in units of the cell, then the object's score
        grid = [np.stack(np.meshgrid(np.arange(size // s), np.arange(size // s)), -1).reshape(-1, 2) for s in (8, 16, 32)]
        stride = np.concatenate([np.full((len(g), 1), s) for g, s in zip(grid, (8, 16, 32))])
        boxes = np.concatenate([(boxes[:, :2] + np.concatenate(grid)) * stride, np.exp(boxes[:, 2:]) * stride], 1)
        scores = scores[:, :1] * scores[:, 1:]
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1), scores


def overlap(a, b):
    """Intersection over union, row by row."""
    inside = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None).prod(1)
    area = [np.clip(box[:, 2:] - box[:, :2], 0, None).prod(1) for box in (a, b)]
    return inside / np.maximum(area[0] + area[1] - inside, 1e-9)


def check_detections(name, got, want, size):
    (boxes, scores), (their_boxes, theirs) = cells(got, name, size), cells(want, name, size)
    best = np.maximum(scores.max(1), theirs.max(1))
    sure = best >= best.max() / 2
    differ = np.abs(scores[sure] - theirs[sure]).max(1)
    shared = overlap(boxes[sure], their_boxes[sure])
    wrong = np.count_nonzero((differ > NEAR_SCORE) | (shared < NEAR_BOX))
    good = wrong == 0
    print(f"  {np.count_nonzero(sure)} cells with scores from {best.max() / 2:.3f} to {best.max():.3f}: scores {differ.max(initial=0):.3f} apart at most, "
          f"overlap at least {shared.min(initial=1):.3f}{'' if good else '  MISMATCH'}")
    return good


def check(args, model, activations, folder):
    words = "16" in activations + args.weights
    quantised = Path(folder) / f"{Path(model).stem}-{activations}-{args.weights}.onnx"
    saved = Path(folder) / f"{Path(model).stem}.onnx"  # in an operator set that has a scale for each channel
    shrike_cli.convert(args.shrike, [model], saved, *(["--opset", "21"] if words else []))
    quantize_ort.quantize(saved, quantised, activations, weights=args.weights)
    share = integer_share(args.shrike, quantised)
    good = share >= 0.95
    print(f"{quantised.name}: {100 * share:.1f} % of the products in integers{'' if good else '  MISMATCH'}")
    x = reference.make_input(model)
    blocks, exact, want = check_blocks(args, quantised, x, folder)
    got = shrike_cli.run(args.shrike, quantised, x)
    if exact:
        return compare.report("  whole", got, want) and blocks and good
    name, output = next(iter(want.items()))
    return check_detections(quantised.stem, got[name], output, x.shape[2]) and blocks and good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--activations", nargs="+", choices=list(quantize_ort.TYPES), default=["u8", "i8"])
    parser.add_argument("--weights", choices=["i8", "i16"], default="i8")
    parser.add_argument("--share", type=float, default=1e-3)
    shrike_cli.add_argument(parser)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = [check(args, model, kind, folder) for model in args.models for kind in args.activations]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
