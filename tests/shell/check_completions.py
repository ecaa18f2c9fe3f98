#!/usr/bin/env python3
"""Completes command lines in real shells with what `shrike completions` prints: bash, and zsh and
fish where they are installed. Prints what is wrong; exit code 1 then."""
import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from program import Program
from terminal import Shell

SHOW = "shrike() { printf WORDS; printf '<%s>' \"$@\"; printf 'DONE\\n'; }"
FILES = ["array.npy", "0.5.txt", "net.onnx", "picture one.jpg", "--odd.jpg", "foil.txt"]
# What is typed behind "shrike ", and the words after a press of the tabulator.
LINES = [
    ("det", ["detect"]),
    ("detect --mod", ["detect", "--model"]),
    ("detect --save-t", ["detect", "--save-txt"]),
    ("detect --model yolov3-t", ["detect", "--model", "yolov3-tiny"]),
    ("detect --model=yolov3-t", ["detect", "--model=yolov3-tiny"]),
    ("detect --model net", ["detect", "--model", "net.onnx"]),
    ("detect --layout yolo", ["detect", "--layout", "yolox"]),
    ("detect --json --layout=end", ["detect", "--json", "--layout=end-to-end"]),
    ("detect pict", ["detect", "picture one.jpg"]),
    ("detect --conf 0", ["detect", "--conf", "0"]),
    ("run --input arr", ["run", "--input", "array.npy"]),
    ("run --output fo", ["run", "--output", "foal/"]),
    ("inspect net", ["inspect", "net.onnx"]),
    ("pull yolov3-t", ["pull", "yolov3-tiny"]),
    ("pull net", ["pull", "net"]),
    ("version n", ["version", "n"]),
    ("completions f", ["completions", "fish"]),
    ("data st", ["data", "stats"]),
    ("data convert --to vo", ["data", "convert", "--to", "voc"]),
    ("data convert --out fo", ["data", "convert", "--out", "foal/"]),
    ("data check net", ["data", "check", "net.onnx"]),
]
BASH_LINES = LINES + [
    ("detect model=yolov3-t", ["detect", "model=yolov3-tiny"]),
    ("detect -- --od", ["detect", "--", "--odd.jpg"]),
    ("detect --weights=net", ["detect", "--weights=net.onnx"]),
]


def check_options(program: Program, script: Path) -> list[str]:
    """Every command, and all that its help lists, is offered."""
    problems = []
    offer = ("compopt() { :; }; source \"$0\"; COMP_WORDS=(shrike \"$@\"); COMP_CWORD=$#; _shrike; "
             'printf "%s\\n" "${COMPREPLY[@]}"')
    def offered(*words):
        out = subprocess.run(["bash", "-c", offer, script, *words], capture_output=True, text=True)
        return set(out.stdout.split())
    if missing := set(program.first_words()) - offered(""):
        problems.append(f"not offered: {missing}")
    for word in program.first_words():
        actions = set(program.actions(word))
        if actions and actions != offered(word, ""):
            problems.append(f"{word}: {actions} are offered as {offered(word, '')}")
    for command in program.commands():
        options, offers = program.options(command), offered(*command.split(), "--")
        if not options or options != offers:
            problems.append(f"{command}: {options} are offered as {offers}")
    return problems


def check_lines(name, lines, complete) -> list[str]:
    got = [(line, wanted, complete("shrike " + line)) for line, wanted in lines]
    return [f"{name}: {line!r} becomes {found}, not {wanted}" for line, wanted, found in got if found != wanted]


def check_terminal(name, words, setup, lines, folder) -> list[str]:
    shell = Shell(words, folder, setup + SHOW)
    try:
        return check_lines(name, lines, shell.completed)
    finally:
        shell.close()


def check_fish(script, folder) -> list[str]:
    """fish tells what it would offer: the only offer replaces the last word."""
    def complete(line):
        command = ["fish", "--no-config", "-c", f"source {script}; complete -C $argv[1]", line]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder,
                              env={"PATH": "/usr/bin:/bin", "HOME": str(folder)})
        offers = [row.split("\t")[0] for row in done.stdout.splitlines()]
        words = line.split()[1:]
        return words[:-1] + (offers if len(offers) == 1 else words[-1:])
    return check_lines("fish", LINES, complete)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shrike", required=True)
    program = Program(parser.parse_args().shrike)
    root = Path(tempfile.mkdtemp(prefix="shrike_shell_"))
    folder, problems = root / "work", []
    try:
        (folder / "foal").mkdir(parents=True)
        for name in FILES:
            (folder / name).touch()
        scripts = {name: root / f"shrike.{name}" for name in ("bash", "zsh", "fish")}
        for name, script in scripts.items():
            script.write_text(program.told("completions", name))
        problems += check_options(program, scripts["bash"])
        problems += check_terminal("bash", ["bash", "--norc", "--noprofile", "-i"],
                                   f"PS1=; source {scripts['bash']}; ", BASH_LINES, folder)
        if shutil.which("zsh"):
            (root / "_shrike").write_text(scripts["zsh"].read_text())
            start = "PS1=; setopt no_auto_remove_slash; autoload -U compinit; "
            for name, setup in (("zsh, sourced", f"compinit -u -D; source {scripts['zsh']}; "),
                                ("zsh, found", f"fpath=({root} $fpath); compinit -u -D; ")):
                problems += check_terminal(name, ["zsh", "-f", "-i"], start + setup, LINES, folder)
        if shutil.which("fish"):
            problems += check_fish(scripts["fish"], folder)
    finally:
        shutil.rmtree(root)
    skipped = [name for name in ("zsh", "fish") if not shutil.which(name)]
    print("\n".join([f"SKIPPED: {name} is not installed" for name in skipped] + problems) or
          "bash, zsh and fish complete as they should")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
