#!/usr/bin/env python3
"""Describes the training pictures of Ultralytics' loader as augment_bench --numbers does its own.

    augment_ultralytics.py DATA [--size 320] [--epochs 4] [SETTING=X ...]

DATA: a data set in YOLO's layout with images/train and labels/train; it is copied first, as a cache
of labels is written into it. What is printed agrees where both mean the same by a setting, within
what chance does: boxes a picture, the sides of boxes, how bright pictures are. Needs ultralytics (8.4)
and its PyTorch; run as a program, nothing of it is used here.
"""
import argparse
import random
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
from ultralytics.cfg import get_cfg
from ultralytics.data.dataset import YOLODataset


def describe(name, values):
    values = np.sort(np.asarray(values, np.float64))
    quartiles = [values[len(values) * quarter // 4] for quarter in (1, 2, 3)]
    print(f"{name:18} mean {values.mean():8.4f}  quartiles " + " ".join(f"{q:8.4f}" for q in quartiles))


def open_set(root, size, settings):
    names = dict(enumerate(f"class {i}" for i in range(1000)))
    data = {"path": str(root), "train": str(root / "images" / "train"), "names": names, "nc": len(names), "channels": 3}
    config = get_cfg(overrides={"imgsz": size, **settings})
    return YOLODataset(img_path=data["train"], imgsz=size, cache="ram", augment=True, hyp=config, data=data,
                       task="detect", batch_size=16, rect=False, stride=32)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("settings", nargs="*", help="mosaic=0 degrees=10 ...")
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--epochs", type=int, default=4)
    args = parser.parse_intermixed_args()
    settings = {name: float(value) for name, value in (word.split("=") for word in args.settings)}
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    boxes, widths, heights, means = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "data"
        for part in ("images", "labels"):
            shutil.copytree(args.data / part / "train", root / part / "train", copy_function=shutil.copyfile)
        for path in (root, *root.rglob("*")):
            path.chmod(0o755)
        pictures = open_set(root, args.size, settings)
        for _ in range(args.epochs):
            for i in range(len(pictures)):
                sample = pictures[i]
                sides = sample["bboxes"].numpy()[:, 2:]
                boxes.append(len(sides))
                widths.extend(sides[:, 0])
                heights.extend(sides[:, 1])
                means.append(sample["img"].float().mean().item())
    describe("boxes a picture", boxes)
    describe("width", widths)
    describe("height", heights)
    describe("mean of a picture", means)


if __name__ == "__main__":
    main()
