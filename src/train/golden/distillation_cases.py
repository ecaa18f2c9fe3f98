"""The cases of distillation.json: what student and teacher say, by their heads, sizes and seeds (inputs.py)."""
from cases import style

TEMPERATURES = [1, 2]


def head(kind, classes, strides, maps, **more):
    return {"kind": kind, "classes": classes, "batch": 2, "height": 64, "width": 96, "strides": strides, "maps": maps, **more}


def bins(classes, strides, reg_max, shift=-2.0):
    """Distances of some 2 cells, and scores on both sides of 0.1."""
    box = style(4 * reg_max, 2.0, 0, -0.5, reg_max) if reg_max > 1 else style(4, 1.25, 2)
    return head("anchor_free", classes, strides, [box, style(classes, 3.0, shift)], reg_max=reg_max)


def yolox(classes, strides):
    return head("yolox", classes, strides, [style(4, 0.75, 0.75), style(1, 2.0), style(classes, 2.0)])


def anchors(kind, classes, strides, count):
    """Anchors of 1.5 to 4 cells of their scale, each of another shape."""
    sides = [side for s in strides for side in (2 * s, 1.5 * s, 3 * s, 3 * s, 2 * s, 4 * s)[: 2 * count]]
    return head(kind, classes, strides, [style(count * (5 + classes), 1.25)], anchors=sides, scale_xy=[1.25] * len(strides))


def taught(name, student, teacher, classes=((0, 2), (2, 1))):
    return {"name": name, "student": {**student, "seed": 500 + 16 * len(name)},
            "teacher": {**teacher, "seed": 900 + 16 * len(name)}, "classes": classes}


RESPONSE = [
    taught("bins_to_bins", bins(3, [16, 32], 8), bins(4, [8, 16, 32], 8)),
    taught("bins_to_others", bins(3, [16, 32], 8), bins(4, [32, 16], 16)),
    taught("bins_to_distances", bins(3, [16, 32], 1), bins(4, [16, 32], 8)),
    taught("bins_to_yolox", yolox(3, [8, 16]), bins(4, [8, 16, 32], 8)),
    taught("yolox_to_bins", bins(3, [16], 16), yolox(4, [16])),
    taught("anchors_to_the_same", anchors("darknet", 3, [32, 16], 3), anchors("anchor", 4, [32, 16], 3)),
    taught("anchors_to_fewer", anchors("anchor", 3, [16, 32], 2), anchors("darknet", 4, [16, 32], 3)),
    taught("bins_to_anchors", anchors("darknet", 3, [16], 3), bins(4, [16], 8)),
    taught("anchors_to_bins", bins(3, [16], 8), anchors("anchor", 4, [16], 3)),
    # Sure of so little that places are worth less than 1 together, and of nothing.
    taught("nearly_nothing", bins(3, [32], 8), bins(4, [32], 8, -3.5), [[0, 0]]),
    taught("nothing", bins(3, [32], 1), bins(4, [32], 8, -9.0)),
]


def maps(name, channels, height, width, **more):
    """What both heads read, of one scale."""
    size = {"batch": 2, "height": height, "width": width, "strides": [1]}
    return {"name": name, "student": {**size, "seed": 1300 + 16 * len(name), "maps": [style(channels, 3.0, 0.5, 0.25, 3)]},
            "teacher": {**size, "seed": 1700 + 16 * len(name), "maps": [style(channels, 4.0, -1.0, 0.5, 2)]}, **more}


FEATURE = [maps("map", 5, 4, 6), maps("one_channel", 1, 7, 3), maps("one_place", 3, 1, 1)]
MASKED = [maps("map", 4, 5, 6, generator=2100, mask=2200), maps("one_channel", 1, 7, 3, generator=2300, mask=2400)]
