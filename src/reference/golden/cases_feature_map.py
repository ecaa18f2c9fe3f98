"""Convolutions, batch norms, pools, resize."""
import itertools

import numpy as np


def add(w):
    convolutions(w)
    pools(w)
    resizes(w)


def small(w, *shape, dtype="f32"):
    return w.floats(*shape, dtype=dtype, low=-1, high=1, step=0.25)


def convolutions(w):
    #         x                w             strides dilations pads          group
    plain = [((1, 3, 5, 7), (2, 3, 3, 3), [1, 1], [1, 1], [1, 1, 1, 1], 1),
             ((2, 4, 6, 5), (4, 2, 3, 1), [2, 1], [1, 1], [0, 0, 1, 0], 2),
             ((1, 4, 7, 7), (4, 1, 5, 5), [2, 2], [1, 1], [2, 2, 2, 2], 4),
             ((1, 2, 9, 8), (3, 2, 3, 2), [1, 3], [2, 3], [2, 1, 0, 3], 1),
             ((1, 5, 4, 4), (3, 5, 1, 1), [1, 1], [1, 1], [0, 0, 0, 0], 1),
             ((1, 1, 3, 3), (1, 1, 7, 7), [1, 1], [1, 1], [3, 3, 3, 3], 1),
             ((0, 1, 3, 3), (1, 1, 3, 3), [1, 1], [1, 1], [0, 0, 0, 0], 1),
             ((1, 2, 2, 2), (1, 2, 2, 2), [5, 5], [1, 1], [4, 4, 4, 4], 1)]
    for dtype, (x, k, s, d, p, g) in itertools.product(("f32", "f16"), plain):
        if dtype == "f16" and g == 1:
            continue
        bias = small(w, k[0], dtype=dtype)
        for third in ([bias], []):
            w.add("Conv", [small(w, *x, dtype=dtype), small(w, *k, dtype=dtype)] + third,
                  strides=s, dilations=d, pads=p, group=g)
    for mode in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        w.add("Conv", [small(w, 1, 2, 6, 7), small(w, 2, 2, 3, 4)], auto_pad=mode, strides=[2, 3])
    transposed = [((1, 3, 4, 5), (3, 2, 3, 3), [1, 1], [1, 1], [0, 0, 0, 0], [0, 0], 1),
                  ((2, 4, 3, 2), (4, 2, 2, 2), [2, 2], [1, 1], [0, 0, 0, 0], [0, 0], 2),
                  ((1, 2, 3, 3), (2, 1, 4, 3), [3, 2], [1, 2], [1, 0, 2, 1], [1, 1], 1),
                  ((1, 6, 2, 3), (6, 1, 2, 2), [2, 2], [1, 1], [0, 1, 0, 0], [0, 0], 3)]
    for x, k, s, d, p, o, g in transposed:
        inputs = [small(w, *x), small(w, *k), small(w, k[1] * g)]
        w.add("ConvTranspose", inputs, strides=s, dilations=d, pads=p, output_padding=o, group=g)
        w.add("ConvTranspose", inputs[:2], strides=s, dilations=d, pads=p, output_padding=o, group=g)
    for shape, dtype in (((2, 3, 2, 3), "f32"), ((2, 3), "f32"), ((1, 2, 3), "f64"),
                         ((1, 3, 2, 2), "f16")):
        c = shape[1]
        statistics = [small(w, c, dtype=dtype), small(w, c, dtype=dtype), small(w, c, dtype=dtype),
                      w.floats(c, dtype=dtype, low=0.125)]
        w.add("BatchNormalization", [small(w, *shape, dtype=dtype)] + statistics, epsilon=0.015625)


def pools(w):
    windows = [dict(kernel_shape=[2, 2], strides=[2, 2]),
               dict(kernel_shape=[3, 2], strides=[1, 2], pads=[1, 0, 2, 1]),
               dict(kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1),
               dict(kernel_shape=[5, 5], strides=[1, 1], pads=[2, 2, 2, 2]),
               dict(kernel_shape=[2, 3], strides=[3, 2], pads=[0, 0, 1, 2], ceil_mode=1),
               dict(kernel_shape=[3, 3], strides=[2, 3], auto_pad="SAME_UPPER"),
               dict(kernel_shape=[2, 4], strides=[2, 1], auto_pad="SAME_LOWER"),
               dict(kernel_shape=[2, 4], strides=[2, 1], auto_pad="VALID")]
    for window in windows:
        for shape in ((1, 1, 6, 7), (2, 1, 5, 8)):
            w.add("MaxPool", [w.floats(*shape)], **window)
            for include in (0, 1):
                w.add("AveragePool", [w.floats(*shape)], count_include_pad=include, **window)
    w.add("MaxPool", [w.floats(1, 1, 9, 9)], kernel_shape=[3, 2], dilations=[2, 3], strides=[2, 1],
          pads=[2, 1, 1, 1])
    for dtype in ("f16", "f64", "u8", "i8"):
        w.add("MaxPool", [w.values(1, 2, 4, 5, dtype=dtype)], kernel_shape=[2, 3], pads=[0, 1, 1, 0],
              strides=[1, 1])
    for shape in ((2, 3, 4, 5), (1, 1, 1, 1), (0, 2, 3, 3)):
        w.add("GlobalAveragePool", [w.floats(*shape)])
    w.add("GlobalAveragePool", [w.floats(1, 2, 3, 3, dtype="f16")])


def resizes(w):
    coordinates = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")
    nearest = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
    sizes = [(2, 3), (7, 5), (8, 1), (1, 7)]
    for coordinate in coordinates:
        for rounding, (h, width) in itertools.product(nearest, sizes):
            w.add("Resize", [w.floats(1, 1, 4, 5, step=0.5), None, None, np.array([1, 1, h, width])],
                  mode="nearest", nearest_mode=rounding, coordinate_transformation_mode=coordinate)
        for mode, (h, width) in itertools.product(("linear", "cubic"), sizes):
            w.add("Resize", [w.floats(1, 1, 4, 5, step=0.5), None, None, np.array([1, 1, h, width])],
                  mode=mode, coordinate_transformation_mode=coordinate)
        for mode, scale in itertools.product(("nearest", "linear"), ((2, 2), (1.5, 0.7))):
            w.add("Resize", [w.floats(2, 1, 3, 5), None, np.array([1, 1, *scale], np.float32)],
                  mode=mode, coordinate_transformation_mode=coordinate)
    for dtype in ("f16", "f64", "u8", "i8", "i32"):
        w.add("Resize", [w.values(1, 1, 2, 3, dtype=dtype), None, np.array([1, 1, 2, 2], np.float32)],
              mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
