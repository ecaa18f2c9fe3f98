"""Unary, Binary, Clip, Where, Cast."""
import numpy as np

from writer import DTYPES, ONNX_TYPES

BROADCASTS = [((3,), (3,)), ((2, 3), (3,)), ((2, 3), (2, 1)), ((1,), (4, 5)), ((), (3,)),
              ((2, 1, 3), (4, 1)), ((5, 1), (1, 7)), ((0, 3), (1, 3)), ((1, 2, 1, 3), (2, 2, 1, 1)),
              ((), ())]


def add(w):
    unary(w)
    binary(w)
    clip_where(w)
    cast(w)


def unary(w):
    edge = np.array([-100, -3, -0.5, -0.0, 0, 0.5, 1.5, 2.5, 3, 100], np.float32)
    for op in ("Identity", "Relu", "Sigmoid", "HardSwish", "Mish", "Tanh", "Softplus", "Abs", "Neg",
               "Sign", "Floor", "Ceil", "Round", "Erf", "Sin", "Cos"):
        w.add(op, [edge])
        w.add(op, [w.floats(2, 3, dtype="f16")])
        w.add(op, [w.floats(3, dtype="f64")])
    for dtype in ("f32", "f16", "f64"):
        w.add("LeakyRelu", [w.floats(7, dtype=dtype)], alpha=0.125)
        w.add("Elu", [w.floats(7, dtype=dtype)], alpha=1.5)
        w.add("HardSigmoid", [w.floats(7, dtype=dtype)], alpha=0.25, beta=0.5)
        w.add("Exp", [w.floats(7, dtype=dtype)])
        w.add("Log", [w.floats(7, dtype=dtype, low=0.125)])
        w.add("Sqrt", [w.floats(7, dtype=dtype, low=0)])
        w.add("Reciprocal", [w.floats(7, dtype=dtype, low=0.125)])
    for dtype in ("i64", "i32", "i8"):
        for op in ("Relu", "Abs", "Neg", "Sign", "Identity"):
            w.add(op, [w.ints(6, dtype=dtype)])
    w.add("Not", [np.array([[True, False, True]])])
    w.add("Sigmoid", [np.zeros((0, 2), np.float32)])


def operands(w, op, dtype, a, b):
    x, y = w.values(*a, dtype=dtype), w.values(*b, dtype=dtype)
    if op in ("Div", "Mod"):
        y = np.where(y == 0, np.ones_like(y), y)
    return [x, y]


def binary(w):
    arithmetic = ("Add", "Sub", "Mul", "Div", "Max", "Min")
    comparisons = ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual")
    for op in arithmetic + comparisons:
        for a, b in BROADCASTS[:8:2] if op in comparisons else BROADCASTS:
            w.add(op, operands(w, op, "f32", a, b))
        for dtype in ("f16", "f64", "i64", "i32", "u8", "i8"):
            w.add(op, operands(w, op, dtype, (2, 3), (3,)))
    nan = np.array([1, np.nan, 3], np.float32)
    w.add("Max", [nan, np.array([2, 2, np.nan], np.float32)])
    w.add("Min", [nan, np.array([2, 2, np.nan], np.float32)])
    w.add("Add", [np.array([250, 3], np.uint8), np.array([10], np.uint8)])
    w.add("Mul", [np.array([2**31 - 1, -7], np.int32), np.array([2, 3], np.int32)])
    w.add("Equal", [np.array([True, False]), np.array([True, True])])
    for op in ("And", "Or", "Xor"):
        w.add(op, [w.values(2, 3, dtype="bool"), w.values(3, dtype="bool")])
    for dtype in ("i64", "i32", "i8", "u8"):
        for fmod in (0, 1):
            w.add("Mod", operands(w, "Mod", dtype, (12,), (12,)), fmod=fmod)
    for dtype in ("f32", "f16", "f64"):
        w.add("Mod", operands(w, "Mod", dtype, (12,), (12,)), fmod=1)
        w.add("PRelu", [w.floats(2, 3, 4, dtype=dtype), w.floats(3, 1, dtype=dtype)])
    for base, exponent in (("f32", "f32"), ("f32", "i64"), ("i64", "i64"), ("i32", "f32"),
                           ("f64", "f32"), ("f16", "f16"), ("i64", "i32")):
        w.add("Pow", [np.abs(w.values(5, dtype=base)),
                      np.abs(w.values(1 if base == "f32" else 5, dtype=exponent))])
    w.add("Pow", [w.floats(2, 4), np.array(2.0, np.float32)])


def clip_where(w):
    for dtype in ("f32", "f16", "f64", "i64", "i32", "u8", "i8"):
        lo, hi = w.values(dtype=dtype) * 0 + 1, w.values(dtype=dtype) * 0 + 3
        x = w.values(9, dtype=dtype)
        w.add("Clip", [x, lo.astype(x.dtype), hi.astype(x.dtype)])
        w.add("Clip", [x, None, hi.astype(x.dtype)])
        w.add("Clip", [x, lo.astype(x.dtype)])
        w.add("Where", [w.values(2, 1, 3, dtype="bool"), w.values(4, 1, dtype=dtype),
                        w.values(1, dtype=dtype)])
    w.add("Clip", [w.floats(5)])
    w.add("Where", [w.values(3, dtype="bool"), w.floats(2, 3), w.floats(2, 1)])
    w.add("Where", [np.array(True), w.floats(3), w.floats(1)])


def cast(w):
    for source in DTYPES.values():
        for target in DTYPES.values():
            x = w.values(6, dtype=source)
            if source[0] == "f" and target[0] == "u":
                x = np.abs(x)
            if source[0] == "i" and target[0] == "u":
                x = np.abs(x)
            w.add("Cast", [x], to=ONNX_TYPES[target], shrike_attributes={"to": target})
    w.add("Cast", [np.array([300, -129, 2**40 + 5], np.int64)], to=ONNX_TYPES["i8"],
          shrike_attributes={"to": "i8"})
    w.add("Cast", [np.array([1e5, 65519, 1e-8, np.nan, -np.inf], np.float32)],
          to=ONNX_TYPES["f16"], shrike_attributes={"to": "f16"})
