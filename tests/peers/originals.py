"""Exports of the original YOLOv5, YOLOv7 and YOLOX heads, made with their own packages' modules.

The packages lie unpacked in one folder beside what they import (nothing is installed):

    pip install --no-deps --target FOLDER yolov5==7.0.14 yolov7-package==0.0.13 \\
        pixeltable-yolox==0.4.3 pandas pytz seaborn scipy gitpython gitdb smmap loguru tabulate tqdm wget

(with --ignore-requires-python for yolov5). torch.onnx.export is called as their export scripts do;
only `dynamo=False` is added, which was the only exporter at their time.
"""
import sys

import numpy as np
import onnx
import torch

import calibrate
import pictures

# YOLOv7's anchors; a small backbone with its kinds of layer: stride-2 Conv, ELAN, SPPCSPC, RepConv.
YOLOV7_CONFIG = {
    "nc": 80, "depth_multiple": 1.0, "width_multiple": 1.0,
    "anchors": [[12, 16, 19, 36, 40, 28], [36, 75, 76, 55, 72, 146], [142, 110, 192, 243, 459, 401]],
    "backbone": [
        [-1, 1, "Conv", [16, 3, 2]], [-1, 1, "Conv", [32, 3, 2]],
        [-1, 1, "Conv", [16, 1, 1]], [-2, 1, "Conv", [16, 1, 1]], [-1, 1, "Conv", [16, 3, 1]],
        [-1, 1, "Conv", [16, 3, 1]], [[-1, -2, -3, -4], 1, "Concat", [1]], [-1, 1, "Conv", [32, 1, 1]],
        [-1, 1, "MP", []], [-1, 1, "Conv", [48, 3, 1]],
        [-1, 1, "MP", []], [-1, 1, "Conv", [64, 3, 1]],
        [-1, 1, "MP", []], [-1, 1, "Conv", [96, 3, 1]],
    ],
    "head": [
        [-1, 1, "SPPCSPC", [64]],
        [-1, 1, "Conv", [48, 1, 1]], [-1, 1, "nn.Upsample", [None, 2, "nearest"]],
        [[-1, 11], 1, "Concat", [1]], [-1, 1, "Conv", [48, 3, 1]],
        [-1, 1, "nn.Upsample", [None, 2, "nearest"]], [[-1, 9], 1, "Concat", [1]], [-1, 1, "Conv", [32, 3, 1]],
        [-1, 1, "RepConv", [64, 3, 1]], [18, 1, "RepConv", [64, 3, 1]], [14, 1, "RepConv", [96, 3, 1]],
        [[22, 23, 24], 1, "IDetect", ["nc", "anchors"]],
    ],
}
DYNAMIC = {"images": {0: "batch", 2: "height", 3: "width"}, "output0": {0: "batch", 1: "anchors"}}


def calibrated(model, scale=1.0, size=320):
    """Sets the statistics; returns the picture to tune the head with."""
    batch = torch.from_numpy(np.float32(scale) * pictures.batch(range(16), size, size))
    calibrate.set_batch_norm_statistics(model, batch)
    return batch[pictures.FIRST :][:1]


def tune_anchor_head(model, convs, picture, classes=80):
    """The channels of an anchor are x, y, w, h, objectness, classes."""
    rows = torch.arange(convs[0].out_channels) % (5 + classes)
    box, objectness, scores = rows < 4, rows == 4, rows > 4
    calibrate.spread(model, convs, picture, box, 0.0, 1.0)
    calibrate.spread(model, convs, picture, scores, 0.0, 2.0)
    calibrate.spread(model, convs, picture, objectness, -5.0, 2.0)
    calibrate.shift_to_hits(model, convs, picture, objectness)


def write(model, path, size, opset, outputs, dynamic=None, metadata=None, inputs=("images",)):
    x = torch.zeros(1, 3, *size)
    with torch.no_grad():
        model(x)  # the dry run of the export scripts: it sets the grids
        torch.onnx.export(model, x, str(path), opset_version=opset, do_constant_folding=True, dynamo=False,
                          input_names=list(inputs), output_names=list(outputs), dynamic_axes=dynamic)
    model_onnx = onnx.load(path)
    for key, value in (metadata or {}).items():
        model_onnx.metadata_props.add(key=key, value=str(value))
    onnx.save(model_onnx, path)


