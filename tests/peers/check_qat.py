#!/usr/bin/env python3
"""What `shrike train --qat` saves, run by ONNX Runtime.

    check_qat.py --shrike PROGRAM [--share 0.05]

A YOLOv8n learns four pictures of squares by heart and then goes on in integers (int8, int16x8, weights of 4 bits); so do,
where the shared folder is there, its YOLOX and its end-to-end YOLOv10, and for one epoch its model of blood cells, on
their pictures. Of each file that is left (check_quantized.py): from the integers that ONNX Runtime has there every block
gives the same ones, but for the share that lies between two, one step apart (the engine's curves of 8 bits are
quadratics, and no Q lies between a convolution and its curve); and the detections are the same, cell by cell, of an
end-to-end model row by row. Exit code 77, and the reason, when packages or shrike-train are not on this machine.
"""
import argparse
import os
import sys
import tempfile
from pathlib import Path

import check_train

NEEDED = ("numpy", "onnx", "onnxruntime", "PIL")


def shared():
    return Path(os.environ.get("SHRIKE_SHARED", Path(__file__).resolve().parents[3] / "shared"))


def same_rows(got, want):
    """Of an end-to-end model: each row with at least half of the best score has its like among the other's."""
    import check_quantized
    import numpy as np
    least = max(got[:, 4].max(), want[:, 4].max()) / 2
    alone = 0
    for rows, others in ((got, want), (want, got)):
        for row in rows[rows[:, 4] >= least]:
            like = others[(others[:, 5] == row[5]) & (np.abs(others[:, 4] - row[4]) <= check_quantized.NEAR_SCORE)]
            shared = check_quantized.overlap(like[:, :4], np.repeat(row[None, :4], len(like), 0))
            alone += shared.max(initial=0) < check_quantized.NEAR_BOX
    print(f"  rows with scores from {least:.3f}: {alone} without their like  {'MISMATCH' if alone else 'ok'}")
    return alone == 0


def check_file(args, label, model, folder, threshold):
    import check_quantized
    import compare
    import reference
    import shrike_cli
    print(f"{label}:")
    share = check_quantized.integer_share(args.shrike, model)
    good = share >= threshold
    print(f"  {100 * share:.1f} % of the products in integers{'' if good else '  MISMATCH'}")
    x = reference.make_input(model)
    blocks, _, want = check_quantized.check_blocks(args, model, x, folder)
    name, output = next(iter(want.items()))
    if compare.is_rows(output):
        same = same_rows(shrike_cli.run(args.shrike, model, x)[name][0], output[0])
    else:
        got = shrike_cli.run(args.shrike, model, x)
        same = check_quantized.check_detections(label, got[name], output, x.shape[2])
    return same and blocks and good


def go_on(args, folder, label, model, kinds):
    """What `model` becomes, which knows the squares by heart, in two epochs of each of the kinds."""
    good = True
    for kind in kinds:
        out = folder / f"{label}-{'-'.join(kind)}"
        check_train.train(args, args.set / "few/data.yaml", out, "--model", model, "--qat", *kind, "--epochs", 2,
                          *check_train.BY_HEART)
        for file in ("best.onnx", "last.onnx"):
            good = check_file(args, f"{label}, {' '.join(kind)} {file}", out / file, folder, 0.9) and good
    return good


def check_squares(args, folder):
    four = ("int8", "--qat-weight-bits", "4")
    runs = [("yolov8n", "--scratch", "yolov8n", 0.01, 60, (("int8",), ("int16x8",), four))]
    for name, epochs, kinds in (("yolox_nano", 15, (("int8",),)), ("yolov10n_e2e-random", 30, (("int8",), ("int16x8",)))):
        model = shared() / f"models/{name}.onnx"
        if model.exists():
            runs.append((name, "--model", model, 0.002, epochs, kinds))
        else:
            print(f"SKIPPED: {name} is not in {model.parent}")
    good = True
    for name, option, model, rate, epochs, kinds in runs:
        check_train.train(args, args.set / "few/data.yaml", folder / name, option, model, "--epochs", epochs, "--lr0",
                          rate, *check_train.BY_HEART)
        good = go_on(args, folder, name, folder / name / "last.onnx", kinds) and good
    return good


def check_cells(args, folder):
    model, data = shared() / "models/yolov8n-bccd-320.onnx", shared() / "data/bccd/data.yaml"
    if not model.exists() or not data.exists():
        print(f"SKIPPED: {model.name} and its pictures are not in {shared()}")
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
