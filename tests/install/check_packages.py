#!/usr/bin/env python3
"""Builds the Debian packages with CPack and looks at them: what each is called and needs, which files
it holds, and that the program in them runs. Prints what is wrong; exit code 1 then, 77 where Debian's
tools are missing."""
import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOOLS = ["cpack", "dpkg-deb", "dpkg-shlibdeps"]

# By a package's name, versions as "N.N": what it holds (as patterns), and what its Depends names.
DOC = r"usr/share/doc/{}/(LICENSE|NOTICE|copyright)"
PACKAGES = {
    "shrike": {
        "files": [
            r"usr/bin/shrike",
            r"usr/share/bash-completion/completions/shrike",
            r"usr/share/fish/vendor_completions\.d/shrike\.fish",
            r"usr/share/man/man1/shrike\.1\.gz",
            r"usr/share/zsh/vendor-completions/_shrike",
        ],
        "needs": ["libc6", "libstdc++6", "libjpeg62-turbo"],
    },
    "libshrikeN.N": {
        "files": [r"usr/lib/(.*/)?libshrike\.so\.\d+\.\d+", r"usr/lib/(.*/)?libshrike\.so\.\d+\.\d+\.\d+"],
        "needs": ["libc6", "libstdc++6", "libjpeg62-turbo"],
    },
    "libshrike-dev": {
        "files": [
            r"usr/include/shrike/result\.h",
            r"usr/include/shrike/shrike\.h",
            r"usr/lib/(.*/)?cmake/shrike/shrikeConfig\.cmake",
            r"usr/lib/(.*/)?cmake/shrike/shrikeConfig-release\.cmake",
            r"usr/lib/(.*/)?cmake/shrike/shrikeConfigVersion\.cmake",
            r"usr/lib/(.*/)?libshrike\.so",
            r"usr/lib/(.*/)?pkgconfig/shrike\.pc",
        ],
        "needs": ["libshrikeN.N (= N.N.N)"],
    },
}
# Where training is built with Debian's LibTorch.
TRAINING = {
    "shrike-train": {
        "files": [r"usr/bin/shrike-train", r"usr/share/man/man1/shrike-train\.1\.gz"],
        "needs": ["shrike (= N.N.N)", "libtorch"],
    },
}


def run(*words) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return done.stdout


def field(package: Path, name: str) -> str:
    return run("dpkg-deb", "--field", package, name).strip()


def without_versions(text: str) -> str:
    return re.sub(r"\d+(\.\d+)+", lambda number: re.sub(r"\d+", "N", number[0]), text)


def contents(package: Path) -> list[tuple[str, str, str]]:
    """(mode, owner, path) of each entry; of a link the path it has."""
    rows = [line.split(maxsplit=5) for line in run("dpkg-deb", "--contents", package).splitlines()]
    return [(row[0], row[1], row[5].split(" -> ")[0].removeprefix("./")) for row in rows]


def check_files(name: str, package: Path, wanted: list[str]) -> list[str]:
    entries = contents(package)
    problems = [f"{name}: {path} is {mode} of {owner}" for mode, owner, path in entries
                if owner != "root/root" or (mode[0] != "l" and "w" in mode[4:])]
    files = [path for mode, _, path in entries if mode[0] != "d"]
    patterns = wanted + [DOC.format(re.escape(field(package, "Package")))]
    for pattern in patterns:
        if not any(re.fullmatch(pattern, path) for path in files):
            problems.append(f"{name}: no {pattern}")
    for path in files:
        if not any(re.fullmatch(pattern, path) for pattern in patterns):
            problems.append(f"{name}: {path} does not belong there")
    return problems


def check_package(name: str, package: Path, wanted: dict) -> list[str]:
    problems = check_files(name, package, wanted["files"])
    depends = without_versions(field(package, "Depends"))
    problems += [f"{name}: depends on {depends}, not on {need}" for need in wanted["needs"]
                 if need not in depends]
    for key in ("Version", "Architecture", "Maintainer", "Section", "Description"):
        if not field(package, key):
            problems.append(f"{name}: no {key}")
    return problems


def check_program(packages: list[Path], root: Path) -> list[str]:
    for package in packages:
        run("dpkg-deb", "--extract", package, root)
    said = run(root / "usr/bin/shrike", "version")
    version = field(packages[0], "Version")
    return [] if version in said else [f"shrike {version} says that it is {said}"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    args = parser.parse_args()
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        print(f"skipped: no {', '.join(missing)}")
        return 77
    folder = Path(tempfile.mkdtemp(prefix="shrike_packages_"))
    try:
        run("cpack", "--config", args.build / "CPackConfig.cmake", "-G", "DEB", "-B", folder)
        packages = sorted(folder.glob("*.deb"))
        by_name = {without_versions(field(package, "Package")): package for package in packages}
        wanted = {**PACKAGES, **(TRAINING if (args.build / "shrike-train").exists() else {})}
        problems = [f"packages: {sorted(by_name)}"] if sorted(by_name) != sorted(wanted) else []
        if not problems:
            for name, package in by_name.items():
                problems += check_package(name, package, wanted[name])
            problems += check_program(packages, folder / "root")
    finally:
        shutil.rmtree(folder)
    print("\n".join(problems) or f"{len(by_name)} packages, and the program in them runs")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
