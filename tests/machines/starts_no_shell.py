#!/usr/bin/env python3
"""Other programs are started in one file only, word by word: no shell ever reads a file's name.
Prints where that does not hold; exit code 1 then."""
import re
import sys
from pathlib import Path

STARTS = re.compile(r"\b(system|popen|wordexp|exec[lv]p?e?|execveat|posix_spawnp?|v?fork)\s*\(")
ONLY = Path("pull/process.cpp")


def main() -> int:
    src = Path(sys.argv[1])
    files = [p for p in sorted(src.rglob("*")) if p.suffix in (".cpp", ".h")]
    wrong, starts = [], 0
    for path in files:
        if path.stem.endswith("_test"):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            code = line.split("//")[0]
            match = STARTS.search(code)
            if not match:
                continue
            if path.relative_to(src) == ONLY and match[1] in ("execvp", "execvpe", "fork"):
                starts += 1
            else:
                wrong.append(f"{path}:{number}: {line.strip()}")
    # One fork and one execvp to run a program, the same to start one beside, and one execvpe to become
    # another.
    if starts != 5:
        wrong.append(f"{src / ONLY}: expected two forks, two execvp and one execvpe, found {starts} starts")
    print("\n".join(wrong) or f"{len(files)} files: programs are started only in {ONLY}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
