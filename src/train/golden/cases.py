"""The cases of losses.json: heads, sizes, seeds and objects (picture, class, left, top, right, bottom)."""

BATCH, HEIGHT, WIDTH = 3, 128, 256

# Nothing in picture 1; overlapping, at two borders, one smaller than a cell.
MIXED = [[2, 1, 10.25, 8.5, 60.5, 50.75], [0, 3, 3.25, 5.5, 41.5, 37.25], [0, 0, 20.5, 10.25, 70.75, 60.5],
         [0, 3, 22.5, 12.25, 66.5, 50.25], [2, 2, 81.25, 33.5, 85.75, 36.5], [2, 1, 200.5, 0, 256, 40.25],
         [2, 0, 0, 90.5, 30.25, 128]]
# One place that eight want, large and small ones.
CROWDED = [[0, i % 4, 60.25 + 2 * i, 30.5 + 1.5 * i, 110.5 + 2.75 * i, 84.25 + 1.25 * i] for i in range(8)]
HEAP = [[n, i % 4, 100.25 + i * 7 % 16 + 8 * n, 40.5 + i * 5 % 14, 118.5 + i * 7 % 16 + i * 11 % 23 + 8 * n,
         58.25 + i * 5 % 14 + i * 13 % 21] for n in (0, 2) for i in range(24)]
TINY = [[n, i % 4, 9.5 + 21.25 * i, 11.75 + 10.5 * i, 13.25 + 21.75 * i, 16.5 + 10.75 * i] for n in (0, 2) for i in range(8)]
# Centres in the middle and on the borders of cells of 8, 16 and 32 pixels, and at the middle of the first one.
CENTRED = [[0, 0, 8, 8, 40, 40], [0, 1, 44, 20, 76, 60], [1, 2, 96, 64, 128, 96], [1, 3, 0, 0, 16, 16], [2, 0, 120, 8, 136, 40],
           [2, 1, 236, 100, 256, 128], [2, 2, 4, 4, 12, 12], [2, 3, 244, 116, 252, 124]]
# Each fits anchors of one scale alone of the Darknet head below, with its centre in the middle of a cell there.
IN_MIDDLES = [[0, 0, 18, 17, 30, 31], [0, 1, 18.5, 15, 29.5, 33], [1, 2, 25, 2, 135, 94], [2, 1, 225, 110, 239, 130],
              [2, 0, -4, 0, 100, 96], [2, 2, -3, 2, 99, 94]]


def with_class(objects, label):
    return [[picture, label, *box] for picture, _, *box in objects]


def style(channels, spread=2.0, shift=0.0, tilt=0.0, period=1):
    return {"channels": channels, "spread": spread, "shift": shift, "tilt": tilt, "period": period}


def case(name, kind, objects, maps, classes, **more):
    return {"name": name, "kind": kind, "classes": classes, "batch": BATCH, "height": HEIGHT, "width": WIDTH,
            "strides": [8, 16, 32], "seed": 100 + 16 * len(name), "maps": maps, "objects": objects, **more}


def anchor_free(name, objects, rule="many", classes=4, reg_max=16, **more):
    small = objects is TINY
    box = style(4 * reg_max, 2.0, 0, -1.5 if small else -0.375, reg_max)
    if reg_max == 1:
        box = style(4, 0.25, 0.375) if small else style(4, 2.5, 3)
    return case(name, "anchor_free", objects, [box, style(classes)], classes, reg_max=reg_max, rule=rule, **more)


# No two of them at one place of a map.
APART = [[0, 1, 10.25, 8.5, 60.5, 50.75], [0, 3, 150.5, 70.25, 186.25, 108.5], [0, 0, 200.25, 4.5, 214.5, 25.75],
         [2, 2, 81.25, 33.5, 95.75, 47.5], [2, 1, 170.5, 0, 256, 90.25], [2, 0, 0, 66.5, 30.25, 128]]
ANCHORS_V7 = [12, 16, 19, 36, 40, 28, 36, 75, 76, 55, 72, 146, 142, 110, 192, 243, 459, 401]

ANCHORS = [10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326]


def anchor(name, objects, classes=4, anchors=ANCHORS, **more):
    return case(name, "anchor", objects, [style(3 * (5 + classes))], classes, anchors=anchors, **more)


def darknet(name, objects, scale_xy):
    return case(name, "darknet", objects, [style(2 * 8, 1.25)], 3, strides=[32, 16], scale_xy=scale_xy,
                anchors=[100, 80, 60, 110, 10, 14, 20, 18])


def yolox(name, objects, classes=4, late=False):
    return case(name, "yolox", objects, [style(4, 1.0, 1.0), style(1), style(classes)], classes, late=late)


def pair(name, rule, reg_max, epoch, epochs):
    """Two heads on maps of their own, as YOLOv10 and YOLO26 are trained; those of the one-to-many head: seed + 64."""
    objects = [[0, 1, 10.25, 8.5, 60.5, 50.75], [0, 3, 22.5, 12.25, 66.5, 50.25], [2, 2, 81.25, 33.5, 95.75, 47.5],
               [2, 0, 80, 2.5, 128, 40.25]]
    one = anchor_free(name, objects, rule=rule, reg_max=reg_max)
    return {**one, "height": 64, "width": 128, "strides": [8, 16], "epoch": epoch, "epochs": epochs}


PAIRS = [pair("v10", "v10", 8, 5, 60), pair("v26_first", "v26", 1, 0, 60), pair("v26_later", "v26", 1, 41, 60),
         pair("v26_last", "v26", 1, 59, 60)]

CASES = [
    *[make(f"{family}_{name}", objects, classes=classes)
      for family, make in (("v8", anchor_free), ("v5", anchor), ("yolox", yolox))
      for name, objects, classes in (("mixed", MIXED, 4), ("crowded", CROWDED, 4), ("heap", HEAP, 4), ("tiny", TINY, 4),
                                     ("centred", CENTRED, 4), ("empty", [], 4), ("same_class", with_class(MIXED, 2), 4),
                                     ("one_class", with_class(MIXED, 0), 1))],
    *[anchor(f"v7_{name}", objects, classes, ANCHORS_V7, original="yolov7")
      for name, objects, classes in (("apart", APART, 4), ("one_class", with_class(APART, 0), 1), ("empty", [], 4))],
    anchor_free("v8_few_bins", MIXED, reg_max=8),
    anchor_free("v8_two_scales", TINY, strides=[16, 32]),
    anchor_free("v8_weighted", MIXED, class_weights=[0.5, 2.0, 1.0, 0.25]),
    *[anchor_free(f"v10_one_{name}", objects, rule="v10")
      for name, objects in (("mixed", MIXED), ("crowded", CROWDED), ("heap", HEAP), ("tiny", TINY))],
    *[anchor_free(f"v26_many_{name}", objects, reg_max=1) for name, objects in (("mixed", MIXED), ("crowded", CROWDED))],
    *[anchor_free(f"v26_one_{name}", objects, rule="v26", reg_max=1)
      for name, objects in (("mixed", MIXED), ("heap", HEAP), ("tiny", TINY))],
    darknet("darknet_middles", IN_MIDDLES, [1, 1]),
    darknet("darknet_spread", with_class(MIXED, 1), [2, 2]),
    *[yolox(f"yolox_late_{name}", objects, late=True) for name, objects in (("mixed", MIXED), ("heap", HEAP))],
]
