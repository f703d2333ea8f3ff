"""Ratings as values: one number that one rater gave one video for one item, and all of them together."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from skillviewer.core.arrays import FloatArray, frozen
from skillviewer.core.errors import DatasetError


@dataclass(frozen=True, slots=True)
class VideoRating:
    """One number that a rater gave a video.

    Attributes:
        video: Name of the video.
        rater: The rater, or ``UNNAMED``.
        item: What was rated: a criterion, an item of a rubric.
        value: The rating; of levels the place in their order, from 0.
        occasion: The occasion or date as the table has it, or "".
    """

    video: str
    rater: str
    item: str
    value: float
    occasion: str = ""


@dataclass(frozen=True, slots=True)
class RatingScale:
    """The scale of an item.

    Attributes:
        item: The item.
        low: Lowest rating that can be given (of levels 0), or that was given where the scale is not stated.
        high: Highest rating that can be given, or that was given.
        step: Smallest distance of two ratings, above 0.
        levels: Names of the ratings from ``low`` up, of a scale of words; else empty.
        less_is_better: Whether a lower rating shows better skill (errors, seconds).
        stated: Whether ``low`` and ``high`` are stated, and not only the ends of what was given.
    """

    item: str
    low: float
    high: float
    step: float = 1.0
    levels: tuple[str, ...] = ()
    less_is_better: bool = False
    stated: bool = False

    def text(self, value: float) -> str:
        """Return a rating in the words of its scale: the nearest level, or the number."""
        if self.levels:
            return self.levels[min(max(round(value), 0), len(self.levels) - 1)]
        return f"{value:.4g}"


@dataclass(frozen=True, slots=True, repr=False)
class RaterTable:
    """The ratings of one item as a table, a row a video and a column a rater.

    Attributes:
        videos: (n,) names, sorted.
        raters: (k,) names, sorted.
        values: (n, k) float64, NaN where a rater did not rate a video; the mean where one rated it several times.
    """

    videos: tuple[str, ...]
    raters: tuple[str, ...]
    values: FloatArray

    def __post_init__(self) -> None:
        """Freeze the values."""
        object.__setattr__(self, "values", frozen(self.values))

    def complete(self) -> FloatArray:
        """Return the (m, k) rows of the videos that every rater rated."""
        rows: FloatArray = self.values[~np.isnan(self.values).any(axis=1)]
        return rows

    def means(self) -> dict[str, float]:
        """Return the mean rating of every video."""
        return dict(zip(self.videos, np.nanmean(self.values, axis=1).tolist(), strict=True)) if self.videos else {}

    def counts(self) -> dict[str, int]:
        """Return how many raters rated every video."""
        return dict(zip(self.videos, (~np.isnan(self.values)).sum(axis=1).tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class RatingSet:
    """All ratings of some videos.

    Attributes:
        ratings: The ratings; no two of one video, rater, item and occasion.
        scales: The scale of every item, in the order of the items.
    """

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
        """Return the scale of an item.

        Raises:
            DatasetError: There is no such item.
        """
        for scale in self.scales:
            if scale.item == item:
                return scale
        raise DatasetError(f"There is no criterion “{item}”. Choose one of: {', '.join(self.items)}.")

    def table(self, item: str) -> RaterTable:
        """Return the ratings of an item as a table of videos and raters.

        Raises:
            DatasetError: There is no such item.
        """
        self.scale(item)
        given: dict[tuple[str, str], list[float]] = {}
        for rating in self.ratings:
            if rating.item == item:
                given.setdefault((rating.video, rating.rater), []).append(rating.value)
        videos = tuple(sorted({video for video, _ in given}))
        raters = tuple(sorted({rater for _, rater in given}))
        values = np.full((len(videos), len(raters)), np.nan)
        row, column = {v: i for i, v in enumerate(videos)}, {r: i for i, r in enumerate(raters)}
        for (video, rater), several in given.items():
            values[row[video], column[rater]] = np.mean(several)
        return RaterTable(videos, raters, values)

    def restricted(self, names: Collection[str]) -> "RatingSet":
        """Return the ratings of fewer videos; the scales stay."""
        keep = set(names)
        return replace(self, ratings=tuple(rating for rating in self.ratings if rating.video in keep))
