"""Products, softmax, reductions, orderings, non-maximum suppression."""
import numpy as np

from cases_movement import i64


def add(w):
    products(w)
    reductions(w)
    orders(w)
    suppressions(w)


def products(w):
    shapes = [((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 2, 3), (3, 2)),
              ((3,), (2, 3, 4)), ((2, 1, 2, 3), (1, 3, 3, 1)), ((5, 2, 3), (5, 3, 2)), ((2, 0), (0, 3)),
              ((0, 2), (2, 3)), ((1, 7), (7, 1)), ((2, 2, 3), (3,))]
    for a, b in shapes:
        w.add("MatMul", [w.floats(*a), w.floats(*b)])
    for dtype in ("f16", "f64", "i64", "i32"):
        w.add("MatMul", [w.values(2, 3, 3, dtype=dtype), w.values(3, 2, dtype=dtype)])
    for ta, tb, c in ((0, 0, (4,)), (1, 0, (2, 1)), (0, 1, (2, 4)), (1, 1, None), (0, 0, ())):
        inputs = [w.floats(*((3, 2) if ta else (2, 3))), w.floats(*((4, 3) if tb else (3, 4)))]
        if c is not None:
            inputs.append(w.floats(*c))
        w.add("Gemm", inputs, transA=ta, transB=tb, alpha=0.5, beta=2.0)
    for shape, axis in (((2, 5), -1), ((2, 3, 4), 1), ((3, 2), 0), ((1,), 0), ((0, 3), 1)):
        w.add("Softmax", [w.floats(*shape)], axis=axis)
    w.add("Softmax", [np.array([[1000, 999, -1000]], np.float32)], axis=1)
    for dtype in ("f16", "f64"):
        w.add("Softmax", [w.floats(2, 3, 4, dtype=dtype)], axis=1)


def reductions(w):
    for op in ("ReduceMax", "ReduceMin", "ReduceSum", "ReduceMean", "ReduceProd"):
        opset = 18
        for axes in ((0,), (1,), (-1,), (0, 2), (2, 1), (0, 1, 2)):
            for keep in (0, 1):
                w.add(op, [w.floats(2, 3, 4), i64(*axes)], keepdims=keep, opset=opset)
        w.add(op, [w.floats(2, 3)], keepdims=0, opset=opset)
        w.add(op, [w.floats(2, 3), np.zeros(0, np.int64)], noop_with_empty_axes=1, opset=opset)
        w.add(op, [w.floats(0, 3), i64(1)], opset=opset)
        for dtype in ("f16", "f64", "i64", "i32", "u8", "i8"):
            w.add(op, [w.values(3, 4, dtype=dtype), i64(1)], opset=opset)
    w.add("ReduceSum", [w.floats(0, 3), i64(0)])
    w.add("ReduceProd", [w.floats(2, 0), i64(1)], opset=18)


def orders(w):
    for axis, k, largest in ((-1, 3, 1), (0, 2, 1), (1, 2, 0), (-1, 5, 0), (-1, 0, 1), (1, 1, 1)):
        for dtype in ("f32", "i64"):
            x = w.ints(3, 4, 5, low=0, high=4).astype("float32" if dtype == "f32" else "int64")
            w.add("TopK", [x, i64(k)], outputs=2, axis=axis, largest=largest)
    w.add("TopK", [w.floats(2, 9, dtype="f16"), i64(4)], outputs=2)
    w.add("TopK", [w.floats(9, dtype="f64"), i64(9)], outputs=2)
    for axis in (0, 1, -1):
        for keep, last in ((0, 0), (1, 0), (1, 1)):
            x = w.ints(3, 4, 5, low=0, high=2).astype(np.float32)
            w.add("ArgMax", [x], axis=axis, keepdims=keep, select_last_index=last)
    for dtype in ("i32", "u8", "i8", "f16", "f64"):
        w.add("ArgMax", [w.values(3, 4, dtype=dtype)], axis=1)
    for dtype in ("f32", "f64", "i64", "i32"):
        for exclusive, reverse in ((0, 0), (1, 0), (0, 1), (1, 1)):
            w.add("CumSum", [w.values(2, 4, 2, dtype=dtype), np.array(1)], exclusive=exclusive,
                  reverse=reverse)
    for dtype in ("f32", "i64", "bool", "u8", "i32"):
        w.add("NonZero", [w.values(3, 4, dtype=dtype)])
    w.add("NonZero", [np.zeros((2, 2), np.float32)])
    w.add("NonZero", [np.array([0, -0.0, 1, np.nan], np.float32)])


def suppressions(w):
    for trial in range(9):
        batches, classes, boxes = 1 + trial % 2, 1 + trial % 3, 4 + 2 * trial
        corner = w.floats(batches, boxes, 2, low=0, high=8, step=0.5)
        size = w.floats(batches, boxes, 2, low=0 if trial % 2 else 0.5, high=4, step=0.5)
        box = np.concatenate([corner, corner + size], 2)
        center = trial % 3 == 2
        if center:
            box = np.concatenate([corner, size], 2)
        elif trial % 4 == 1:  # the other two corners
            box = box[:, :, [2, 1, 0, 3]]
        scores = w.floats(batches, classes, boxes, low=0, high=1, step=0.0625)  # has ties
        limits = [i64((1, 3, 100)[trial % 3]), np.array([(0.5, 0.25, 0, 1)[trial % 4]], np.float32),
                  np.array([(0.25, 0.5)[trial % 2]], np.float32)]
        w.add("NonMaxSuppression", [box, scores] + limits, center_point_box=int(center))
        w.add("NonMaxSuppression", [box, scores] + limits[:2], center_point_box=int(center))
    w.add("NonMaxSuppression", [w.floats(1, 3, 4), w.floats(1, 1, 3)])
    w.add("NonMaxSuppression", [np.zeros((1, 0, 4), np.float32), np.zeros((1, 2, 0), np.float32),
                                i64(5)])
