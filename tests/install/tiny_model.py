"""A Darknet model of a few hundred bytes whose boxes depend on the picture, and pictures for it.

Five strided convolutions pass on what they see: a cell of 32x32 pixels is judged by its first. Red is
class 0, blue is class 1, each a box of 10x20 pixels in the middle of the cell."""
import struct
from pathlib import Path

INPUT = "[net]\nwidth=64\nheight=32\nchannels=3\n"
PASS = "[convolutional]\nfilters=3\nsize=1\nstride=2\nactivation=linear\n"
HEAD = """[convolutional]
filters=7
size=1
stride=1
activation=linear
[yolo]
mask=0
anchors=10,20
classes=2
num=1
"""
PASSES = 5
PASS_NUMBERS = [0, 0, 0] + [1, 0, 0] + [0, 1, 0] + [0, 0, 1]  # biases, weights
HEAD_BIASES = [0, 0, 0, 0, -5, 0, 0]
HEAD_WEIGHTS = [0] * 12 + [20, 0, 20] + [9, 0, -9] + [-9, 0, 9]


def write_model(folder: Path) -> Path:
    """tiny.cfg and tiny.weights; the path of the former."""
    (folder / "tiny.cfg").write_text(INPUT + PASS * PASSES + HEAD)
    numbers = PASS_NUMBERS * PASSES + HEAD_BIASES + HEAD_WEIGHTS
    header = struct.pack("<3iq", 0, 2, 5, 0)
    (folder / "tiny.weights").write_bytes(header + struct.pack(f"<{len(numbers)}f", *numbers))
    return folder / "tiny.cfg"


def write_picture(path: Path, width: int, height: int) -> Path:
    """A PNM with red on the left third, blue on the right, shades between."""
    rows = bytearray()
    for y in range(height):
        for x in range(width):
            red = 255 if 3 * x < width else (x * 5 + y) % 64
            blue = 255 if 3 * x > 2 * width else (x + y * 3) % 64
            rows += bytes((red, (x * y) % 256, blue))
    path.write_bytes(b"P6 %d %d 255\n" % (width, height) + bytes(rows))
    return path
