#!/usr/bin/env python3
"""Writes a model quantised by ONNX Runtime: static, QDQ, one weight scale a channel, 8 or 16 bits.

    quantize_ort.py MODEL.onnx OUT.onnx [--activations u8|i8|u16|i16] [--weights i8|i16] [--pictures N]
                    [--imgsz H [W]]

16 bits need a MODEL of opset 21.

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


def quantize(model, out, activations="u8", pictures=4, imgsz=None, weights="i8"):
    quantization.quantize_static(
        str(model), str(out), Pictures(model, pictures, imgsz), quant_format=quantization.QuantFormat.QDQ,
        op_types_to_quantize=list(QUANTISED), per_channel=True, activation_type=TYPES[activations],
        weight_type=TYPES[weights], nodes_to_exclude=decode_nodes(model))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("out")
    parser.add_argument("--activations", choices=list(TYPES), default="u8")
    parser.add_argument("--weights", choices=["i8", "i16"], default="i8")
    parser.add_argument("--pictures", type=int, default=4)
    parser.add_argument("--imgsz", type=int, nargs="+")
    args = parser.parse_args()
    quantize(args.model, args.out, args.activations, args.pictures, args.imgsz, args.weights)


if __name__ == "__main__":
    main()
