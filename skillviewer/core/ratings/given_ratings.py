"""Ratings of single videos, as shown next to a model's score."""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.dataset.rating_set import RatingScale, RatingSet
from skillviewer.core.text import counted


@dataclass(frozen=True, slots=True)
class GivenRating:
    """Ratings of one video for one item."""

    item: str
    mean: float  # mean over the raters, in points; for levels, of the index of the level
    text: str  # the mean as text, such as "3.5 of 5" or the name of the nearest level
    by_rater: tuple[tuple[str, float], ...]  # rater and rating, sorted by name

    @property
    def about(self) -> str:
        """Text on the number of raters."""
        return counted(len(self.by_rater), "rater")

    @property
    def mean_sentence(self) -> str:
        """Sentence on the mean rating and the number of raters."""
        return f"The raters gave {self.text} ({self.about})."

    def sentence(self, scale: RatingScale) -> str:
        """Return a text with the mean, and with the rating of every rater if there are several."""
        if len(self.by_rater) < 2:
            return f"{self.item}: {self.text}"
        rating_texts = [f"{rater} {format_rating(value, scale, with_end=False)}" for rater, value in self.by_rater]
        return f"{self.item}: {self.text} ({', '.join(rating_texts)})"


def format_rating(value: float, scale: RatingScale, *, with_end: bool = True) -> str:
    """Return a rating as text, with the end of the scale on request, or the name of the nearest level."""
    if scale.levels:
        level = min(max(round(value - scale.low), 0), len(scale.levels) - 1)
        return scale.levels[level]
    return f"{value:.3g} of {scale.high:g}" if with_end else f"{value:.3g}"


def given_ratings(ratings: RatingSet, item: str) -> dict[str, GivenRating]:
    """Return the ratings of every rated video for an item, by video; empty if the item is unknown."""
    if item not in ratings.items:
        return {}
    scale = ratings.scale(item)
    matrix = ratings.table(item)
    rating_by_video = {}
    for video, row in zip(matrix.videos, matrix.values, strict=True):
        by_rater = [
            (rater, float(value)) for rater, value in zip(matrix.raters, row, strict=True) if np.isfinite(value)
        ]
        mean = float(np.mean([value for _, value in by_rater]))
        rating_by_video[video] = GivenRating(item, mean, format_rating(mean, scale), tuple(by_rater))
    return rating_by_video


def rating_sentences(ratings: RatingSet, video: str) -> tuple[str, ...]:
    """Return a text for every item for which a video was rated."""
    video_ratings = ratings.restricted([video])
    sentences = []
    for scale in ratings.scales:
        given_rating = given_ratings(video_ratings, scale.item).get(video)
        if given_rating is not None:
            sentences.append(given_rating.sentence(scale))
    return tuple(sentences)
