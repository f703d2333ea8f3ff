"""Ratings of videos by raters, and the scales of the rated items."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from skillviewer.core.arrays import FloatArray, ReadOnly
from skillviewer.core.errors import DatasetError

RatingKey = tuple[str, str, str, str]
"""Video, rater, item and occasion of a rating."""


@dataclass(frozen=True, slots=True)
class VideoRating:
    """A rating of a video by a rater for an item."""

    video: str
    rater: str
    item: str
    value: float  # the number; for levels, the index of the level
    occasion: str = ""  # occasion or date of the rating, or ""

    @property
    def key(self) -> RatingKey:
        """Video, rater, item and occasion: a study has one valid rating of each."""
        return (self.video, self.rater, self.item, self.occasion)


@dataclass(frozen=True, slots=True)
class RatingScale:
    """The scale of an item."""

    item: str
    low: float  # lowest possible rating, or the lowest given one if the scale is not stated; 0 for levels
    high: float  # highest possible rating, or the highest given one if the scale is not stated
    step: float = 1.0  # smallest distance of two ratings, above 0
    levels: tuple[str, ...] = ()  # names of the levels, the worst first; empty for numbers
    less_is_better: bool = False  # whether a lower rating shows better skill (errors, seconds)
    stated: bool = False  # whether the user stated ``low`` and ``high``


@dataclass(frozen=True, slots=True, repr=False)
class RatingMatrix(ReadOnly):
    """Ratings of n videos by k raters for one item."""

    videos: tuple[str, ...]  # names, sorted
    raters: tuple[str, ...]  # names, sorted
    values: FloatArray  # (n, k) mean rating of every video by every rater, or NaN

    def means(self) -> dict[str, float]:
        """Return the mean rating of every video."""
        if not self.videos:
            return {}
        mean_ratings: list[float] = np.nanmean(self.values, axis=1).tolist()
        return dict(zip(self.videos, mean_ratings, strict=True))

    def counts(self) -> dict[str, int]:
        """Return the number of raters of every video."""
        n_raters = (~np.isnan(self.values)).sum(axis=1)
        return dict(zip(self.videos, n_raters.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class RatingSet:
    """Ratings of videos, and the scales of their items."""

    ratings: tuple[VideoRating, ...]  # one per video, rater, item and occasion
    scales: tuple[RatingScale, ...]  # in the order of the items

    @property
    def items(self) -> tuple[str, ...]:
        """Names of the items."""
        return tuple(scale.item for scale in self.scales)

    @property
    def raters(self) -> tuple[str, ...]:
        """Names of the raters, sorted."""
        return tuple(sorted({rating.rater for rating in self.ratings}))

    def scale(self, item: str) -> RatingScale:
        """Return the scale of an item, or raise a DatasetError."""
        for scale in self.scales:
            if scale.item == item:
                return scale
        raise DatasetError(f"There is no criterion “{item}”. Choose one of: {', '.join(self.items)}.")

    def table(self, item: str) -> RatingMatrix:
        """Return the ratings of an item as a matrix of videos and raters, or raise a DatasetError."""
        self.scale(item)  # raises for an unknown item
        values_by_cell: dict[tuple[str, str], list[float]] = {}
        for rating in self.ratings:
            if rating.item == item:
                values_by_cell.setdefault((rating.video, rating.rater), []).append(rating.value)
        videos = tuple(sorted({video for video, _ in values_by_cell}))
        raters = tuple(sorted({rater for _, rater in values_by_cell}))
        row_of = {video: row for row, video in enumerate(videos)}
        column_of = {rater: column for column, rater in enumerate(raters)}
        matrix = np.full((len(videos), len(raters)), np.nan)
        for (video, rater), values in values_by_cell.items():
            matrix[row_of[video], column_of[rater]] = np.mean(values)
        return RatingMatrix(videos, raters, matrix)

    def occasions(self) -> dict[str, str]:
        """Return the occasion of every video whose ratings all have the same occasion."""
        occasions_by_video: dict[str, set[str]] = {}
        for rating in self.ratings:
            occasions_by_video.setdefault(rating.video, set()).add(rating.occasion)
        occasion_by_video = {}
        for video, occasions in occasions_by_video.items():
            if len(occasions) == 1 and "" not in occasions:
                occasion_by_video[video] = next(iter(occasions))
        return occasion_by_video

    def restricted(self, names: Collection[str]) -> "RatingSet":
        """Return the ratings of a subset of videos, with all scales."""
        subset = set(names)
        return replace(self, ratings=tuple(rating for rating in self.ratings if rating.video in subset))
