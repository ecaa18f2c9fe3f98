#!/usr/bin/env python3
"""What pruning, distilling and integers are worth, alone and together: one table and one chart, from one command.

    compression.py --shrike PROGRAM --model MODEL.onnx --data FOLDER --out DIR [--seeds 3] [--rows NAME ...]
                   [--records FOLDER] [--docs docs/compression.md] [--first-epochs N]

FOLDER: a data set in YOLO's layout. Each fifth picture of train, by name, is held out: it is not learned from, and
chooses the best epoch. val and test together judge, and choose nothing. Each row has a folder in DIR for each seed; a run
that was ended goes on. What came of it is a file in --records (DIR/records), with the commands that made it and --commit,
and is not made again, so that rows may be made on several days; one that other commands made is an error. Behind all
that each file of the rows takes its time on one thread, in turns with the model's own (--untimed: not yet, the machine
is busy), and DIR has table.md and compression.svg of all rows that are whole; --docs puts the table into that file, and
the chart beside it. --first-epochs: the model, which may be one of other classes, is trained on the data set first.
"""
import argparse
import html
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

BEGIN, END = "<!-- bench/compression.py writes from here -->", "<!-- to here -->"


class Bench:
    def __init__(self, args):
        self.args, self.out = args, args.out.resolve()
        self.model, self.data = args.model.resolve() if args.model.exists() else args.model, self.out / "data"
        self.records = args.records or self.out / "records"
        self.told = None  # commands, where they are told and not run
        self.first = None  # what makes the model, where --first-epochs

    def shrike(self, *words):
        """Its standard output; what it says of its progress goes into DIR/log."""
        if self.told is not None:
            words = [Path(str(w)).name if "/" in str(w) else str(w) for w in words]
            if "--threads" in words:  # they change last bits
                at = words.index("--threads")
                del words[at:at + 2]
            self.told.append(" ".join(words))
            return ""
        command = [str(self.args.shrike), *map(str, words)]
        with open(self.out / "log", "a") as log:
            print("+", *command, file=log, flush=True)
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=log, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}\n  exit code {done.returncode}: see {self.out / 'log'}")
        return done.stdout

    def prepare(self):
        """Data sets `all` and `quarter` (labels of one picture in four that are learned from), and a student's shape."""
        source = self.args.data.resolve()
        self.data.mkdir(parents=True, exist_ok=True)
        pictures = sorted(p for p in (source / "images/train").iterdir() if p.suffix.lower() in (".jpg", ".png"))
        learned = [p for i, p in enumerate(pictures) if i % 5 != 4]
        lists = {"held_out": pictures[4::5], "all": learned, "quarter": learned[::4]}
        for name, chosen in lists.items():
            (self.data / f"{name}.txt").write_text("".join(f"{p}\n" for p in chosen))
        # All but the splits: a key's lines are those up to the next line that begins with a letter.
        kept = [key for key in re.split(r"(?m)^(?=[A-Za-z])", (source / "data.yaml").read_text())
                if key.split(":")[0] not in ("path", "train", "val", "test")]
        for name in ("all", "quarter"):
            (self.data / f"{name}.yaml").write_text(
                f"path: {source}\ntrain: {self.data / name}.txt\nval: {self.data / 'held_out'}.txt\n"
                "test: [images/val, images/test]\n" + "".join(kept))
        (self.data / "unlabeled").mkdir(exist_ok=True)
        for p in set(learned) - set(lists["quarter"]):
            link = self.data / "unlabeled" / p.name
            if not link.exists():
                os.symlink(p, link)
        if self.args.first_epochs:
            self.first = self.train("train", 0, self.args.first_epochs, "--model", self.model, "--nbs", 16)
            self.model = self.kept(self.out / "first", self.first)
        half = self.data / "half_width"
        self.half = self.kept(half, lambda folder: self.prune(
            folder / "half_width.onnx", ["--ratio", 0.5, "--most", 0.5, "--importance", "random"]), "half_width.onnx")

    def prune(self, file, words):
        self.shrike("prune", "--model", self.model, "--data", self.data / "all.yaml", "--split", "test", "--bootstrap", 0,
                    "--threads", self.args.threads, "-o", file, *words)

    def recover(self, keep, seed, *words):
        """Pruned, then trained, by prune's own command, which goes on by itself."""
        def make(folder):
            self.prune(folder / "model.onnx",
                       ["--macs", keep, "--seed", seed, "--epochs", self.args.epochs, "--out", folder / "run", *words])
        return make

    def train(self, command, seed, epochs, *words, data="all"):
        def make(folder):
            run = folder / "run"
            if self.told is None and (run / "args.json").exists():
                self.shrike(command, "--resume", run)
            else:
                self.shrike(command, *words, "--data", self.data / f"{data}.yaml", "--epochs", epochs, "--seed", seed,
                            "--threads", self.args.threads, "--out", run)
            self.link(run / "best.onnx", folder)
        return make

    def link(self, file, folder, how=os.link):
        if self.told is None:
            how(file, folder / "model.onnx")

    def quantize(self, model, *words):
        def make(folder):
            self.shrike("quantize", "--model", model, "--data", self.data / "all.yaml", "--split", "test", "--bootstrap", 0,
                        *words, "-o", folder / "model.onnx")
        return make

    def made(self, row, seed=0):
        """The file of a row's seed, which is made where it is not there."""
        return self.kept(self.out / row / f"seed{seed}", self.rows()[row][1](seed))

    def kept(self, folder, make, name="model.onnx"):
        """The file that make(folder) leaves there, unless the same commands left it before."""
        file, note = folder / name, folder / "commands.json"
        if self.told is not None:
            make(folder)
            return file
        commands = self.telling(make, folder)
        if folder.exists() and (not note.exists() or json.loads(note.read_text()) != commands):
            sys.exit(f"{folder} has what other commands than {commands} made; remove it")
        if not file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            write(note, commands)
            print(folder, file=sys.stderr, flush=True)
            make(folder)
        return file

    def rows(self):
        """{name: (what it is, maker of a seed's file, number of seeds)}; a row stands behind those that it needs."""
        a, seeds, pairs = self.args, self.args.seeds, self.args.pairs
        taylor, chance = ("--importance", "taylor"), ("--importance", "random")
        rows = {"float": ("the model as it came", lambda s: lambda folder: self.link(self.model, folder, os.symlink), 1),
                "float-longer": ("the model trained on, as long as a pruned one: the control", lambda s: self.train(
                    "train", s, a.epochs, "--model", self.model, "--nbs", 16), seeds),
                "int8": ("`quantize`", lambda s: self.quantize(self.model), 1)}
        for name, keep, of in (("70", 0.7, 1), ("50", 0.5, seeds), ("30", 0.3, 1)):
            rows[f"pruned{name}"] = (f"{name} % of the multiply-adds, trained by labels alone",
                                     lambda s, k=keep: self.recover(k, s, *taylor, "--no-teacher"), of)
            rows[f"pruned{name}-distilled"] = (f"{name} %, the unpruned model as teacher",
                                               lambda s, k=keep: self.recover(k, s, *taylor), of)
        for name, words in (("taylor", taylor), ("random", chance)):
            rows[f"cut50-{name}"] = (f"50 % by `{name}`, before any training", lambda s, w=words: lambda folder: self.prune(
                folder / "model.onnx", ["--macs", 0.5, "--seed", s, *w]), seeds)
        rows["random50-distilled"] = ("50 % by chance, the unpruned model as teacher",
                                      lambda s: self.recover(0.5, s, *chance), seeds)
        rows["pruned50-distilled-int8"] = ("50 %, teacher, then `quantize`",
                                           lambda s: self.quantize(self.made("pruned50-distilled", s)), seeds)
        # Updates of one batch, as prune's: of larger ones these few pictures would give too few.
        student, teacher = ("--scratch", self.half, "--nbs", 16, "--patience", 0), ("--teacher", self.model)

        # Students so trained are past the model as it came: it has to be trained on before it teaches them. The weights are
        # the best by the pictures held out (docs/decisions/027-distillation.md).
        def taught(*weights):
            return "--teacher", self.made("float-longer"), *weights
        model = ("--model", self.model)
        # Few bits are far from the model: it is trained on as floats are.
        bold = ("--lr0", 0.001, "--mosaic", 1, "--close-mosaic", 5)
        rows["qat"] = ("in integers while training", lambda s: self.train("train", s, a.qat_epochs, *model, "--qat"), seeds)
        rows["float-bold"] = ("the model trained on in floats as few bits are: their control", lambda s: self.train(
            "train", s, 2 * a.qat_epochs, *model, *bold), seeds)
        for bits in (4, 2):
            rows[f"int{bits}"] = (f"`quantize`, weights of {bits} bits (simulated: stored as bytes)",
                                  lambda s, b=bits: self.quantize(self.model, "--weight-bits", b), 1)
            rows[f"qat{bits}"] = (f"weights of {bits} bits while training, at a float's rate", lambda s, b=bits: self.train(
                "train", s, 2 * a.qat_epochs, *model, "--qat", "--qat-weight-bits", b, *bold), seeds)
        rows["all"] = ("50 %, teacher, then in integers with the same teacher", lambda s: self.train(
            "distill", s, a.qat_epochs, "--model", self.made("pruned50-distilled", s), "--qat", *teacher), seeds)
        rows["half"] = ("half as wide, from random weights, by labels",
                        lambda s: self.train("train", s, a.student_epochs, *student), pairs)
        rows["half-distilled"] = ("the same, with `float-longer` as teacher",
                                  lambda s: self.train("distill", s, a.student_epochs, *student,
                                                       *taught("--distill-feature", 1)), pairs)
        # As many updates (3 an epoch, not 11: a batch of the second has its labelled pictures' share of all), of which as
        # many warm up and are without mosaics.
        longer = 11 / 3
        shares = ("--warmup-epochs", round(3 * longer), "--close-mosaic", round(10 * longer))
        rows["quarter"] = ("half as wide, a quarter of the labels", lambda s: self.train(
            "train", s, round(a.student_epochs * longer), *student, *shares, data="quarter"), pairs)
        rows["quarter-distilled"] = ("the same, with a teacher that sees the other pictures, too", lambda s: self.train(
            "distill", s, a.student_epochs, *student, *taught("--distill-response", 4, "--distill-feature", 4), "--unlabeled",
            self.data / "unlabeled", data="quarter"), pairs)
        return rows

    def record(self, row, seed):
        """The file that says what a row's seed came to; makes and judges its model, unless that was done."""
        said, commands = self.records / f"{row}-seed{seed}.json", self.commands(row, seed)
        if said.exists():
            if json.loads(said.read_text())["commands"] != commands:
                sys.exit(f"{said} was made by other commands than {commands}; remove it, and {self.out / row}")
        else:
            file = self.made(row, seed)
            judged = json.loads(self.shrike("val", "--model", file, "--data", self.data / "all.yaml", "--split", "test",
                                            "--threads", self.args.threads, "--json"))
            write(said, {"commands": commands, "threads": self.args.threads, "commit": self.args.commit} |
                  {name: judged[name] for name in ("map50_95", "map50")} |
                  {"interval95": {name: judged["interval95"][name] for name in ("map50_95", "map50")},
                   "bytes": file.stat().st_size})
        return said

    def commands(self, row, seed):
        """What makes a row's file, without folders, and what makes the file that it comes from."""
        return self.telling(self.rows()[row][1](seed), self.out / row / f"seed{seed}")

    def telling(self, make, folder):
        self.told = []
        if self.first and make is not self.first:
            self.first(self.out)
        make(folder)
        told, self.told = self.told, None
        return told

    def time(self, row, seed):
        """Completes the record of a row's seed with what its file takes."""
        said = self.record(row, seed)
        record = json.loads(said.read_text())
        if "ms" in record:
            return
        file = self.out / row / f"seed{seed}" / "model.onnx"
        if not file.exists() or file.stat().st_size != record["bytes"]:
            sys.exit(f"{said} has no times, and {file} is not the file that it is of: remove it, and the row is made again")
        write(said, record | self.timed(file))

    def whole(self):
        """What there is of each row whose seeds are all made and timed."""
        found = {}
        for name, (_, _, seeds) in self.rows().items():
            of = [self.records / f"{name}-seed{seed}.json" for seed in range(seeds)]
            results = [json.loads(file.read_text()) for file in of if file.exists()]
            if len(results) == seeds and all("ms" in r for r in results):
                found[name] = results
        return found

    def timed(self, file):
        """Least time of all rounds on one thread, and the model's own, which it takes turns with."""
        best = {}
        for _ in range(self.args.rounds):
            for of in (file, self.model):
                once = json.loads(self.shrike("bench", "--model", of, "--threads", 1, "--runs", 20, "--json"))
                best[of] = min(best.get(of, once), once, key=lambda b: b["latency_ms"]["min"])
        parameters = json.loads(self.shrike("inspect", "--model", file, "--json"))["parameters"]
        return {"parameters": parameters, "ms": best[file]["latency_ms"]["min"],
                "model_ms": best[self.model]["latency_ms"]["min"], "gmacs": best[file]["gmacs"],
                "peak_rss_mb": best[file]["peak_rss_mb"]}


