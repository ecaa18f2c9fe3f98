#!/usr/bin/env python3
"""Checks what `shrike train` leaves with other programs, on squares of two colours that it makes up.

    check_train.py --shrike PROGRAM

best.onnx and last.onnx of runs that learn four pictures by heart, from built-in families, a Darknet cfg and, where the
shared folder is there, YOLOX and an end-to-end YOLOv10: ONNX Runtime gives the outputs that `shrike run` gives, and on
each picture the detections of `shrike detect`, of which there must be some. Event files: TensorBoard reads every column
of results.csv, each epoch once, also of a run that was killed and gone on with, from the two files that it leaves. Exit
code 77, and the reason, when packages or shrike-train are not on this machine.
"""
import argparse
import csv
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SKIPPED = 77
NEEDED = ("numpy", "onnx", "onnxruntime", "PIL", "tensorboard")
SIDE = 64
CONFIDENCE, OVERLAP = 0.1, 0.5
BY_HEART = ("--batch", 4, "--nbs", 4, "--patience", 0, "--cos-lr") + tuple(
    word for name in ("warmup-epochs", "mosaic", "scale", "translate", "fliplr", "hsv-h", "hsv-s", "hsv-v")
    for word in (f"--{name}", 0))
LAYER = "[convolutional]\nbatch_normalize=1\nfilters={}\nsize=3\nstride={}\npad=1\nactivation=leaky\n"
CFG = ("[net]\nwidth=64\nheight=64\nchannels=3\n" + LAYER.format(8, 2) + LAYER.format(16, 2) + LAYER.format(32, 2)
       + LAYER.format(32, 1) + "[convolutional]\nfilters=21\nsize=1\nstride=1\npad=1\nactivation=linear\n"
       "[yolo]\nmask=0,1,2\nanchors=14,14, 20,20, 26,26\nclasses=2\nnum=3\n")


def cannot_run(shrike, packages):
    """Says why, where something is missing."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        print(f"SKIPPED: no Python package {', '.join(missing)}")
    elif not (Path(shrike).parent / "shrike-train").exists():
        print("SKIPPED: shrike-train is not built")
        missing = ["shrike-train"]
    return bool(missing)


def make_set(folder):
    import numpy as np
    from PIL import Image
    rng = np.random.default_rng(7)
    for split, count in (("train", 24), ("val", 12)):
        for kind in ("images", "labels"):
            (folder / kind / split).mkdir(parents=True)
        for i in range(count):
            picture = rng.integers(100, 160, (SIDE, SIDE, 3), dtype=np.uint8)
            lines = []
            for half in range(rng.integers(1, 3)):
                side, kind = int(rng.integers(12, 29)), int(rng.integers(0, 2))
                left, top = half * 32 + int(rng.integers(0, 33 - side)), int(rng.integers(0, SIDE - side + 1))
                picture[top:top + side, left:left + side] = (230, 20, 20) if kind == 0 else (20, 20, 230)
                lines.append(f"{kind} {(left + side / 2) / SIDE} {(top + side / 2) / SIDE} {side / SIDE} {side / SIDE}\n")
            Image.fromarray(picture).save(folder / f"images/{split}/{i}.png")
            (folder / f"labels/{split}/{i}.txt").write_text("".join(lines))
    (folder / "data.yaml").write_text("train: images/train\nval: images/val\nnames: [red, blue]\n")
    for kind, ending in (("images", "png"), ("labels", "txt")):
        (folder / f"few/{kind}/train").mkdir(parents=True)
        for i in range(4):
            shutil.copy(folder / f"{kind}/train/{i}.{ending}", folder / f"few/{kind}/train")
    (folder / "few/data.yaml").write_text("train: images/train\nval: images/train\nnames: [red, blue]\n")


def words(args, data, out, *more, side=SIDE):
    return [str(word) for word in (args.shrike, "train", "--data", data, "--out", out, "--imgsz", side, "--threads", 1,
                                   "--json", *more)]


def train(args, *run, side=SIDE):
    command = words(args, *run, side=side)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)


def candidates(output, yolox):
    """(boxes (A, 4) as x1 y1 x2 y2, scores (A, C)) of a picture's output, whatever its layout."""
    import check_quantized
    import numpy as np
    if is_rows(output):
        rows = output[0]
        scores = np.zeros((len(rows), 2))
        scores[np.arange(len(rows)), rows[:, 5].astype(int)] = rows[:, 4]
        return rows[:, :4], scores
    if yolox:
        return check_quantized.cells(output, "yolox", SIDE)
    if output.shape[1] < output.shape[2]:
        return check_quantized.cells(output, "", SIDE)
    boxes, scores = output[0, :, :4], output[0, :, 4:5] * output[0, :, 5:]
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1), scores


def is_rows(output):
    """Of an end-to-end head."""
    import compare
    return compare.is_rows(output)


def suppressed(boxes, scores, end_to_end):
    """Each box with its best class, of those of one class that overlap the best."""
    from check_detect import iou
    order = [i for i in (-scores.max(1)).argsort() if scores[i].max() >= CONFIDENCE]
    kept = []
    for i in order:
        kind = int(scores[i].argmax())
        box = [float(edge) for edge in boxes[i].clip(0, SIDE)]
        if end_to_end or not any(k["class_id"] == kind and iou(k["box"], box) > OVERLAP for k in kept):
            kept.append({"class_id": kind, "confidence": float(scores[i].max()), "box": box})
    return kept


