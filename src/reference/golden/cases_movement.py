"""Operators that move elements."""
import numpy as np


def i64(*values):
    return np.array(values, np.int64)


def add(w):
    joins(w)
    slices(w)
    shapes(w)
    indexing(w)


def joins(w):
    for dtype in ("f32", "f16", "i64", "u8", "bool"):
        w.add("Concat", [w.values(2, 1, 3, dtype=dtype), w.values(2, 4, 3, dtype=dtype)], axis=1)
    w.add("Concat", [w.floats(3), w.floats(1), w.floats(0), w.floats(2)], axis=0)
    w.add("Concat", [w.floats(2, 2), w.floats(2, 1)], axis=-1)
    w.add("Concat", [w.floats(2, 3)], axis=0)
    w.add("Split", [w.floats(2, 6, 2), i64(1, 3, 2)], outputs=3, axis=1)
    w.add("Split", [w.ints(5), i64(0, 5)], outputs=2, axis=0)
    for axis, parts in ((0, 2), (1, 3), (-1, 4)):
        w.add("Split", [w.floats(4, 6, 7)], outputs=parts, axis=axis,
              num_outputs=parts, shrike_attributes={"axis": axis})


def slices(w):
    big = np.iinfo(np.int64).max
    cases = [((5,), (1,), (4,), (0,), (2,)), ((5,), (-1,), (-big,), (0,), (-1,)),
             ((4, 6), (1, -3), (big, big), (0, 1), (1, 1)), ((4, 6), (3, 5), (0, -7), (0, 1), (-2, -3)),
             ((4, 6), (2,), (2,), (1,), (1,)), ((3, 4, 5), (1, 0), (9, 3), (2, 0), (3, 2)),
             ((3, 4), (-100,), (100,), (-1,), (2,)), ((0, 4), (0,), (3,), (1,), (1,)),
             ((3, 7), (100,), (1,), (1,), (-4,)), ((6,), (0,), (6,), (0,), (100,))]
    for shape, start, end, axes, steps in cases:
        w.add("Slice", [w.floats(*shape), i64(*start), i64(*end), i64(*axes), i64(*steps)])
    w.add("Slice", [w.floats(3, 4), i64(1, 1), i64(3, -1)])
    w.add("Slice", [w.values(3, 4, dtype="bool"), i64(1), i64(3), None, i64(2)])
    w.add("Slice", [w.floats(3, 4, dtype="f16"), i64(1).astype(np.int32), i64(3).astype(np.int32),
                    i64(1).astype(np.int32)])
    w.add("Tile", [w.floats(2, 3), i64(2, 3)])
    w.add("Tile", [w.values(1, 2, 2, dtype="u8"), i64(3, 1, 2)])
    w.add("Tile", [w.floats(2, 3), i64(0, 1)])
    w.add("Expand", [w.floats(3, 1), i64(2, 1, 4)])
    w.add("Expand", [w.floats(2, 3), i64(1)])
    w.add("Expand", [w.ints(), i64(2, 2)])
    w.add("Expand", [w.floats(1, 3), i64(0, 3)])
    for mode in ("constant", "reflect", "edge"):
        for dtype in ("f32", "i64", "f16"):
            w.add("Pad", [w.values(1, 3, 4, dtype=dtype), i64(0, 1, 2, 0, 2, 3)], mode=mode)
    w.add("Pad", [w.floats(3, 4), i64(-1, 2, 1, -2), np.array(1.5, np.float32)], mode="constant")
    w.add("Pad", [w.floats(3, 4), i64(-1, 0, 0, -2)], mode="edge")
    w.add("Pad", [w.floats(0, 2), i64(1, 0, 1, 1), np.array(7, np.float32)], mode="constant")


