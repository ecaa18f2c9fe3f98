"""Ultralytics' detectors from their YAML names, calibrated, and the exports made of them."""
import copy
import os
import random
import shutil
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch

import calibrate
import pictures

os.environ.setdefault("YOLO_OFFLINE", "true")

# name of the export, YAML name, options of Ultralytics' `export`. nms=False is what 8.4.190 calls
# the end-to-end form; nms=None is the raw form for a separate NMS.
EXPORTS = [
    ("yolov3-tiny", "yolov3-tiny.yaml", {}),
    ("yolov5n", "yolov5n.yaml", {}),
    ("yolov6n", "yolov6n.yaml", {}),
    ("yolov8n", "yolov8n.yaml", {}),
    ("yolov8n-unslimmed", "yolov8n.yaml", {"simplify": False}),
    ("yolov8n-dynamic", "yolov8n.yaml", {"dynamic": True}),
    ("yolov8n-half", "yolov8n.yaml", {"half": True}),
    ("yolov8n-half-io16", "yolov8n.yaml", {"half_module": True}),
    ("yolov8n-256x416", "yolov8n.yaml", {"imgsz": (256, 416)}),
    ("yolov8n-nms", "yolov8n.yaml", {"nms": True}),
    ("yolov10n-end2end", "yolov10n.yaml", {"nms": False}),
    ("yolo26n-end2end", "yolo26n.yaml", {"nms": False}),
    ("yolo12n", "yolo12n.yaml", {}),
    ("yolo12n-256x416", "yolo12n.yaml", {"imgsz": (256, 416)}),
    ("yolo11n", "yolo11n.yaml", {}),
    ("yolo11n-256x416", "yolo11n.yaml", {"imgsz": (256, 416)}),
    ("yolov9t", "yolov9t.yaml", {}),
    ("yolov10n", "yolov10n.yaml", {}),
    ("yolo26n", "yolo26n.yaml", {}),
    ("yolov8n-unslimmed-dynamic", "yolov8n.yaml", {"simplify": False, "dynamic": True}),
    ("yolov8n-nms-unslimmed", "yolov8n.yaml", {"nms": True, "simplify": False}),
    ("yolov8n-nms-agnostic", "yolov8n.yaml", {"nms": True, "agnostic_nms": True}),
    ("yolov8n-nms-dynamic", "yolov8n.yaml", {"nms": True, "dynamic": True, "batch": 2}),
    ("yolov8n-batch2", "yolov8n.yaml", {"batch": 2}),
    ("yolov5n-dynamic", "yolov5n.yaml", {"dynamic": True}),
    ("yolov10n-end2end-dynamic", "yolov10n.yaml", {"nms": False, "dynamic": True}),
    ("yolov10n-end2end-unslimmed", "yolov10n.yaml", {"nms": False, "simplify": False}),
    ("yolov10n-end2end-half", "yolov10n.yaml", {"nms": False, "half": True}),
    ("yolov10n-end2end-256x416", "yolov10n.yaml", {"nms": False, "imgsz": (256, 416)}),
    ("yolo26n-end2end-dynamic", "yolo26n.yaml", {"nms": False, "dynamic": True}),
    ("yolo26n-end2end-half", "yolo26n.yaml", {"nms": False, "half": True}),
    ("yolo26n-nms", "yolo26n.yaml", {"nms": True}),
    ("yolo11n-dynamic", "yolo11n.yaml", {"dynamic": True}),
    ("yolo11n-half", "yolo11n.yaml", {"half": True}),
    ("yolo12n-dynamic", "yolo12n.yaml", {"dynamic": True}),
    ("yolo12n-half", "yolo12n.yaml", {"half": True}),
    ("yolo12n-unslimmed", "yolo12n.yaml", {"simplify": False}),
] + [
    (f"yolov8n-opset{opset}", "yolov8n.yaml", {"opset": opset, "simplify": False})
    for opset in (9, 11, 12, 13, 17, 20, 21)
] + [
    (f"yolov10n-end2end-opset{opset}", "yolov10n.yaml", {"nms": False, "opset": opset, "simplify": False})
    for opset in (11, 13, 17, 20)
] + [
    ("yolo11n-opset12", "yolo11n.yaml", {"opset": 12}),
    ("yolo12n-opset13", "yolo12n.yaml", {"opset": 13}),
    ("yolov8n-nms-opset12", "yolov8n.yaml", {"nms": True, "opset": 12}),
]


def heads_of(detect):
    """(box convolutions, class convolutions) of every branch of a Detect head."""
    branches = [(detect.cv2, detect.cv3)]
    if getattr(detect, "one2one_cv2", None) is not None:
        branches.append((detect.one2one_cv2, detect.one2one_cv3))
    return [([b[-1] for b in boxes], [c[-1] for c in classes]) for boxes, classes in branches]


def tune_heads(model, picture):
    """Spreads box and class logits, then leaves 40 class scores of the picture above 0.25."""
    reg_max = model.model[-1].reg_max
    for boxes, classes in heads_of(model.model[-1]):
        calibrate.spread(model, boxes, picture, slice(None), 2.0, 1.5 if reg_max > 1 else 0.6)
        calibrate.spread(model, classes, picture, slice(None), -5.0, 1.5)
        calibrate.shift_to_hits(model, classes, picture, slice(None))


def calibrated(yaml, size=320):
    """An ultralytics.YOLO with seeded random weights that finds something in picture FIRST."""
    from ultralytics import YOLO

    random.seed(0), np.random.seed(0), torch.manual_seed(0)
    yolo = YOLO(yaml)
    batch = torch.from_numpy(pictures.batch(range(16), size, size))
    calibrate.set_batch_norm_statistics(yolo.model, batch)
    tune_heads(yolo.model, batch[pictures.FIRST :][:1])
    return yolo


def export(yolo, target, options):
    """Exports to the file `target`; Ultralytics itself writes beside the current folder."""
    with tempfile.TemporaryDirectory() as folder:
        before = Path.cwd()
        os.chdir(folder)
        try:
            written = Path(yolo.export(format="onnx", **{"imgsz": 320, "simplify": True, **options})).resolve()
            shutil.move(written, target)
        finally:
            os.chdir(before)


def export_half_module(yolo, target, size=320):
    """What an export on a GPU with half=True gives: the network itself in fp16, fp16 input and output.

    Ultralytics on a CPU converts the finished fp32 file instead (and keeps fp32 at the border), so
    the fused network is traced here with the options that Ultralytics passes.
    """
    model = copy.deepcopy(yolo.model).eval().fuse(verbose=False).half()
    model.model[-1].export, model.model[-1].format = True, "onnx"
    x = torch.zeros(1, 3, size, size, dtype=torch.float16)
    with torch.no_grad():
        model(x)
        torch.onnx.export(model, x, str(target), opset_version=18, dynamo=False,
                          input_names=["images"], output_names=["output0"])
    proto = onnx.load(target)
    for key, value in {"stride": 32, "task": "detect", "imgsz": [size, size], "names": model.names}.items():
        proto.metadata_props.add(key=key, value=str(value))
    onnx.save(proto, target)


def write(yolo, target, options):
    if options.get("half_module"):
        export_half_module(yolo, target)
    else:
        export(yolo, target, options)


def exports(wanted):
    """Yields (name, source, options, write) for each wanted export; write(path) makes the file."""
    made = {}
    for name, yaml, options in EXPORTS:
        if wanted(name):
            if yaml not in made:
                made[yaml] = calibrated(yaml)
            yield name, f"ultralytics {yaml}", options, lambda path, y=yaml, o=options: write(made[y], path, o)
