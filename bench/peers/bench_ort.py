#!/usr/bin/env python3
"""Times shrike against ONNX Runtime (and OpenVINO) on the same machine in the same run.

    bench_ort.py MODEL.onnx ... [--imgsz 640] [--threads 1] [--rounds 5] [--runs 10] [--max-ratio 1.3]

The programs take turns, so that a machine that slows down slows all of them. Compared are the
minima over all rounds; the medians are shown. Exit code 1 when shrike takes more than --max-ratio
times ONNX Runtime's time.
"""
import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "peers"))
import pictures
import shrike_cli


def onnxruntime_call(model, x, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if threads > 1 else "0")
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: x}
    return lambda: session.run(None, feed)


def openvino_call(model, x, threads):
    import openvino

    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(str(model), "CPU", settings).create_infer_request()
    return lambda: request.infer([x])


def timed(call, runs):
    """Milliseconds of each run, after two that warm up."""
    call(), call()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - start))
    return times


def measure(args, model, x):
    """{program: [(min, median) of each round]}."""
    peers = {"onnxruntime": onnxruntime_call(model, x, args.threads)}
    if args.openvino:
        peers["openvino"] = openvino_call(model, x, args.threads)
    rounds = {name: [] for name in ("shrike", *peers)}
    for _ in range(args.rounds):
        latency = shrike_cli.bench(args.shrike, model, "--imgsz", args.imgsz, "--threads", args.threads,
                                   "--runs", args.runs)["latency_ms"]
        rounds["shrike"].append((latency["min"], latency["median"]))
        for name, call in peers.items():
            times = timed(call, args.runs)
            rounds[name].append((min(times), statistics.median(times)))
    return {name: (min(r[0] for r in rows), statistics.median(r[1] for r in rows)) for name, rows in rounds.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--imgsz", type=int, default=640)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--max-ratio", type=float, default=1.3)
    parser.add_argument("--openvino", action="store_true", help="a column for OpenVINO")
    shrike_cli.add_argument(parser)
    args = parser.parse_args()
    x = pictures.first(1, args.imgsz, args.imgsz).astype(np.float32)
    print(f"{args.imgsz}x{args.imgsz}, {args.threads} thread(s), {args.rounds} rounds of {args.runs} runs, ms")
    print(f"{'model':28} {'program':12} {'min':>9} {'median':>9} {'min ratio':>10} {'median ratio':>13}")
    too_slow = False
    for model in args.models:
        results = measure(args, model, x)
        own = results["shrike"]
        for name, (least, median) in results.items():
            print(f"{model.stem:28} {name:12} {least:9.2f} {median:9.2f} {own[0] / least:10.3f} {own[1] / median:13.3f}")
        too_slow |= own[0] > args.max_ratio * results["onnxruntime"][0]
    print(f"shrike / onnxruntime {'exceeds' if too_slow else 'is within'} {args.max_ratio}")
    return 1 if too_slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
