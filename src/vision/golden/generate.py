"""Golden numbers of the vision tests, from the programs whose results Shrike reproduces.

    python3 generate.py        (opencv-python-headless, pillow, torch, torchvision, ultralytics)

Writes ../testdata/* (tiny pictures) and, beside this file:
  pictures.txt   NAME WIDTH HEIGHT HASH            cv2.imread(IMREAD_COLOR) as RGB
  resize.txt     w h W H SEED HASH                 cv2.resize(INTER_LINEAR)
  letterbox.txt  FAMILY w h W H SEED HASH x1 y1 x2 y2   input tensor (NCHW) and a box brought back
  heads.txt      cases of raw maps and the candidates they hold
  nms.txt        cases of candidates and the ones kept
HASH is FNV-1a (64 bits) of the bytes; noise comes from the generator in noise(), which
golden_test.h repeats.
"""

import io
import pathlib
import struct

import cv2
import numpy as np
import torch
import torchvision
from PIL import Image
from ultralytics.data.augment import LetterBox
from ultralytics.nn.modules.block import DFL
from ultralytics.nn.modules.head import Detect
from ultralytics.utils.ops import scale_boxes
from ultralytics.utils.tal import dist2bbox, make_anchors

HERE = pathlib.Path(__file__).parent
DATA = HERE.parent / "testdata"


def fnv(data):
    h = 0xCBF29CE484222325
    for b in data:
        h = (h ^ b) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{h:016x}"


def noise(count, seed):
    """Bytes of a linear congruential generator (Numerical Recipes' constants)."""
    out = bytearray(count)
    state = seed
    for i in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = state >> 24
    return np.frombuffer(bytes(out), np.uint8)


def floats(count, seed):
    """Raw values of about -5.3 to 5.3; the slope keeps scores unequal, for torch orders equal ones
    as it likes."""
    slope = np.arange(count, dtype=np.float32) / np.float32(4096)
    return (noise(count, seed).astype(np.float32) - 128) / np.float32(24) + slope


# ---- pictures ---------------------------------------------------------------------------------


def smooth(height, width, channels=3):
    y, x = np.mgrid[0:height, 0:width].astype(float)
    planes = [127 + 110 * np.sin(x / 5 + k) * np.cos(y / 6 - k) for k in range(channels)]
    return np.stack(planes, -1).astype(np.uint8)


