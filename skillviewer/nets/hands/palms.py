"""Decoding of palms from the output of the palm detection network, as in MediaPipe's graph ``palm_detection_cpu``."""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray, ReadOnly

SIDE_PX = 192
"""Side of the picture that the network takes."""

MIN_SCORE = 0.5
"""Smallest score of a palm."""

MAX_OVERLAP = 0.3
"""Intersection over union above which boxes are merged with the best one."""

_GRIDS = ((24, 2), (12, 6))  # cells across and down, and anchors in each


@dataclass(frozen=True, slots=True, repr=False)
class Palm(ReadOnly):
    """A detected palm."""

    score: float  # 0.5 to 1
    box_px: FloatArray  # (4,) left, top, width and height
    points_px: FloatArray  # (7, 2); 0 is the wrist, 2 the knuckle of the middle finger


def _anchors() -> FloatArray:
    """Return (2016, 2), the centre of every anchor as a share of the picture: row by row, x first."""
    rows = []
    for n, n_per_cell in _GRIDS:
        y, x = np.divmod(np.arange(n * n), n)
        rows.append(np.repeat(np.stack([(x + 0.5) / n, (y + 0.5) / n], axis=1), n_per_cell, axis=0))
    return np.concatenate(rows)


ANCHORS = _anchors()


def _overlaps(box: FloatArray, boxes: FloatArray) -> FloatArray:
    """Return (n,) intersection over union of a box with n boxes, each left, top, width, height."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[:2] + box[2:], boxes[:, :2] + boxes[:, 2:])
    intersection = np.clip(high - low, 0, None).prod(axis=1)
    union = box[2:].prod() + boxes[:, 2:].prod(axis=1) - intersection
    return np.asarray(intersection / union, dtype=np.float64)


def decode_palms(outputs: FloatArray, logits: FloatArray, size_px: tuple[int, int], max_palms: int) -> tuple[Palm, ...]:
    """Return the palms in a picture, the most certain first.

    Boxes that overlap are merged to their mean, weighted by their scores.

    Args:
        outputs: (2016, 18), for each anchor centre, size and seven points, in pixels from the anchor.
        logits: (2016,) logits of the scores.
        size_px: Width and height of the picture, which was fitted into the network's square.
        max_palms: Largest number of palms.
    """
    scores = 1 / (1 + np.exp(-np.clip(logits, -100, 100)))
    values = outputs / SIDE_PX
    is_palm = (scores >= MIN_SCORE) & (values[:, 2] > 0) & (values[:, 3] > 0)
    scores = scores[is_palm]
    values = values[is_palm]
    anchors = ANCHORS[is_palm]
    centres = values[:, :2] + anchors
    boxes = np.concatenate([centres - values[:, 2:4] / 2, values[:, 2:4]], axis=1)
    points = values[:, 4:].reshape(-1, 7, 2) + anchors[:, None]
    order = np.argsort(-scores, kind="stable")
    width, height = size_px
    longer = max(width, height)
    pad = np.array([longer - width, longer - height]) / 2  # of the fitted picture, in pixels
    palms: list[Palm] = []
    while len(order) and len(palms) < max_palms:
        best = order[0]
        is_same_palm = _overlaps(boxes[best], boxes[order]) > MAX_OVERLAP
        group = order[is_same_palm]
        weights = scores[group]
        box = np.average(boxes[group], axis=0, weights=weights) * longer
        mean_points = np.average(points[group], axis=0, weights=weights) * longer - pad
        palms.append(Palm(float(scores[best]), np.concatenate([box[:2] - pad, box[2:]]), mean_points))
        order = order[~is_same_palm]
    return tuple(palms)
