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
    # AVX2 and AVX-512 without VNNI saturate sums of two products of bytes unless they are told.
    options.add_session_config_entry("session.x64quantprecision", "1")
    options.intra_op_num_threads = threads
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    source = str(model) if isinstance(model, (str, Path)) else model.SerializeToString()
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def widened(model, narrow, wide):
    """The same network with tensors of one element type in a wider one: fp16 weights without fp16 rounding."""
    graph = model.graph
    dtype = onnx.helper.tensor_dtype_to_np_dtype(wide)
    scales = {node.input[i] for node in graph.node if node.op_type == "Resize" for i in (1, 2) if i < len(node.input)}

    def widen(tensor, name):
        if tensor.data_type == narrow and name not in scales:  # Resize's roi and scales are fp32 by definition
            tensor.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor).astype(dtype), tensor.name))

    for tensor in graph.initializer:
        widen(tensor, tensor.name)
    for value in (*graph.input, *graph.output):
        if value.type.tensor_type.elem_type == narrow:
            value.type.tensor_type.elem_type = wide
    del graph.value_info[:]
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                widen(attribute.t, node.output[0])
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == narrow:
                attribute.i = wide
    return model


def has_fp16(model):
    return any(t.data_type == onnx.TensorProto.FLOAT16 for t in model.graph.initializer)


def load(model):
    """The ModelProto whose fp32 run is the truth for `model`."""
    proto = onnx.load(model)
    return widened(proto, onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT) if has_fp16(proto) else proto


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


def input_scale(model):
    """The value of white in the model's input."""
    return 255 if "yolox" in Path(model).name.lower() else 1


def make_input(model, imgsz=None):
    """Letterboxed pictures for the model."""
    count, height, width = input_size(model)
    if imgsz:
        height, width = imgsz if len(imgsz) == 2 else imgsz * 2
    return input_scale(model) * pictures.first(count, height, width)