def same_detections(args, label, model, yolox):
    import check_detect
    import numpy as np
    import reference
    import shrike_cli
    from PIL import Image
    pictures = sorted((args.set / "few/images/train").glob("*.png"))
    found = shrike_cli.detect(args.shrike, pictures, model, "--conf", CONFIDENCE, "--iou", OVERLAP)
    count = wrong = 0
    for picture, ours in zip(pictures, found):
        x = np.asarray(Image.open(picture).convert("RGB")).astype(np.float32).transpose(2, 0, 1)[None]
        output = next(iter(reference.outputs(model, x[:, ::-1] if yolox else x / 255).values()))
        theirs = suppressed(*candidates(output, yolox), is_rows(output))
        count += len(theirs)
        wrong += len(check_detect.unmatched(theirs, ours["detections"]))
        wrong += len(check_detect.unmatched(ours["detections"], theirs))
    print(f"{label}: {count} detections, {wrong} differences  {'MISMATCH' if wrong else 'ok'}")
    return wrong == 0, count


def check_models(args, label, out, yolox=False):
    import compare
    import reference
    import shrike_cli
    good, total = True, 0
    for name in ("best.onnx", "last.onnx"):
        model = out / name
        x = reference.make_input(model)
        good = compare.report(f"{label} {name}", shrike_cli.run(args.shrike, model, x), reference.outputs(model, x),
                              rounding=lambda: reference.outputs(model, x, optimized=False)) and good
        same, count = same_detections(args, f"{label} {name}", model, yolox)
        good, total = good and same, total + count
    return good, total


def check_families(args, folder):
    (folder / "squares.cfg").write_text(CFG)
    runs = [("cfg", "--scratch", folder / "squares.cfg", 0.01, 240), ("yolov8n", "--scratch", "yolov8n", 0.01, 60),
            ("yolov5n", "--scratch", "yolov5n", 0.01, 60), ("yolov3-tiny", "--scratch", "yolov3-tiny", 0.003, 40)]
    for name, epochs in (("yolox_nano", 15), ("yolov10n_e2e-random", 30)):
        model = Path(os.environ.get("SHRIKE_SHARED", Path(__file__).resolve().parents[3] / "shared")) / f"models/{name}.onnx"
        if model.exists():
            runs.append((name, "--model", model, 0.002, epochs))
        else:
            print(f"SKIPPED: {name} is not in {model.parent}")
    good = True
    for name, option, model, rate, epochs in runs:
        train(args, args.set / "few/data.yaml", folder / name, option, model, "--epochs", epochs, "--lr0", rate, *BY_HEART)
        same, count = check_models(args, name, folder / name, yolox="yolox" in name)
        if count == 0:
            print(f"{name}: learned too little to detect anything  MISMATCH")
            same = False
        good = good and same
    return good


def rows_of(out):
    with open(out / "results.csv") as file:
        return list(csv.DictReader(file))


def check_events(args, folder):
    """TensorBoard's reader is told of each epoch once, also of those that a killed run did again."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    out = folder / "events"
    options = ("--scratch", folder / "squares.cfg", "--epochs", 8, "--batch", 8, "--nbs", 8, "--tensorboard",
               "--save-seconds", 1000)
    started = subprocess.Popen(words(args, args.set / "data.yaml", out, *options), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while started.poll() is None and not ((out / "results.csv").exists() and len(rows_of(out)) >= 3):
        time.sleep(0.001)
    started.send_signal(signal.SIGKILL)
    started.wait()
    subprocess.run([str(args.shrike), "train", "--resume", str(out)], check=True, capture_output=True)
    read = EventAccumulator(str(out), size_guidance={"scalars": 0})
    read.Reload()
    rows, tags = rows_of(out), read.Tags()["scalars"]
    wrong = [f"tags {sorted(tags)}"] if set(tags) != set(rows[0]) - {"epoch"} else []
    for tag in tags:
        events = read.Scalars(tag)
        if [event.step for event in events] != list(range(1, len(rows) + 1)):
            wrong.append(f"{tag}: steps {[event.step for event in events]}")
        for event, row in zip(events, rows):
            if abs(event.value - float(row[tag])) > 1e-5 * abs(float(row[tag])):
                wrong.append(f"{tag} of epoch {event.step}: {event.value}, not {row[tag]}")
    files = len(list(out.glob("events.out.tfevents.*")))
    if files != 2:
        wrong.append(f"{files} files")
    print(f"{files} event files, {len(tags)} tags, {len(rows)} epochs  {'; '.join(wrong) + '  MISMATCH' if wrong else 'ok'}")
    return not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shrike", required=True)
    args = parser.parse_args()
    if cannot_run(args.shrike, NEEDED):
        return SKIPPED
    with tempfile.TemporaryDirectory() as name:
        args.set = Path(name) / "set"
        make_set(args.set)
        good = check_families(args, Path(name))
        return 0 if check_events(args, Path(name)) and good else 1


if __name__ == "__main__":
    sys.exit(main())
