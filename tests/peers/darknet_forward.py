"""Darknet's forward pass, read from its cfg and weights and computed with NumPy.

Written from Darknet's publication and file formats (Redmon, pjreddie.com/darknet; scale_x_y and
route groups: Bochkovskiy et al. 2020, arXiv 2004.10934) and from nothing in this repository, so
that it can judge the importer. One output, (N, A, 5+classes): the [yolo] sections in the file's
order, in each anchor, y, x: cx,cy,w,h in pixels of the input, objectness, class probabilities.
"""
from pathlib import Path

import numpy as np

EPSILON = 1e-5  # inside the square root

def sigmoid(x):
    return 1 / (1 + np.exp(-x))


ACTIVATIONS = {
    "linear": lambda x: x,
    "leaky": lambda x: np.where(x > 0, x, np.float32(0.1) * x),
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "logistic": sigmoid,
    "swish": lambda x: x * sigmoid(x),
    "mish": lambda x: x * np.tanh(np.logaddexp(x, 0)),
    "tanh": np.tanh,
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
}


def sections(cfg):
    """[(kind, {key: text})] of a cfg file."""
    found = []
    for line in Path(cfg).read_text().splitlines():
        line = line.split("#")[0].strip()
        if line.startswith("["):
            found.append((line.strip("[]"), {}))
        elif "=" in line:
            key, value = line.split("=", 1)
            found[-1][1][key.strip()] = value.strip()
    return found


def numbers(text, kind=int):
    return [kind(v) for v in text.split(",") if v.strip()]


class Weights:
    """Floats of a weights file in order; `take` gives the next ones in a shape."""

    def __init__(self, path):
        data = Path(path).read_bytes()
        major, minor = np.frombuffer(data, "<i4", 2)
        header = 20 if major * 10 + minor >= 2 else 16  # the count of seen pictures is 64 bits wide, or 32
        self.values, self.at = np.frombuffer(data, "<f4", offset=header), 0

    def take(self, *shape):
        count = int(np.prod(shape))
        if self.at + count > len(self.values):
            raise ValueError(f"{self.at + count - len(self.values)} floats are missing")
        self.at += count
        return self.values[self.at - count : self.at].reshape(shape)


def windows(x, size, stride):
    """(N,C,H',W',size,size): every window of a map."""
    return np.lib.stride_tricks.sliding_window_view(x, (size, size), (2, 3))[:, :, ::stride, ::stride]


def convolved(x, kernel, stride, padding, groups):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    taken = windows(x, kernel.shape[2], stride)
    parts = zip(np.split(taken, groups, 1), np.split(kernel, groups, 0))
    maps = [np.tensordot(part, k, ([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2) for part, k in parts]
    return np.concatenate(maps, 1)


def convolutional(x, s, weights):
    filters, size, groups = int(s["filters"]), int(s.get("size", 1)), int(s.get("groups", 1))
    padding = size // 2 if int(s.get("pad", 0)) else int(s.get("padding", 0))
    bias = weights.take(filters)
    normalize = int(s.get("batch_normalize", 0))
    if normalize:
        scale, mean, variance = (weights.take(filters) for _ in range(3))
    kernel = weights.take(filters, x.shape[1] // groups, size, size)
    y = convolved(x, kernel, int(s.get("stride", 1)), padding, groups)
    per_channel = lambda v: v[:, None, None]
    if normalize:
        y = (y - per_channel(mean)) / np.sqrt(per_channel(variance) + EPSILON) * per_channel(scale)
    y = y + per_channel(bias)
    return ACTIVATIONS[s.get("activation", "logistic")](y)


def maxpool(x, s):
    """Darknet pads `padding` in all (size-1 unless said), half of it rounded down at the start."""
    stride = int(s.get("stride", 1))
    size = int(s.get("size", stride))
    padding = int(s.get("padding", size - 1))
    before = padding // 2
    around = (before, padding - before)
    x = np.pad(x, ((0, 0), (0, 0), around, around), constant_values=-np.inf)
    return windows(x, size, stride).max((4, 5))


def route(outputs, s):
    inputs = [outputs[i if i >= 0 else len(outputs) + i] for i in numbers(s["layers"])]
    groups, group = int(s.get("groups", 1)), int(s.get("group_id", 0))
    return np.concatenate([np.split(x, groups, 1)[group] for x in inputs], 1)


def shortcut(outputs, s):
    y = outputs[-1]
    for i in numbers(s["from"]):
        y = y + outputs[i if i >= 0 else len(outputs) + i]
    return ACTIVATIONS[s.get("activation", "linear")](y)


def yolo(x, s, input_height, input_width):
    anchors = np.array(numbers(s["anchors"], float), np.float32).reshape(-1, 2)
    anchors = anchors[numbers(s["mask"])] if "mask" in s else anchors
    n, _, h, w = x.shape
    x = x.reshape(n, len(anchors), 5 + int(s["classes"]), h, w).transpose(0, 1, 3, 4, 2)
    k = float(s.get("scale_x_y", 1))
    gy, gx = np.mgrid[0:h, 0:w]
    xy = sigmoid(x[..., :2]) * k - (k - 1) / 2 + np.stack((gx, gy), -1)
    xy = xy * np.array([input_width / w, input_height / h])
    wh = np.exp(x[..., 2:4]) * anchors[:, None, None]
    return np.concatenate((xy, wh, sigmoid(x[..., 4:])), -1).reshape(n, -1, x.shape[-1])


def forward(cfg, weights_file, x):
    """x: (N,3,H,W) float32 array; the result is an array."""
    weights, outputs, decoded = Weights(weights_file), [], []
    y = x
    for kind, s in sections(cfg):
        if kind in ("net", "network"):
            continue
        if kind == "convolutional":
            y = convolutional(y, s, weights)
        elif kind == "maxpool":
            y = maxpool(y, s)
        elif kind == "upsample":
            y = y.repeat(int(s.get("stride", 2)), 2).repeat(int(s.get("stride", 2)), 3)
        elif kind == "route":
            y = route(outputs, s)
        elif kind == "shortcut":
            y = shortcut(outputs, s)
        elif kind == "yolo":
            decoded.append(yolo(y, s, *x.shape[2:]))
        elif kind != "dropout":
            raise ValueError(f"section [{kind}]")
        outputs.append(y)
    if weights.at != len(weights.values):
        raise ValueError(f"{len(weights.values) - weights.at} floats are left over")
    return np.concatenate(decoded, 1).astype(np.float32)
