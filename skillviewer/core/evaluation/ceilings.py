"""Ceilings of a test set: the accuracy of ordering its pairs by known truths."""

import re
from collections.abc import Sequence

from skillviewer.core.dataset.pairs import Dataset, Measure, Pair
from skillviewer.core.evaluation.accuracy import count_pairs

_LESS_IS_BETTER = frozenset(
    {"shake", "drop", "drops", "step", "steps", "frames", "duration", "time", "error", "errors"}
)
_MORE_IS_BETTER = frozenset({"quality", "skill", "ability", "score", "rating", "grs", "success"})
"""First words of measures with a known direction; for all others the labels decide."""


def ceilings(dataset: Dataset, pairs: Sequence[Pair]) -> tuple[tuple[str, float], ...]:
    """Return (measure, strict accuracy) of ordering videos by each number that the data set knows of them.

    If they distinguish all videos, quality and ability are ceilings that a model beats only by luck; duration is the
    floor it must beat. A tie is wrong, as everywhere, so counts with few values (drops, say) are no ceilings. If the
    direction of a measure is unknown, all pairs of the data set decide it, and the name says "less is better".

    Args:
        dataset: The data set, with its ``truth``.
        pairs: Test pairs.
    """
    found = []
    for measure in dataset.truth:
        sign, title = _direction(measure, dataset.pairs)
        scores = {video: sign * value for video, value in measure.values}
        if pairs and all(pair.within(scores) for pair in pairs):
            found.append((title, count_pairs(pairs, scores).accuracy))
    return tuple(found)


def _direction(measure: Measure, pairs: Sequence[Pair]) -> tuple[float, str]:
    """Return 1 if more is better and -1 if less is, and the display name of the measure."""
    first = re.split(r"[\W_]+", measure.name.casefold().strip())[0]
    if first in _LESS_IS_BETTER:
        return -1.0, measure.name
    values = measure.by_video()
    known = [pair for pair in pairs if pair.within(values)]
    agree = sum(values[pair.better] > values[pair.worse] for pair in known)
    differ = sum(values[pair.better] < values[pair.worse] for pair in known)
    if first in _MORE_IS_BETTER or agree >= differ:
        return 1.0, measure.name
    return -1.0, f"{measure.name} (less is better)"
