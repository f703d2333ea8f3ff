"""Rubrics: their steps and keys, the templates, the order in which videos are rated, and the error of one rater."""

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.rating_order import MIN_BETWEEN, FormPurpose, rating_order
from skillviewer.core.ratings.repeat_agreement import repeat_agreement
from skillviewer.core.ratings.rubric import Anchor, Rubric, RubricItem
from skillviewer.core.ratings.rubric_templates import GEARS, OSATS, TEMPLATES


def test_the_templates_have_the_items_of_the_instruments() -> None:
    assert [len(OSATS.items), len(GEARS.items)] == [7, 6]
    assert {item.steps for r in (OSATS, GEARS) for item in r.items} == {(1, 2, 3, 4, 5)}
    assert all([anchor.step for anchor in item.anchors] == [1, 3, 5] for r in (OSATS, GEARS) for item in r.items)
    assert ("1997" in OSATS.source, "2012" in GEARS.source) == (True, True)
    total = OSATS.scales[0]
    assert (total.item, total.low, total.high) == ("OSATS total", 7, 35)
    assert len({rubric.digest for rubric in TEMPLATES.values()}) == 3


def test_a_key_is_the_digit_of_its_step_where_steps_are_digits() -> None:
    assert RubricItem("a", 0, 2).keys == ("0", "1", "2")
    assert RubricItem("a", 1, 5).keys == ("1", "2", "3", "4", "5")
    assert RubricItem("a", 0, 1, 0.25).keys == ("1", "2", "3", "4", "5")
    assert RubricItem("a", -4, 5).keys == ("1", "2", "3", "4", "5", "6", "7", "8", "9", "0")


def test_the_sum_is_rated_where_every_item_was() -> None:
    rubric = Rubric("r", (RubricItem("a", 0, 2), RubricItem("b", 0, 2)), total="all")
    assert rubric.ratings({"b": 2, "a": 1}) == {"all": 3, "a": 1, "b": 2}
    assert rubric.ratings({"a": 1}) == {"a": 1}
    assert "“c”" in rubric.wrong_answer({"c": 1})
    assert "1.5" in rubric.wrong_answer({"a": 1.5})
    assert rubric.wrong_answer({"a": 2, "b": 0}) == ""


@pytest.mark.parametrize(
    ("made", "word"),
    [
        (lambda: RubricItem(""), "empty"),
        (lambda: RubricItem("a\x1b[2J"), "cannot be shown"),
        (lambda: RubricItem("a", 5, 1), "lower"),
        (lambda: RubricItem("a", 1, math.inf), "inf"),
        (lambda: RubricItem("a", 0, 100), "101 steps"),
        (lambda: RubricItem("a", 0, 1, 0.3), "do not reach"),
        (lambda: RubricItem("a", 1, 5, anchors=(Anchor(6, "x"),)), "anchors at 6"),
        (lambda: RubricItem("a", 1, 5, anchors=(Anchor(2, "x"), Anchor(2, "y"))), "anchors at 2, 2"),
        (lambda: Rubric("r", ()), "0"),
        (lambda: Rubric("r", (RubricItem("a"), RubricItem("A"))), "called “A”"),
        (lambda: Rubric("r", (RubricItem("a"), RubricItem("b", less_is_better=True)), total="t"), "“t”"),
    ],
)
def test_a_rubric_that_cannot_be_is_refused_with_its_value(made: Callable[[], object], word: str) -> None:
    with pytest.raises(DatasetError, match=word):
        made()


def test_every_video_comes_once_and_repeats_come_later_in_an_order_of_the_seed() -> None:
    videos = [f"v{at}" for at in range(60)]
    turns = rating_order(videos, "Ann", 7, 0.2)
    assert turns == rating_order(list(reversed(videos)), "Ann", 7, 0.2), "the order of the list does not matter"
    assert turns != rating_order(videos, "Ben", 7, 0.2)
    assert turns != rating_order(videos, "Ann", 8, 0.2)
    counts = Counter(turn.purpose for turn in turns)
    assert counts == {FormPurpose.FIRST: 60, FormPurpose.REPEAT: 12}
    assert {turn.video for turn in turns if turn.purpose is FormPurpose.FIRST} == set(videos)
    first = {turn.video: at for at, turn in enumerate(turns) if turn.purpose is FormPurpose.FIRST}
    between = [at - first[turn.video] - 1 for at, turn in enumerate(turns) if turn.purpose is FormPurpose.REPEAT]
    assert min(between) >= MIN_BETWEEN - 1
    gone = [turn.video for turn in rating_order(videos[1:], "Ann", 7, 0) if turn.video != "v0"]
    assert gone == [turn.video for turn in rating_order(videos, "Ann", 7, 0) if turn.video != "v0"]
    assert rating_order([], "Ann", 7, 0.5) == ()


def test_first_places_are_uniform_over_seeds() -> None:
    places = [[t.video for t in rating_order("abcde", "Ann", seed, 0)].index("a") for seed in range(2000)]
    counts = np.bincount(places, minlength=5)
    assert ((counts - 400) ** 2 / 400).sum() < 18.5, "chi-squared of 4 degrees of freedom, 0.1 %"


def test_the_error_within_a_rater_is_half_the_mean_squared_difference() -> None:
    scale = RubricItem("a", 1, 5).scale
    found = repeat_agreement("Ann", scale, [(1, 2), (3, 3), (5, 4), (2, 4)])
    assert (found.n, found.n_equal, found.mean_difference) == (4, 1, 0.5)
    assert found.sem == pytest.approx(math.sqrt((1 + 0 + 1 + 4) / 4 / 2))
    assert -1 <= found.icc.value <= 1
    alone = repeat_agreement("Ann", scale, [(1, 1)])
    assert (alone.n_equal, alone.sem, math.isnan(alone.icc.value)) == (1, 0.0, True)
