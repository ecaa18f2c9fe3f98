#!/usr/bin/env python3
"""Writes distillation.json: what others' code says of the losses of distillation, with their gradients.

    generate_distillation.py ORIGINALS > distillation.json

Needs what generate.py does, torchvision, and in ORIGINALS

    pip install --no-deps --target ORIGINALS mmrazor==1.0.0

of which come CWD and MGD. Boxes are those that Ultralytics, YOLOX and YOLOv5 make of raw maps, divergences those of
torch.distributions, CIoU torchvision's. What no original has is what these are summed with: the formulas of
../distill_loss.h, once more here. ../golden_distillation_test.cpp reads the file and compares.
"""
import functools
import importlib
import importlib.metadata
import importlib.util
import json
import sys
import types
import unittest.mock

import torch
import torchvision.ops
from torch.distributions import Bernoulli, Categorical, kl_divergence

import distillation_cases as cases
import generate
import inputs
from generate import gradients_of, maps_of, number

WORTH_IT = 0.1  # the least score of a teacher that a place counts for


def by_ultralytics(head, maps, scale):
    """(logits (N, 1, P, C), boxes (N, 1, P, 4) in pixels, bins (N, P, 4, B) or None)."""
    from ultralytics.utils import loss
    box, scores = maps[2 * scale : 2 * scale + 2]
    points, strides = loss.make_anchors([box], [head["strides"][scale]])
    rows = box.flatten(2).transpose(1, 2)
    boxes = loss.v8DetectionLoss(generate.ultralytics_model(head)).bbox_decode(points, rows) * strides
    bins = rows.unflatten(2, (4, head["reg_max"])) if head["reg_max"] > 1 else None
    return scores.flatten(2).transpose(1, 2).unsqueeze(1), boxes.unsqueeze(1), bins


def with_objectness(rows):
    """Of (..., 5 + C): centre, sides, and what is certain from 0 to 1."""
    return torch.logit(rows[..., 4:5] * rows[..., 5:]), torchvision.ops.box_convert(rows[..., :4], "cxcywh", "xyxy"), None


def by_yolox(head, maps, scale):
    from yolox.models.yolo_head import YOLOXHead
    original = YOLOXHead(head["classes"])
    box, objectness, scores = maps[3 * scale : 3 * scale + 3]
    original.hw, original.strides = [box.shape[2:]], [head["strides"][scale]]
    rows = torch.cat([box, objectness.sigmoid(), scores.sigmoid()], 1).flatten(2).transpose(1, 2)
    return with_objectness(original.decode_outputs(rows, box.type()).unsqueeze(1))


def by_yolov5(head, maps, scale):
    """Anchor by anchor; Darknet's values in YOLOv5's coding."""
    from yolov5.models.yolo import Detect
    count = len(head["anchors"]) // (2 * len(head["strides"]))
    stride, sides = head["strides"][scale], head["anchors"][2 * count * scale :][: 2 * count]
    original = Detect(head["classes"], [[side / stride for side in sides]], []).eval()
    original.m, original.stride = torch.nn.ModuleList([torch.nn.Identity()]), torch.tensor([stride])
    x = maps[scale]
    if head["kind"] == "darknet":
        rows = x.unflatten(1, (count, -1)).movedim(2, -1)
        x = generate.in_yolov5s_coding(rows, head["scale_xy"][scale]).movedim(-1, 2).flatten(1, 2)
    return with_objectness(original([x])[0].unflatten(1, (count, -1)))


BY_KIND = {"anchor_free": by_ultralytics, "yolox": by_yolox, "anchor": by_yolov5, "darknet": by_yolov5}


def with_room(values, dim):
    """The index of the largest, which must not hang on rounding."""
    if values.shape[dim] > 1:
        first, second = values.topk(2, dim).values.unbind(dim)
        assert (first - second).min() > 1e-6
    return values.argmax(dim, keepdim=True)


def surest(scores, boxes):
    anchor = with_room(scores.amax(3), 1).unsqueeze(3)
    return torch.take_along_dim(scores, anchor, 1), torch.take_along_dim(boxes, anchor, 1)


def overlaps(a, b):
    """(N, K, P) of boxes (N, K, P, 4) with (N, 1, P, 4)."""
    rows = [torchvision.ops.box_iou(a[n, :, p], b[n, :, p])[:, 0] for n in range(a.shape[0]) for p in range(a.shape[2])]
    return torch.stack(rows).unflatten(0, (a.shape[0], a.shape[2])).transpose(1, 2)


