"""Summary of the ratings of an item: distribution, agreement, and the videos on which raters differ most."""

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter, itemgetter

import numpy as np

from skillviewer.core.dataset.rating_set import RatingMatrix, RatingScale, RatingSet
from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.reliability import RaterAgreement, rater_agreement

MAX_BARS = 13
"""Most possible values of a scale with a bar for each value."""

N_INTERVALS = 10
"""Number of intervals of equal width for scales with more possible values."""


@dataclass(frozen=True, slots=True)
class RatingBin:
    """A bar of the histogram."""

    low: float  # lowest rating
    high: float  # end of the interval, which does not belong to it; equal to ``low`` for a bar of a single value
    n: int  # number of ratings


@dataclass(frozen=True, slots=True)
class RaterRatings:
    """Ratings of one rater."""

    rater: str
    n: int  # number of rated videos
    mean: float  # mean rating, in points
    severity: float  # effect in points, below 0 severe; NaN if common videos do not link the raters


@dataclass(frozen=True, slots=True)
class DisputedVideo:
    """A video that raters rate differently."""

    video: str
    distance: float  # highest minus lowest rating, in points
    ratings: tuple[tuple[str, float], ...]  # rater and rating, the lowest first


@dataclass(frozen=True, slots=True)
class RatingSummary:
    """Summary of the ratings of an item."""

    item: str
    scale: RatingScale
    n_ratings: int
    n_videos: int
    n_participants: int | None  # None if participants are not known
    n_occasions: int
    histogram: tuple[RatingBin, ...]
    raters: tuple[RaterRatings, ...]
    agreement: RaterAgreement | None  # None with one rater
    disputed: tuple[DisputedVideo, ...]  # videos on which raters differ, the largest distance first


def summarize_ratings(ratings: RatingSet, item: str, participants: Mapping[str, str] | None = None) -> RatingSummary:
    """Return the summary of the ratings of an item.

    Args:
        ratings: Ratings of some videos.
        item: The item.
        participants: Participant of each video by name, "" if unknown.

    Raises:
        DatasetError: There is no such item, or it has no ratings.
    """
    scale = ratings.scale(item)
    matrix = ratings.table(item)
    if not matrix.videos:
        raise DatasetError(f"“{item}” has no ratings.")
    agreement = rater_agreement(ratings, item) if len(matrix.raters) > 1 else None
    item_ratings = [rating for rating in ratings.ratings if rating.item == item]
    if participants is None:
        participants = {}
    people = {participants.get(video, "") for video in matrix.videos} - {""}
    return RatingSummary(
        item=item,
        scale=scale,
        n_ratings=len(item_ratings),
        n_videos=len(matrix.videos),
        n_participants=len(people) or None,
        n_occasions=len({rating.occasion for rating in item_ratings if rating.occasion}),
        histogram=_histogram(np.array([rating.value for rating in item_ratings]), scale),
        raters=_rater_rows(matrix, agreement),
        agreement=agreement,
        disputed=_disputed_videos(matrix),
    )


def _histogram(values: np.ndarray, scale: RatingScale) -> tuple[RatingBin, ...]:
    """Return a bar for every possible value of a scale, or intervals of equal width if there are too many values."""
    low = min(scale.low, float(values.min()))
    high = max(scale.high, float(values.max()))
    n_steps = round((high - low) / scale.step)
    possible_values = low + scale.step * np.arange(n_steps + 1)
    is_possible = np.isclose(values[:, None], possible_values[None], atol=1e-9).any(axis=1)
    if n_steps < MAX_BARS and is_possible.all():
        bins = []
        for value in possible_values.tolist():
            is_value = np.isclose(values, value)
            bins.append(RatingBin(value, value, int(is_value.sum())))
        return tuple(bins)
    counts, edges = np.histogram(values, bins=N_INTERVALS, range=(low, high))
    return tuple(
        RatingBin(start, stop, n)
        for start, stop, n in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
    )


def _rater_rows(matrix: RatingMatrix, agreement: RaterAgreement | None) -> tuple[RaterRatings, ...]:
    severities = agreement.severity if agreement is not None else (float("nan"),) * len(matrix.raters)
    rows = []
    for rater, column, severity in zip(matrix.raters, matrix.values.T, severities, strict=True):
        given_ratings = column[np.isfinite(column)]
        mean_rating = float(given_ratings.mean())
        rows.append(RaterRatings(rater, len(given_ratings), mean_rating, severity))
    return tuple(rows)


def _disputed_videos(matrix: RatingMatrix) -> tuple[DisputedVideo, ...]:
    """Return the videos with different ratings, the largest distance first."""
    videos = []
    for video, row in zip(matrix.videos, matrix.values, strict=True):
        ratings = [(rater, float(value)) for rater, value in zip(matrix.raters, row, strict=True) if np.isfinite(value)]
        if len(ratings) < 2:
            continue
        ratings.sort(key=itemgetter(1, 0))  # by rating, then by rater
        distance = ratings[-1][1] - ratings[0][1]
        if distance > 0:
            videos.append(DisputedVideo(video, distance, tuple(ratings)))
    videos.sort(key=attrgetter("video"))
    videos.sort(key=attrgetter("distance"), reverse=True)  # equal distances stay in the order of names
    return tuple(videos)
