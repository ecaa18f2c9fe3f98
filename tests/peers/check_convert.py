#!/usr/bin/env python3
"""Checks what `shrike convert` writes: valid ONNX, the same outputs in ONNX Runtime, metadata kept.

    check_convert.py MODEL ... [--imgsz H [W]] [--fold-batchnorm] [--reference OTHER.onnx]

MODEL is an .onnx or a Darknet .cfg with its .weights beside it. BatchNormalization stays as many as
the source has, or goes with --fold-batchnorm. Exit code 1 when something differs.
"""
import argparse
import tempfile
from pathlib import Path

import onnx

import check_run
import compare
import reference
import shrike_cli

METADATA = ("names", "stride", "task", "imgsz")


def convert_options(args):
    options = ["--fold-batchnorm"] if args.fold_batchnorm else []
    return options + (["--imgsz", ",".join(map(str, args.imgsz))] if args.imgsz else [])


def sources(model):
    path = Path(model)
    return [path.with_suffix(".cfg"), path.with_suffix(".weights")] if reference.is_darknet(model) else [path]


def metadata_differences(model, written, changed_size):
    """Darknet files bring no metadata, but the written file must have all keys."""
    now = {p.key: p.value for p in written.metadata_props}
    if reference.is_darknet(model):
        return [key for key in METADATA if key not in now]
    before = {p.key: p.value for p in onnx.load(model).metadata_props}
    return [key for key, value in before.items() if now.get(key) != value and not (changed_size and key in ("imgsz", "args"))]


def count_norms(proto):
    return sum(n.op_type == "BatchNormalization" for n in proto.graph.node)


def source_norms(model):
    if not reference.is_darknet(model):
        return count_norms(onnx.load(model))
    import darknet_forward
    return sum(int(s.get("batch_normalize", 0)) for _, s in darknet_forward.sections(Path(model).with_suffix(".cfg")))


def check(args, model):
    x = reference.make_input(model, args.imgsz)
    want = check_run.wanted_outputs(model, args.reference, x)
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "out.onnx"
        shrike_cli.convert(args.shrike, sources(model), written, *convert_options(args))
        proto = onnx.load(written)
        try:
            onnx.checker.check_model(proto, full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
            print(f"{Path(model).name} converted: {error}  INVALID")
            return False
        got = reference.outputs(reference.load(written), x)
    if "darknet" in want and len(got) == 1:
        got = {"darknet": next(iter(got.values()))}
    good = compare.report(f"{Path(model).name} converted", got, want, args.tolerance,
                          check_run.other_arithmetic(model, args.reference, x, args.strict))
    norms, wanted = count_norms(proto), 0 if args.fold_batchnorm else source_norms(model)
    if norms != wanted:
        print(f"{Path(model).name}: {norms} BatchNormalization instead of {wanted}  MISMATCH")
        good = False
    different = metadata_differences(model, proto, args.imgsz)
    if different:
        print(f"{Path(model).name}: metadata lost or changed: {', '.join(different)}  MISMATCH")
    return good and not different


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--imgsz", type=int, nargs="+")
    parser.add_argument("--fold-batchnorm", action="store_true")
    parser.add_argument("--reference")
    parser.add_argument("--tolerance", type=float, default=compare.TOLERANCE)
    parser.add_argument("--strict", action="store_true", help="the tolerance alone counts (see check_run.py)")
    shrike_cli.add_argument(parser)
    args = parser.parse_args()
    return 0 if all([check(args, model) for model in args.models]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
