"""Real pictures as network inputs: letterboxed to a size, RGB, /255, (N,3,H,W) float32.

The pictures of ../shared/data when they are there; else structured synthetic ones (gradients, discs
and bars), so that the peers' scripts work without that folder.
"""
from pathlib import Path

import numpy as np

REPO = Path(__file__).resolve().parents[2]
SHARED = REPO.parent / "shared"
FIRST = 3  # the picture that test inputs start with: one of ordinary contrast
PICTURES = SHARED / "data" / "coco128" / "images" / "train2017"


def synthetic(index, height=480, width=640):
    """A picture (H,W,3) uint8 with edges and smooth areas; another one for every index."""
    rng = np.random.default_rng(index)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    picture = np.stack([255 * x / width, 255 * y / height, 127 + 60 * np.sin(x / 23 + y / 17)], -1)
    for _ in range(12):
        cx, cy, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(10, 120)
        inside = (x - cx) ** 2 + (y - cy) ** 2 < r * r if rng.random() < 0.5 else (abs(x - cx) < r) & (abs(y - cy) < r / 2)
        picture[inside] = rng.uniform(0, 255, 3)
    return picture.astype(np.uint8)


def load(index):
    """Picture number `index` (in name order) as (H,W,3) uint8 RGB."""
    files = sorted(PICTURES.glob("*.jpg"))
    if not files:
        return synthetic(index)
    from PIL import Image

    return np.asarray(Image.open(files[index % len(files)]).convert("RGB"))


def resized(picture, height, width):
    """Bilinear with half-pixel centres, as accurate as float32 is (no cv2 or PIL needed)."""
    def axis(size_in, size_out):
        at = np.clip((np.arange(size_out) + 0.5) * size_in / size_out - 0.5, 0, size_in - 1)
        low = np.floor(at).astype(int)
        return low, np.minimum(low + 1, size_in - 1), (at - low).astype(np.float32)

    y0, y1, fy = axis(picture.shape[0], height)
    x0, x1, fx = axis(picture.shape[1], width)
    rows = picture[y0] * (1 - fy)[:, None, None] + picture[y1] * fy[:, None, None]
    return rows[:, x0] * (1 - fx)[None, :, None] + rows[:, x1] * fx[None, :, None]


def letterboxed(picture, height, width):
    """The picture scaled to fit, centred on grey 114: (3,H,W) float32 in 0..1."""
    scale = min(width / picture.shape[1], height / picture.shape[0])
    w, h = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    canvas = np.full((height, width, 3), 114, np.float32)
    top, left = (height - h) // 2, (width - w) // 2
    canvas[top : top + h, left : left + w] = np.round(resized(picture, h, w))
    return np.ascontiguousarray(canvas.transpose(2, 0, 1)) / 255


def first(count, height, width):
    """The inputs of tests: `count` pictures from FIRST on."""
    return batch(range(FIRST, FIRST + count), height, width)


def batch(indices, height, width):
    """Several pictures as one (N,3,H,W) float32 array."""
    return np.stack([letterboxed(load(i), height, width) for i in indices])