def write(file, content):
    new = file.with_suffix(".new")
    new.write_text(json.dumps(content, indent=1) + "\n")
    new.rename(file)


def commit():
    root = Path(__file__).resolve().parent.parent
    return subprocess.run(["git", "-C", root, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()


def spread(values, digits=1):
    text = f"{statistics.mean(values):.{digits}f}"
    return text if len(values) < 2 else f"{text} ± {statistics.stdev(values):.{digits}f}"


def points(of, name):
    return [100 * result[name] for result in of]


def interval(results, name):
    low, high = results[0]["interval95"][name]
    return f"{100 * low:.1f} to {100 * high:.1f}"


def table(rows, results):
    lines = ["| | AP 0.50:0.95 | 95 % | AP 0.50 | 95 % | M multiply-adds | M parameters | file, MB | ms | of the model's | "
             "memory, MB |", "|" + " --- |" * 11]
    for name, of in results.items():
        first = of[0]
        lines.append(f"| `{name}`: {rows[name][0]} | {spread(points(of, 'map50_95'))} | {interval(of, 'map50_95')} | "
                     f"{spread(points(of, 'map50'))} | {interval(of, 'map50')} | "
                     f"{spread([1e3 * r['gmacs'] for r in of], 0)} | {spread([r['parameters'] / 1e6 for r in of], 2)} | "
                     f"{spread([r['bytes'] / 1e6 for r in of], 2)} | {spread([r['ms'] for r in of], 2)} | "
                     f"{spread([r['ms'] / r['model_ms'] for r in of], 2)} | {first['peak_rss_mb']:.0f} |")
    return "\n".join(lines) + "\n"


def pairs(results):
    """What rows that differ in one thing differ by, seed by seed."""
    lines = ["| | less | points | standard error | seeds |", "| --- | --- | --- | --- | --- |"]
    for name, other in (("pruned50-distilled", "pruned50"), ("cut50-taylor", "cut50-random"),
                        ("pruned50-distilled", "random50-distilled"),
                        ("half-distilled", "half"), ("quarter-distilled", "quarter")):
        if name in results and other in results and len(results[name]) > 1:
            by = [100 * (a["map50_95"] - b["map50_95"]) for a, b in zip(results[name], results[other])]
            lines.append(f"| `{name}` | `{other}` | {statistics.mean(by):+.2f} | "
                         f"{statistics.stdev(by) / len(by) ** 0.5:.2f} | {len(by)} |")
    return "\n".join(lines) + "\n" + integers(results)


def integers(results):
    """What training in integers is worth beside `quantize`, seed by seed; of few bits the part of their loss won back."""
    def ap(name):
        return points(results[name], "map50_95")
    lines = []
    for name, other in (("qat", "int8"), ("qat4", "int4"), ("qat2", "int2"), ("all", "pruned50-distilled-int8")):
        if name in results and other in results:
            base = ap(other) * (len(ap(name)) if len(ap(other)) == 1 else 1)
            by = [a - b for a, b in zip(ap(name), base)]
            text = ", ".join(f"{gained:+.2f}" for gained in by)
            if name in ("qat4", "qat2"):
                # Of a loss beyond what other pictures would change of it, by what floats are after the same training.
                for control in ("float", "float-bold"):
                    if control in results:
                        lost = statistics.mean(ap(control)) - base[0]
                        low, high = results[control][0]["interval95"]["map50_95"]
                        text += f"; before it was {lost:.2f} below `{control}`"
                        if lost > 50 * (high - low):
                            text += ", of which are won back " + ", ".join(f"{100 * gained / lost:.0f} %" for gained in by)
            lines.append(f"\n`{name}` beside `{other}`, points by seed: {text}.\n")
    return "".join(lines)


def chart(results):
    """AP against milliseconds, a row a point, a whisker for the spread of its seeds."""
    shown = {name: (statistics.mean(r["ms"] for r in of), points(of, "map50_95")) for name, of in results.items()
             if not name.startswith("cut")}
    if not shown:
        return '<svg xmlns="http://www.w3.org/2000/svg"/>\n'
    width, height, left, top, right, bottom = 760, 460, 60, 20, 170, 50
    most = 1.05 * max(ms for ms, _ in shown.values())
    low = min(min(ap) for _, ap in shown.values()) - 1
    high = max(max(ap) for _, ap in shown.values()) + 1

    def x(ms):
        return left + (width - left - right) * ms / most

    def y(ap):
        return top + (height - top - bottom) * (high - ap) / (high - low)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
             f'font-size="11"><rect width="{width}" height="{height}" fill="white"/>']
    for i in range(6):
        ap, ms = low + (high - low) * i / 5, most * i / 5
        parts.append(f'<path d="M{left} {y(ap):.1f}H{width - right}" stroke="#ddd"/><text x="{left - 6}" y="{y(ap) + 4:.1f}" '
                     f'text-anchor="end">{ap:.1f}</text><text x="{x(ms):.1f}" y="{height - bottom + 16}" '
                     f'text-anchor="middle">{ms:.1f}</text>')
    placed = []  # labels, where they lie: of those that would lie upon each other the later ones go down
    for name, (ms, ap) in sorted(shown.items(), key=lambda row: -statistics.mean(row[1][1])):
        middle = statistics.mean(ap)
        at, wide = y(middle) + 4, 6 * len(name)
        while any(abs(at - line) < 11 and x(ms) < end + 7 and begin < x(ms) + wide for begin, end, line in placed):
            at += 1
        placed.append((x(ms), x(ms) + wide, at))
        parts.append(f'<path d="M{x(ms):.1f} {y(max(ap)):.1f}V{y(min(ap)):.1f}" stroke="#2563a8"/><circle cx="{x(ms):.1f}" '
                     f'cy="{y(middle):.1f}" r="3.5" fill="#2563a8"/><text x="{x(ms) + 7:.1f}" y="{at:.1f}">'
                     f'{html.escape(name)}</text>')
    parts.append(f'<text x="{(left + width - right) / 2}" y="{height - 12}" text-anchor="middle">ms on one thread</text>'
                 f'<text transform="translate(16 {height / 2}) rotate(-90)" text-anchor="middle">AP 0.50:0.95, points</text>'
                 "</svg>\n")
    return "".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--shrike", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", nargs="+", help="those alone")
    parser.add_argument("--records", type=Path)
    parser.add_argument("--untimed", action="store_true")
    parser.add_argument("--docs", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=5, help="seeds of students with and without a teacher")
    parser.add_argument("--epochs", type=int, default=40, help="after pruning")
    parser.add_argument("--student-epochs", type=int, default=60)
    parser.add_argument("--qat-epochs", type=int, default=10, help="in integers")
    parser.add_argument("--first-epochs", type=int, default=0, help="of --model, before anything is made of it; 0: none")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--commit", default=commit(), help="what PROGRAM was built from (what is checked out)")
    args = parser.parse_args()
    bench = Bench(args)
    for folder in (bench.out, bench.records):
        folder.mkdir(parents=True, exist_ok=True)
    bench.prepare()
    rows = {name: row for name, row in bench.rows().items() if not args.rows or name in args.rows}
    for name, (_, _, seeds) in rows.items():
        for seed in range(seeds):
            bench.record(name, seed)
    if args.untimed:
        return
    for name, (_, _, seeds) in rows.items():
        for seed in range(seeds):
            bench.time(name, seed)
    results = bench.whole()
    text = table(bench.rows(), results) + "\n" + pairs(results)
    (bench.out / "table.md").write_text(text)
    (bench.out / "compression.svg").write_text(chart(results))
    print(text, end="")
    if args.docs:
        before, rest = args.docs.read_text().split(BEGIN)
        args.docs.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{rest.split(END)[1]}")
        (args.docs.parent / "pictures" / "compression.svg").write_text((bench.out / "compression.svg").read_text())


if __name__ == "__main__":
    main()
