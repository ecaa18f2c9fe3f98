#!/usr/bin/env python3
"""Compares `shrike detect --json` with the oracle's detections in ../shared/golden.

    check_detect.py NAME=MODEL ...     NAME is that of golden/detect-NAME.json
    check_detect.py --all [--models FOLDER ...]

Every detection has a counterpart of its class with IoU >= 0.98 and a score within 0.005; only those
within 0.01 of the threshold may be missing. Exit code 1 when one has none.
"""
import argparse
import json
from pathlib import Path

import shrike_cli

SHARED = shrike_cli.REPO.parent / "shared"
CONFIDENCE, AT_THRESHOLD, IOU, SCORE = 0.25, 0.01, 0.98, 0.005


def folder_of(name):
    return SHARED / "data" / ("bccd/images/test" if "bccd" in name else "coco128/images/train2017")


def iou(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    overlap = max(w, 0) * max(h, 0)
    area = lambda r: (r[2] - r[0]) * (r[3] - r[1])
    return overlap / max(area(a) + area(b) - overlap, 1e-12)


def unmatched(found, others):
    """Those of `found` without a partner in `others` (each used once), best overlap first."""
    free, alone = list(others), []
    for d in sorted(found, key=lambda d: -d["confidence"]):
        fits = [o for o in free if o["class_id"] == d["class_id"] and abs(o["confidence"] - d["confidence"]) <= SCORE
                and iou(o["box"], d["box"]) >= IOU]
        if fits:
            free.remove(max(fits, key=lambda o: iou(o["box"], d["box"])))
        elif d["confidence"] > CONFIDENCE + AT_THRESHOLD:
            alone.append(d)
    return alone


def check(shrike, name, model):
    golden = json.loads((SHARED / "golden" / f"detect-{name}.json").read_text())
    results = shrike_cli.detect(shrike, [folder_of(name) / g["image"] for g in golden], model)
    by_image = {Path(r["image"]).name: r for r in results}
    wrong = compared = 0
    for want in golden:
        got = by_image.get(want["image"], {"detections": [], "width": None, "height": None})
        compared += len(want["detections"])
        lines = [f"size {got['width']}x{got['height']}"] if (got["width"], got["height"]) != (want["width"], want["height"]) else []
        for kind, alone in (("missing", unmatched(want["detections"], got["detections"])),
                            ("invented", unmatched(got["detections"], want["detections"]))):
            lines += [f"{kind} {d['class']} {d['confidence']:.4f} {d['box']}" for d in alone]
        wrong += len(lines)
        for line in lines:
            print(f"  {name} {want['image']}: {line}")
    print(f"{name}: {len(golden)} pictures, {compared} detections, {wrong} differences  {'ok' if not wrong else 'MISMATCH'}")
    return wrong == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", nargs="*", metavar="NAME=MODEL")
    parser.add_argument("--all", action="store_true", help="every golden file whose model is found")
    parser.add_argument("--models", type=Path, nargs="*", default=[], help="more folders with models")
    shrike_cli.add_argument(parser)
    args = parser.parse_args()
    pairs = [pair.split("=", 1) for pair in args.pairs]
    if args.all:
        for golden in sorted((SHARED / "golden").glob("detect-*.json")):
            name = golden.stem.removeprefix("detect-")
            places = [f / f"{name}{suffix}" for f in (SHARED / "models", *args.models) for suffix in (".onnx", ".cfg")]
            model = next((p for p in places if p.exists()), None)
            pairs += [(name, model)] if model else []
            if not model:
                print(f"{name}: no model, skipped")
    good = [check(args.shrike, name, model) for name, model in pairs]
    return 0 if good and all(good) else 1


if __name__ == "__main__":
    raise SystemExit(main())
