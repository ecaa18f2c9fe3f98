#!/usr/bin/env python3
"""Trains with Ultralytics what `shrike train` is compared with, and says how fast and in how much memory.

    train_ultralytics.py DATA OUT [--model yolov8n.yaml] [--epochs 60] [--size 320] [--batch 16]
                         [--seed 0] [--threads 2] [--workers 2] [--until EPOCH] [SETTING=X ...]

DATA: a data set in YOLO's layout; it is copied first, as caches are written into it. OUT gets the run's
folder and best.onnx, for `shrike val --model OUT/best.onnx --data DATA --split test`. Pictures are cached
in memory, and PyTorch computes on --threads threads (as shipped it would take one here). Needs ultralytics
(8.4), its PyTorch and onnx; run as a program, nothing of it is used here.
"""
import argparse
import json
import os
import shutil
import statistics
import tempfile
import threading
import time
from pathlib import Path

import torch
import yaml
from ultralytics import YOLO


def resident(pid):
    """Bytes of this process and its children: what they share is counted once, in proportion."""
    total = 0
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            total += resident(int(child))
    except (FileNotFoundError, ProcessLookupError):
        pass
    return total


class Watch:
    """Seconds of each epoch's training, without validation, and the most memory seen."""

    def __init__(self, threads):
        self.threads, self.seconds, self.most, self.done = threads, [], 0, False
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        while not self.done:
            self.most = max(self.most, resident(os.getpid()))
            time.sleep(0.5)

    def attach(self, model, until):
        def start(trainer):
            torch.set_num_threads(self.threads)

        def epoch_start(trainer):
            self.begin = time.perf_counter()

        def epoch_end(trainer):
            self.seconds.append(time.perf_counter() - self.begin)
            if until and trainer.epoch + 1 >= until:
                trainer.stop = True

        model.add_callback("on_train_start", start)
        model.add_callback("on_train_epoch_start", epoch_start)
        model.add_callback("on_train_epoch_end", epoch_end)


def copy_of(data, root):
    shutil.copytree(data, root, copy_function=shutil.copyfile)
    for path in (root, *root.rglob("*")):
        path.chmod(0o755)
    file = root / "data.yaml"
    config = yaml.safe_load(file.read_text())
    config["path"] = str(root)
    file.write_text(yaml.safe_dump(config))
    return file, sum(1 for path in (root / config["train"]).iterdir())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("settings", nargs="*", help="optimizer=SGD mosaic=0 ...")
    parser.add_argument("--model", default="yolov8n.yaml")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--until", type=int, default=0, help="stop after that many epochs: for timing")
    args = parser.parse_intermixed_args()
    settings = dict(word.split("=", 1) for word in args.settings)
    settings = {name: yaml.safe_load(value) for name, value in settings.items()}
    with tempfile.TemporaryDirectory() as folder:
        data, pictures = copy_of(args.data, Path(folder) / "data")
        model = YOLO(args.model)
        watch = Watch(args.threads)
        watch.attach(model, args.until)
        model.train(data=str(data), epochs=args.epochs, imgsz=args.size, batch=args.batch, seed=args.seed, device="cpu",
                    cache="ram", workers=args.workers, project=str(args.out.resolve()), name="run", exist_ok=True,
                    plots=False, **settings)
        watch.done = True
        best = YOLO(args.out / "run" / "weights" / "best.pt").export(format="onnx", imgsz=args.size, simplify=False)
        shutil.copyfile(best, args.out / "best.onnx")
    seconds = watch.seconds[1:] or watch.seconds  # the first epoch reads the pictures
    print(json.dumps({"images_per_second": pictures / statistics.median(seconds), "peak_mb": watch.most / 1e6,
                      "epochs": len(watch.seconds), "seed": args.seed, "threads": args.threads}))


if __name__ == "__main__":
    main()
