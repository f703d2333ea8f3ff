"""Ratings at a glance, against counts by hand."""

import math

import pytest

from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.ratings.overview import HistogramBar, icc_word, kappa_word, ratings_overview
from skillviewer.core.ratings.reliability import Estimate, icc

VALUES = {"a": (1, 2, 1), "b": (2, 3, 2), "c": (5, 5, 1), "d": (4, 5, 4), "e": (3, 4, 3)}
RATERS = ("Ann", "Bob", "Cem")


def rated() -> RatingSet:
    given = [
        VideoRating(video, rater, "Flow", float(value), "pre" if video == "a" else "")
        for video, row in VALUES.items()
        for rater, value in zip(RATERS, row, strict=True)
    ]
    given.append(VideoRating("a", "Ann", "Time", 12.5))
    return RatingSet(tuple(given), (RatingScale("Flow", 1, 6, stated=True), RatingScale("Time", 0, 100, 0.5)))


def test_every_number_of_the_page() -> None:
    flow, time = ratings_overview(rated(), {"a": "P1", "b": "P1", "c": "P2"})
    assert (flow.n_ratings, flow.n_videos, flow.n_people) == (15, 5, 2)
    assert list(flow.occasions) == [("pre", 3)]
    assert [bar.count for bar in flow.histogram] == [3, 3, 3, 3, 3, 0], "an empty step stays in sight"
    assert flow.histogram[0] == HistogramBar(1, 1, 3)
    assert flow.differences[0].video == "c"
    assert flow.differences[0].spread == 4
    assert list(flow.differences[0].ratings) == [("Ann", 5.0), ("Bob", 5.0), ("Cem", 1.0)]
    assert [one.video for one in flow.differences[1:]] == ["a", "b", "d", "e"]
    severity = dict(flow.severity)
    assert severity["Bob"] == pytest.approx(19 / 5 - 45 / 15)
    assert sum(severity.values()) == pytest.approx(0)
    matrix = rated().table("Flow").values
    assert flow.icc_text.startswith(f"ICC {icc(matrix)[0].value:.2f}")
    assert "Koo & Li" in flow.icc_text
    assert "Cicchetti" in flow.kappa_text
    assert "Cem" in flow.kappa_text, "the pair that agrees least"
    assert [time.icc_text, time.kappa_text, len(time.differences)] == ["", "", 0], "one rater"
    assert sum(bar.count for bar in time.histogram) == 1
    assert len(time.histogram) == 20


def test_the_words_begin_at_the_published_thresholds() -> None:
    def estimate(value: float) -> Estimate:
        return Estimate(value, math.nan, math.nan)

    assert [icc_word(estimate(x)) for x in (0.49, 0.5, 0.75, 0.9)] == ["poor", "moderate", "good", "excellent"]
    assert [kappa_word(estimate(x)) for x in (0.39, 0.4, 0.6, 0.75)] == ["poor", "moderate", "good", "excellent"]
    assert (icc_word(None), icc_word(estimate(math.nan))) == ("", "")
