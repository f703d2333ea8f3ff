"""Pairs of ratings by a stated rule, and what one rater gets against the others."""

import numpy as np
import pytest

from skillviewer.core.dataset.pairs import Pair, SimilarPair
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.rating_rule import RatingRule, rating_rule_named
from tests.facts import missing


def ratings(table: dict[str, dict[str, float]], **scale: object) -> RatingSet:
    """Return ratings by rater and video, of one item."""
    values = tuple(VideoRating(v, rater, "Flow", x) for rater, given in table.items() for v, x in given.items())
    return RatingSet(values, (RatingScale("Flow", 1, 9, **scale),))  # type: ignore[arg-type]


def test_steps_and_points_order_what_differs_by_as_much() -> None:
    one = ratings({"x": {"a": 1, "b": 2, "c": 4, "d": 4}})
    steps = RatingRule("steps", 1).pairs(one, "Flow")
    assert set(steps.pairs) == {Pair("b", "a"), Pair("c", "a"), Pair("c", "b"), Pair("d", "a"), Pair("d", "b")}
    assert steps.similar == (SimilarPair("c", "d"),)
    assert steps.n_between == 0
    points = RatingRule("points", 2).pairs(one, "Flow")
    assert set(points.pairs) == {Pair("c", "a"), Pair("d", "a"), Pair("c", "b"), Pair("d", "b")}
    assert points.n_between == 1
    assert not missing(points.rule, "“Flow”", "2 points")


def test_less_may_be_better_and_tasks_are_kept_apart() -> None:
    one = ratings({"x": {"a": 1, "b": 2, "c": 4}}, less_is_better=True)
    found = RatingRule("steps").pairs(one, "Flow", {"a": "knot", "b": "knot", "c": "cut"})
    assert found.pairs == (Pair("a", "b"),)


def test_the_smallest_detectable_difference_is_of_the_raters_disagreement() -> None:
    rng = np.random.default_rng(0)
    true = np.linspace(1, 9, 40)
    table = {
        f"r{k}": {f"v{i:02}": float(x + bias + rng.normal(0, 0.6)) for i, x in enumerate(true)}
        for k, bias in enumerate((-0.5, 0.5))
    }
    found = RatingRule().pairs(ratings(table), "Flow")
    assert found.difference == pytest.approx(1.96 * np.sqrt(2) * 0.6 / np.sqrt(2), rel=0.2)  # of means of two raters
    means = ratings(table).table("Flow").means()
    gaps = sorted(abs(means[p.better] - means[p.worse]) for p in found.pairs)
    assert gaps[0] == pytest.approx(found.difference, abs=0.05)
    assert max(abs(means[p.first] - means[p.second]) for p in found.similar) <= found.difference / 1.96 + 1e-9
    assert len(found.pairs) + len(found.similar) + found.n_between == 40 * 39 // 2
    assert "1.96 standard errors" in found.rule
    wrong = sum(int(p.better[1:]) < int(p.worse[1:]) for p in found.pairs)
    assert wrong / len(found.pairs) < 0.02


def test_a_video_that_more_raters_rated_is_told_apart_sooner() -> None:
    table = {f"r{k}": {"a": 5.0 + (-1) ** k, "b": 5.0 - (-1) ** k} for k in range(4)}
    table["r0"] |= {"c": 7.2}
    table["r4"] = {"d": 5.0, "c": 7.6}
    found = RatingRule().pairs(ratings(table), "Flow")
    error = found.difference / 1.96
    assert error > 0
    # a and b have four raters each, d one: 2.4 points from c with two
    assert Pair("c", "a") in found.pairs
    assert Pair("c", "d") not in found.pairs


def test_without_several_raters_one_step_counts() -> None:
    found = RatingRule().pairs(ratings({"x": {"a": 1, "b": 2}}), "Flow")
    assert found.pairs == (Pair("b", "a"),)
    assert "too few videos have two raters" in found.rule


def test_raters_who_never_differ_order_every_difference() -> None:
    same = {"a": 1.0, "b": 2.0, "c": 2.0}
    found = RatingRule().pairs(ratings({"x": same, "y": same}), "Flow")
    assert set(found.pairs) == {Pair("b", "a"), Pair("c", "a")}
    assert found.similar == (SimilarPair("b", "c"),)


@pytest.mark.parametrize("text", ["detectable", "steps:2", "points:1.5"])
def test_a_rule_is_asked_for_by_its_name(text: str) -> None:
    assert rating_rule_named(text).name == text


@pytest.mark.parametrize("text", ["", "steps:0.5", "points", "points:-1", "points:nan", "detectable:3", "often"])
def test_no_such_rule(text: str) -> None:
    with pytest.raises(DatasetError, match="for pairs of ratings"):
        rating_rule_named(text)
