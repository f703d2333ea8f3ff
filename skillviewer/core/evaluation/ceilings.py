"""Ceilings of a model's accuracy: orderings of a test set by known numbers, and one rater against the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.dataset.dataset import Dataset, Fold, Measure
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.evaluation.accuracy import (
    FoldScores,
    PairFilter,
    PooledEstimate,
    pair_outcomes,
    pooled_pair_outcomes,
)
from skillviewer.core.ranking.consensus import count_votes

ONE_RATER = "one rater"
SUCCESS_THEN_ABILITY = "success, then ability"
_SUCCESS = "success"
_ABILITIES = ("ability", "skill")
_LESS_IS_BETTER = frozenset(
    {"shake", "drop", "drops", "step", "steps", "frames", "duration", "time", "error", "errors"}
)
_MORE_IS_BETTER = frozenset({"quality", "skill", "ability", "score", "rating", "grs", "success"})
"""First words of measures with a known direction; the pairs decide the direction of all others."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Ordering:
    """Accuracy of an ordering on the test pairs of all folds. A tie counts as half."""

    name: str  # name of the measure or rater that orders
    pooled: PooledEstimate  # accuracy on all test pairs
    both_new: PooledEstimate  # accuracy on the test pairs with both videos held out
    # accuracy on the test pairs of equal success; None if the data set has no success
    equal_success: PooledEstimate | None = None


def ceilings(dataset: Dataset, folds: Sequence[Fold]) -> tuple[Ordering, ...]:
    """Return the accuracy of one rater, and of the orderings by known numbers.

    Quality and ability, if they distinguish all videos, are ceilings that a model exceeds only by luck. Duration is a
    trivial baseline. Orderings that do not know all videos of the test pairs are left out.
    """
    held_out = {name for fold in folds for name in fold.held_out_videos}
    success_filter = equal_success(dataset)

    def ordering(
        name: str, outcomes: Sequence[tuple[Pair, float]], both_new_outcomes: Sequence[tuple[Pair, float]]
    ) -> Ordering:
        equal = None
        if success_filter is not None:
            equal_outcomes = [(pair, outcome) for pair, outcome in outcomes if success_filter(pair)]
            equal = pooled_pair_outcomes(equal_outcomes, held_out, dataset)
        return Ordering(
            name=name,
            pooled=pooled_pair_outcomes(outcomes, held_out, dataset),
            both_new=pooled_pair_outcomes(both_new_outcomes, held_out, dataset),
            equal_success=equal,
        )

    rows = []
    rater_outcomes = rater_pair_outcomes(dataset, folds)
    if rater_outcomes:
        rows.append(ordering(ONE_RATER, rater_outcomes, rater_pair_outcomes(dataset, folds, both_held_out=True)))
    pairs = [pair for fold in folds for pair in fold.test_pairs]
    for name, scores in orderings(dataset).items():
        if pairs and all(pair.within(scores) for pair in pairs):
            results = [FoldScores(fold, scores) for fold in folds]
            outcomes = pair_outcomes(results, tie=0.5)
            rows.append(ordering(name, outcomes, pair_outcomes(results, both_held_out=True, tie=0.5)))
    return tuple(rows)


def orderings(dataset: Dataset) -> dict[str, dict[str, float]]:
    """Return scores of videos by name of an ordering: one for each known number, and one for success, then ability.

    If the direction of a number is unknown, the pairs of the data set decide it. If less is better, the name says so.
    """
    scores_by_name: dict[str, dict[str, float]] = {}
    ability: dict[str, float] = {}
    for measure in dataset.truth:
        sign, name = _direction(measure, dataset.pairs)
        scores_by_name[name] = {video: sign * value for video, value in measure.values}
        if measure.first_word in _ABILITIES and not ability:
            ability = scores_by_name[name]
    success = success_of(dataset)
    if success and ability:
        offset = 1 + max(ability.values()) - min(ability.values())  # exceeds every difference of abilities
        scores_by_name[SUCCESS_THEN_ABILITY] = {
            video: offset * success[video] + ability[video] for video in success if video in ability
        }
    return scores_by_name


def success_of(dataset: Dataset) -> dict[str, float]:
    """Return 1 for success and 0 for failure, by video; empty if unknown, or if all videos have the same outcome."""
    for measure in dataset.truth:
        if measure.first_word == _SUCCESS and {value for _, value in measure.values} == {0.0, 1.0}:
            return measure.by_video()
    return {}


def equal_success(dataset: Dataset) -> PairFilter | None:
    """Return the filter for the pairs of equal success; None if the data set has no success."""
    success = success_of(dataset)
    if not success:
        return None

    def has_equal_success(pair: Pair) -> bool:
        return pair.within(success) and success[pair.better] == success[pair.worse]

    return has_equal_success


