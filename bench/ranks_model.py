#!/usr/bin/env python3
"""What a step over ranks costs, from measured steps of two: bench/ranks_model.py ROWS

ROWS: lines of `bench/ranks.sh link` ("1gbit 2ms 12.3 images/s", "-" for no limit), of one network and batch:
  --parameters N   that are learned (4 bytes each are sent)
  --norms N        batch norms
  --batch N        pictures of a rank
  --alone X        images/s of one process with one thread, the same batch

Model, with R ranks on links of bandwidth w and delay d each way, hops(R) = 2 (R - 1) of a ring:
  step(R) = one + base + sums hops(R) (d + own) share + max(0, 2 (R - 1) / R bytes / w - hidden)
    sums    2 norms + 4, one after the other: batch norms forward and back, 2 of the loss, report, decision
    own     of a hop without delay, from the step of two ranks on the fastest link
    share   and hidden, what goes beside backward, are fitted
"""
import argparse
import sys

BITS = {"kbit": 1e3, "mbit": 1e6, "gbit": 1e9}


def rate_of(text):
    return float("inf") if text == "-" else float(text[:-4]) * BITS[text[-4:]] / 8


def delay_of(text):
    return 0.0 if text == "-" else float(text[:-2]) * 1e-3


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("rows", nargs="?")
    parser.add_argument("--parameters", type=float, required=True)
    parser.add_argument("--norms", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--alone", type=float, required=True)
    o = parser.parse_args()
    rows = []
    for line in open(o.rows) if o.rows else sys.stdin:
        words = line.split()
        if len(words) >= 3:
            rows.append((rate_of(words[0]), delay_of(words[1]), 2 * o.batch / float(words[2])))
    sums, size, one = 2 * o.norms + 4, 4 * o.parameters, o.batch / o.alone
    fastest = [t for w, d, t in rows if w == float("inf") and d == 0]
    delayed = [(d, t) for w, d, t in rows if w == float("inf") and d > 0]
    slowed = [(w, t) for w, d, t in rows if w < float("inf") and d == 0]
    if not fastest or not delayed or not slowed:
        sys.exit("rows without limits, with a delay alone and with a rate alone are needed")
    two = sum(fastest) / len(fastest)
    own = max(0.0, two - one) / (2 * sums)
    share = sum((t - two) / (2 * sums * d) for d, t in delayed) / len(delayed)
    hidden = sum(size / w - (t - two) for w, t in slowed if t > 1.02 * two)
    hidden = max(0.0, hidden / max(1, sum(t > 1.02 * two for w, t in slowed)))

    def step(ranks, w, d):
        hops = 2 * (ranks - 1)
        sent = size * hops / ranks / w
        return one + sums * hops * (own + d * share) + max(0.0, sent - hidden)

    print(f"one process {one:.3f} s a step, two {two:.3f}; {sums} sums of {own * 1e6:.0f} us a hop, "
          f"{share:.2f} of a delay; {size / 1e6:.1f} MB, {hidden * 1e3:.0f} ms of them hidden")
    print("measured and model, s a step:")
    for w, d, t in rows:
        print(f"  {w * 8e-6:8.0f} Mbit/s {d * 1e3:5.1f} ms  {t:.3f}  {step(2, w, d):.3f}")

    def pictures(ranks, w, d):
        return ranks * o.batch / step(ranks, w, d) if ranks > 1 else o.alone

    links = [("100 Mbit/s, 0.5 ms", 12.5e6, 5e-4), ("1 Gbit/s, 0.1 ms", 125e6, 1e-4),
             ("10 Gbit/s, 0.05 ms", 1.25e9, 5e-5), ("25 Gbit/s, 0.02 ms", 3.125e9, 2e-5)]
    counts = [2, 4, 8, 16, 32, 64]
    print("times as many images/s as one process:")
    for name, w, d in links:
        print(f"  {name:20}", *(f"{pictures(r, w, d) / o.alone:6.1f}" for r in counts))
    print("the last rank that adds at least half of what one alone makes (of 64):")
    for name, w, d in links:
        paying = [r for r in range(2, 65)
                  if pictures(r, w, d) - pictures(r - 1, w, d) >= o.alone / 2]
        print(f"  {name:20} {max(paying, default=1)}")
    print("least Mbit/s at which rank R still does, with delays of 0.02 and 0.1 ms:")
    for r in counts:
        least = []
        for d in (2e-5, 1e-4):
            found = [w for w in (12.5e4 * 1.1 ** k for k in range(160))
                     if pictures(r, w, d) - pictures(r - 1, w, d) >= o.alone / 2]
            least.append(f"{found[0] * 8e-6:8.0f}" if found else "   never")
        print(f"  {r:3d}", *least)


if __name__ == "__main__":
    main()
