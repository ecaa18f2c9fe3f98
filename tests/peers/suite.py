#!/usr/bin/env python3
"""What `./shrikew test` compares with other programs: on every model of the shared folder, and on
yolov3-tiny where `shrike pull` has put it:

    suite.py run      `shrike run` against ONNX Runtime and, for Darknet's files, darknet_forward
    suite.py convert  what `shrike convert` writes, run by ONNX Runtime, against the same
    suite.py quantized
                      what ONNX Runtime's quantiser makes of two models, run in integers
    suite.py quantize what `shrike quantize` makes of the same two, run by ONNX Runtime and OpenVINO
    suite.py resize   the same network at another size and back; yolov8n-bccd-640 at 320 against the
                      file that was exported at 320

Exit code 77, and the reason, when the packages or the models are not on this machine.
"""
import argparse
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SKIPPED = 77
NEEDED = ("numpy", "onnx", "onnxruntime")
QUANTIZED = ("yolov8n-bccd-320", "yolox_nano")


def models():
    shared = Path(os.environ.get("SHRIKE_SHARED", HERE.parents[2] / "shared")) / "models"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "shrike" / "models"
    found = sorted(shared.glob("*.onnx")) + sorted(shared.glob("*.cfg"))
    tiny = cache / "yolov3-tiny" / "yolov3-tiny.cfg"
    if tiny.exists():
        found.append(tiny)
    else:
        print(f"SKIPPED: yolov3-tiny is not in {tiny.parent}")
    return found


def data_of(model):
    """The pictures of the shared folder that suit a model."""
    return model.parents[1] / "data" / ("bccd" if "bccd" in model.stem else "coco128")


def skip(why):
    print(f"SKIPPED: {why}")
    return SKIPPED


def check(args, name, *words):
    return subprocess.run([sys.executable, HERE / f"check_{name}.py", "--shrike", args.shrike, *words]).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("check", choices=["run", "convert", "resize", "quantized", "quantize"])
    parser.add_argument("--shrike", required=True)
    args = parser.parse_args()
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        return skip(f"no Python package {', '.join(missing)}")
    found = models()
    if not found:
        return skip("no models in the shared folder")
    if args.check in ("quantized", "quantize"):
        found = [model for model in found if model.stem in QUANTIZED and model.suffix == ".onnx"]
        if not found:
            return skip("none of the models that are quantised in the shared folder")
    if args.check == "quantize":
        return max(check(args, args.check, model, "--data", data_of(model)) for model in found)
    codes = [check(args, args.check, *found)]
    pair = [next((m for m in found if m.stem == f"yolov8n-bccd-{size}"), None) for size in (640, 320)]
    if args.check == "resize" and all(pair):
        codes.append(check(args, "convert", pair[0], "--imgsz", "320", "--reference", pair[1], "--strict"))
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