def save(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def bitmap(width, height, bits, pixels, compression=0, masks=b"", palette=b""):
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(pixels), 0, 0,
                       len(palette) // 4, 0)
    at = 14 + len(info) + len(masks) + len(palette)
    return (b"BM" + struct.pack("<IHHI", at + len(pixels), 0, 0, at) + info + masks + palette
            + pixels)


def jpegs():
    rgb = Image.fromarray(smooth(19, 27))
    for sampling in range(3):
        yield f"rgb_s{sampling}.jpg", save(rgb, "JPEG", subsampling=sampling)
    yield "progressive.jpg", save(rgb, "JPEG", progressive=True)
    yield "restart.jpg", save(rgb, "JPEG", restart_marker_blocks=1)
    yield "grey.jpg", save(Image.fromarray(smooth(19, 27)[..., 0]), "JPEG")
    yield "cmyk.jpg", save(Image.fromarray(smooth(9, 11, 4), "CMYK"), "JPEG")
    yield "one_pixel.jpg", save(Image.fromarray(smooth(1, 1)), "JPEG")


def pngs():
    rgba, grey = smooth(5, 7, 4), smooth(5, 7)[..., 0]
    deep = (smooth(5, 7, 4).astype(np.uint16) << 8) + 200
    for channels in (1, 3, 4):
        yield f"deep_{channels}.png", cv2.imencode(".png", deep[..., :channels])[1].tobytes()
    yield "rgba.png", save(Image.fromarray(rgba, "RGBA"), "PNG")
    yield "grey_alpha.png", save(Image.fromarray(rgba[..., :2].copy(), "LA"), "PNG")
    yield "grey_key.png", save(Image.fromarray(grey), "PNG", transparency=int(grey[0, 0]))
    for bits in (1, 2, 4, 8):
        indices = noise(65, bits).reshape(5, 13) & ((1 << bits) - 1)
        palette = Image.fromarray(indices, "P")
        palette.putpalette([int(v) for v in noise(3 << bits, 9)])
        yield f"palette_{bits}.png", save(palette, "PNG", bits=bits, transparency=b"\0\x80")
    yield "bits.png", save(Image.fromarray(grey > 127), "PNG")


def webps():
    rgba = Image.fromarray(smooth(19, 27, 4), "RGBA")
    yield "lossy.webp", save(rgba.convert("RGB"), "WEBP")
    yield "lossless.webp", save(rgba.convert("RGB"), "WEBP", lossless=True)
    yield "alpha.webp", save(rgba, "WEBP", lossless=True, exact=True)
    frames = [Image.fromarray(noise(6 * 5 * 3, k).reshape(5, 6, 3)) for k in range(2)]
    yield "animated.webp", save(frames[0], "WEBP", save_all=True, append_images=frames[1:],
                                lossless=True)


def bitmaps():
    pixels = noise(48, 3).tobytes()
    entries = noise(1024, 4).reshape(256, 4).copy()
    entries[:, 3] = 0
    palette = entries.tobytes()
    yield "24.bmp", save(Image.fromarray(smooth(3, 5)), "BMP")
    yield "8.bmp", save(Image.fromarray(smooth(3, 5)[..., 0]), "BMP")
    yield "1.bmp", save(Image.fromarray(smooth(3, 13)[..., 0] > 127), "BMP")
    yield "4.bmp", bitmap(5, 3, 4, pixels[:12], palette=palette[:64])
    yield "555.bmp", bitmap(6, 3, 16, pixels[:36])
    yield "565.bmp", bitmap(6, 3, 16, pixels[:36], 3, struct.pack("<III", 0xF800, 0x7E0, 0x1F))
    yield "32.bmp", bitmap(4, 3, 32, pixels)
    yield "top_down.bmp", bitmap(4, -3, 32, pixels)
    runs = [4, 7, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0, 0, 2, 3, 0, 2, 9, 0, 0, 9, 200, 0, 1]
    yield "rle8.bmp", bitmap(9, 3, 8, bytes(runs), 1, palette=palette)
    runs = [5, 0x7A, 0, 4, 0x12, 0x34, 0, 0, 9, 0x5B, 0, 0,
            0, 9, 0x12, 0x34, 0x56, 0x78, 0x90, 0, 0, 0, 0, 1]
    yield "rle4.bmp", bitmap(9, 3, 4, bytes(runs), 2, palette=palette[:64])
    yield "os2.bmp", (b"BM" + struct.pack("<IHHI", 40, 0, 0, 32) +
                      struct.pack("<IHHHH", 12, 5, 2, 1, 1) + bytes([10, 20, 30, 200, 100, 50]) +
                      bytes([0xA8, 0, 0, 0, 0x50, 0, 0, 0]))


def netpbms():
    yield "p1.pbm", b"P1\n3 2\n101010\n"
    yield "p2.pgm", b"P2\n3 2\n255\n1 2 3 40 50 6 \n"
    yield "p3.ppm", b"P3 1 2 255 1 2 3 4 5 6 \n"
    yield "p4.pbm", b"P4\n10 2\n" + bytes([0b10101010, 0xC0, 0x0F, 0])
    yield "p5.pgm", b"P5 3 2 255\n" + bytes(range(6))
    yield "p5_deep.pgm", b"P5 3 2 65535\n" + bytes(range(40, 52))
    yield "p6.ppm", b"P6\n# a comment\n3 2\n255\n" + bytes(range(18))


def oriented():
    picture = Image.fromarray(smooth(3, 5))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield f"orientation_{orientation}.png", save(picture, "PNG", exif=exif.tobytes())
        if orientation in (3, 6):
            yield f"orientation_{orientation}.jpg", save(picture, "JPEG", exif=exif.tobytes())
            yield f"orientation_{orientation}.webp", save(picture, "WEBP", lossless=True,
                                                          exif=exif.tobytes())


def write_pictures():
    DATA.mkdir(exist_ok=True)
    lines = []
    for make in (jpegs, pngs, webps, bitmaps, netpbms, oriented):
        for name, data in make():
            assert len(data) < 2048, (name, len(data))
            (DATA / name).write_bytes(data)
            rgb = cv2.imread(str(DATA / name), cv2.IMREAD_COLOR)[..., ::-1]
            lines.append(f"{name} {rgb.shape[1]} {rgb.shape[0]} {fnv(rgb.tobytes())}")
    (HERE / "pictures.txt").write_text("\n".join(lines) + "\n")


# ---- resize and letterbox -----------------------------------------------------------------------


def picture(width, height, seed):
    return noise(width * height * 3, seed).reshape(height, width, 3)


def write_resize():
    sizes = [(1, 1, 1, 1), (1, 1, 7, 5), (7, 1, 3, 4), (1, 7, 4, 3), (2, 2, 1, 1), (16, 12, 8, 6),
             (6, 4, 3, 2), (34, 2, 17, 1), (16, 12, 8, 7), (15, 13, 15, 13), (3, 3, 3, 4),
             (64, 48, 128, 96), (97, 61, 13, 7), (13, 7, 97, 61), (2, 300, 31, 3)]
    random = np.random.default_rng(5)
    sizes += [tuple(int(v) for v in random.integers(1, 70, 4)) for _ in range(60)]
    lines = []
    for seed, (w, h, W, H) in enumerate(sizes):
        out = cv2.resize(picture(w, h, seed), (W, H), interpolation=cv2.INTER_LINEAR)
        lines.append(f"{w} {h} {W} {H} {seed} {fnv(out.tobytes())}")
    (HERE / "resize.txt").write_text("\n".join(lines) + "\n")


def ultralytics_input(rgb, W, H):
    boxed = LetterBox((H, W), auto=False)(image=rgb)
    return torch.from_numpy(boxed).float().div_(255).numpy()


def yolox_input(rgb, W, H):
    """data_augment.py preproc, in BGR."""
    padded = np.full((H, W, 3), 114, np.uint8)
    ratio = min(H / rgb.shape[0], W / rgb.shape[1])
    w, h = int(rgb.shape[1] * ratio), int(rgb.shape[0] * ratio)
    padded[:h, :w] = cv2.resize(rgb[..., ::-1].copy(), (w, h), interpolation=cv2.INTER_LINEAR)
    return padded.astype(np.float32)


def darknet_input(rgb, W, H):
    return cv2.resize(rgb, (W, H), interpolation=cv2.INTER_LINEAR).astype(np.float32) / np.float32(255)


def box_back(family, w, h, W, H):
    box = np.array([W * 0.125, H * 0.25, W * 0.75, H * 0.8125], np.float32)
    if family == "ultralytics":
        return scale_boxes((H, W), torch.from_numpy(box[None]), (h, w)).numpy()[0]
    ratio = np.array([W / w, H / h] * 2) if family == "darknet" else min(W / w, H / h)
    return np.clip(box / ratio, 0, [w, h, w, h])


def write_letterbox():
    make = {"ultralytics": ultralytics_input, "yolox": yolox_input, "darknet": darknet_input}
    sizes = [(32, 32, 32, 32), (64, 48, 32, 32), (48, 64, 32, 32), (33, 17, 32, 32),
             (20, 15, 64, 64), (7, 50, 40, 24), (50, 7, 40, 24), (61, 43, 96, 64), (80, 60, 40, 40)]
    lines = []
    for family, function in make.items():
        extra = [(1, 90, 32, 32)] if family != "yolox" else []
        for seed, (w, h, W, H) in enumerate(sizes + extra):
            tensor = np.ascontiguousarray(function(picture(w, h, seed), W, H).transpose(2, 0, 1))
            box = " ".join(f"{v:.6f}" for v in box_back(family, w, h, W, H))
            lines.append(f"{family} {w} {h} {W} {H} {seed} {fnv(tensor.tobytes())} {box}")
    (HERE / "letterbox.txt").write_text("\n".join(lines) + "\n")


# ---- heads and NMS ------------------------------------------------------------------------------

CLASSES, CONF, GRIDS, STRIDES = 3, 0.3, [(4, 6), (2, 3)], [8, 16]
ANCHORS = np.array([[[10, 13], [33, 23]], [[62, 45], [116, 90]]], np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype(np.float64)))


