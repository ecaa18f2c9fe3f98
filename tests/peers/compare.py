"""Compares a detector's outputs with a reference's, boxes and scores each on their own range.

The error of a part is the largest difference divided by (largest - smallest) of the reference's
part. Parts of an output:
  (N,R,6) whose last column holds whole numbers: end-to-end rows x1,y1,x2,y2,score,class, compared
          as a set; a row may be missing when its score is at the cut-off
  (N,C,A) with C < A: boxes are rows 0..3, scores the rest;  (N,A,C): the same in columns
  others: one part
"""
import numpy as np

TOLERANCE = 1e-4
ROUNDING_SHARE = 3


def relative_error(got, want):
    if want.size == 0:
        return 0.0
    got, want = got.astype(np.float64), want.astype(np.float64)
    difference = np.abs(got - want).max()
    if not np.isfinite(difference):
        return float("inf")
    return difference / max(want.max() - want.min(), 1e-30) if difference > 0 else 0.0


def is_rows(output):
    return output.ndim == 3 and output.shape[2] == 6 and bool((output[..., 5] == np.round(output[..., 5])).all())


def rows_error(got, want, tolerance):
    """(box error, score error) after matching rows of one picture by class, box and score."""
    box_range = max(np.ptp(want[:, :4]), 1e-30)
    score_range = max(np.ptp(want[:, 4]), 1e-30)
    free = np.ones(len(got), bool)
    box_error = score_error = 0.0
    unmatched = []
    for row in want:
        boxes = np.abs(got[:, :4] - row[:4]).max(1) / box_range
        scores = np.abs(got[:, 4] - row[4]) / score_range
        distance = np.where(free & (got[:, 5] == row[5]), np.maximum(boxes, scores), np.inf)
        best = int(distance.argmin()) if len(distance) else -1
        if best < 0 or distance[best] > 100 * tolerance:
            unmatched.append(row[4])
            continue
        free[best] = False
        box_error, score_error = max(box_error, boxes[best]), max(score_error, scores[best])
    real = np.concatenate((want[:, 4], got[:, 4]))
    at_cut_off = real[real > 0].min(initial=np.inf) + tolerance * score_range  # rows of 0 are padding
    if any(score > at_cut_off for score in unmatched) or (got[free, 4] > at_cut_off).any():
        return float("inf"), float("inf")
    return box_error, score_error


def sections(output):
    """[(part name, the part)] of an output that is no set of rows."""
    if output.ndim == 3 and min(output.shape[1:]) >= 5:
        boxes, scores = np.split(output, [4], 1 if output.shape[1] < output.shape[2] else 2)
        return [("boxes", boxes), ("scores", scores)]
    return [("all", output)]


def parts(got, want, tolerance):
    """[(part name, error)] of one output."""
    if got.shape != want.shape:
        return [(f"shape {got.shape} instead of {want.shape}", float("inf"))]
    if is_rows(want):
        errors = [rows_error(g.astype(np.float64), w.astype(np.float64), tolerance) for g, w in zip(got, want)]
        return [("boxes", max(e[0] for e in errors)), ("scores", max(e[1] for e in errors))]
    return [(name, relative_error(g, w)) for (name, w), (_, g) in zip(sections(want), sections(got))]


def report(label, got, want, tolerance=TOLERANCE, rounding=None):
    """Prints a line for each output; True when all are good.

    `rounding()`, called only when an output is outside the tolerance, gives the reference's outputs
    for the same input from other, equally exact arithmetic. A part is excused only where those
    differ from `want` by more than the tolerance too, so that no program can be held to it; it may
    then differ by ROUNDING_SHARE times as much. The line says EXCUSED and shows both numbers.
    """
    if len(got) != len(want):
        print(f"{label}: {len(got)} outputs instead of {len(want)}: {sorted(got)}, {sorted(want)}  MISMATCH")
        return False
    good, other = True, None
    for (got_name, g), (want_name, w) in zip(sorted(got.items()), sorted(want.items())):
        errors = parts(g, w, tolerance)
        text = ", ".join(f"{part} {error:.2e}" for part, error in errors)
        verdict = "ok" if all(error <= tolerance for _, error in errors) else "MISMATCH"
        if verdict != "ok" and rounding and g.shape == w.shape:
            other = other or rounding()
            own = [error for _, error in parts(other[want_name], w, tolerance)]
            text += f"; the reference from itself: {', '.join(f'{spread:.2e}' for spread in own)}"
            limits = [ROUNDING_SHARE * spread if tolerance < spread < np.inf else tolerance for spread in own]
            if all(error <= limit for (_, error), limit in zip(errors, limits)):
                verdict = f"EXCUSED (over {tolerance:.0e})"
        if got_name != want_name:
            verdict = "MISMATCH"
        good &= verdict != "MISMATCH"
        name = want_name if got_name == want_name else f"{want_name} (is called {got_name})"
        print(f"{label}: {name} {list(w.shape)}: {text}  {verdict}")
    return good
