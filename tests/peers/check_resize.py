#!/usr/bin/env python3
"""Checks the heads that are lifted and written out again: a model saved at one size is converted to
another and back, and must give its own outputs again in ONNX Runtime.

    check_resize.py MODEL ...

MODEL is an .onnx of a fixed size or a Darknet .cfg with its .weights beside it. The convolutions stay
the same nodes, so only the decode could differ, and hardly: TOLERANCE. Exit code 1 when it does.
"""
import argparse
import tempfile
from pathlib import Path

import check_convert
import compare
import reference
import shrike_cli

TOLERANCE = 1e-6


def check(args, model):
    x = reference.make_input(model)
    height, width = x.shape[2:]
    with tempfile.TemporaryDirectory() as folder:
        own, other, back = (Path(folder) / f"{name}.onnx" for name in ("own", "other", "back"))
        source = check_convert.sources(model)
        if reference.is_darknet(model):
            shrike_cli.convert(args.shrike, source, own)
        else:
            own = source[0]
        shrike_cli.convert(args.shrike, source, other, "--imgsz", f"{height // 64 * 32},{width + 64}")
        shrike_cli.convert(args.shrike, [other], back, "--imgsz", f"{height},{width}")
        want, got = reference.outputs(own, x), reference.outputs(back, x)
    return compare.report(f"{Path(model).name} at another size and back", got, want, TOLERANCE)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    shrike_cli.add_argument(parser)
    args = parser.parse_args()
    return 0 if all([check(args, model) for model in args.models]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
