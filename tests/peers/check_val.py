#!/usr/bin/env python3
"""Checks `shrike val` against pycocotools on the boxes that it saves, and on the same set as YOLO
folder, COCO file and VOC folder.

    check_val.py --shrike PROGRAM [--seed N]

Models and pictures are those of the shared folder: YOLOv8n on the blood cells, YOLO-Fastest on
coco128. The set is converted to COCO and VOC (`shrike data convert`): all three must print the same
numbers, and pycocotools must find them in the saved boxes within 1e-9. Then a COCO file is made up
of it with new ids and gaps between them, crowds, and areas as masks have them, by the seed that is
printed: again within 1e-9. Exit code 77, and the reason, when packages, models or pictures are not
on this machine.
"""
import argparse
import contextlib
import importlib.util
import io
import json
import os
import random
import secrets
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
NEEDED = ("numpy", "pycocotools")
TOLERANCE = 1e-9
KEYS = ("map50_95", "map50", "map75", "map_small", "map_medium", "map_large",
        "ar1", "ar10", "ar100", "ar_small", "ar_medium", "ar_large")
OF_THE_RUN = ("speed_ms", "images_per_second", "threads", "peak_rss_mb", "data", "split")
CASES = (("yolov8n-bccd-320.onnx", "bccd", "test"), ("yolo-fastest-1.1.cfg", "coco128", "val"))


def shared():
    return Path(os.environ.get("SHRIKE_SHARED", Path(__file__).resolve().parents[3] / "shared"))


def pycocotools_says(truth, boxes):
    """COCO's twelve numbers by key; None where there is none."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(truth))
        scored = COCOeval(coco, coco.loadRes(str(boxes)), "bbox")
        scored.evaluate()
        scored.accumulate()
        scored.summarize()
    return {key: None if value == -1 else float(value) for key, value in zip(KEYS, scored.stats)}


def val(call, model, data, boxes, *options):
    return json.loads(call("val", "--model", model, "--data", data, "--save-json", boxes, "--json", *options))


def numbers_differ(what, ours, theirs):
    wrong = [k for k in KEYS if (ours[k] is None) != (theirs[k] is None)
             or (ours[k] is not None and abs(ours[k] - theirs[k]) > TOLERANCE)]
    for key in wrong:
        print(f"  {what}: {key} {ours[key]}, pycocotools {theirs[key]}")
    print(f"{what}: mAP {ours['map50_95']:.4f}, {len(KEYS)} numbers  {'MISMATCH' if wrong else 'ok'}")
    return bool(wrong)


def texts_differ(what, one, other):
    wrong = [key for key in one if key not in OF_THE_RUN and one[key] != other[key]]
    print(f"{what}: {'MISMATCH in ' + ', '.join(wrong) if wrong else 'the same'}")
    return bool(wrong)


def made_up(truth, rng):
    """The same pictures with other ids, crowds and areas; in another order in the file."""
    images = {image["id"]: 3 + 17 * i for i, image in enumerate(rng.sample(truth["images"], len(truth["images"])))}
    categories = {c["id"]: 1 + 5 * i for i, c in enumerate(truth["categories"])}
    for image in truth["images"]:
        image["id"] = images[image["id"]]
    for category in truth["categories"]:
        category["id"] = categories[category["id"]]
    for annotation in truth["annotations"]:
        annotation["image_id"] = images[annotation["image_id"]]
        annotation["category_id"] = categories[annotation["category_id"]]
        annotation["iscrowd"] = int(rng.random() < 0.15)
        annotation["area"] *= rng.uniform(0.2, 1)
    for key in ("images", "annotations"):
        rng.shuffle(truth[key])
    return truth


def only(folder, pattern):
    found = sorted(Path(folder).rglob(pattern))
    if len(found) != 1:
        sys.exit(f"{folder}: {len(found)} files {pattern}")
    return found[0]


def check(call, model, data, split, seed, folder):
    """How many comparisons failed."""
    name = model.stem
    call("data", "convert", data, "--split", split, "--to", "coco", "--out", folder / "coco")
    call("data", "convert", data, "--split", split, "--to", "voc", "--out", folder / "voc")
    truth, boxes = only(folder / "coco", "*.json"), folder / "boxes.json"
    yolo = val(call, model, data, boxes, "--split", split)
    wrong = numbers_differ(f"{name}, YOLO", yolo, pycocotools_says(truth, boxes))
    wrong += texts_differ(f"{name}, COCO like YOLO", yolo, val(call, model, truth, folder / "coco.json"))
    wrong += texts_differ(f"{name}, VOC like YOLO", yolo, val(call, model, folder / "voc", folder / "voc.json", "--split", split))

    pictures = next(p for p in (folder / "coco").rglob("*.jpg")).parent
    other = folder / "made_up.json"
    other.write_text(json.dumps(made_up(json.loads(truth.read_text()), random.Random(seed))))
    made = val(call, model, other, boxes, "--pictures", pictures)
    return wrong + numbers_differ(f"{name}, made-up COCO", made, pycocotools_says(other, boxes))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shrike", required=True)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    args = parser.parse_args()
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print(f"SKIPPED: no Python package {', '.join(missing)}")
        return SKIPPED
    import shrike_cli
    cases = [(shared() / "models" / model, shared() / "data" / data, split) for model, data, split in CASES]
    absent = [str(path) for case in cases for path in case[:2] if not path.exists()]
    if absent:
        print(f"SKIPPED: no {', '.join(absent)}")
        return SKIPPED
    print(f"seed {args.seed}", flush=True)
    wrong = 0
    for model, data, split in cases:
        with tempfile.TemporaryDirectory() as folder:
            wrong += check(lambda *words: shrike_cli.call(args.shrike, *words), model, data, split, args.seed, Path(folder))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
