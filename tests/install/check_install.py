#!/usr/bin/env python3
"""Installs into an empty folder, looks at what is there, builds examples/detect against it with
CMake and with pkg-config, and compares what the example says with `shrike detect --json`.
Prints what is wrong; exit code 1 then."""
import argparse
import json
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from tiny_model import write_model, write_picture

FILES = [
    "bin/shrike",
    "include/shrike/result.h",
    "include/shrike/shrike.h",
    "lib/cmake/shrike/shrikeConfig.cmake",
    "lib/cmake/shrike/shrikeConfigVersion.cmake",
    "lib/libshrike.so",
    "lib/pkgconfig/shrike.pc",
    "share/bash-completion/completions/shrike",
    "share/doc/libshrike-dev/LICENSE",
    "share/doc/shrike/LICENSE",
    "share/doc/shrike/NOTICE",
    "share/doc/shrike/copyright",
    "share/fish/vendor_completions.d/shrike.fish",
    "share/man/man1/shrike.1.gz",
    "share/zsh/site-functions/_shrike",
]
# Where training is built, too.
TRAINING = ["bin/shrike-train", "share/doc/shrike-train/LICENSE", "share/man/man1/shrike-train.1.gz"]
EXPORTED = "shrike::v0::"


def run(*words, **more) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return done.stdout


def check_exports(library: Path) -> list[str]:
    symbols = run("nm", "--dynamic", "--defined-only", "--demangle", library).splitlines()
    names = [line.split(maxsplit=2)[2] for line in symbols]
    problems = [f"libshrike exports {name}" for name in names if not name.startswith(EXPORTED)]
    return problems if names else ["libshrike exports nothing"]


def check_headers(folder: Path) -> list[str]:
    """A private header would be missing on other machines."""
    problems = []
    for header in sorted(folder.rglob("*.h")):
        for name in re.findall(r"#\s*include\s*(\S+)", header.read_text()):
            inside = name.startswith("<shrike/") and (folder / name[1:-1]).exists()
            if not inside and not re.fullmatch(r"<[a-z_]+>", name):
                problems.append(f"{header.name} includes {name}")
    return problems


def build_with_cmake(args, prefix: Path, folder: Path) -> Path:
    run(args.cmake, "-S", args.source / "examples/detect", "-B", folder, "-G", "Ninja",
        f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_COMPILER={args.compiler}")
    run(args.cmake, "--build", folder)
    return folder / "detect"


def build_with_pkg_config(args, prefix: Path, folder: Path) -> Path:
    found = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
    flags = shlex.split(run("pkg-config", "--cflags", "--libs", "shrike", env=found))
    run(args.compiler, "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
        args.source / "examples/detect/main.cpp", *flags, "-o", folder / "plain")
    return folder / "plain"


# Well-formed, cut off, never part of any character, overlong, surrogates, past U+10FFFF.
NO_UTF8 = (b"\xc3\xbc \xe2\x82 \xff\xfe \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xe0\x80\xaf "
           b"\xf0\x9f\x98.ppm")


def pictures(folder: Path) -> list[Path]:
    sizes = [(64, 32), (320, 97), (61, 200), (1, 1)]
    names = [f'a "{w}" b\\{h}.ppm' for w, h in sizes]
    names[2] = os.fsdecode(NO_UTF8)
    return [write_picture(folder / name, *size) for name, size in zip(names, sizes)]


def float32(text: str) -> float:
    return struct.unpack("f", struct.pack("f", float(text)))[0]


def objects(text: str) -> list[dict]:
    """Numbers as the floats they were printed from, with however many digits."""
    lines = [json.loads(line, parse_float=float32) for line in text.splitlines()]
    return [{key: row[key] for key in row if key != "speed_ms"} for row in lines]


def check_example(example: Path, prefix: Path, folder: Path) -> list[str]:
    model, files = write_model(folder), pictures(folder)
    wanted = objects(run(prefix / "bin/shrike", "detect", "--json", "--model", model, *files))
    found = {**os.environ, "LD_LIBRARY_PATH": str(prefix / "lib")}
    got = objects(run(example, model, *files, env=found))
    problems = [f"{example.name}: {a} is not {b}" for a, b in zip(got, wanted) if a != b]
    if len(got) != len(files) or len(wanted) != len(files):
        problems.append(f"{example.name}: {len(got)} and {len(wanted)} of {len(files)} pictures")
    classes = {d["class_id"] for row in wanted for d in row["detections"]}
    return problems if classes == {0, 1} else problems + [f"the pictures show only {classes}"]


def check_training(prefix: Path, folder: Path) -> list[str]:
    """The program finds the second one beside it."""
    problems = [f"{file} is not installed" for file in TRAINING if not (prefix / file).exists()]
    said = json.loads(run(prefix / "bin/shrike", "train", "--dry-run", "--json", "--threads", "1",
                          "--model", write_model(folder)))
    return problems if said["one_to_many"] is False else problems + [f"training says {said}"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("build", "source"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name in ("cmake", "compiler"):
        parser.add_argument(f"--{name}", required=True)
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="shrike_install_"))
    try:
        prefix = folder / "a prefix"
        run(args.cmake, "--install", args.build, "--prefix", prefix)
        problems = [f"{file} is not installed" for file in FILES if not (prefix / file).exists()]
        problems += check_exports(prefix / "lib/libshrike.so")
        problems += check_headers(prefix / "include")
        for build in (build_with_cmake, build_with_pkg_config):
            work = folder / build.__name__
            work.mkdir()
            problems += check_example(build(args, prefix, work), prefix, work)
        if (args.build / "shrike-train").exists():
            problems += check_training(prefix, folder)
    finally:
        shutil.rmtree(folder)
    print("\n".join(problems) or "installed, and the example agrees with shrike detect")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
