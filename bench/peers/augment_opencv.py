#!/usr/bin/env python3
"""Times what augment_bench does with OpenCV, one thread, in CPU milliseconds a batch.

    augment_opencv.py DATA [--size 320] [--batch 16] [--batches 13] [--epochs 5]

DATA: a folder of JPEG pictures. They are decoded and shrunk before the clock starts. For each
picture: four of them pasted on a canvas, cv2.warpAffine, hue, saturation and value by tables
between cv2.cvtColor there and back, cv2.flip, and the planes written one by one into the batch, as
NumPy's strided copy does it. Labels are left out. Needs opencv-python-headless and numpy.
"""
import argparse
import random
import statistics
import time
from pathlib import Path

import cv2
import numpy as np


def load(path, size):
    picture = cv2.imread(str(path))
    height, width = picture.shape[:2]
    ratio = size / max(height, width)
    return cv2.resize(picture, (round(width * ratio), round(height * ratio)))


def mosaic(pictures, size):
    canvas = np.full((2 * size, 2 * size, 3), 114, np.uint8)
    x, y = (int(random.uniform(0.5, 1.5) * size) for _ in range(2))
    for i in range(4):
        picture = random.choice(pictures)
        height, width = picture.shape[:2]
        left, top = (x - width if i % 2 == 0 else x), (y - height if i < 2 else y)
        x1, y1 = max(left, 0), max(top, 0)
        x2, y2 = min(left + width, 2 * size), min(top + height, 2 * size)
        canvas[y1:y2, x1:x2] = picture[y1 - top : y2 - top, x1 - left : x2 - left]
    return canvas


def bend(canvas, size):
    scale = random.uniform(0.5, 1.5)
    shift = [random.uniform(0.4, 0.6) * size - scale * size for _ in range(2)]
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    return cv2.warpAffine(canvas, matrix, (size, size), borderValue=(114, 114, 114))


def colour(picture):
    table = np.arange(256, dtype=np.float64)
    hue, saturation, value = cv2.split(cv2.cvtColor(picture, cv2.COLOR_BGR2HSV))
    hues = ((table + random.uniform(-2.7, 2.7)) % 180).astype(np.uint8)
    saturations = np.clip(table * random.uniform(0.3, 1.7), 0, 255).astype(np.uint8)
    values = np.clip(table * random.uniform(0.6, 1.4), 0, 255).astype(np.uint8)
    changed = (cv2.LUT(hue, hues), cv2.LUT(saturation, saturations), cv2.LUT(value, values))
    return cv2.cvtColor(cv2.merge(changed), cv2.COLOR_HSV2BGR)


def make_batch(pictures, size, out):
    for i in range(len(out)):
        picture = colour(bend(mosaic(pictures, size), size))
        if random.random() < 0.5:
            picture = cv2.flip(picture, 1)
        out[i] = picture[:, :, ::-1].transpose(2, 0, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--batches", type=int, default=13)
    parser.add_argument("--epochs", type=int, default=5)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    random.seed(0)
    pictures = [load(path, args.size) for path in sorted(args.data.glob("*.jpg"))]
    out = np.empty((args.batch, 3, args.size, args.size), np.uint8)
    epochs = []
    for _ in range(args.epochs):
        start = time.process_time()
        for _ in range(args.batches):
            make_batch(pictures, args.size, out)
        epochs.append((time.process_time() - start) / args.batches * 1000)
    print(f"OpenCV {cv2.__version__}: {statistics.median(epochs):.1f} ms a batch")


if __name__ == "__main__":
    main()
