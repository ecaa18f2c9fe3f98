#!/usr/bin/env python3
"""How far `shrike run` and ONNX Runtime are from exact arithmetic, and from one another.

    measure_rounding.py MODEL.onnx ... [--pictures 0 1 2 3] [--noise]

Exact: the same nodes in float64, by ONNX's own reference evaluator with NumPy's sums for the
convolutions. Each column is the largest error of any part of any output (compare.py). A network
whose ONNX Runtime outputs are themselves further than the tolerance from exact can be matched
within it only by an engine that rounds as ONNX Runtime does. --noise: uniform noise for pictures,
the argument of --pictures being its seeds.
"""
import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

import compare
import darknet_forward
import pictures
import reference
import shrike_cli


class Conv(OpRun):
    def _run(self, x, kernel, bias=None, group=1, pads=(0, 0, 0, 0), strides=(1, 1), **rest):
        size = kernel.shape[2:]
        assert len(set(pads)) == len(set(strides)) == len(set(size)) == 1 and set(rest.get("dilations") or [1]) == {1}
        y = darknet_forward.convolved(x, kernel, strides[0], pads[0], group)
        return (y if bias is None else y + bias[:, None, None],)


class MaxPool(OpRun):
    def _run(self, x, kernel_shape, pads=(0, 0, 0, 0), strides=(1, 1), **_):
        edges = ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3]))
        padded = np.pad(x, edges, constant_values=-np.inf)
        return (darknet_forward.windows(padded, kernel_shape[0], strides[0]).max((-1, -2)),)


class GatherElements(OpRun):  # ONNX's own takes at most 64 rows
    def _run(self, x, indices, axis=0):
        return (np.take_along_axis(x, indices, axis),)


def exact(model):
    proto = reference.widened(reference.load(model), onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE)
    return ReferenceEvaluator(proto, new_ops=[Conv, MaxPool, GatherElements])


def worst(got, want):
    return max(error for name in want for _, error in compare.parts(got[name], want[name], compare.TOLERANCE))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--pictures", type=int, nargs="+", default=[pictures.FIRST])
    parser.add_argument("--noise", action="store_true")
    shrike_cli.add_argument(parser)
    args = parser.parse_args()
    print(f"{'model':24} {'picture':>7} {'shrike-ORT':>11} {'ORT-ORT':>9} | from exact: {'shrike':>8} {'ORT':>9} {'ORT plain':>10}")
    for model in args.models:
        evaluator = exact(model)
        for index in args.pictures:
            count, height, width = reference.input_size(model)
            x = pictures.batch([index] * count, height, width) * reference.input_scale(model)
            if args.noise:
                x = np.random.default_rng(index).random(x.shape) * reference.input_scale(model)
            x = x.astype(np.float32)
            own = shrike_cli.run(args.shrike, model, x)
            ort, plain = reference.outputs(model, x), reference.outputs(model, x, optimized=False)
            y = evaluator.run(None, {evaluator.input_names[0]: x.astype(np.float64)})
            true = {reference.safe(name): value for name, value in zip(evaluator.output_names, y)}
            print(f"{Path(model).stem:24} {index:7} {worst(own, ort):11.1e} {worst(plain, ort):9.1e} |"
                  f"             {worst(own, true):8.1e} {worst(ort, true):9.1e} {worst(plain, true):10.1e}", flush=True)


if __name__ == "__main__":
    main()
