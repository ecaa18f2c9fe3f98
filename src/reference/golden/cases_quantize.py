"""QuantizeLinear, DequantizeLinear."""
import numpy as np

from writer import NUMPY

SCALES = np.array([0.5, 0.25, 2.0, 0.3], np.float32)
RANGES = {"u8": (0, 255), "i8": (-128, 127), "u16": (0, 65535), "i16": (-32768, 32767)}


def add(w):
    # Halves between two integers, and what lies beyond either end.
    edges = np.array([-1e6, -70.25, -0.75, -0.25, -0.0, 0.25, 0.75, 1.25, 63.6, 70.2, 3e8], np.float32)
    for dtype, (low, high) in RANGES.items():
        zeros = (low, 0 if low < 0 else 7, high)
        for zero in zeros:
            w.add("QuantizeLinear", [edges, np.float32(0.5), np.asarray(zero, NUMPY[dtype])])
        w.add("QuantizeLinear", [w.floats(2, 4, 3), SCALES, w.ints(4, dtype=dtype)], axis=1)
        w.add("QuantizeLinear", [w.floats(3, 4), SCALES, w.ints(4, dtype=dtype)], axis=-1)
        w.add("QuantizeLinear", [w.floats(3, dtype="f16"), np.float16(0.125), w.ints(1, dtype=dtype)[0]])
        ends = np.array([low, low + 1, 0, high - 1, high], NUMPY[dtype])
        for zero in zeros:
            w.add("DequantizeLinear", [ends, np.float32(0.3), np.asarray(zero, NUMPY[dtype])])
        w.add("DequantizeLinear", [ends, np.float32(0.3)])
        w.add("DequantizeLinear", [w.ints(4, 2, dtype=dtype), SCALES, w.ints(4, dtype=dtype)], axis=0)
        w.add("DequantizeLinear", [w.ints(2, dtype=dtype), np.float16(0.25)])
    sums = np.array([-2**31, -2**24 - 1, -1, 0, 1, 2**24 + 1, 2**31 - 1], np.int32)
    w.add("DequantizeLinear", [sums, np.float32(0.001)])
    w.add("DequantizeLinear", [w.ints(4, dtype="i32"), SCALES], axis=0)
    w.add("QuantizeLinear", [w.floats(0, 4), np.float32(1), np.uint8(0)])
