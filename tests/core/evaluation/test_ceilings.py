"""Orderings by what is known of the videos, and one rater against the others, counted by hand."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from skillviewer.core.dataset.dataset import Dataset, Measure
from skillviewer.core.dataset.folds import fold_of
from skillviewer.core.dataset.pairs import Judgement, Pair, Verdict
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.evaluation.ceilings import (
    ONE_RATER,
    SUCCESS_THEN_ABILITY,
    Ordering,
    ceilings,
    rater_pair_outcomes,
)
from tests.core.datasets import people, ranked

ABC = replace(ranked(["a1", "b1", "c1"]), pairs=(Pair("a1", "b1"), Pair("b1", "c1"), Pair("a1", "c1")))


def measure(name: str, *values: float, names: Sequence[str] = ABC.names) -> Measure:
    return Measure(name, tuple(zip(names, values, strict=True)))


def found(dataset: Dataset) -> dict[str, Ordering]:
    whole = fold_of("1", dataset.names, list(dataset.names), dataset.pairs)
    return {row.name: row for row in ceilings(dataset, [whole])}


def values(dataset: Dataset) -> dict[str, float]:
    return {name: row.pooled.value for name, row in found(dataset).items()}


def test_ceilings_know_which_way_is_better() -> None:
    truth = (measure("quality", 3, 2, 1), measure("shake", 1, 2, 0), measure("Drops", 0, 1, 1))
    assert values(replace(ABC, truth=truth)) == pytest.approx({"quality": 1.0, "shake": 1 / 3, "Drops": 2.5 / 3})


def test_labels_tell_which_way_an_unknown_measure_goes() -> None:
    truth = (measure("Duration (s)", 1, 2, 3), measure("Slips", 1, 2, 3), measure("Smoothness", 3, 2, 1))
    assert values(replace(ABC, truth=truth)) == {"Duration (s)": 1.0, "Slips (less is better)": 1.0, "Smoothness": 1.0}
    slow = replace(ABC, truth=(measure("duration_s", 3, 2, 1), measure("Quality", 1, 2, 3)))
    assert values(slow) == {"duration_s": 0.0, "Quality": 0.0}, "known directions are kept"


def test_success_then_ability_and_pairs_of_equal_success() -> None:
    """Of a1 > a2 > b1 > b2, a1 and b1 succeed; ability orders a2, a1, b1, b2."""
    names = people("AB", 2)
    truth = (measure("success", 1, 0, 1, 0, names=names), measure("skill", 3, 4, 2, 1, names=names))
    rows = found(replace(ranked(names), truth=truth))
    # success: a1 a2, a1 b2, b1 b2 right; a1 b1, a2 b2 tie; a2 b1 wrong
    assert rows["success"].pooled.value == pytest.approx((3 + 2 * 0.5) / 6)
    assert rows[SUCCESS_THEN_ABILITY].pooled.value == pytest.approx(5 / 6)
    equal = {name: row.equal_success for name, row in rows.items()}
    assert {name: one and (one.value, one.n_pairs) for name, one in equal.items()} == {
        "success": (0.5, 2), "skill": (1.0, 2), SUCCESS_THEN_ABILITY: (1.0, 2)
    }  # fmt: skip
    assert found(replace(ABC, truth=(measure("success", 1, 1, 1),)))["success"].equal_success is None


def rated(raters: dict[str, tuple[float, ...]], names: Sequence[str], less_is_better: bool = False) -> RatingSet:
    ratings = tuple(
        VideoRating(video, rater, "Flow", value)
        for rater, given in raters.items()
        for video, value in zip(names, given, strict=True)
        if value
    )
    return RatingSet(ratings, (RatingScale("Flow", 1, 5, less_is_better=less_is_better),))


@pytest.mark.parametrize("less_is_better", [False, True])
def test_one_rater_is_held_against_the_mean_of_the_others(less_is_better: bool) -> None:
    raters = {"x": (5.0, 3.0, 1.0), "y": (4.0, 4.0, 2.0), "z": (1.0, 5.0, 0.0)}  # z did not rate the last
    sign = -1 if less_is_better else 1
    ratings = rated(
        {name: tuple(one and 3 + sign * (one - 3) for one in own) for name, own in raters.items()}, ABC.names
    )
    ratings = replace(ratings, scales=(replace(ratings.scales[0], less_is_better=less_is_better),))
    dataset = replace(ABC, ratings=ratings, criterion="Flow")
    fold = fold_of("1", dataset.names, ["a1"], dataset.pairs)
    # x is wrong on a1 and b1 (2.5 and 4.5 by the others), right on a1 and c1 (2.5 and 2)
    # y holds a1 and b1 for alike (3 and 4), and is right on a1 and c1 (3 and 1); z is wrong on a1 and b1 (4.5 and 3.5)
    assert sorted(rater_pair_outcomes(dataset, [fold])) == [
        (Pair("a1", "b1"), 0.0),
        (Pair("a1", "c1"), 1.0), (Pair("a1", "c1"), 1.0),
        (Pair("b1", "a1"), 0.0), (Pair("b1", "a1"), 0.5),
    ]  # fmt: skip
    assert found(dataset)[ONE_RATER].both_new.n_pairs == 7
    assert ONE_RATER not in found(replace(dataset, ratings=rated({"x": (5, 3, 1)}, ABC.names)))


def test_one_vote_is_held_against_the_other_votes() -> None:
    votes = [
        ("a1", "b1", 1, "x"),
        ("b1", "a1", -1, "y"),
        ("a1", "b1", -1, "z"),
        ("a1", "c1", 0, "x"),
        ("a1", "c1", 1, "y"),
    ]
    judged = tuple(Judgement(left, right, Verdict(verdict), rater) for left, right, verdict, rater in votes)
    fold = fold_of("1", ABC.names, ["a1"], ABC.pairs)
    # the others of x and y are undecided, z is against both; x sees no difference between a1 and c1, where y does
    assert sorted(rater_pair_outcomes(replace(ABC, judgements=judged), [fold])) == [
        (Pair("a1", "b1"), 0.0), (Pair("a1", "c1"), 0.5)
    ]  # fmt: skip
    assert rater_pair_outcomes(replace(ABC, judgements=judged), [fold], both_held_out=True) == []
