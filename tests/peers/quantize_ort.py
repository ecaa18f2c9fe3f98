#!/usr/bin/env python3
"""Writes a model quantised by ONNX Runtime: static, QDQ, one weight scale a channel, 8 or 16 bits.

    quantize_ort.py MODEL.onnx OUT.onnx [--activations u8|i8|u16|i16] [--weights i8|i16] [--pictures N]
                    [--imgsz H [W]] [--fused] [--limit BITS]

16 bits need a MODEL of opset 21. --fused leaves no Q and DQ between a convolution and its activation;
--limit rounds weights of 16 bits to fewer.

Only convolutions and what moves their results are quantised, as exports for detection ask for: whole
exports lose every detection in the 8 bits of their boxes' decode.
"""
import argparse

import numpy as np
import onnx
import onnxruntime.quantization as quantization

import pictures
import reference

QUANTISED = ("Conv", "Concat", "MaxPool", "Resize", "Add", "Mul", "Sigmoid", "LeakyRelu", "Relu")


class Pictures(quantization.CalibrationDataReader):
    def __init__(self, model, count, imgsz):
        name = onnx.load(model, load_external_data=False).graph.input[0].name
        n, height, width = reference.input_size(model)
        if imgsz:
            height, width = imgsz if len(imgsz) == 2 else imgsz * 2
        scale = reference.input_scale(model)
        self.batches = ({name: scale * pictures.batch([pictures.FIRST + i] * n, height, width)} for i in range(count))

    def get_next(self):
        return next(self.batches, None)


def takes_expected_value(node, weights):
    """Whether a convolution belongs to a decode: one output, of 0, 1, 2, ... times its inputs (DFL)."""
    w = weights.get(node.input[1])
    return w is not None and len(w) == 1 and w.size > 1 and (w.ravel() == np.arange(w.size)).all()


def decode_nodes(model):
    """The nodes behind the last convolution on every path: the head's decode stays float."""
    graph = onnx.load(model).graph
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    before = set()  # values that a convolution needs, itself included
    for node in reversed(graph.node):
        layer = node.op_type == "Conv" and not takes_expected_value(node, weights)
        if layer or any(output in before for output in node.output):
            before.update(node.input)
            before.update(node.output)
    return [node.name for node in graph.node if not any(output in before for output in node.output)]


TYPES = {"u8": quantization.QuantType.QUInt8, "i8": quantization.QuantType.QInt8,
         "u16": quantization.QuantType.QUInt16, "i16": quantization.QuantType.QInt16}


def quantize(model, out, activations="u8", pictures=4, imgsz=None, weights="i8", fused=False):
    kinds = [kind for kind in QUANTISED if not (fused and kind in ("Mul", "Sigmoid"))]
    options = {"OpTypesToExcludeOutputQuantization": ["Conv"]} if fused else {}
    quantization.quantize_static(
        str(model), str(out), Pictures(model, pictures, imgsz), quant_format=quantization.QuantFormat.QDQ,
        op_types_to_quantize=kinds, per_channel=True, activation_type=TYPES[activations],
        weight_type=TYPES[weights], nodes_to_exclude=decode_nodes(model),
        extra_options=options)


def limit_weights(path, bits):
    model = onnx.load(path)
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    step = 2 ** (16 - bits)
    for node in model.graph.node:
        tensor = constants.get(node.input[0]) if node.op_type == "DequantizeLinear" else None
        if tensor is None or tensor.data_type != onnx.TensorProto.INT16 or len(tensor.dims) != 4:
            continue
        scale, most = constants[node.input[1]], 2 ** (bits - 1) - 1
        weights = np.clip(np.rint(onnx.numpy_helper.to_array(tensor) / step), -most, most)
        scales = onnx.numpy_helper.to_array(scale) * np.float32(step)
        tensor.CopyFrom(onnx.numpy_helper.from_array(weights.astype(np.int16), tensor.name))
        scale.CopyFrom(onnx.numpy_helper.from_array(scales, scale.name))
    onnx.save(model, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("out")
    parser.add_argument("--activations", choices=list(TYPES), default="u8")
    parser.add_argument("--weights", choices=["i8", "i16"], default="i8")
    parser.add_argument("--pictures", type=int, default=4)
    parser.add_argument("--imgsz", type=int, nargs="+")
    parser.add_argument("--fused", action="store_true")
    parser.add_argument("--limit", type=int, choices=range(9, 16), metavar="BITS")
    args = parser.parse_args()
    quantize(args.model, args.out, args.activations, args.pictures, args.imgsz, args.weights, args.fused)
    if args.limit:
        limit_weights(args.out, args.limit)


if __name__ == "__main__":
    main()
