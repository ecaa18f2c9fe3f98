#!/usr/bin/env python3
"""Writes a model quantised by NNCF for OpenVINO, 8 bits, as its documentation asks for detection.

    quantize_nncf.py MODEL.onnx OUT.xml [--pictures N] [--imgsz H [W]]

Activations asymmetric (preset "mixed"), the pictures those of tests/peers/quantize_ort.py.
"""
import argparse
import sys
from pathlib import Path

import nncf
import openvino

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "peers"))
import pictures
import reference


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("out")
    parser.add_argument("--pictures", type=int, default=4)
    parser.add_argument("--imgsz", type=int, nargs="+")
    args = parser.parse_args()
    n, height, width = reference.input_size(args.model)
    if args.imgsz:
        height, width = args.imgsz if len(args.imgsz) == 2 else args.imgsz * 2
    scale = reference.input_scale(args.model)
    batches = [scale * pictures.batch([pictures.FIRST + i] * n, height, width) for i in range(args.pictures)]
    model = nncf.quantize(openvino.Core().read_model(args.model), nncf.Dataset(batches),
                          preset=nncf.QuantizationPreset.MIXED, subset_size=args.pictures)
    openvino.save_model(model, args.out, compress_to_fp16=False)


if __name__ == "__main__":
    main()
