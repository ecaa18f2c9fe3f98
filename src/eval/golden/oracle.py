"""What pycocotools says of a set of random_sets.py, and the curves over confidence in NumPy."""

import contextlib
import io

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

POINTS = np.linspace(0, 1, 1000)


class Evaluation(COCOeval):
    """COCOeval that keeps an annotation's own flag "set_aside" beside its "iscrowd"."""

    def _prepare(self):
        super()._prepare()
        for things in self._gts.values():
            for thing in things:
                thing["ignore"] = int(thing["iscrowd"] or thing["set_aside"])


def category(of_class):
    return 3 * of_class + 1  # ids with gaps


def coco_objects(one):
    truth, found = [], []
    for image, picture in enumerate(one["pictures"]):
        for x, y, width, height, area, of_class, crowd, ignore in picture["objects"]:
            truth.append({"id": len(truth) + 1, "image_id": 2 * image, "category_id": category(of_class),
                          "bbox": [x, y, width, height], "area": area, "iscrowd": crowd, "set_aside": ignore})
        for x1, y1, x2, y2, score, of_class in picture["detections"]:
            x1, y1, x2, y2 = map(float, (x1, y1, x2, y2))
            found.append({"image_id": 2 * image, "category_id": category(of_class),
                          "bbox": [x1, y1, x2 - x1, y2 - y1], "score": float(score)})
    images = [{"id": 2 * image} for image in range(len(one["pictures"]))]
    categories = [{"id": category(c), "name": str(c)} for c in range(one["classes"])]
    coco = COCO()
    coco.dataset = {"images": images, "annotations": truth, "categories": categories}
    coco.createIndex()
    if found:
        return coco, coco.loadRes(found)
    nothing = COCO()
    nothing.dataset = {"images": images, "annotations": [], "categories": categories}
    nothing.createIndex()
    return coco, nothing


def make(one):
    with contextlib.redirect_stdout(io.StringIO()):
        return Evaluation(*coco_objects(one), "bbox")


def run(evaluation):
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def mean(values):
    values = values[values > -1]
    return values.mean() if values.size else -1.0


def twelve(precision, recall):
    """COCO's numbers from precision [T,R,K,A,M] and recall [T,K,A,M]."""
    return [mean(precision[:, :, :, 0, 2]), mean(precision[0, :, :, 0, 2]), mean(precision[5, :, :, 0, 2]),
            *(mean(precision[:, :, :, a, 2]) for a in (1, 2, 3)),
            *(mean(recall[:, :, 0, m]) for m in (0, 1, 2)), *(mean(recall[:, :, a, 2]) for a in (1, 2, 3))]


def digest(precision, recall, k):
    """FNV-1a over the bits of all of a class's precisions by range, threshold and recall, and of
    its recalls: at 1, 10 and 100 detections, then small, medium and large."""
    values = np.concatenate([precision[:, :, k, :, 2].transpose(2, 0, 1).ravel(), recall[:, k, 0, :].T.ravel(),
                             recall[:, k, 1:, 2].T.ravel()])
    result = 0xCBF29CE484222325
    for bits in values.astype("<f8").view("<u8").tolist():
        result = (result ^ bits) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{result:016x}"


def of_class(evaluation, k):
    """(pictures of the class, as evaluateImg gives them) for all areas."""
    images = len(evaluation.params.imgIds)
    first = k * 4 * images
    return [one for one in evaluation.evalImgs[first : first + images] if one is not None]


def count(scores):
    """How many are at least each of POINTS."""
    return len(scores) - np.searchsorted(np.sort(scores), POINTS, side="left")


def curves(pictures):
    """Objects, pictures that hold one, and precision, recall and F1 by confidence at IoU 0.50."""
    counting = [int((np.array(p["gtIgnore"]) == 0).sum()) for p in pictures]
    objects = sum(counting)
    if objects == 0:
        return 0, 0, None
    scores = np.concatenate([p["dtScores"] for p in pictures])
    right = np.concatenate([p["dtMatches"][0] > 0 for p in pictures])
    counts = np.concatenate([~p["dtIgnore"][0].astype(bool) for p in pictures])
    ever = any(len(p["dtScores"]) > 0 and not p["dtIgnore"].all(axis=0).all() for p in pictures)
    detections, tp = count(scores[counts]), count(scores[counts & right])
    precision = np.where(detections > 0, tp / np.maximum(detections, 1), 1.0 if ever else 0.0)
    recall = tp / objects
    f1 = np.where(tp > 0, 2 * precision * recall / np.where(tp > 0, precision + recall, 1), 0.0)
    return objects, sum(c > 0 for c in counting), np.stack([precision, recall, f1])


def best_point(f1):
    padded = np.concatenate([np.full(50, f1[0]), f1, np.full(50, f1[-1])])
    smooth = np.convolve(padded, np.full(101, 1 / 101), "valid")
    return int(np.flatnonzero(smooth >= smooth.max() - 1e-9)[0])


def write_scores(one, file):
    """set NAME and the twelve numbers, -1 where there is none; best CONFIDENCE PRECISION RECALL F1 and
    the means of the mean curves; then for each class its objects, pictures, twelve numbers, digest(),
    and, if it has objects, the same as `best` of its own curves."""
    evaluation = run(make(one))
    precision, recall = evaluation.eval["precision"], evaluation.eval["recall"]
    classes = [curves(of_class(evaluation, k)) for k in range(one["classes"])]
    there = [c[2] for c in classes if c[2] is not None]
    np.testing.assert_allclose(twelve(precision, recall), evaluation.stats, rtol=0, atol=1e-14)
    print("set", one["name"], *map(repr, map(float, evaluation.stats)), file=file)
    best = None
    if there:
        mean_curves = np.mean(there, axis=0)
        best = best_point(mean_curves[2])
        print_point(POINTS[best], mean_curves, best, file)
    for k, (objects, pictures, own) in enumerate(classes):
        part = precision[:, :, k : k + 1], recall[:, k : k + 1]
        print(objects, pictures, *(float(v) for v in twelve(*part)), digest(precision, recall, k), file=file)
        if own is not None:
            print_point(POINTS[best], own, best, file)


def print_point(confidence, three, best, file):
    print("best", float(confidence), *map(float, three[:, best]), *map(float, three.mean(axis=1)), file=file)
