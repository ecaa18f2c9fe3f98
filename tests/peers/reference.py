"""The reference's outputs: ONNX Runtime for .onnx files, darknet_forward for .cfg + .weights."""
import re
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

import pictures


def safe(name):
    """A graph output's name as a file name; as `shrike run` makes it."""
    return re.sub(r"^\.|[^A-Za-z0-9._-]", "_", name) or "_"


def is_darknet(model):
    return Path(model).suffix in (".cfg", ".weights")


def session(model, threads=0, optimized=True):
    """`model` is a path or an onnx.ModelProto."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    source = str(model) if isinstance(model, (str, Path)) else model.SerializeToString()
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def in_fp32(model):
    """The same network with fp16 tensors widened: what fp16 weights compute without fp16 rounding."""
    half, full = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT
    graph = model.graph
    widen = lambda t: t.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(t).astype(np.float32), t.name))
    for tensor in graph.initializer:
        if tensor.data_type == half:
            widen(tensor)
    for value in (*graph.input, *graph.output):
        if value.type.tensor_type.elem_type == half:
            value.type.tensor_type.elem_type = full
    del graph.value_info[:]
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR and attribute.t.data_type == half:
                widen(attribute.t)
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == half:
                attribute.i = full
    return model


def has_fp16(model):
    return any(t.data_type == onnx.TensorProto.FLOAT16 for t in model.graph.initializer)


def load(model):
    """The ModelProto whose fp32 run is the truth for `model`."""
    proto = onnx.load(model)
    return in_fp32(proto) if has_fp16(proto) else proto


def outputs(model, x, optimized=True):
    """{safe output name: array} of ONNX Runtime for a path or a ModelProto.

    optimized=False: the nodes one by one as the file has them, the same numbers but for rounding.
    """
    run = session(model, optimized=optimized)
    wanted = run.get_inputs()[0]
    x = x.astype(np.float16 if wanted.type == "tensor(float16)" else np.float32)
    return {safe(o.name): y for o, y in zip(run.get_outputs(), run.run(None, {wanted.name: x}))}


def input_size(model, fallback=320):
    """(N, H, W) that the model was made for."""
    if is_darknet(model):
        text = Path(model).with_suffix(".cfg").read_text()
        return 1, *(int(re.search(rf"^{k}\s*=\s*(\d+)", text, re.M)[1]) for k in ("height", "width"))
    wanted = session(model).get_inputs()[0].shape
    return tuple(d if isinstance(d, int) else free for d, free in zip((wanted[0], *wanted[2:]), (1, fallback, fallback)))


def make_input(model, imgsz=None):
    """Letterboxed pictures for the model; 0..255 for YOLOX, 0..1 for the others."""
    count, height, width = input_size(model)
    if imgsz:
        height, width = imgsz if len(imgsz) == 2 else imgsz * 2
    scale = 255 if "yolox" in Path(model).name.lower() else 1
    return scale * pictures.first(count, height, width)
