#!/usr/bin/env python3
"""Writes losses.json: what the original losses say of fixed maps and objects, with their gradients.

    generate.py ORIGINALS > losses.json

Needs ultralytics and torch (tests/peers/requirements-export.txt). ORIGINALS: a folder with the others,

    pip install --no-deps --ignore-requires-python --target ORIGINALS yolov5==7.0.14 pandas pytz seaborn scipy tqdm \\
        gitpython gitdb smmap loguru tabulate 'setuptools<81'
    pip install --no-deps --no-build-isolation --target ORIGINALS yolox==0.3.0
    pip install --no-deps --target ORIGINALS sas-yolov7==1.0.7

of which the last is WongKinYiu's YOLOv7 as SAS packages it, with the loss that its `loss_ota: 0` means.

They are run as they are, in doubles; nothing of them is copied. ../golden_test.cpp reads the file, makes the same maps
(inputs.py says how) and compares. Where an original leaves open what Shrike decides, the call here says so.
"""
import importlib.metadata
import json
import sys
import types

import torch

import cases
import inputs

sys.path.append(sys.argv[1])
torch.set_default_dtype(torch.float64)


def namespace(**values):
    return types.SimpleNamespace(parameters=lambda: iter([torch.zeros(1)]), **values)


def normalized(case):
    """(M, 6): picture, class, centre and sides as parts of the picture; by picture, as Ultralytics takes for granted."""
    rows = torch.tensor(sorted(case["objects"], key=lambda o: o[0])).view(-1, 6)
    sides = torch.tensor([case["width"], case["height"]] * 2)
    low, high = rows[:, 2:4], rows[:, 4:6]
    return torch.cat([rows[:, :2], torch.cat([(low + high) / 2, high - low], 1) / sides], 1)


def ultralytics_model(case):
    head = types.SimpleNamespace(stride=torch.tensor(case["strides"]).double(), nc=case["classes"], reg_max=case["reg_max"])
    weights = case.get("class_weights")
    return namespace(args=types.SimpleNamespace(box=7.5, cls=0.5, dfl=1.5, epochs=case.get("epochs", 100)), model=[head],
                     class_weights=torch.tensor(weights) if weights else None)


def ultralytics_predictions(maps):
    boxes, classes = maps[0::2], maps[1::2]
    return {"boxes": torch.cat([m.flatten(2) for m in boxes], 2),
            "scores": torch.cat([m.flatten(2) for m in classes], 2), "feats": boxes}


def ultralytics_batch(case):
    rows = normalized(case)
    return {"batch_idx": rows[:, 0], "cls": rows[:, 1], "bboxes": rows[:, 2:]}


def ultralytics(case, maps):
    """(total, parts by name) of Ultralytics' anchor-free loss."""
    from ultralytics.utils import loss
    model = ultralytics_model(case)
    rule = {"many": lambda: loss.v8DetectionLoss(model), "v10": lambda: loss.E2EDetectLoss(model).one2one,
            "v26": lambda: loss.E2ELoss(model).one2one}[case["rule"]]()
    total, items = rule(ultralytics_predictions(maps), ultralytics_batch(case))
    names = {"box_loss": "box", "cls_loss": "class", "dfl_loss": "dfl", "l1_loss": "l1"}
    return total.sum(), {names[name]: value for name, value in items.items()}


def yolov5(case, maps):
    """Of YOLOv5's. Several matches at one place: the largest overlap (its `sort_obj_iou`), not the last one's."""
    from yolov5.utils.loss import ComputeLoss
    order = sorted(range(len(maps)), key=lambda s: case["strides"][s])
    scales, classes = len(maps), case["classes"]
    pixels = case["height"] * case["width"] / 640**2
    hyp = {"box": 0.05 * 3 / scales, "cls": 0.5 * classes / 80 * 3 / scales, "obj": pixels * 3 / scales, "cls_pw": 1.0,
           "obj_pw": 1.0, "fl_gamma": 0.0, "anchor_t": 4.0, "label_smoothing": 0.0}
    anchors = torch.tensor(case["anchors"]).double().view(scales, -1, 2)[order]
    strides = torch.tensor(case["strides"]).double()[order]
    head = types.SimpleNamespace(na=anchors.shape[1], nc=classes, nl=scales, stride=strides,
                                 anchors=anchors / strides.view(-1, 1, 1))
    loss = ComputeLoss(namespace(hyp=hyp, model=[head]))
    loss.sort_obj_iou = True
    rows = []
    for s in order:
        n, _, h, w = maps[s].shape
        row = maps[s].view(n, head.na, 5 + classes, h, w).permute(0, 1, 3, 4, 2)
        rows.append(in_yolov5s_coding(row, case["scale_xy"][s]) if case["kind"] == "darknet" else row)
    total, items = loss(rows, normalized(case))
    return total.sum(), dict(zip(("box", "objectness", "class"), items))


def yolov7(case, maps):
    """Of YOLOv7's without SimOTA, with YOLOv5's weights of the parts; no place has two matches."""
    from sas_yolov7.utils.loss import ComputeLoss
    classes, pixels = case["classes"], case["height"] * case["width"] / 640**2
    hyp = {"box": 0.05, "cls": 0.5 * classes / 80, "obj": pixels, "cls_pw": 1.0, "obj_pw": 1.0, "fl_gamma": 0.0,
           "anchor_t": 4.0, "label_smoothing": 0.0}
    anchors = torch.tensor(case["anchors"]).double().view(3, 3, 2)
    strides = torch.tensor(case["strides"]).double()
    head = types.SimpleNamespace(na=3, nc=classes, nl=3, stride=strides, anchors=anchors / strides.view(-1, 1, 1))
    loss = ComputeLoss(namespace(hyp=hyp, model=[head], gr=1.0))
    rows = [m.view(m.shape[0], 3, 5 + classes, *m.shape[2:]).permute(0, 1, 3, 4, 2) for m in maps]
    for matches in loss.build_targets(rows, normalized(case))[2]:
        places = list(zip(*[x.tolist() for x in matches]))
        assert len(places) == len(set(places))
    total, items = loss(rows, normalized(case))
    return total.sum(), dict(zip(("box", "objectness", "class"), items))