def shapes(w):
    for shape, target in (((2, 6), (3, 4)), ((2, 6), (-1,)), ((2, 3, 4), (0, -1)), ((6,), (1, 2, 3)),
                          ((1,), ()), ((2, 3), (0, 0, 1))):
        w.add("Reshape", [w.floats(*shape), i64(*target)])
    w.add("Reshape", [w.floats(0, 3), i64(0, 5)], allowzero=1)
    for perm in ([0, 2, 1], [2, 0, 1], [1, 2, 0], [0, 1, 2]):
        for dtype in ("f32", "u8", "f16", "i64"):
            w.add("Transpose", [w.values(2, 3, 4, dtype=dtype)], perm=perm)
    w.add("Transpose", [w.floats(2, 3)])
    w.add("Transpose", [w.floats(2, 0, 3)], perm=[1, 0, 2])
    w.add("Transpose", [w.floats(1, 2, 3, 1, 2)], perm=[4, 0, 3, 2, 1])
    w.add("Squeeze", [w.floats(1, 3, 1, 2)])
    w.add("Squeeze", [w.floats(1, 3, 1, 2), i64(-2)])
    w.add("Unsqueeze", [w.floats(3, 2), i64(0, -1)])
    w.add("Unsqueeze", [w.floats(3), i64(2, 1)])
    for axis in (0, 1, 2, -1):
        w.add("Flatten", [w.floats(2, 3, 2)], axis=axis)
    w.add("Shape", [w.floats(2, 0, 5)])
    w.add("Shape", [w.floats(2, 3, 5, 7)], start=1, end=-1)
    w.add("Shape", [w.floats(2, 3)], start=-9, end=1)
    w.add("Shape", [w.floats()])
    w.add("ConstantOfShape", [i64(2, 3)], value=np.array([2.5], np.float32))
    w.add("ConstantOfShape", [i64(3)], value=np.array([-7], np.int64))
    w.add("ConstantOfShape", [i64(0, 3)], value=np.array([1], np.int32))
    w.add("ConstantOfShape", [np.zeros(0, np.int64)], value=np.array([4], np.float32))
    for start, limit, delta in ((0, 5, 1), (3, -4, -2), (2, 2, 1), (5, 1, 1)):
        w.add("Range", [np.array(v, np.int64) for v in (start, limit, delta)])
        w.add("Range", [np.array(v, np.float32) for v in (start, limit, delta)])
    w.add("Range", [np.array(v, np.float32) for v in (0.5, 4, 0.75)])
    w.add("Range", [np.array(v, np.int32) for v in (1, 10, 4)])
    for mode in ("DCR", "CRD"):
        w.add("DepthToSpace", [w.floats(1, 8, 2, 3)], blocksize=2, mode=mode)
    w.add("SpaceToDepth", [w.floats(2, 2, 4, 6)], blocksize=2)
    w.add("SpaceToDepth", [w.floats(1, 1, 3, 6)], blocksize=3)


def indexing(w):
    for axis, dtype, kind in ((0, "f32", "i64"), (1, "f16", "i32"), (-1, "i64", "i64"), (1, "bool", "i64")):
        w.add("Gather", [w.values(3, 4, 2, dtype=dtype), w.ints(2, 3, low=-2, high=1, dtype=kind)],
              axis=axis)
        w.add("GatherElements", [w.values(3, 4, 2, dtype=dtype),
                                 w.ints(2, 3, 2, low=-2, high=1, dtype=kind)], axis=axis)
    w.add("Gather", [w.floats(3, 4), np.array(1)], axis=0)
    w.add("Gather", [w.floats(3, 4), np.zeros((0,), np.int64)], axis=1)
    w.add("GatherND", [w.floats(3, 4, 2), w.ints(5, 2, low=-3, high=2)])
    w.add("GatherND", [w.floats(3, 4), w.ints(2, 2, 2, low=0, high=2)])
    w.add("GatherND", [w.ints(2, 3, 4), w.ints(2, 2, 1, low=-3, high=2)], batch_dims=1)
    w.add("GatherND", [w.floats(2, 3, 4, 2), w.ints(2, 3, 2, low=0, high=1)], batch_dims=2)
    w.add("ScatterND", [w.floats(4, 3), np.array([[1], [-1]]), w.floats(2, 3)])
    w.add("ScatterND", [w.ints(2, 3, 2), np.array([[0, 1], [1, 2], [0, 1]]), w.ints(3, 2)])
    w.add("ScatterND", [w.floats(5), np.zeros((0, 1), np.int64), w.floats(0)])
    w.add("ScatterElements", [w.floats(3, 3), np.array([[1, 0, 2], [0, 2, 1]]), w.floats(2, 3)],
          axis=0)
    w.add("ScatterElements", [w.floats(1, 5, dtype="f16"), np.array([[1, -2]]),
                              w.floats(1, 2, dtype="f16")], axis=1)
