"""A quantised model cut at its convolutions, so that every block can be run from the same inputs.

Integers are rounded where a value lies between two of them, and one step there becomes many layers
later another picture. So the integers of one run are given to every block, and what each makes of them
is compared with what the same run had next: the blocks stay what a runner fuses (a convolution with its
QuantizeLinear; what lies between two convolutions), only their inputs come from outside.
"""
import copy

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

GIVEN = "given"


class Cut:
    """A QuantizeLinear at which a model is cut."""

    def __init__(self, node, constants):
        self.node = node
        self.scale = float(constants[node.input[1]])
        self.zero = int(constants[node.input[2]])
        self.words = constants[node.input[2]].dtype.itemsize == 2
        self.name = node.output[0]

    def real(self, integers):
        return (integers.astype(np.float32) - np.float32(self.zero)) * np.float32(self.scale)

    def integers(self, real):
        return np.rint(real.astype(np.float64) / self.scale) + self.zero


def find_cuts(model):
    """The QuantizeLinear nodes right behind a convolution or right before one."""
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    makers = {output: node for node in model.graph.node for output in node.output}
    dequantised = {node.input[0]: node.output[0] for node in model.graph.node if node.op_type == "DequantizeLinear"}
    convolved = {node.input[0] for node in model.graph.node if node.op_type == "Conv"}
    cuts = []
    for node in model.graph.node:
        if node.op_type != "QuantizeLinear" or node.input[0] in constants:
            continue
        maker = makers.get(node.input[0])
        if (maker is not None and maker.op_type == "Conv") or dequantised.get(node.output[0]) in convolved:
            cuts.append(Cut(node, constants))
    return cuts


def with_outputs(model, cuts):
    """The model with the integers of the cuts as outputs besides its own."""
    model = copy.deepcopy(model)
    for cut in cuts:
        model.graph.output.append(helper.make_empty_tensor_value_info(cut.name))
    return model


def flattened(arrays):
    """What the model that separated() makes takes: one (1, 1, 1, N) array."""
    return np.concatenate([np.asarray(a, np.float32).ravel() for a in arrays]).reshape(1, 1, 1, -1)


def separated(model, cuts, shapes):
    """The model of independent blocks. Its one input is flattened([the model's input, what the integers
    of each cut stand for]), `shapes` theirs; its outputs are c0, c1, ..., what each block's last
    QuantizeLinear makes of it, dequantised, and then the model's own."""
    model = copy.deepcopy(model)
    graph = model.graph
    sizes = [int(np.prod(shape)) for shape in shapes]
    graph.initializer.append(numpy_helper.from_array(np.array(sizes, np.int64), "given.sizes"))
    parts = [f"given.{i}" for i in range(len(sizes))]
    before = [helper.make_node("Split", [GIVEN, "given.sizes"], parts, axis=3)]
    after, renamed = [], {}
    for i, shape in enumerate(shapes):
        graph.initializer.append(numpy_helper.from_array(np.array(shape, np.int64), f"given.shape.{i}"))
        real = graph.input[0].name if i == 0 else f"given.real.{i}"
        before.append(helper.make_node("Reshape", [parts[i], f"given.shape.{i}"], [real]))
        if i > 0:
            cut = cuts[i - 1]
            renamed[cut.name] = f"given.q.{i}"
            before.append(helper.make_node("QuantizeLinear", [real, *cut.node.input[1:]], [renamed[cut.name]]))
            after.append(helper.make_node("DequantizeLinear", [cut.name, *cut.node.input[1:]], [f"c{i - 1}"]))
    nodes = [copy.deepcopy(node) for node in graph.node]
    for node in nodes:
        for i, name in enumerate(node.input):
            node.input[i] = renamed.get(name, name)
    del graph.node[:], graph.input[:], graph.value_info[:]
    graph.node.extend([*before, *nodes, *after])
    graph.input.append(helper.make_tensor_value_info(GIVEN, TensorProto.FLOAT, [1, 1, 1, sum(sizes)]))
    outputs = [helper.make_tensor_value_info(f"c{i}", TensorProto.FLOAT, shape) for i, shape in enumerate(shapes[1:])]
    own = list(graph.output)
    del graph.output[:]
    graph.output.extend([*outputs, *own])
    return model
