"""Random sets of pictures with objects and detections, made to meet every rule of COCO's matching:
ties of scores and of overlaps, overlaps that are an IoU threshold, areas that are a limit of an
area range, crowds, ignored objects, empty pictures, classes without objects or detections.

A set is a dict: name, classes, pictures; a picture is a dict of two lists of rows:
  objects     (x, y, width, height, area, class, crowd, ignore)    doubles
  detections  (x1, y1, x2, y2, score, class)                       floats
"""

import numpy as np

DEFAULTS = {
    "pictures": 12, "classes": 4, "objects": 6, "detections": 12, "levels": 20,
    "crowd": 0.1, "ignore": 0.1, "empty": 0.15, "grid": 2.0,
    "odd_areas": 0.3,  # share of objects whose area is not that of their box
    "exact": False,    # `objects` a picture, not up to that many
}
SIDES = ((4, 31), (32, 32), (33, 95), (96, 96), (97, 400))


def snap(value, options):
    """On a grid of 1 / options["grid"] pixels; 0: anywhere."""
    grid = options["grid"]
    return round(float(value) * grid) / grid if grid else float(value)


def make_object(rng, options, classes):
    low, high = SIDES[rng.integers(len(SIDES))]
    width, height = (snap(rng.uniform(low, high), options) for _ in range(2))
    if rng.random() < 0.2:
        height = width  # 32 x 32, 96 x 96
    crowd = rng.random() < options["crowd"]
    if crowd:
        width, height = 2 * width, 2 * height
    area = width * height
    if rng.random() < options["odd_areas"]:
        area = area * 0.6 if rng.random() < 0.7 else float(rng.choice([1024, 9216, 0, 1e10, 2e10]))
    x, y = (snap(rng.uniform(0, 500), options) for _ in range(2))
    return [x, y, width, height, area, int(rng.choice(classes)), int(crowd),
            int(rng.random() < options["ignore"])]


def make_objects(rng, options, classes):
    out = []
    if rng.random() < options["empty"]:
        return out
    for _ in range(options["objects"] if options["exact"] else rng.integers(options["objects"] + 1)):
        if out and rng.random() < 0.15:
            twin = list(out[rng.integers(len(out))])  # equal overlaps
            if rng.random() < 0.5:
                twin[0] += snap(2, options)
            out.append(twin)
        else:
            out.append(make_object(rng, options, classes))
    return out


def near(rng, options, thing):
    """A box that overlaps the object's a lot, often by exactly k/20."""
    x, y, width, height = thing[:4]
    kind = rng.random()
    if kind < 0.15:
        return x, y, x + width, y + height
    if kind < 0.4:
        return x, y, x + width * int(rng.integers(9, 21)) / 20, y + height
    shift = rng.choice([0.03, 0.1, 0.25])
    dx, dy, dw, dh = rng.normal(0, shift, 4)
    left, top = snap(x + dx * width, options), snap(y + dy * height, options)
    return left, top, left + abs(snap(width * (1 + dw), options)), top + abs(snap(height * (1 + dh), options))


def make_detections(rng, options, objects, classes):
    out = []
    if rng.random() < options["empty"]:
        return out
    for _ in range(rng.integers(options["detections"] + 1)):
        of_class = int(rng.choice(classes))
        if objects and rng.random() < 0.75:
            thing = objects[rng.integers(len(objects))]
            box = near(rng, options, thing)
            of_class = thing[5] if rng.random() < 0.8 else of_class
        else:
            row = make_object(rng, options, classes)
            box = row[0], row[1], row[0] + row[2], row[1] + row[3]
        levels = options["levels"]
        score = rng.integers(levels + 1) / levels if levels else rng.random() ** 3
        out.append([*map(np.float32, box), np.float32(score), of_class])
    return out


def make_set(rng, name, **changes):
    options = DEFAULTS | changes
    count = options["classes"]
    # Some classes are in the truth only, some only detected, some neither.
    there = np.flatnonzero(rng.random(count) < 0.85) if count > 1 else np.arange(1)
    seen = np.flatnonzero(rng.random(count) < 0.85) if count > 1 else np.arange(1)
    there, seen = (some if len(some) else np.arange(count) for some in (there, seen))
    pictures = []
    for _ in range(options["pictures"]):
        objects = make_objects(rng, options, there)
        pictures.append({"objects": objects, "detections": make_detections(rng, options, objects, seen)})
    return {"name": name, "classes": count, "pictures": pictures}


def any_set(rng, name):
    """Random in its options, too."""
    return make_set(
        rng, name,
        pictures=int(rng.integers(1, 40)), classes=int(rng.choice([1, 2, 5, 20, 80])),
        objects=int(rng.choice([0, 1, 6, 20])), detections=int(rng.choice([0, 3, 20, 150])),
        levels=int(rng.choice([0, 2, 10, 1000])), crowd=float(rng.choice([0, 0.1, 0.5])),
        ignore=float(rng.choice([0, 0.1, 0.5])), empty=float(rng.choice([0, 0.2, 0.6])),
        grid=float(rng.choice([0, 1, 2, 10])))


def write_set(one, file):
    """set NAME CLASSES PICTURES, then for each picture its numbers of objects and detections and
    their rows. Every number in the shortest form that reads back to the same bits."""
    print("set", one["name"], one["classes"], len(one["pictures"]), file=file)
    for picture in one["pictures"]:
        print(len(picture["objects"]), len(picture["detections"]), file=file)
        for row in picture["objects"]:
            print(*(repr(float(v)).removesuffix(".0") for v in row), file=file)
        for row in picture["detections"]:
            print(*(str(v).removesuffix(".0") for v in row), file=file)


def read_sets(path):
    """The sets that write_set() wrote to a file."""
    with open(path) as file:
        words = iter(file.read().split())
    sets = []
    for word in words:
        assert word == "set", word
        one = {"name": next(words), "classes": int(next(words)), "pictures": []}
        for _ in range(int(next(words))):
            objects, detections = int(next(words)), int(next(words))
            kinds = [float] * 5 + [int] * 3, [np.float32] * 5 + [int]
            rows = [[[kind(next(words)) for kind in row] for _ in range(count)]
                    for row, count in zip(kinds, (objects, detections))]
            one["pictures"].append(dict(zip(("objects", "detections"), rows)))
        sets.append(one)
    return sets
