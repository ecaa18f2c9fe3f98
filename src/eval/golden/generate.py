"""Golden numbers of COCO's scores, from pycocotools.

    python3 generate.py                                 (numpy, pycocotools)
    python3 generate.py --random 40 --seed 7 --out DIR

Writes sets.txt (random_sets.py: write_set), scores.txt (oracle.py: write_scores) and overlaps.txt
(write_overlaps): of the sets that are stored beside this file, or of --random ones of any kind.
"""

import argparse
import pathlib

import numpy as np
from pycocotools import mask

import oracle
import random_sets

STORED = {
    "mixed": {},
    "one_class": {"classes": 1},
    "ties": {"levels": 2, "classes": 2},
    "distinct": {"levels": 0, "grid": 0, "pictures": 8},
    "crowds": {"crowd": 0.6, "ignore": 0},
    "ignored": {"crowd": 0, "ignore": 0.5},
    "tenths": {"grid": 10},
    "over_100": {"pictures": 2, "classes": 1, "objects": 30, "detections": 300, "empty": 0},
    # Recalls of twentieths, some of which fall between 0.01 * i and i / 100.
    "twenty": {"pictures": 4, "classes": 1, "objects": 5, "exact": True, "detections": 40, "crowd": 0, "ignore": 0,
               "empty": 0, "odd_areas": 0},
    "80_classes": {"classes": 80, "pictures": 30},
    "no_detections": {"detections": 0, "pictures": 3},
    "no_objects": {"objects": 0, "pictures": 3},
    "no_pictures": {"pictures": 0},
    "all_empty": {"empty": 1, "pictures": 2},
}


def stored_sets():
    for number, (name, options) in enumerate(STORED.items()):
        yield random_sets.make_set(np.random.default_rng(number), name, **options)


def any_sets(seed, count):
    for number in range(count):
        yield random_sets.any_set(np.random.default_rng([seed, number]), f"{seed}_{number}")


def write_overlaps(rng, count, file):
    """Pairs of boxes, x y width height each, whether the second is a crowd, and their overlap."""
    for number in range(count):
        first, second = rng.uniform(0, 100, (2, 4)).round(number % 4).tolist()
        crowd = int(rng.random() < 0.2)
        print(*first, *second, crowd, mask.iou([first], [second], [crowd]).item(), file=file)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--random", type=int, metavar="COUNT")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    args = parser.parse_args()
    sets = stored_sets() if args.random is None else any_sets(args.seed, args.random)
    with open(args.out / "sets.txt", "w") as inputs, open(args.out / "scores.txt", "w") as outputs:
        for one in sets:
            random_sets.write_set(one, inputs)
            oracle.write_scores(one, outputs)
    with open(args.out / "overlaps.txt", "w") as file:
        write_overlaps(np.random.default_rng(args.seed), 200, file)


if __name__ == "__main__":
    main()
