#!/usr/bin/env python3
"""Every folder of src/ that a file includes from must be in the DEPENDS of its own folder's
CMakeLists.txt, and the folders must form no cycle. Prints what is wrong; exit code 1 then."""
import re
import sys
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
FOLDER = re.compile(r"shrike_folder\((\w+)(.*?)\)", re.S)


def allowed_folders(src: Path) -> dict[str, set[str]]:
    allowed = {}
    for cmake in sorted(src.glob("*/CMakeLists.txt")):
        match = FOLDER.search(cmake.read_text())
        words = match.group(2).split() if match else []
        depends = []
        if "DEPENDS" in words:
            for word in words[words.index("DEPENDS") + 1 :]:
                if word.isupper():
                    break
                depends.append(word)
        allowed[cmake.parent.name] = set(depends)
    return allowed


def reachable(allowed: dict[str, set[str]], folder: str) -> set[str]:
    seen, todo = set(), [folder]
    while todo:
        for below in allowed.get(todo.pop(), ()):
            if below not in seen:
                seen.add(below)
                todo.append(below)
    return seen


def main() -> int:
    src = Path(sys.argv[1])
    allowed = allowed_folders(src)
    problems = []
    for folder in allowed:
        if folder in reachable(allowed, folder):
            problems.append(f"{folder} depends on itself")
        for path in sorted((src / folder).rglob("*")):
            if path.suffix not in (".h", ".cpp", ".inc"):
                continue
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                match = INCLUDE.match(line)
                target = match.group(1).split("/")[0] if match else folder
                if target != folder and target not in allowed[folder]:
                    problems.append(f"{path}:{number}: {folder} may not include {match.group(1)}")
    print("\n".join(problems) or f"{len(allowed)} folders, includes as declared")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
