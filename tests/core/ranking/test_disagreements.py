"""Pairs on which a model and the raters disagree, by hand."""

import numpy as np
import pytest

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.ranking.disagreements import Disagreement, agreement_share, find_disagreements
from tests.core.answers import judged

PAIRS = (Pair("a", "b"), Pair("b", "c"), Pair("c", "d"), Pair("a", "x"))
VOTES = judged(("Ann", "a", "b", 1), ("Bob", "b", "a", -1), ("Cem", "b", "a", 1), ("Ann", "c", "b", 0))
SCORES = {"a": 0.0, "b": 3.0, "c": 1.0, "d": 1.0}


def dataset() -> Dataset:
    videos = tuple(DatasetVideo(name) for name in "abcdx")
    return Dataset("study", "", "", videos, PAIRS, judgements=tuple(VOTES))


def test_the_pair_of_which_the_model_is_surest_comes_first() -> None:
    sd = float(np.std([0, 3, 1, 1]))
    assert find_disagreements(dataset(), SCORES) == (
        Disagreement("a", "b", pytest.approx(3 / sd), 2, 1, 0),  # type: ignore[arg-type]
        Disagreement("c", "d", 0.0, 0, 0, 0),  # the same score is no agreement; nobody voted
    )


def test_votes_count_whichever_side_they_were_given_on() -> None:
    (found,) = find_disagreements(dataset(), {"b": 0.0, "c": 1.0})
    assert (found.better, found.worse) == ("b", "c")
    assert (found.votes_for, found.votes_against, found.neither) == (0, 0, 1)


def test_share_is_of_the_pairs_that_are_assessed() -> None:
    found = find_disagreements(dataset(), SCORES)
    assert agreement_share([pair for pair in dataset().pairs if pair.within(SCORES)], found) == pytest.approx(
        1 / 3
    )  # b over c; a and x is not assessed
    assert np.isnan(agreement_share([], ()))
    assert find_disagreements(dataset(), {}) == ()


def test_scores_without_spread_order_nothing() -> None:
    found = find_disagreements(dataset(), dict.fromkeys("abcdx", 1.0))
    assert [(d.better, d.worse, d.lead) for d in found] == [
        ("a", "b", 0.0),
        ("a", "x", 0.0),
        ("b", "c", 0.0),
        ("c", "d", 0.0),
    ]