def rater_pair_outcomes(
    dataset: Dataset, folds: Sequence[Fold], both_held_out: bool = False
) -> list[tuple[Pair, float]]:
    """Return the test pairs with outcomes of single raters.

    The outcome is 1 if the rater orders the pair as the other raters do, 0 for the opposite order, and 0.5 for a tie.
    A pair counts once for every rater who judged it, if the mean rating (or the majority of votes) of the others orders
    it. Ratings of the criterion are used if there are any, else votes.

    Args:
        dataset: The data set.
        folds: The folds.
        both_held_out: Whether only pairs with both videos held out count.
    """
    n_tests: dict[frozenset[str], int] = {}
    for fold in folds:
        tested_pairs = fold.both_held_out if both_held_out else fold.test_pairs
        for pair in tested_pairs:
            key = frozenset((pair.better, pair.worse))
            n_tests[key] = n_tests.get(key, 0) + 1
    outcomes = []
    for first, second, own_difference, others_difference in _rater_differences(dataset, set(n_tests)):
        pair = Pair(first, second) if others_difference > 0 else Pair(second, first)
        outcome = 0.5 if own_difference == 0 else float(own_difference * others_difference > 0)
        outcomes += [(pair, outcome)] * n_tests[frozenset((first, second))]
    return outcomes


def rater_accuracy(dataset: Dataset, folds: Sequence[Fold], *, both_held_out: bool) -> PooledEstimate | None:
    """Return the accuracy of one rater on the tested pairs; None if no pair has one.

    Arguments are those of ``rater_pair_outcomes``.
    """
    outcomes = rater_pair_outcomes(dataset, folds, both_held_out)
    held_out = {name for fold in folds for name in fold.held_out_videos}
    return pooled_pair_outcomes(outcomes, held_out, dataset) if outcomes else None


def _rater_differences(dataset: Dataset, tested_pairs: set[frozenset[str]]) -> Iterator[tuple[str, str, float, float]]:
    """Yield two videos, and by how much one rater and the other raters prefer the first to the second."""
    if dataset.ratings is not None and dataset.criterion in dataset.ratings.items:
        yield from _rating_differences(dataset.ratings, dataset.criterion, tested_pairs)
        return
    for votes in count_votes(dataset.judgements):
        if frozenset((votes.first, votes.second)) not in tested_pairs:
            continue
        verdicts = [1] * votes.for_first + [0] * votes.neither + [-1] * votes.for_second
        for verdict in verdicts:
            others = sum(verdicts) - verdict
            if others:
                yield votes.first, votes.second, verdict, others


def _rating_differences(
    ratings: RatingSet, criterion: str, tested_pairs: set[frozenset[str]]
) -> Iterator[tuple[str, str, float, float]]:
    """Yield two videos, and the differences between their ratings by one rater and by the other raters."""
    matrix = ratings.table(criterion)
    sign = -1 if ratings.scale(criterion).less_is_better else 1
    row_of = {name: row for row, name in enumerate(matrix.videos)}
    n_raters = (~np.isnan(matrix.values)).sum(axis=1)
    sums = np.nansum(matrix.values, axis=1)
    for first, second in (sorted(names) for names in tested_pairs if names <= row_of.keys()):
        a = row_of[first]
        b = row_of[second]
        if min(n_raters[a], n_raters[b]) < 2:
            continue
        for rating_a, rating_b in zip(matrix.values[a], matrix.values[b], strict=True):
            if not np.isfinite(rating_a - rating_b):
                continue
            others_a = (sums[a] - rating_a) / (n_raters[a] - 1)
            others_b = (sums[b] - rating_b) / (n_raters[b] - 1)
            if abs(others_a - others_b) > _ROUNDING:
                yield first, second, sign * (rating_a - rating_b), sign * (others_a - others_b)


def _direction(measure: Measure, pairs: Sequence[Pair]) -> tuple[float, str]:
    """Return 1 if more is better, or -1 if less is better, and the display name of the measure."""
    if measure.first_word in _LESS_IS_BETTER:
        return -1.0, measure.name
    values = measure.by_video()
    measured_pairs = [pair for pair in pairs if pair.within(values)]
    n_agreeing = sum(values[pair.better] > values[pair.worse] for pair in measured_pairs)
    n_opposed = sum(values[pair.better] < values[pair.worse] for pair in measured_pairs)
    if measure.first_word in _MORE_IS_BETTER or n_agreeing >= n_opposed:
        return 1.0, measure.name
    return -1.0, f"{measure.name} (less is better)"