def of_scale(case, own, other, temperature):
    """Sums of one scale: divergence of classes, (weight, sum of boxes), worth."""
    (logits, boxes, bins), (scores, expected, taught_bins) = own, other
    columns = [list(column) for column in zip(*case["classes"])]
    logits, scores = logits[..., columns[0]], scores[..., columns[1]]
    share = best = torch.ones(logits.shape[:3])
    if case["student"].get("anchors") != case["teacher"].get("anchors"):
        scores, expected = surest(scores, expected)
        overlap = overlaps(boxes.detach(), expected)
        assert overlap.amax(1).min() > 0
        best = torch.zeros_like(overlap).scatter(1, with_room(overlap, 1), 1.0)
        share = overlap / overlap.amax(1, keepdim=True)
    most = scores.sigmoid().amax(3)
    worth = torch.where(most < WORTH_IT, 0.0, most) * best
    wanted = (scores / temperature).sigmoid() * share.unsqueeze(3)
    classes = kl_divergence(Bernoulli(wanted), Bernoulli(logits=logits / temperature))
    if bins is not None and taught_bins is not None and bins.shape == taught_bins.shape:
        apart = kl_divergence(Categorical(logits=taught_bins / temperature), Categorical(logits=bins / temperature)).mean(2)
        return classes.sum(), 1.5 * temperature**2 * (apart.unsqueeze(1) * worth).sum(), worth.sum()
    apart = torchvision.ops.complete_box_iou_loss(boxes, expected.expand_as(boxes))
    return classes.sum(), 7.5 * (apart * worth).sum(), worth.sum()


def response(case, temperature):
    student, teacher = case["student"], case["teacher"]
    maps, taught = maps_of(student), [m.detach() for m in maps_of(teacher)]
    sums = []
    for own, stride in enumerate(student["strides"]):
        if stride in teacher["strides"]:
            sums.append(of_scale(case, BY_KIND[student["kind"]](student, maps, own),
                                 BY_KIND[teacher["kind"]](teacher, taught, teacher["strides"].index(stride)), temperature))
    classes, box, worth = (sum(column) for column in zip(*sums))
    classes, box = 0.5 * temperature**2 * classes / max(1, worth), box / max(1, worth)
    (classes + box).backward()
    for m in maps:  # of a scale that the teacher lacks, or of boxes where nothing is worth it
        m.grad = torch.zeros_like(m) if m.grad is None else m.grad
    return {"temperature": temperature, "classes": number(classes.detach()), "box": number(box.detach()),
            "worth": number(worth), "gradients": gradients_of(maps)}


@functools.cache
def mmrazor(module):
    """A file of MMRazor's as it is, without the packages around it: they would want all of OpenMMLab."""
    root = importlib.util.find_spec("mmrazor").submodule_search_locations[0]
    bare = {name: types.ModuleType(name)
            for name in ("mmrazor", "mmrazor.models", "mmrazor.models.losses", "mmrazor.models.architectures",
                         "mmrazor.models.architectures.connectors", "mmrazor.registry", "mmengine", "mmengine.model")}
    for name, package in bare.items():
        package.__path__ = [root + name.removeprefix("mmrazor").replace(".", "/")]

    class BaseModule(torch.nn.Module):
        def __init__(self, init_cfg=None):
            super().__init__()

    bare["mmrazor.registry"].MODELS = types.SimpleNamespace(register_module=lambda: lambda original: original)
    bare["mmengine.model"].BaseModule = BaseModule
    with unittest.mock.patch.dict(sys.modules, bare):
        return importlib.import_module("mmrazor.models." + module)


def both(case):
    return maps_of(case["student"])[0], maps_of(case["teacher"])[0].detach()


def feature(case, temperature):
    student, teacher = both(case)
    total = mmrazor("losses.cwd").ChannelWiseDivergence(tau=temperature)(student, teacher)
    total.backward()
    return {"temperature": temperature, "value": number(total.detach()), "gradients": gradients_of([student])}


def masked(case):
    """Gradients of the student's map, then of the generator's weights and biases."""
    student, teacher = both(case)
    connector = mmrazor("architectures.connectors.mgd_connector").MGDConnector(student.shape[1], student.shape[1])
    generator = list(connector.generation.parameters())
    for i, parameter in enumerate(generator):
        parameter.data = 0.5 * torch.tensor(inputs.noise(case["generator"] + i, parameter.numel())).view(parameter.shape)

    def drawn(shape):  # from 0 to 1, the places where it says which are masked
        return (torch.tensor(inputs.noise(case["mask"], torch.Size(shape).numel())).view(shape) + 1) / 2

    with unittest.mock.patch("torch.rand", drawn):
        made = connector(student)
    total = mmrazor("losses.mgd_loss").MGDLoss()(made, teacher)
    total.backward()
    return {"value": number(total.detach()), "gradients": gradients_of([student, *generator])}


def main():
    names = ("ultralytics", "yolov5", "yolox", "mmrazor", "torch", "torchvision")
    print(json.dumps({"versions": {name: importlib.metadata.version(name) for name in names}})[:-1], end="")
    for name, rule, rows in (("response", response, cases.RESPONSE), ("feature", feature, cases.FEATURE)):
        written = [json.dumps({**case, "at": [rule(case, t) for t in cases.TEMPERATURES]}) for case in rows]
        print(f', "{name}": [\n' + ",\n".join(written) + "\n]", end="")
    print(', "masked": [\n' + ",\n".join(json.dumps({**case, **masked(case)}) for case in cases.MASKED) + "\n]}")


if __name__ == "__main__":
    main()
