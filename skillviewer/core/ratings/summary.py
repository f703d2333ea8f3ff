"""Summary of the ratings of an item: their distribution, the agreement, and the videos that raters see apart."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from skillviewer.core.dataset.rating_set import RatingMatrix, RatingScale, RatingSet
from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.reliability import RaterAgreement, rater_agreement

MAX_BARS = 13
"""A scale with more possible values is divided into ``WIDE_BARS`` intervals of equal width."""
WIDE_BARS = 10


@dataclass(frozen=True, slots=True)
class RatingBin:
    """A bar of the histogram: ratings from ``low`` to below ``high``; of a single value, both are that value."""

    low: float
    high: float
    n: int  # number of ratings


@dataclass(frozen=True, slots=True)
class RaterRatings:
    """Ratings of one rater."""

    rater: str
    n: int  # number of rated videos
    mean: float  # mean rating, in points
    severity: float  # effect in points, below 0 severe; NaN where videos do not link the raters


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
    """Summarize the ratings of an item.

    Args:
        ratings: Ratings of some videos.
        item: The item.
        participants: Participant of each video by name, "" if not known.

    Raises:
        DatasetError: There is no such item, or it has no ratings.
    """
    scale = ratings.scale(item)
    table = ratings.table(item)
    if not table.videos:
        raise DatasetError(f"“{item}” has no ratings.")
    agreement = rater_agreement(ratings, item) if len(table.raters) > 1 else None
    item_ratings = [rating for rating in ratings.ratings if rating.item == item]
    people = {name for name in ((participants or {}).get(video, "") for video in table.videos) if name}
    return RatingSummary(
        item=item,
        scale=scale,
        n_ratings=len(item_ratings),
        n_videos=len(table.videos),
        n_participants=len(people) or None,
        n_occasions=len({rating.occasion for rating in item_ratings if rating.occasion}),
        histogram=_histogram(np.array([rating.value for rating in item_ratings]), scale),
        raters=_by_rater(table, agreement),
        agreement=agreement,
        disputed=_disputed(table),
    )


def _histogram(values: np.ndarray, scale: RatingScale) -> tuple[RatingBin, ...]:
    """Return a bar for every possible value of a scale, or intervals of equal width if there are too many."""
    low = min(scale.low, float(values.min()))
    high = max(scale.high, float(values.max()))
    n_steps = round((high - low) / scale.step)
    grid = low + scale.step * np.arange(n_steps + 1)
    on_grid = bool(np.isclose(values[:, None], grid[None], atol=1e-9).any(axis=1).all())
    if n_steps < MAX_BARS and on_grid:
        return tuple(RatingBin(value, value, int(np.isclose(values, value).sum())) for value in grid.tolist())
    counts, edges = np.histogram(values, bins=WIDE_BARS, range=(low, high))
    return tuple(
        RatingBin(start, stop, n)
        for start, stop, n in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
    )


def _by_rater(table: RatingMatrix, agreement: RaterAgreement | None) -> tuple[RaterRatings, ...]:
    severities = agreement.severity if agreement is not None else (float("nan"),) * len(table.raters)
    rows = []
    for rater, column, severity in zip(table.raters, table.values.T, severities, strict=True):
        rated = column[np.isfinite(column)]
        rows.append(RaterRatings(rater, len(rated), float(rated.mean()), severity))
    return tuple(rows)


def _disputed(table: RatingMatrix) -> tuple[DisputedVideo, ...]:
    videos = []
    for video, row in zip(table.videos, table.values, strict=True):
        is_rated = np.isfinite(row)
        if is_rated.sum() < 2 or np.ptp(row[is_rated]) == 0:
            continue
        pairs = [(rater, float(value)) for rater, value in zip(table.raters, row, strict=True) if np.isfinite(value)]
        videos.append(
            DisputedVideo(
                video, float(np.ptp(row[is_rated])), tuple(sorted(pairs, key=lambda pair: (pair[1], pair[0])))
            )
        )
    return tuple(sorted(videos, key=lambda disputed: (-disputed.distance, disputed.video)))
