"""What the labels of a test set allow: how well orderings by known truths do on the same pairs."""

from collections.abc import Sequence

from skillviewer.core.accuracy import count_pairs
from skillviewer.core.pairs import Dataset, Pair

_LESS_IS_BETTER = frozenset({"shake", "drops", "steps", "frames", "duration"})
"""Measures of which less is better; of all others more."""


def ceilings(dataset: Dataset, pairs: Sequence[Pair]) -> tuple[tuple[str, float], ...]:
    """Return (measure, strict accuracy) of ordering videos by each number that the data set knows of them.

    Where they tell all videos apart, quality and ability are ceilings that no model can beat but by luck; duration is
    the floor that it must. A tie is wrong, as everywhere, so counts of few values, drops say, are none.

    Args:
        dataset: The data set, with its ``truth``.
        pairs: Test pairs.
    """
    found = []
    for measure in dataset.truth:
        sign = -1.0 if measure.name in _LESS_IS_BETTER else 1.0
        scores = {video: sign * value for video, value in measure.values}
        if pairs and all(pair.within(scores) for pair in pairs):
            found.append((measure.name, count_pairs(pairs, scores).accuracy))
    return tuple(found)
