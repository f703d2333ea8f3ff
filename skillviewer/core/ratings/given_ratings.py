"""Ratings that raters gave single videos, as they are shown next to a model's score."""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.dataset.rating_set import RatingScale, RatingSet
from skillviewer.core.text import counted


@dataclass(frozen=True, slots=True)
class GivenRating:
    """Ratings of one video for one item."""

    item: str
    mean: float  # mean over the raters, in points; the number of a level for levels
    text: str  # the mean on its scale: "3.5 of 5", or the word of the nearest level
    by_rater: tuple[tuple[str, float], ...]  # rater and rating, by name

    @property
    def about(self) -> str:
        """Number of raters in words."""
        return counted(len(self.by_rater), "rater")

    def sentence(self, scale: RatingScale) -> str:
        """Return the mean, then the rating of every rater if there are several."""
        if len(self.by_rater) < 2:
            return f"{self.item}: {self.text}"
        rater_values = ", ".join(f"{rater} {format_rating(value, scale, short=True)}" for rater, value in self.by_rater)
        return f"{self.item}: {self.text} ({rater_values})"


def format_rating(value: float, scale: RatingScale, *, short: bool = False) -> str:
    """Return a rating on its scale; ``short`` leaves out the end of the scale."""
    if scale.levels:
        return scale.levels[min(max(round(value - scale.low), 0), len(scale.levels) - 1)]
    return f"{value:.3g}" if short else f"{value:.3g} of {scale.high:g}"


def given_ratings(ratings: RatingSet, item: str) -> dict[str, GivenRating]:
    """Return the ratings of every rated video for an item, by video; empty if no video was rated for it."""
    if item not in ratings.items:
        return {}
    scale = ratings.scale(item)
    table = ratings.table(item)
    rating_by_video = {}
    for video, row in zip(table.videos, table.values, strict=True):
        rated = [(rater, float(x)) for rater, x in zip(table.raters, row, strict=True) if np.isfinite(x)]
        mean = float(np.mean([value for _, value in rated]))
        rating_by_video[video] = GivenRating(item, mean, format_rating(mean, scale), tuple(rated))
    return rating_by_video


def rating_sentences(ratings: RatingSet, video: str) -> tuple[str, ...]:
    """Return a sentence for every item for which a video was rated."""
    of_video = ratings.restricted([video])
    ratings_by_item = ((scale, given_ratings(of_video, scale.item).get(video)) for scale in ratings.scales)
    return tuple(given_rating.sentence(scale) for scale, given_rating in ratings_by_item if given_rating is not None)
