#!/usr/bin/env python3
"""Writes cases.txt: small random cases of ONNX operators with ONNX Runtime's answers.

Each case is a graph in Shrike's text form (ir/text.h): constants, one node, and the outputs that are
wanted as further constants %want0, %want1, ... Needs numpy, onnx and onnxruntime:

    python3 generate.py > cases.txt
"""
import sys

import cases_elementwise
import cases_feature_map
import cases_movement
import cases_quantize
import cases_reduce
from writer import Writer


def main():
    writer = Writer(seed=20240817)
    for family in (cases_elementwise, cases_feature_map, cases_movement, cases_reduce,
                   cases_quantize):
        family.add(writer)
    sys.stdout.write(writer.text())
    for reason in writer.skipped:
        print("skipped", reason, file=sys.stderr)
    print(len(writer.cases), "cases", file=sys.stderr)


if __name__ == "__main__":
    main()
