"""A model's outputs in double precision, to tell a wrong result from rounding.

Networks with random weights amplify rounding: ONNX Runtime differs from itself by more than 1e-4
when its optimisations are switched off. What both programs approximate is computed here by onnx's
reference evaluator in float64, with convolution and pooling as NumPy matrix products for speed.
"""
import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun


def windows(x, size, pads, strides, fill, dilations=(1, 1)):
    """(N,C,OH,OW,kh,kw) view of the padded x."""
    top, left, bottom, right = pads or (0, 0, 0, 0)
    padded = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=fill)
    (kh, kw), (dy, dx), (sy, sx) = size, dilations or (1, 1), strides or (1, 1)
    view = sliding_window_view(padded, ((kh - 1) * dy + 1, (kw - 1) * dx + 1), axis=(2, 3))
    return view[:, :, ::sy, ::sx, ::dy, ::dx]


class Conv(OpRun):
    op_domain = ""

    def _run(self, x, w, b=None, auto_pad=None, dilations=None, group=1, kernel_shape=None, pads=None, strides=None):
        view = windows(x, w.shape[2:], pads, strides, 0, dilations)
        n, c, oh, ow, kh, kw = view.shape
        view = view.reshape(n, group, c // group, oh, ow, kh, kw)
        w = w.reshape(group, w.shape[0] // group, *w.shape[1:])
        parts = [np.tensordot(w[g], view[:, g], ((1, 2, 3), (1, 4, 5))) for g in range(group)]  # (O/g,N,OH,OW)
        y = np.concatenate(parts).transpose(1, 0, 2, 3)
        return (y if b is None else y + b[:, None, None],)


class MaxPool(OpRun):
    op_domain = ""

    def _run(self, x, auto_pad=None, ceil_mode=0, dilations=None, kernel_shape=None, pads=None, storage_order=0,
             strides=None):
        return (windows(x, kernel_shape, pads, strides, -np.inf, dilations).max((4, 5)),)


class GatherElements(OpRun):
    """onnx's own takes at most 64 indices along the axis."""

    op_domain = ""

    def _run(self, x, indices, axis=0):
        return (np.take_along_axis(x, indices, axis),)


def widen_tensor(tensor):
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))


def in_fp64(model):
    """A copy with every float32 as float64, but for Resize's scales, which may not be."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    graph, single, double = model.graph, TensorProto.FLOAT, TensorProto.DOUBLE
    scales = {name for n in graph.node if n.op_type in ("Resize", "Upsample") for name in n.input[1:]}
    for tensor in graph.initializer:
        if tensor.data_type == single and tensor.name not in scales:
            widen_tensor(tensor)
    for value in (*graph.input, *graph.output):
        if value.type.tensor_type.elem_type == single:
            value.type.tensor_type.elem_type = double
    del graph.value_info[:]
    for node in graph.node:
        for attribute in node.attribute:
            is_scale = node.op_type == "Constant" and node.output[0] in scales
            if attribute.type == onnx.AttributeProto.TENSOR and attribute.t.data_type == single and not is_scale:
                widen_tensor(attribute.t)
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == single:
                attribute.i = double
    return model


def sort_nodes(graph):
    """Producers first; onnxruntime's fp16 converter leaves its Casts at the end."""
    made_here = {o for n in graph.node for o in n.output}
    waiting, ready, order = list(graph.node), set(), []
    while waiting:
        later = []
        for node in waiting:
            if all(i in ready or i not in made_here for i in node.input):
                order.append(node)
                ready.update(node.output)
            else:
                later.append(node)
        if len(later) == len(waiting):
            raise ValueError("the graph has a cycle")
        waiting = later
    order = [onnx.NodeProto.FromString(n.SerializeToString()) for n in order]
    del graph.node[:]
    graph.node.extend(order)


def outputs(model, x):
    """The arrays of the graph's outputs in order; `model` is a ModelProto with float32 weights."""
    model = in_fp64(model)
    sort_nodes(model.graph)
    evaluator = ReferenceEvaluator(model, new_ops=[Conv, MaxPool, GatherElements])
    return evaluator.run(None, {model.graph.input[0].name: x.astype(np.float64)})