def yolov5():
    """(model, its metadata): YOLOv5n with the anchor-based head, fused."""
    from pathlib import Path

    import yolov5.models.yolo as yolo

    torch.manual_seed(0)
    model = yolo.DetectionModel(str(Path(yolo.__file__).parent / "yolov5n.yaml"))
    tune_anchor_head(model, list(model.model[-1].m), calibrated(model))
    model = model.fuse().eval()
    model.model[-1].inplace, model.model[-1].export = False, True
    return model, {"stride": int(max(model.stride)), "names": dict(enumerate(model.names))}


def yolov7():
    """A small network of YOLOv7's layers with its IDetect head, fused as its `attempt_load` does."""
    from yolov7_package.models.yolo import Model

    torch.manual_seed(0)
    model = Model(YOLOV7_CONFIG)
    for factor in model.model[-1].im:
        factor.implicit.data += 1  # a trained head has factors about 1; this package starts at 0
    tune_anchor_head(model, list(model.model[-1].m), calibrated(model))
    return model.requires_grad_(False).fuse().eval()


def yolox(decode):
    """YOLOX-Nano; `decode` is its export script's --decode-in-inference. Its input is BGR 0..255."""
    from yolox.models import YoloPafpn, YoloxHead, YoloxModule

    torch.manual_seed(0)
    widths = {"in_channels": [256, 512, 1024], "act": "silu", "depthwise": True}
    model = YoloxModule(YoloPafpn(0.33, 0.25, **widths), YoloxHead(80, 0.25, **widths))
    for norm in (m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)):
        norm.eps, norm.momentum = 1e-3, 0.03
    picture, head, everything = calibrated(model, 255.0), model.head, slice(None)
    calibrate.spread(model, list(head.reg_preds), picture, everything, 0.5, 0.7)
    calibrate.spread(model, list(head.cls_preds), picture, everything, 0.0, 2.0)
    calibrate.spread(model, list(head.obj_preds), picture, everything, -5.0, 2.0)
    calibrate.shift_to_hits(model, list(head.obj_preds), picture, everything)
    head.decode_in_inference = decode
    return model.eval()


def write_yolov5(path, size=(320, 320), opset=17, dynamic=False):
    model, metadata = yolov5()
    model.model[-1].dynamic = dynamic
    write(model, path, size, opset, ["output0"], DYNAMIC if dynamic else None, metadata)


def write_yolov7(path, concat=True, dynamic=False):
    model = yolov7()
    head = model.model[-1]
    head.export, head.concat = not concat, concat
    outputs = ["output"] if concat else ["output", "output1", "output2"]
    write(model, path, (320, 320), 12, outputs, {"images": DYNAMIC["images"], "output": {0: "batch"}} if dynamic else None)


def write_yolox(path, decode=True, dynamic=False):
    axes = {"images": {0: "batch"}, "output": {0: "batch"}} if dynamic else None
    write(yolox(decode), path, (320, 320), 11, ["output"], axes)


EXPORTS = [
    ("yolov5-original", "yolov5 7.0.14 yolov5n.yaml", {}, write_yolov5),
    ("yolov5-original-dynamic", "yolov5 7.0.14 yolov5n.yaml", {"dynamic": True}, write_yolov5),
    ("yolov5-original-opset12", "yolov5 7.0.14 yolov5n.yaml", {"opset": 12}, write_yolov5),
    ("yolov5-original-256x416", "yolov5 7.0.14 yolov5n.yaml", {"size": (256, 416)}, write_yolov5),
    ("yolov7-original", "yolov7-package 0.0.13", {}, write_yolov7),
    ("yolov7-original-raw", "yolov7-package 0.0.13", {"concat": False}, write_yolov7),
    ("yolov7-original-dynamic", "yolov7-package 0.0.13", {"dynamic": True}, write_yolov7),
    ("yolox-decoded", "pixeltable-yolox 0.4.3", {}, write_yolox),
    ("yolox-decoded-dynamic", "pixeltable-yolox 0.4.3", {"dynamic": True}, write_yolox),
    ("yolox-raw", "pixeltable-yolox 0.4.3", {"decode": False}, write_yolox),
]


def exports(folder, wanted):
    """Yields (name, source, options, write) like ultralytics_models.exports."""
    sys.path.append(str(folder))
    for name, source, options, writer in EXPORTS:
        if wanted(name):
            yield name, source, options, lambda path, w=writer, o=options: w(path, **o)
