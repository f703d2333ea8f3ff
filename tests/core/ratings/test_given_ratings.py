"""Ratings of single videos, as they are shown."""

import pytest

from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.ratings.given_ratings import given_ratings, rating_sentences

RATINGS = RatingSet(
    (
        VideoRating("a", "Ann", "Flow", 3),
        VideoRating("a", "Ben", "Flow", 4),
        VideoRating("b", "Ann", "Flow", 2),
        VideoRating("a", "Ann", "Level", 1),
    ),
    (RatingScale("Flow", 1, 5), RatingScale("Level", 0, 2, levels=("novice", "able", "expert"))),
)


def test_the_mean_of_the_raters_stands_on_its_scale() -> None:
    given = given_ratings(RATINGS, "Flow")
    assert given["a"].mean == pytest.approx(3.5)
    assert (given["a"].text, given["a"].about) == ("3.5 of 5", "2 raters")
    assert given["b"].by_rater == (("Ann", 2.0),)
    assert given_ratings(RATINGS, "Level")["a"].text == "able"
    assert given_ratings(RATINGS, "Speed") == {}


def test_every_item_has_a_sentence_with_its_raters() -> None:
    assert rating_sentences(RATINGS, "a") == ("Flow: 3.5 of 5 (Ann 3, Ben 4)", "Level: able")
    assert rating_sentences(RATINGS, "c") == ()