def maps(channels, seed):
    """One NHWC map a scale, seeds rising."""
    return [floats(h * w * channels, seed + i).reshape(h, w, channels)
            for i, (h, w) in enumerate(GRIDS)]


def candidates(boxes, scores, multi_label):
    """Rows of x1 y1 x2 y2 score label, in the order of anchors and classes."""
    rows = []
    for box, score in zip(boxes, scores):
        labels = np.nonzero(score > CONF)[0] if multi_label else [int(score.argmax())]
        rows += [[*box, score[k], k] for k in labels if score[k] > CONF]
    return rows


def cxcywh_to_xyxy(b):
    return np.concatenate([b[:, :2] - b[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2], 1)


def grid_of(i):
    h, w = GRIDS[i]
    return np.stack(np.meshgrid(np.arange(w), np.arange(h)), -1).astype(np.float64)


def anchor_free(reg_max):
    """Through Ultralytics' own anchors, DFL and dist2bbox."""
    box, cls = maps(4 * reg_max, 100), maps(CLASSES, 200)
    as_nchw = [torch.from_numpy(m.transpose(2, 0, 1)[None].copy()) for m in box]
    points, strides = (t.transpose(0, 1) for t in make_anchors(as_nchw, STRIDES, 0.5))
    flat = torch.cat([m.flatten(2) for m in as_nchw], 2)
    distances = DFL(reg_max)(flat) if reg_max > 1 else flat
    boxes = dist2bbox(distances, points[None], xywh=False, dim=1) * strides
    scores = torch.from_numpy(np.concatenate([m.reshape(-1, CLASSES) for m in cls])).sigmoid()
    return boxes[0].T, scores


def end_to_end(max_det):
    boxes, scores = anchor_free(1)
    head = Detect(CLASSES, ch=(16, 16))
    head.max_det = max_det
    rows = head.postprocess(torch.cat([boxes, scores], 1)[None])[0].numpy()
    return [row for row in rows if row[4] > CONF]


def anchored(coding):
    boxes, scores = [], []
    for i, t in enumerate(maps(2 * (5 + CLASSES), 300)):
        t = t.reshape(*GRIDS[i], 2, 5 + CLASSES).astype(np.float64)
        g = grid_of(i)[:, :, None]
        if coding == "v5":
            xy = (2 * sigmoid(t[..., :2]) - 0.5 + g) * STRIDES[i]
            wh = (2 * sigmoid(t[..., 2:4])) ** 2 * ANCHORS[i]
        else:
            k = 1.05
            xy = (k * sigmoid(t[..., :2]) - (k - 1) / 2 + g) * STRIDES[i]
            wh = np.exp(t[..., 2:4]) * ANCHORS[i]
        boxes.append(cxcywh_to_xyxy(np.concatenate([xy, wh], -1).reshape(-1, 4)))
        scores.append((sigmoid(t[..., 4:5]) * sigmoid(t[..., 5:])).reshape(-1, CLASSES))
    return np.concatenate(boxes), np.concatenate(scores)


def yolox():
    boxes, scores = [], []
    for i, t in enumerate(maps(5 + CLASSES, 400)):
        t = t.astype(np.float64)
        xy, wh = (t[..., :2] + grid_of(i)) * STRIDES[i], np.exp(t[..., 2:4]) * STRIDES[i]
        boxes.append(cxcywh_to_xyxy(np.concatenate([xy, wh], -1).reshape(-1, 4)))
        scores.append((sigmoid(t[..., 4:5]) * sigmoid(t[..., 5:])).reshape(-1, CLASSES))
    return np.concatenate(boxes), np.concatenate(scores)


def write_cases(name, cases):
    with open(HERE / name, "w") as out:
        for case, rows in cases:
            print(case, len(rows), file=out)
            for row in rows:
                print(*(f"{float(v):.9g}" for v in row), file=out)


def write_heads():
    cases = []
    for reg_max in (1, 4, 16):
        boxes, scores = (t.numpy() for t in anchor_free(reg_max))
        cases.append((f"anchor_free_{reg_max}", candidates(boxes, scores, False)))
        cases.append((f"anchor_free_{reg_max}_multi", candidates(boxes, scores, True)))
    cases += [(f"end_to_end_{n}", end_to_end(n)) for n in (5, 30)]
    for coding in ("v5", "darknet"):
        cases.append((coding, candidates(*anchored(coding), False)))
        cases.append((f"{coding}_multi", candidates(*anchored(coding), True)))
    cases.append(("yolox", candidates(*yolox(), False)))
    cases.append(("yolox_multi", candidates(*yolox(), True)))
    write_cases("heads.txt", cases)


def nms_input(count, seed):
    """count rows of x1 y1 x2 y2 confidence class; confidences repeat, so that ties occur."""
    v = noise(6 * count, seed).astype(np.float32).reshape(count, 6)
    return np.stack([v[:, 0], v[:, 1], v[:, 0] + 20 + v[:, 2] / 4, v[:, 1] + 20 + v[:, 3] / 4,
                     v[:, 4] / 256, np.floor(v[:, 5] / 64)], 1)


def write_nms():
    cases = []
    for count, iou, agnostic in ((0, 0.5, 0), (1, 0.5, 0), (150, 0.45, 0), (150, 0.45, 1),
                                 (500, 0.7, 0), (500, 0.2, 1)):
        d = nms_input(count, count)
        shift = d[:, 5:6] * (0 if agnostic else 1024)
        order = np.argsort(-d[:, 4], kind="stable")
        boxes = torch.from_numpy((d[:, :4] + shift)[order].reshape(-1, 4).copy())
        # Scores made unequal in the order wanted of ties, which torchvision leaves open.
        keep = torchvision.ops.nms(boxes, -torch.arange(count, dtype=torch.float32), iou)
        cases.append((f"{count} {iou} {agnostic}", d[order][keep.numpy()]))
    write_cases("nms.txt", cases)


if __name__ == "__main__":
    write_pictures()
    write_resize()
    write_letterbox()
    write_heads()
    write_nms()
