#!/usr/bin/env python3
"""What a step over ranks costs, from measured ones: bench/ranks_model.py bench/ranks_rows.txt

ROWS: lines of `bench/ranks.sh link` and `alone` ("2 1gbit 0.5ms 1.07", seconds a step), all of one
network, each core with as many pictures a step:
  --parameters N   that are learned (4 bytes each are sent)
  --norms N        batch norms
  --pictures N     of a rank, in what is computed for other numbers of ranks (8)
  --faster X       hosts compute X times as fast as one core here (1)

Model, of R ranks on links of bandwidth w and delay d each way; small sums have log2(R) rounds, and two
more where R is no power of two; gradients go around a ring of 2 (R - 1) hops:
  step(R) = one + wait + late + max(0, sent - hidden - late / 2)
    one     of processes that do not know of each other (alone)
    wait    for each other, of two ranks whose links limit nothing
    late    = sums rounds turns d; sums = 2 norms + 4, one after the other: batch norms forward and
            back, 2 of the loss, report, decision; turns: delays a round
    sent    = 2 (R - 1) / R bytes / w
    hidden  of it beside what backward computes; half of the sums are backward's, too
wait, turns and hidden come from rows of two ranks with no limit, with a delay alone, with a rate alone.
All other rows (both, more ranks) are not used: they say how far the model is off.
"""
import argparse
import sys

BITS = {"kbit": 1e3, "mbit": 1e6, "gbit": 1e9}
COUNTS = [2, 4, 8, 16, 32, 64]


def rate_of(text):
    return float("inf") if text in ("-", "wire") else float(text[:-4]) * BITS[text[-4:]] / 8


def delay_of(text):
    return 0.0 if text == "-" else float(text[:-2]) * 1e-3


def median(values):
    values = sorted(values)
    return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2


# Of the line through the points.
def slope(points):
    n = len(points)
    mx, my = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    return sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) ** 2 for x, _ in points)


def rounds(ranks):
    whole = ranks.bit_length() - 1
    return whole + (2 if ranks > 1 << whole else 0)


class Model:
    def __init__(self, rows, alone, sums, size):
        self.one, self.sums, self.size = median(alone), sums, size
        free, late, slow = [], [], []
        for row in rows:
            ranks, w, d, _ = row
            if ranks == 2 and not (w < float("inf") and d > 0):
                (late if d > 0 else slow if w < float("inf") else free).append(row)
        if not free or len({r[2] for r in late}) < 2 or not slow:
            sys.exit("rows of 2 ranks are needed: without limits, with two delays, with a rate")
        base = median([t for *_, t in free])
        self.wait = max(0.0, base - self.one)
        self.turns = slope([(d, t) for _, _, d, t in late]) / sums
        self.hidden = max(0.0, median([size / w - (t - base) for _, w, _, t in slow]))
        self.fitted = free + late + slow

    # `one`: seconds of a rank's own work; what goes with it is a share of it.
    def step(self, ranks, w, d, one=None):
        share = 1 if one is None else one / self.one
        if ranks == 1:
            return self.one * share
        late = self.sums * rounds(ranks) * self.turns * d
        sent = self.size * 2 * (ranks - 1) / ranks / w
        return (self.one + self.wait) * share + late + max(0.0, sent - self.hidden * share - late / 2)


def show_rows(model, rows):
    print(f"one process {model.one:.3f} s a step, {model.wait:.3f} s of waiting for each other; {model.sums} sums of "
          f"{model.turns:.2f} delays a round; {model.size / 1e6:.1f} MB, {1e3 * model.hidden:.0f} ms of their way hidden")
    print("ranks   Mbit/s    ms  measured  model")
    for row in sorted(rows, key=lambda r: (r not in model.fitted, r)):
        ranks, w, d, t = row
        expected = model.step(ranks, w, d)
        rate = "-" if w == float("inf") else f"{w * 8e-6:.0f}"
        used = "fitted" if row in model.fitted else f"not used: {100 * (expected / t - 1):+.1f} %"
        print(f"{ranks:5d} {rate:>8} {d * 1e3:5.1f} {t:9.3f} {expected:6.3f}  {used}")


# The least rate at which rank R adds at least half of what one alone does.
def least_rate(model, ranks, d, one, pictures):
    for k in range(140):
        w = 1e6 / 8 * 1.1 ** k
        gained = ranks * pictures / model.step(ranks, w, d, one)
        before = (ranks - 1) * pictures / model.step(ranks - 1, w, d, one)
        if gained - before >= pictures / one / 2:
            rate = w * 8e-6
            return f"{rate:.0f}" if rate < 100 else f"{round(rate, -1):.0f}"
    return "never"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("rows")
    parser.add_argument("--parameters", type=float, required=True)
    parser.add_argument("--norms", type=int, required=True)
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--faster", type=float, default=1)
    o = parser.parse_args()
    rows, alone = [], []
    for line in open(o.rows):
        words = line.split()
        if len(words) != 4 or words[0].startswith("#"):
            continue
        if words[0] == "alone":
            alone.append(float(words[3]))
        elif words[1] != "wire":
            rows.append((int(words[0]), rate_of(words[1]), delay_of(words[2]), float(words[3])))
    if not alone:
        sys.exit("a row of `alone` is needed")
    model = Model(rows, alone, 2 * o.norms + 4, 4 * o.parameters)
    show_rows(model, rows)
    one = model.one * o.pictures / 8 / o.faster
    delays = [2e-5, 1e-4, 5e-4]
    print(f"\nranks of {o.pictures} pictures a step, {o.pictures / one:.1f} images/s alone: the least Mbit/s at which"
          "\nthe last one adds half of that, and times as many images/s at 10 Gbit/s; delays each way:")
    print("ranks" + "".join(f"{d * 1e3:10.2f} ms  (times)" for d in delays))
    for ranks in COUNTS:
        cells = [f"{least_rate(model, ranks, d, one, o.pictures):>13}"
                 f"{ranks * one / model.step(ranks, 1.25e9, d, one):9.1f}" for d in delays]
        print(f"{ranks:5d}" + "".join(cells))


if __name__ == "__main__":
    main()
