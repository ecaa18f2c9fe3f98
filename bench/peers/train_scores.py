#!/usr/bin/env python3
"""AP of detectors by pycocotools, on boxes of `shrike val` or of Ultralytics: for runs that are compared.

    train_scores.py --shrike PROGRAM --data DATA [--split test] [--size 320] MODEL ...

DATA: a data set in YOLO's layout with a data.yaml. A MODEL.onnx is looked at by `shrike val`, a MODEL.pt by Ultralytics'
own `val` (as it comes with its defaults); the boxes of both go through pycocotools with one and the same file of the truth,
which `shrike data convert` writes. Prints AP at 0.50:0.95 and at 0.50, a model a line. Needs pycocotools, and for .pt
ultralytics (8.4) and its PyTorch.
"""
import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "peers"))
import check_val  # noqa: E402


def call(*words):
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL)


def boxes_of_shrike(args, model, folder):
    boxes = folder / "boxes.json"
    call(args.shrike, "val", "--model", model, "--data", args.data, "--split", args.split, "--bootstrap", 0,
         "--save-json", boxes)
    return json.loads(boxes.read_text())


def boxes_of_ultralytics(args, model, folder, truth):
    """With the ids of the truth: Ultralytics has file names and counts classes from 1."""
    os.environ["YOLO_AUTOINSTALL"] = "false"
    import yaml
    data = folder / "data"
    shutil.copytree(args.data, data)  # it writes caches beside the pictures
    config = yaml.safe_load((data / "data.yaml").read_text())
    (data / "data.yaml").write_text(yaml.safe_dump({**config, "path": str(data)}))
    with contextlib.redirect_stdout(sys.stderr):
        from ultralytics import YOLO  # its log goes where standard output does now
        YOLO(model).val(data=str(data / "data.yaml"), split=args.split, imgsz=args.size, batch=1, device="cpu",
                        save_json=True, plots=False, verbose=False, project=str(folder), name="val")
    pictures = {Path(image["file_name"]).name: image["id"] for image in truth["images"]}
    classes = sorted(category["id"] for category in truth["categories"])
    return [{**box, "image_id": pictures[box["file_name"]], "category_id": classes[box["category_id"] - 1]}
            for box in json.loads((folder / "val" / "predictions.json").read_text())]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--shrike", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", default="test")
    parser.add_argument("--size", type=int, default=320, help="of the input that Ultralytics looks at")
    args = parser.parse_args()
    for model in args.models:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            call(args.shrike, "data", "convert", args.data, "--split", args.split, "--to", "coco", "--out", folder / "truth")
            truth = check_val.only(folder / "truth", "*.json")
            found = (boxes_of_ultralytics(args, model, folder, json.loads(truth.read_text()))
                     if model.suffix == ".pt" else boxes_of_shrike(args, model, folder))
            (folder / "found.json").write_text(json.dumps(found))
            scores = check_val.pycocotools_says(truth, folder / "found.json")
        print(f"{scores['map50_95']:.4f}  {scores['map50']:.4f}  {model}", flush=True)


if __name__ == "__main__":
    main()