def in_yolov5s_coding(rows, k):
    """Darknet's x = k sigmoid(t) - (k - 1) / 2, w = anchor exp(t) as values that mean the same in YOLOv5's coding."""
    centre = k * rows[..., :2].sigmoid() - (k - 1) / 2
    return torch.cat([torch.logit((centre + 0.5) / 2), torch.logit(torch.exp(rows[..., 2:4] / 2) / 2), rows[..., 4:]], -1)


class Channels(torch.nn.Module):
    def __init__(self, first, count):
        super().__init__()
        self.first, self.count = first, count

    def forward(self, x):
        return x[:, self.first : self.first + self.count]


def yolox(case, maps):
    """Of YOLOX' head, whose convolutions hand on what they are given."""
    from yolox.models.yolo_head import YOLOXHead
    head = YOLOXHead(case["classes"], strides=case["strides"], in_channels=[8] * len(case["strides"]))
    head.use_l1 = case["late"]
    for k in range(len(case["strides"])):
        head.stems[k] = head.cls_convs[k] = head.reg_convs[k] = torch.nn.Identity()
        head.reg_preds[k], head.obj_preds[k] = Channels(0, 4), Channels(4, 1)
        head.cls_preds[k] = Channels(5, case["classes"])
    of = [[o for o in case["objects"] if o[0] == n] for n in range(case["batch"])]
    labels = torch.zeros(case["batch"], max(map(len, of)) + 1, 5)
    for n, objects in enumerate(of):
        for i, (_, kind, left, top, right, bottom) in enumerate(objects):
            labels[n, i] = torch.tensor([kind, (left + right) / 2, (top + bottom) / 2, right - left, bottom - top])
    inputs_ = [torch.cat(maps[3 * k : 3 * k + 3], 1) for k in range(len(case["strides"]))]
    total, box, objectness, classes, l1, _ = head.train()(inputs_, labels, torch.zeros(1))
    return total, {"box": box, "class": classes, "objectness": objectness, "l1": torch.as_tensor(l1)}


ORIGINALS = {"anchor_free": ultralytics, "anchor": yolov5, "darknet": yolov5, "yolox": yolox, "yolov7": yolov7}


def number(x):
    return float(f"{float(x):.12g}")


def maps_of(case):
    return [torch.tensor(values).view(shape).requires_grad_() for shape, values in inputs.maps_of(case)]


def gradients_of(maps):
    gradients = []
    for m in maps:
        flat = m.grad.flatten()
        noise = torch.tensor(inputs.noise(inputs.PROBE, flat.numel()))
        largest = sorted(flat.abs().topk(min(3, flat.numel())).indices.tolist())
        gradients.append({"norm": number(flat.norm()), "probe": number(flat @ noise),
                          "at": [[i, number(flat[i])] for i in largest]})
    return gradients


def answers(case):
    maps = maps_of(case)
    total, parts = ORIGINALS[case.get("original", case["kind"])](case, maps)
    total.backward()
    return {"total": number(total), "parts": {name: number(part) for name, part in parts.items()},
            "gradients": gradients_of(maps)}


def pair_answers(case):
    """Both heads' losses as they are added in an epoch; gradients of the maps of the one-to-one head, then of the other."""
    from ultralytics.utils import loss
    one, many = maps_of(case), maps_of({**case, "seed": case["seed"] + 64})
    model = ultralytics_model(case)
    rule = loss.E2EDetectLoss(model) if case["rule"] == "v10" else loss.E2ELoss(model)
    for _ in range(case["epoch"] if case["rule"] == "v26" else 0):
        rule.update()
    total = rule({"one2many": ultralytics_predictions(many), "one2one": ultralytics_predictions(one)},
                 ultralytics_batch(case))[0].sum()
    total.backward()
    return {"total": number(total), "gradients": gradients_of(one + many)}


def pair_weights():
    """[epoch, epochs, weight of the one-to-one head, of the one-to-many head] of YOLO26."""
    from ultralytics.utils import loss
    rows = []
    for epochs in (1, 2, 5, 60):
        head = types.SimpleNamespace(stride=torch.tensor([8.0, 16.0, 32.0]), nc=1, reg_max=1)
        pair = loss.E2ELoss(namespace(args=types.SimpleNamespace(epochs=epochs), model=[head]))
        for epoch in range(epochs):
            if epoch % 7 < 3:
                rows.append([epoch, epochs, number(pair.o2o), number(pair.o2m)])
            pair.update()
    return rows


def main():
    versions = {name: importlib.metadata.version(name) for name in ("ultralytics", "yolov5", "sas-yolov7", "yolox", "torch")}
    written = [json.dumps({**case, **answers(case)}) for case in cases.CASES]
    pairs = [json.dumps({**case, **pair_answers(case)}) for case in cases.PAIRS]
    head = {"versions": versions, "pair_weights": pair_weights()}
    print(json.dumps(head)[:-1] + ', "pairs": [\n' + ",\n".join(pairs) + '\n], "cases": [\n' + ",\n".join(written) +
          "\n]}")


if __name__ == "__main__":
    main()
