#!/usr/bin/env python3
"""Compares `shrike run` with ONNX Runtime (Darknet files: with darknet_forward) on one input.

    check_run.py MODEL ... [--input x.npy] [--imgsz H [W]] [--reference OTHER.onnx]

--reference: judge by another file, for a static export run at another size. fp16 models are judged
by their own weights widened to fp32. Outside the tolerance an output is excused only where ONNX Runtime, with and
without its optimisations, differs from itself by more than the tolerance on that input (networks with
random weights amplify rounding); --strict does without that. Exit code 1 when an output differs.
"""
import argparse
from pathlib import Path

import numpy as np

import compare
import reference
import shrike_cli


def wanted_outputs(model, other, x):
    if reference.is_darknet(model) and not other:
        import darknet_forward
        return {"darknet": darknet_forward.forward(Path(model).with_suffix(".cfg"), Path(model).with_suffix(".weights"), x)}
    return reference.outputs(reference.load(other or model), x)


def other_arithmetic(model, other, x, strict):
    """What compare.report takes as `rounding`."""
    source = other or model
    if strict or reference.is_darknet(source):
        return None
    return lambda: reference.outputs(reference.load(source), x, optimized=False)


def check(args, model):
    x = np.load(args.input) if args.input else reference.make_input(model, args.imgsz)
    want = wanted_outputs(model, args.reference, x)
    got = shrike_cli.run(args.shrike, model, x)
    if "darknet" in want and len(got) == 1:  # the name of the output is not Darknet's
        got = {"darknet": next(iter(got.values()))}
    rounding = other_arithmetic(model, args.reference, x, args.strict)
    return compare.report(Path(model).name, got, want, args.tolerance, rounding)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--input", type=Path)
    parser.add_argument("--imgsz", type=int, nargs="+")
    parser.add_argument("--reference")
    parser.add_argument("--tolerance", type=float, default=compare.TOLERANCE)
    parser.add_argument("--strict", action="store_true", help="the tolerance alone counts")
    shrike_cli.add_argument(parser)
    args = parser.parse_args()
    return 0 if all([check(args, model) for model in args.models]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
