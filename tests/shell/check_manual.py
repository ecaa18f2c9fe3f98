#!/usr/bin/env python3
"""Renders what `shrike manual` prints as man does, without a warning, and looks for every command
and option that the program knows. Exit code 77 without groff; else 1 where something is wrong."""
import argparse
import re
import shutil
import subprocess
import sys

from program import Program

SKIPPED = 77
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES"]


def rendered(page: str) -> tuple[str, str]:
    """The text of the page, and what there was to warn of."""
    words = ["groff", "-ww", "-man", "-Tutf8", "-P-c", "-rLL=100n"]
    done = subprocess.run(words, input=page, capture_output=True, text=True)
    return re.sub(r".\x08", "", done.stdout).replace("\u2010", "-"), done.stderr


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shrike", required=True)
    program = Program(parser.parse_args().shrike)
    if not shutil.which("groff"):
        print("SKIPPED: groff is not installed")
        return SKIPPED
    text, warnings = rendered(program.told("manual"))
    problems = warnings.splitlines()
    problems += [f"no section {name}" for name in SECTIONS if not re.search(rf"^{name}$", text, re.M)]
    for command in program.commands():
        part = re.search(rf"^   shrike {command}\b.*?(?=^   shrike |^\S)", text, re.M | re.S)
        if not part:
            problems.append(f"nothing on {command}")
            continue
        missing = {option for option in program.options(command)
                   if not re.search(rf"^ +{option}( |$)", part.group(), re.M)}
        problems += [f"{command}: nothing on {option}" for option in sorted(missing)]
    for code in "0", "2", "3", "4", "5", "130, 143, 129":
        if not re.search(rf"^       {code}( |$)", text, re.M):
            problems.append(f"nothing on exit status {code}")
    print("\n".join(problems) or "the manual renders, and knows every command and option")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
