"""Ratings of a study at a glance: histogram, agreement in a word, severity, and where raters differ most."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from skillviewer.core.dataset.rating_set import RatingMatrix, RatingScale, RatingSet
from skillviewer.core.ratings.reliability import Estimate, RaterAgreement, rater_agreement

ICC_SOURCE = "Koo & Li, Journal of Chiropractic Medicine 15, 2016"
KAPPA_SOURCE = "Cicchetti, Psychological Assessment 6, 1994"
_ICC_WORDS = ((0.9, "excellent"), (0.75, "good"), (0.5, "moderate"))
_KAPPA_WORDS = ((0.75, "excellent"), (0.6, "good"), (0.4, "moderate"))
_MAX_BARS = 20


def _word(value: float, words: tuple[tuple[float, str], ...]) -> str:
    if not math.isfinite(value):
        return ""
    return next((word for least, word in words if value >= least), "poor")


def icc_word(estimate: Estimate | None) -> str:
    """Return poor, moderate, good or excellent for an intraclass correlation, by ``ICC_SOURCE`` (.5, .75, .9)."""
    return "" if estimate is None else _word(estimate.value, _ICC_WORDS)


def kappa_word(estimate: Estimate | None) -> str:
    """Return poor, moderate, good or excellent for a kappa; ``KAPPA_SOURCE``, thresholds .4, .6, .75, "fair" there."""
    return "" if estimate is None else _word(estimate.value, _KAPPA_WORDS)


@dataclass(frozen=True, slots=True)
class HistogramBar:
    """A bar of a histogram: ratings from ``low`` to below ``high``; of one value if both are equal."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class VideoDifference:
    """A video that raters rated differently."""

    video: str
    spread: float  # greatest minus smallest rating, in points
    ratings: tuple[tuple[str, float], ...]  # (rater, rating), in the order of the raters


@dataclass(frozen=True, slots=True)
class CriterionOverview:
    """Ratings of one criterion at a glance."""

    scale: RatingScale
    n_ratings: int
    n_videos: int
    n_people: int  # people in the rated videos, if known
    occasions: tuple[tuple[str, int], ...]  # (occasion, number of ratings), as far as occasions are stated
    histogram: tuple[HistogramBar, ...]
    agreement: RaterAgreement | None  # None with a single rater
    severity: tuple[tuple[str, float], ...]  # (rater, points above or below the raters' mean on the same videos)
    differences: tuple[VideoDifference, ...]  # the greatest difference first; videos without one are left out

    @property
    def icc_text(self) -> str:
        """Reliability of one rater in words, with its source; "" if it is unknown."""
        single = None if self.agreement is None else self.agreement.single
        word = icc_word(single)
        if single is None or not word:
            return ""
        ends = f" ({single.low:.2f} to {single.high:.2f})" if math.isfinite(single.low) else ""
        return f"ICC {single.value:.2f}{ends}: {word} ({ICC_SOURCE})"

    @property
    def kappa_text(self) -> str:
        """Agreement of the two raters who agree least, in words, with its source; "" if it is unknown."""
        pairs = () if self.agreement is None else self.agreement.pairs
        known = [pair for pair in pairs if kappa_word(pair.kappa)]
        if not known:
            return ""
        least = min(known, key=lambda pair: pair.kappa.value)
        return (
            f"weighted kappa {least.kappa.value:.2f} of {least.first} and {least.second}: {kappa_word(least.kappa)} "
            f"({KAPPA_SOURCE})"
        )


def ratings_overview(ratings: RatingSet, participants: Mapping[str, str]) -> tuple[CriterionOverview, ...]:
    """Return the overview of every criterion, in the order of the ratings; ``participants`` is by video."""
    return tuple(_overview(ratings, scale, participants) for scale in ratings.scales)


def _overview(ratings: RatingSet, scale: RatingScale, participants: Mapping[str, str]) -> CriterionOverview:
    table = ratings.table(scale.item)
    own = [rating for rating in ratings.ratings if rating.item == scale.item]
    agreement = rater_agreement(ratings, scale.item) if len(table.raters) > 1 and len(table.videos) > 1 else None
    occasions = Counter(rating.occasion for rating in own if rating.occasion)
    severities = () if agreement is None else zip(agreement.raters, agreement.severity, strict=True)
    return CriterionOverview(
        scale=scale,
        n_ratings=len(own),
        n_videos=len(table.videos),
        n_people=len({participants[video] for video in table.videos if video in participants}),
        occasions=tuple(sorted(occasions.items())),
        histogram=_histogram([rating.value for rating in own], scale),
        agreement=agreement,
        severity=tuple((rater, float(points)) for rater, points in severities),
        differences=_differences(table),
    )


def _histogram(values: list[float], scale: RatingScale) -> tuple[HistogramBar, ...]:
    """Return a bar for every step of the scale, empty ones too; equal parts of it if there are too many steps."""
    if not values:
        return ()
    steps = round((scale.high - scale.low) / scale.step) + 1 if scale.step > 0 else _MAX_BARS + 1
    if steps <= _MAX_BARS:
        places = Counter(round((value - scale.low) / scale.step) for value in values)
        levels = [scale.low + place * scale.step for place in range(steps)]
        return tuple(HistogramBar(level, level, places[place]) for place, level in enumerate(levels))
    counts, edges = np.histogram(values, bins=_MAX_BARS, range=(scale.low, max(scale.high, *values)))
    return tuple(
        HistogramBar(float(low), float(high), int(n))
        for low, high, n in zip(edges[:-1], edges[1:], counts, strict=True)
    )


def _differences(table: RatingMatrix) -> tuple[VideoDifference, ...]:
    found = []
    for video, row in zip(table.videos, table.values, strict=True):
        given = tuple(
            (rater, float(value)) for rater, value in zip(table.raters, row, strict=True) if math.isfinite(value)
        )
        values = [value for _, value in given]
        if len(values) > 1 and max(values) > min(values):
            found.append(VideoDifference(video, max(values) - min(values), given))
    return tuple(sorted(found, key=lambda one: (-one.spread, one.video)))
