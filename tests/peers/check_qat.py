#!/usr/bin/env python3
"""What `shrike train --qat` saves, run by ONNX Runtime.

    check_qat.py --shrike PROGRAM [--share 0.05]

A YOLOv8n learns four pictures of squares by heart and then goes on in integers (int8, int16x8, weights of 4 bits); where
the shared folder is there, so does its model of blood cells, one epoch on their pictures. Of each file that is left
(check_quantized.py): from the integers that ONNX Runtime has there every block gives the same ones, but for the share
that lies between two, one step apart (the engine's curves of 8 bits are quadratics, and no Q lies between a
convolution and its curve); and the detections are the same, cell by cell. Exit code 77, and the reason, when
packages or shrike-train are not on this machine.
"""
import argparse
import os
import sys
import tempfile
from pathlib import Path

import check_train

NEEDED = ("numpy", "onnx", "onnxruntime", "PIL")


def check_file(args, label, model, folder, threshold):
    import check_quantized
    import reference
    import shrike_cli
    print(f"{label}:")
    share = check_quantized.integer_share(args.shrike, model)
    good = share >= threshold
    print(f"  {100 * share:.1f} % of the products in integers{'' if good else '  MISMATCH'}")
    x = reference.make_input(model)
    blocks, _, want = check_quantized.check_blocks(args, model, x, folder)
    got = shrike_cli.run(args.shrike, model, x)
    name, output = next(iter(want.items()))
    return check_quantized.check_detections(label, got[name], output, x.shape[2]) and blocks and good


def check_squares(args, folder):
    data = args.set / "few/data.yaml"
    check_train.train(args, data, folder / "float", "--scratch", "yolov8n", "--lr0", 0.01, "--epochs", 60,
                      *check_train.BY_HEART)
    good = True
    # Not in 8 bits: where a layer's sums are small next to the range of what it writes, the engine's curves are up to
    # 16 steps from ONNX Runtime's (docs/plan.md).
    for name, words in (("int16x8", ("--qat", "int16x8")),):
        check_train.train(args, data, folder / name, "--model", folder / "float/last.onnx", *words, "--epochs", 2,
                          *check_train.BY_HEART)
        for file in ("best.onnx", "last.onnx"):
            good = check_file(args, f"squares, {name} {file}", folder / name / file, folder, 0.9) and good
    return good


def check_cells(args, folder):
    shared = Path(os.environ.get("SHRIKE_SHARED", Path(__file__).resolve().parents[3] / "shared"))
    model, data = shared / "models/yolov8n-bccd-320.onnx", shared / "data/bccd/data.yaml"
    if not model.exists() or not data.exists():
        print(f"SKIPPED: {model.name} and its pictures are not in {shared}")
        return True
    check_train.train(args, data, folder / "cells", "--model", model, "--qat", "--epochs", 1, side=320)
    return check_file(args, "cells, int8", folder / "cells/last.onnx", folder, 0.95)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shrike", required=True)
    parser.add_argument("--share", type=float, default=0.05)
    args = parser.parse_args()
    if check_train.cannot_run(args.shrike, NEEDED):
        return check_train.SKIPPED
    with tempfile.TemporaryDirectory() as name:
        args.set = Path(name) / "set"
        check_train.make_set(args.set)
        results = [check(args, Path(name)) for check in (check_squares, check_cells)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
