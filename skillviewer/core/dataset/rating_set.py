"""Ratings as values: the number that a rater gave a video for an item."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from skillviewer.core.arrays import FloatArray, ReadOnly
from skillviewer.core.errors import DatasetError


@dataclass(frozen=True, slots=True)
class VideoRating:
    """A rating of a video by a rater for an item, on an occasion or date or ""; of levels, the index in their order."""

    video: str
    rater: str
    item: str
    value: float
    occasion: str = ""


@dataclass(frozen=True, slots=True)
class RatingScale:
    """The scale of an item."""

    item: str
    low: float  # lowest possible rating (0 for levels), or the lowest given if the scale is not stated
    high: float  # highest possible rating, or the highest given
    step: float = 1.0  # smallest distance of two ratings, above 0
    levels: tuple[str, ...] = ()  # words of the levels, the worst first; empty for numbers
    less_is_better: bool = False  # whether a lower rating shows better skill (errors, seconds)
    stated: bool = False  # whether ``low`` and ``high`` are stated


@dataclass(frozen=True, slots=True, repr=False)
class RatingMatrix(ReadOnly):
    """Ratings of one item: sorted names of n videos and k raters, and (n, k) mean ratings, NaN without one."""

    videos: tuple[str, ...]
    raters: tuple[str, ...]
    values: FloatArray

    def means(self) -> dict[str, float]:
        """Return the mean rating of every video."""
        return dict(zip(self.videos, np.nanmean(self.values, axis=1).tolist(), strict=True)) if self.videos else {}

    def counts(self) -> dict[str, int]:
        """Return the number of raters of every video."""
        return dict(zip(self.videos, (~np.isnan(self.values)).sum(axis=1).tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class RatingSet:
    """Ratings of some videos, one per video, rater, item and occasion, and the scales of the items in their order."""

    ratings: tuple[VideoRating, ...]
    scales: tuple[RatingScale, ...]

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
        """Return the ratings of an item as a table of videos and raters, or raise a DatasetError."""
        self.scale(item)
        by_cell: dict[tuple[str, str], list[float]] = {}
        for rating in self.ratings:
            if rating.item == item:
                by_cell.setdefault((rating.video, rating.rater), []).append(rating.value)
        videos = tuple(sorted({video for video, _ in by_cell}))
        raters = tuple(sorted({rater for _, rater in by_cell}))
        values = np.full((len(videos), len(raters)), np.nan)
        row, column = {v: i for i, v in enumerate(videos)}, {r: i for i, r in enumerate(raters)}
        for (video, rater), several in by_cell.items():
            values[row[video], column[rater]] = np.mean(several)
        return RatingMatrix(videos, raters, values)

    def occasions(self) -> dict[str, str]:
        """Return the occasion of every video whose ratings are all of one."""
        occasions: dict[str, set[str]] = {}
        for rating in self.ratings:
            occasions.setdefault(rating.video, set()).add(rating.occasion)
        return {video: occasion for video, (occasion, *others) in occasions.items() if occasion and not others}

    def restricted(self, names: Collection[str]) -> "RatingSet":
        """Return the ratings of fewer videos; the scales stay."""
        kept_names = set(names)
        return replace(self, ratings=tuple(rating for rating in self.ratings if rating.video in kept_names))
