#!/usr/bin/env python3
"""Says what an importer must handle: operators, attributes, input kinds and decode tails of models.

    describe_ops.py --out ops.txt [--tail NAME ...] MODEL.onnx ...
"""
import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, numpy_helper, shape_inference


def type_name(elem_type):
    return TensorProto.DataType.Name(elem_type).lower()


def dims(value):
    shape = value.type.tensor_type.shape
    return [d.dim_value if d.HasField("dim_value") else d.dim_param or "?" for d in shape.dim]


def signature(value):
    return f"{value.name}:{type_name(value.type.tensor_type.elem_type)}{dims(value)}"


def small(array):
    array = np.asarray(array)
    if array.size <= 8:
        return str(array.tolist())
    return f"[{array.flat[0]:.5g}, {array.flat[1]:.5g}, ... {array.flat[-1]:.5g}]"


def attribute_text(attribute):
    value = onnx.helper.get_attribute_value(attribute)
    if attribute.type == AttributeProto.TENSOR:
        array = numpy_helper.to_array(value)
        return f"{attribute.name}=tensor<{array.dtype}{list(array.shape)}>"
    if attribute.type == AttributeProto.GRAPH:
        return f"{attribute.name}=graph({len(value.node)} nodes: {', '.join(n.op_type for n in value.node)})"
    return f"{attribute.name}={value.decode() if isinstance(value, bytes) else list(value) if attribute.type in (6, 7, 8) else value}"


class Model:
    """A model with the shapes and constants that onnx can infer."""

    def __init__(self, path):
        self.path = Path(path)
        self.proto = onnx.load(path)
        try:
            inferred = shape_inference.infer_shapes(self.proto, data_prop=True)
        except Exception:
            inferred = self.proto
        graph = self.proto.graph
        self.values = {v.name: v for v in [*inferred.graph.value_info, *graph.input, *graph.output]}
        self.constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        for node in graph.node:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                self.constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        self.initializers = {t.name for t in graph.initializer}

    def kind(self, name):
        if not name:
            return "absent"
        if name in self.initializers:
            return f"initializer<{self.constants[name].dtype}>"
        if name in self.constants:
            return f"Constant<{self.constants[name].dtype}>"
        value = self.values.get(name)
        return f"computed<{type_name(value.type.tensor_type.elem_type)}>" if value else "computed<?>"

    def value_text(self, name):
        if not name:
            return "-"
        if name in self.constants:
            array = self.constants[name]
            return f"{name}={array.dtype}{list(array.shape)}{small(array) if array.size <= 4000 or array.ndim < 4 else ''}"
        value = self.values.get(name)
        return f"{name}:{type_name(value.type.tensor_type.elem_type)}{dims(value)}" if value else name

    def node_text(self, node):
        attributes = " ".join(attribute_text(a) for a in node.attribute)
        return (f"{node.op_type} [{node.name}]" + (f" {{{attributes}}}" if attributes else "") +
                "\n        in  " + "\n            ".join(self.value_text(i) for i in node.input) +
                "\n        out " + ", ".join(self.value_text(o) for o in node.output))

    def tail(self):
        """The nodes between the last convolutions and the outputs, in file order."""
        producer = {o: n for n in self.proto.graph.node for o in n.output}
        wanted, kept, stack = set(), [], [o.name for o in self.proto.graph.output]
        while stack:
            node = producer.get(stack.pop())
            if node is None or id(node) in wanted:
                continue
            wanted.add(id(node))
            if node.op_type != "Conv" or self.is_dfl(node):
                stack.extend(node.input)
        kept = [n for n in self.proto.graph.node if id(n) in wanted]
        return kept

    def is_dfl(self, node):
        weight = self.constants.get(node.input[1])
        return weight is not None and weight.shape == (1, 16, 1, 1)

    def around(self, operators, before=14, after=30):
        """A window of nodes around the first node of one of these operators."""
        nodes = [n for n in self.proto.graph.node if n.op_type != "Constant"]
        first = next((i for i, n in enumerate(nodes) if n.op_type in operators), None)
        return [] if first is None else nodes[max(0, first - before) : first + after]


def summary(models, write):
    for m in models:
        opsets = ", ".join(f"{o.domain or 'ai.onnx'} {o.version}" for o in m.proto.opset_import)
        counts = defaultdict(int)
        for node in m.proto.graph.node:
            counts[node.op_type] += 1
        write(f"\n{m.path.name}: opset {opsets}; IR {m.proto.ir_version}; {m.proto.producer_name} {m.proto.producer_version}")
        write("  in  " + "; ".join(signature(i) for i in m.proto.graph.input if i.name not in m.initializers))
        write("  out " + "; ".join(signature(o) for o in m.proto.graph.output))
        write("  ops " + ", ".join(f"{k} {v}" for k, v in sorted(counts.items())))
        meta = {p.key: p.value if len(p.value) < 60 else p.value[:57] + "..." for p in m.proto.metadata_props}
        write(f"  metadata {meta}")
        types = defaultdict(int)
        for t in m.proto.graph.initializer:
            types[f"{type_name(t.data_type)}{'' if t.HasField('raw_data') else ' (typed data field)'}"] += 1
        write(f"  initializers {dict(types)}")


def operators(models, write):
    attributes = defaultdict(lambda: defaultdict(set))
    inputs = defaultdict(lambda: defaultdict(set))
    seen_in = defaultdict(set)
    for m in models:
        for node in m.proto.graph.node:
            name = f"{node.domain + '::' if node.domain else ''}{node.op_type}"
            seen_in[name].add(m.path.stem)
            inputs[name][tuple(m.kind(i) for i in node.input)].add(m.path.stem)
            present = {a.name: attribute_text(a) for a in node.attribute}
            for key, text in present.items():
                attributes[name][key].add(text.split("=", 1)[1])
    for name in sorted(seen_in):
        where = sorted(seen_in[name])
        write(f"\n{name}  (in {len(where)} models{'' if len(where) > 4 else ': ' + ', '.join(where)})")
        for key in sorted(attributes[name]):
            values = sorted(attributes[name][key])
            write(f"  {key}: {' | '.join(values[:24])}{' | ...' if len(values) > 24 else ''}")
        for kinds, where in sorted(inputs[name].items()):
            write(f"  inputs ({', '.join(kinds)})  e.g. {sorted(where)[0]}, {len(where)} models")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tail", nargs="*", default=[], help="models whose decode tail is printed")
    parser.add_argument("--attention", nargs="*", default=[], help="models whose first attention block is printed")
    args = parser.parse_args()
    models = [Model(p) for p in sorted(args.models, key=lambda p: p.name)]
    lines = []
    write = lines.append
    write(f"# Part 1: {len(models)} models")
    summary(models, write)
    write("\n# Part 2: every operator with all attribute values and input kinds seen")
    operators(models, write)
    write("\n# Part 3: decode tails (constants are shown with name=dtype[shape]values)")
    by_name = {m.path.stem: m for m in models}
    sections = [(n, "decode tail", by_name[n].tail()) for n in args.tail if n in by_name]
    sections += [(n, "around the first Softmax", by_name[n].around({"Softmax"})) for n in args.attention if n in by_name]
    for name, title, nodes in sections:
        write(f"\n## {name}: {title}, {len(nodes)} nodes")
        lines.extend(f"  {i:3} {by_name[name].node_text(n)}" for i, n in enumerate(nodes))
    args.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
