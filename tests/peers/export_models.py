#!/usr/bin/env python3
"""Exports test models with other people's software, with inputs and ONNX Runtime's outputs.

    export_models.py --out FOLDER [--only WORD ...]

writes NAME.onnx, NAME.input.npy, NAME.OUTPUT.npy for every graph output, and index.json. Needs
requirements-export.txt; the original YOLOv5, YOLOv7 and YOLOX need --originals (see originals.py).
"""
import argparse
import json
import re
import traceback
from pathlib import Path

import numpy as np
import onnx

import pictures
import reference


def input_for(session, scale, size=320):
    """Letterboxed real pictures in the shape and type that the model asks for, 0..scale."""
    wanted = session.get_inputs()[0]
    count, height, width = (d if isinstance(d, int) else free for d, free in zip(
        [wanted.shape[0], wanted.shape[2], wanted.shape[3]], [1, size, size]))
    x = scale * pictures.first(count, height, width)
    return x.astype(np.float16 if wanted.type == "tensor(float16)" else np.float32)


def hits(output):
    """How many scores of a detection tensor are above 0.25; None for other tensors."""
    if output.ndim != 3:
        return None
    if output.shape[2] == 6:
        return int((output[..., 4] > 0.25).sum())
    if output.shape[1] < output.shape[2]:
        return int((output[:, 4:] > 0.25).any(1).sum())
    return int((output[..., 4:5] * output[..., 5:] > 0.25).any(-1).sum())


def describe(path, session, x, outputs):
    model = onnx.load(path)
    return {
        "opset": {o.domain or "ai.onnx": o.version for o in model.opset_import},
        "ir_version": model.ir_version,
        "producer": f"{model.producer_name} {model.producer_version}",
        "inputs": [[i.name, i.type, i.shape] for i in session.get_inputs()],
        "outputs": [[o.name, o.type, o.shape] for o in session.get_outputs()],
        "input_file": f"{path.stem}.input.npy", "input_dtype": str(x.dtype), "input_shape": list(x.shape),
        "output_files": {o.name: f"{path.stem}.{reference.safe(o.name)}.npy" for o in session.get_outputs()},
        "hits_over_0.25": [hits(o) for o in outputs],
        "metadata": {p.key: p.value if p.key != "names" else f"{len(eval(p.value))} names"
                     for p in model.metadata_props},
    }


def record(path, scale):
    """Runs ONNX Runtime on a real picture, saves input and outputs, returns the index entry."""
    session = reference.session(path)
    x = input_for(session, scale)
    outputs = session.run(None, {session.get_inputs()[0].name: x})
    np.save(path.with_suffix(".input.npy"), x)
    for info, value in zip(session.get_outputs(), outputs):
        np.save(path.parent / f"{path.stem}.{reference.safe(info.name)}.npy", value)
    return describe(path, session, x, outputs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=[], help="regular expressions for names")
    parser.add_argument("--originals", type=Path, help="folder with the original packages (see originals.py)")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    args.out = args.out.resolve()
    wanted = lambda name: not args.only or any(re.search(w, name) for w in args.only)

    import ultralytics_models
    makers = [ultralytics_models.exports(wanted)]
    if args.originals:
        import originals
        makers.append(originals.exports(args.originals, wanted))

    index_file = args.out / "index.json"
    index = json.loads(index_file.read_text()) if index_file.exists() else {}
    failed = 0
    for maker in makers:
        for name, source, options, write in maker:
            try:
                write(args.out / f"{name}.onnx")
                index[name] = {"source": source, "options": options, 
                               **record(args.out / f"{name}.onnx", 255.0 if "yolox" in name else 1.0)}
                print(f"{name}: {index[name]['hits_over_0.25']} hits", flush=True)
            except Exception:
                failed += 1
                print(f"{name}: FAILED\n{traceback.format_exc(limit=-3)}", flush=True)
            index_file.write_text(json.dumps(index, indent=1))
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
