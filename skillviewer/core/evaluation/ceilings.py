"""Orderings of a test set by what is known of its videos: ceilings of a model, and one rater against the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.dataset.dataset import Dataset, Fold, Measure
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.evaluation.accuracy import Choose, FoldScores, PooledEstimate, pair_outcomes, pooled_pair_outcomes
from skillviewer.core.ranking.consensus import count_votes

ONE_RATER = "one rater"
SUCCESS_THEN_ABILITY = "success, then ability"
_SUCCESS = "success"
_ABILITIES = ("ability", "skill")
_LESS_IS_BETTER = frozenset(
    {"shake", "drop", "drops", "step", "steps", "frames", "duration", "time", "error", "errors"}
)
_MORE_IS_BETTER = frozenset({"quality", "skill", "ability", "score", "rating", "grs", "success"})
"""First words of measures with a known direction; for all others the labels decide."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Ordering:
    """Accuracy of an ordering on the test pairs of all folds, a tie as half."""

    name: str  # what orders
    pooled: PooledEstimate  # accuracy on all test pairs
    both_new: PooledEstimate  # on the pairs with both videos held out
    equal_success: PooledEstimate | None = (
        None  # on the test pairs of equal success; None if the data set does not tell
    )


def ceilings(dataset: Dataset, folds: Sequence[Fold]) -> tuple[Ordering, ...]:
    """Return the accuracy of one rater, and that of every ordering by what is known of the videos.

    If they distinguish all videos, quality and ability are ceilings that a model beats only by luck; duration is the
    floor it must beat. Orderings that do not know all videos of the test pairs are left out.
    """
    among = equal_success(dataset)
    held_out = {name for fold in folds for name in fold.held_out_videos}

    def row(name: str, *outcome_sets: Sequence[tuple[Pair, float]]) -> Ordering:
        return Ordering(name, *(pooled_pair_outcomes(outcome_set, held_out, dataset) for outcome_set in outcome_sets))

    rows = []
    if outcomes := rater_pair_outcomes(dataset, folds):
        within = [[item for item in outcomes if among(item[0])]] if among else []
        rows.append(row(ONE_RATER, outcomes, rater_pair_outcomes(dataset, folds, both_held_out=True), *within))
    pairs = [pair for fold in folds for pair in fold.test_pairs]
    for title, scores in orderings(dataset).items():
        if pairs and all(pair.within(scores) for pair in pairs):
            results = [FoldScores(fold, scores) for fold in folds]
            within = [pair_outcomes(results, among=among, tie=0.5)] if among else []
            rows.append(
                row(
                    title, *(pair_outcomes(results, both_held_out, tie=0.5) for both_held_out in (False, True)), *within
                )
            )
    return tuple(rows)


def orderings(dataset: Dataset) -> dict[str, dict[str, float]]:
    """Return scores of videos by name of an ordering: by each known number, and by success, then ability.

    If the direction of a number is unknown, all pairs of the data set decide it, and its name says "less is better".
    """
    by_measure: dict[str, dict[str, float]] = {}
    ability: dict[str, float] = {}
    for measure in dataset.truth:
        sign, title = _direction(measure, dataset.pairs)
        by_measure[title] = {video: sign * value for video, value in measure.values}
        if measure.first_word in _ABILITIES:
            ability = ability or by_measure[title]
    success = success_of(dataset)
    if success and ability:
        reach = 1 + max(ability.values()) - min(ability.values())
        by_measure[SUCCESS_THEN_ABILITY] = {v: reach * success[v] + ability[v] for v in success if v in ability}
    return by_measure


def success_of(dataset: Dataset) -> dict[str, float]:
    """Return 1 for success and 0 for failure, by video; empty where the data set does not tell, or all are alike."""
    for measure in dataset.truth:
        if measure.first_word == _SUCCESS and {value for _, value in measure.values} == {0.0, 1.0}:
            return measure.by_video()
    return {}


def equal_success(dataset: Dataset) -> Choose | None:
    """Return the choice of the pairs of equal success; None if the data set does not tell of success."""
    success = success_of(dataset)
    if not success:
        return None
    return lambda pair: pair.within(success) and success[pair.better] == success[pair.worse]


def rater_pair_outcomes(
    dataset: Dataset, folds: Sequence[Fold], both_held_out: bool = False
) -> list[tuple[Pair, float]]:
    """Return the worth of each rater's word on the test pairs: 1 as the others order them, 0 the other way, 0.5 alike.

    A pair counts for a rater who judged it, if the mean rating (or most votes) of the others orders it. Empty without
    several raters. Ratings by the criterion count, else votes; if ``both_held_out``, only pairs of held-out videos.
    """
    tested: dict[frozenset[str], int] = {}
    for fold in folds:
        for pair in fold.both_held_out if both_held_out else fold.test_pairs:
            key = frozenset((pair.better, pair.worse))
            tested[key] = tested.get(key, 0) + 1
    outcomes = []
    for first, second, difference, others in _by_rater(dataset, set(tested)):
        pair = Pair(first, second) if others > 0 else Pair(second, first)
        worth = 0.5 if difference == 0 else float(difference * others > 0)
        outcomes += [(pair, worth)] * tested[frozenset((first, second))]
    return outcomes


def _by_rater(dataset: Dataset, tested: set[frozenset[str]]) -> Iterator[tuple[str, str, float, float]]:
    """Yield two videos, and which of them a rater and the others hold for better: above 0 the first."""
    if dataset.ratings is not None and dataset.criterion in dataset.ratings.items:
        ratings = dataset.ratings
        table = ratings.table(dataset.criterion)
        sign = -1 if ratings.scale(dataset.criterion).less_is_better else 1
        place = {name: i for i, name in enumerate(table.videos)}
        n = (~np.isnan(table.values)).sum(axis=1)
        total = np.nansum(table.values, axis=1)
        for first, second in (sorted(key) for key in tested if key <= place.keys()):
            a, b = place[first], place[second]
            for value, other_value in zip(table.values[a], table.values[b], strict=True):
                if np.isfinite(value - other_value) and min(n[a], n[b]) > 1:
                    others = (total[a] - value) / (n[a] - 1) - (total[b] - other_value) / (n[b] - 1)
                    if abs(others) > _ROUNDING:
                        yield first, second, sign * (value - other_value), sign * others
        return
    for votes in count_votes(dataset.judgements):
        verdicts = [1] * votes.for_first + [0] * votes.neither + [-1] * votes.for_second
        for verdict in verdicts if frozenset((votes.first, votes.second)) in tested else ():
            if others := sum(verdicts) - verdict:
                yield votes.first, votes.second, verdict, others


def _direction(measure: Measure, pairs: Sequence[Pair]) -> tuple[float, str]:
    """Return 1 if more is better and -1 if less is, and the display name of the measure."""
    first = measure.first_word
    if first in _LESS_IS_BETTER:
        return -1.0, measure.name
    values = measure.by_video()
    measured_pairs = [pair for pair in pairs if pair.within(values)]
    agree = sum(values[pair.better] > values[pair.worse] for pair in measured_pairs)
    differ = sum(values[pair.better] < values[pair.worse] for pair in measured_pairs)
    if first in _MORE_IS_BETTER or agree >= differ:
        return 1.0, measure.name
    return -1.0, f"{measure.name} (less is better)"
