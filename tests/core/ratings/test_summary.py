"""The summary of ratings equals counts made by hand."""

import math

import pytest

from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.agreement_words import word_for_icc, word_for_kappa
from skillviewer.core.ratings.summary import summarize_ratings

VALUES = {"a": (1, 2), "b": (3, 3), "c": (5, 2), "d": (4, 4)}


def ratings(step: float = 1.0, high: float = 5.0) -> RatingSet:
    rows = tuple(
        VideoRating(video, rater, "Flow", float(value), "before" if video in "ab" else "after")
        for video, values in VALUES.items()
        for rater, value in zip(("Ann", "Bob"), values, strict=True)
    )
    return RatingSet(rows, (RatingScale("Flow", 1.0, high, step, stated=True),))


def test_counts_and_histogram_of_a_scale_with_few_values() -> None:
    summary = summarize_ratings(ratings(), "Flow", {"a": "P1", "b": "P1", "c": "P2", "d": ""})
    assert (summary.n_ratings, summary.n_videos, summary.n_participants, summary.n_occasions) == (8, 4, 2, 2)
    assert [(b.low, b.high, b.n) for b in summary.histogram] == [(1, 1, 1), (2, 2, 2), (3, 3, 2), (4, 4, 2), (5, 5, 1)]


def test_a_fine_scale_has_ten_intervals_that_hold_every_rating() -> None:
    summary = summarize_ratings(ratings(step=0.1, high=101.0), "Flow")
    assert len(summary.histogram) == 10
    assert sum(b.n for b in summary.histogram) == 8
    assert (summary.histogram[0].low, summary.histogram[-1].high) == (1.0, 101.0)
    assert summary.n_participants is None


def test_raters_have_their_means_and_the_severe_one_is_below_zero() -> None:
    ann, bob = summarize_ratings(ratings(), "Flow").raters
    assert (ann.rater, ann.n, ann.mean) == ("Ann", 4, 3.25)
    assert (bob.rater, bob.mean) == ("Bob", 2.75)
    assert bob.severity < 0 < ann.severity


def test_videos_on_which_raters_differ_come_with_the_largest_distance_first() -> None:
    disputed = summarize_ratings(ratings(), "Flow").disputed
    assert [(d.video, d.distance) for d in disputed] == [("c", 3.0), ("a", 1.0)]
    assert disputed[0].ratings == (("Bob", 2.0), ("Ann", 5.0))


def test_one_rater_has_no_agreement_and_no_severity() -> None:
    alone = RatingSet(tuple(r for r in ratings().ratings if r.rater == "Ann"), ratings().scales)
    summary = summarize_ratings(alone, "Flow")
    assert summary.agreement is None
    assert math.isnan(summary.raters[0].severity)
    assert summary.disputed == ()


def test_an_unknown_item_is_refused() -> None:
    with pytest.raises(DatasetError, match="Speed"):
        summarize_ratings(ratings(), "Speed")


@pytest.mark.parametrize(
    ("value", "word"), [(0.49, "poor"), (0.5, "moderate"), (0.75, "good"), (0.9, "good"), (0.91, "excellent")]
)
def test_words_for_icc_change_at_the_published_thresholds(value: float, word: str) -> None:
    assert word_for_icc(value) == word
    assert word_for_icc(math.nan) == ""


@pytest.mark.parametrize(
    ("value", "word"),
    [(-0.1, "poor"), (0.0, "slight"), (0.2, "slight"), (0.3, "fair"), (0.8, "substantial"), (0.9, "almost perfect")],
)
def test_words_for_kappa_change_at_the_published_thresholds(value: float, word: str) -> None:
    assert word_for_kappa(value) == word
