"""One engine in a process of its own, driven by lines on standard input (see side_by_side.py).

    engines.py NAME MODEL HEIGHT WIDTH THREADS      NAME: onnxruntime, openvino, ncnn, none

Answers JSON lines: first {"first_ms", "memory_mb"} once the first result is there: milliseconds since
the process began, and the peak of its resident memory; then for each line "N" the times of N runs.
"none" loads what all of them need (Python, NumPy): the memory to take off.
"""
import json
import os
import sys
import time

import numpy as np


def onnxruntime_call(model, x, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if threads > 1 else "0")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: x}
    return lambda: session.run(None, feed)


def openvino_call(model, x, threads):
    import openvino

    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(model, "CPU", settings).create_infer_request()
    return lambda: request.infer([x])


def ncnn_call(model, x, threads):
    """`model`: the .param file, its .bin beside it."""
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.use_bf16_storage = False
    if net.load_param(model) != 0 or net.load_model(model.removesuffix(".param") + ".bin") != 0:
        raise RuntimeError("ncnn cannot load it")
    names = net.output_names()

    def call():
        extractor = net.create_extractor()
        extractor.input(net.input_names()[0], ncnn.Mat(x[0]))
        for name in names:
            code, out = extractor.extract(name)
            if code != 0 or out.empty():
                raise RuntimeError("ncnn gives no output")
        return out

    return call


def none_call(model, x, threads):
    return lambda: x


CALLS = {"onnxruntime": onnxruntime_call, "openvino": openvino_call, "ncnn": ncnn_call, "none": none_call}


def process_age_ms():
    with open("/proc/self/stat", encoding="ascii") as file:
        ticks = int(file.read().rsplit(")", 1)[1].split()[19])
    with open("/proc/uptime", encoding="ascii") as file:
        return 1e3 * (float(file.read().split()[0]) - ticks / os.sysconf("SC_CLK_TCK"))


def peak_mb():
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) / 1e3 for line in file if line.startswith("VmHWM"))


def say(value):
    print(json.dumps(value), flush=True)


def main():
    name, model, height, width, threads = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
    x = np.random.default_rng(0).random((1, 3, height, width), dtype=np.float32)
    call = CALLS[name](model, x, threads)
    call()
    say({"first_ms": process_age_ms(), "memory_mb": peak_mb()})
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            start = time.perf_counter()
            call()
            times.append(1e3 * (time.perf_counter() - start))
        say(times)


if __name__ == "__main__":
    main()
