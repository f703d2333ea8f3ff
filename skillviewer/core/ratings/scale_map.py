"""Scores of a model on the raters' scale: a monotone curve, and an interval that holds for people not seen.

The interval is that of the jackknife+ (Barber, Candès, Ramdas & Tibshirani, Annals of Statistics 49, 2021) or, of many
people, CV+, by whole people: curves are fitted without each group of people, and the errors of those left out say how
far a rating may lie from a curve, in parts of the spread that is usual at its score (Lei et al., JASA 113, 2018,
section 5.2). Every person weighs alike, however many videos show them, and a new one weighs as one more whose error may
be as great as can be (Lee, Barber & Willett, "Distribution-free inference with hierarchical data", 2023): of as many
independent ones as the errors amount to, which are more than people and fewer than videos (Kish's design effect).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.rating_metrics import calibration_tau, coverage, mean_absolute_error, mean_width

LEVEL = 0.9
LEAST_PEOPLE = 10
"""People below which no curve is fitted, whatever the level."""
_MOST_GROUPS = 30
"""Groups of people that are left out in turn: each person alone up to so many, else groups of nearly as many."""
_INNER = 5
"""Groups in which the form of a curve is chosen."""


@dataclass(frozen=True, slots=True)
class MonotoneCurve:
    """Ratings by score, between points that are joined by straight lines, constant beyond them.

    Attributes:
        scores: Scores of the points, ascending; one at least.
        ratings: Ratings there, monotone.
        form: "isotonic" or "line".
    """

    scores: tuple[float, ...]
    ratings: tuple[float, ...]
    form: str

    def at(self, scores: FloatArray) -> FloatArray:
        """Return the ratings of some scores."""
        found: FloatArray = np.interp(scores, self.scores, self.ratings)
        return found


def isotonic_curve(scores: FloatArray, ratings: FloatArray, *, increasing: bool = True) -> MonotoneCurve:
    """Return the isotonic regression of ratings on scores, through the middle of every block of equal ratings.

    Args:
        scores: (n,) scores, n >= 1.
        ratings: (n,) ratings.
        increasing: Whether a higher score means a higher rating.
    """
    unique, place = np.unique(scores, return_inverse=True)
    weights = np.bincount(place).astype(np.float64)
    means = np.bincount(place, weights=ratings) / weights
    fitted = optimize.isotonic_regression(means, weights=weights, increasing=increasing)
    starts, stops = fitted.blocks[:-1], fitted.blocks[1:]
    centres = [float(np.average(unique[a:b], weights=weights[a:b])) for a, b in zip(starts, stops, strict=True)]
    return MonotoneCurve(tuple(centres), tuple(float(x) for x in fitted.x[starts]), "isotonic")


def straight_line(scores: FloatArray, ratings: FloatArray, *, increasing: bool = True) -> MonotoneCurve:
    """Return the least-squares line of ratings on scores, constant where it would fall, and beyond all scores seen."""
    ends = np.array([scores.min(), scores.max()])
    sign = 1.0 if increasing else -1.0
    spread = float(((scores - scores.mean()) ** 2).sum())
    slope = float(((scores - scores.mean()) * (ratings - ratings.mean())).sum()) / spread if spread else 0.0
    if sign * slope <= 0:
        return MonotoneCurve((float(ends[0]),), (float(ratings.mean()),), "line")
    values = ratings.mean() + slope * (ends - scores.mean())
    return MonotoneCurve((float(ends[0]), float(ends[1])), (float(values[0]), float(values[1])), "line")


_FORMS = (straight_line, isotonic_curve)


def _groups(people: IntArray, n_groups: int) -> IntArray:
    """Return the group of every video: whole people, in turn by how many videos show them."""
    counts = np.bincount(people)
    group = np.empty(len(counts), dtype=np.int64)
    group[np.argsort(-counts, kind="stable")] = np.arange(len(counts)) % n_groups
    found: IntArray = group[people]
    return found


def fitted_curve(
    scores: FloatArray, ratings: FloatArray, people: IntArray, *, increasing: bool = True
) -> MonotoneCurve:
    """Return the curve of the form that errs less on people left out: isotonic, or a straight line.

    Args:
        scores: (n,) scores.
        ratings: (n,) ratings.
        people: (n,) person in every video, from 0.
        increasing: Whether a higher score means a higher rating.
    """
    _, people = np.unique(people, return_inverse=True)
    groups = _groups(people, min(_INNER, int(people.max()) + 1))
    errors = [0.0, 0.0]
    for group in range(int(groups.max()) + 1):
        out = groups == group
        if out.all():
            continue
        for at, fit in enumerate(_FORMS):
            curve = fit(scores[~out], ratings[~out], increasing=increasing)
            errors[at] += float(np.abs(ratings[out] - curve.at(scores[out])).sum())
    return _FORMS[int(errors[1] < errors[0])](scores, ratings, increasing=increasing)


@dataclass(frozen=True, slots=True)
class SpreadCurve:
    """Mean absolute error of a curve by score, between points joined by straight lines, constant beyond them.

    Attributes:
        scores: Scores of the points, ascending; one at least.
        spreads: Errors there, in points of the scale, above 0.
    """

    scores: tuple[float, ...]
    spreads: tuple[float, ...]

    def at(self, scores: FloatArray) -> FloatArray:
        """Return the errors that are usual at some scores."""
        found: FloatArray = np.interp(scores, self.scores, self.spreads)
        return found


def spread_curve(scores: FloatArray, errors: FloatArray) -> SpreadCurve:
    """Return the mean absolute error by score, of parts of alike many videos, drawn towards that of all.

    Args:
        scores: (n,) scores, n >= 1.
        errors: (n,) errors.
    """
    absolute = np.abs(errors)
    whole = max(float(absolute.mean()), _LEAST_SPREAD)
    order = np.argsort(scores, kind="stable")
    parts = [part for part in np.array_split(order, max(1, min(_MOST_PARTS, len(order) // _PART))) if len(part)]
    spreads = [(float(absolute[p].sum()) + _DRAWN * whole) / (len(p) + _DRAWN) for p in parts]
    return SpreadCurve(tuple(float(scores[p].mean()) for p in parts), tuple(spreads))


_LEAST_SPREAD = 1e-6
_MOST_PARTS, _PART, _DRAWN = 8, 12, 12
"""Parts of the scores at most, videos in each, and videos as many as which the mean of all weighs."""


@dataclass(frozen=True, slots=True)
class ScaleMap:
    """The way from a score to a rating with its interval. Values only, so that it can be kept as JSON.

    Attributes:
        curve: The curve of all people.
        left_out: Curves without each group of people.
        spreads: Spread around each of these.
        group: Group of every video it was made of.
        residuals: Distance of its rating from the curve without its group, in parts of the spread there.
        weights: Weight of every video: all people alike, and a rest for the new one.
        low: Lowest rating of the scale; no interval goes beyond.
        high: Highest rating.
        level: Level of the interval, 0 to 1.
        n_people: Number of people it was made of.
    """

    curve: MonotoneCurve
    left_out: tuple[MonotoneCurve, ...]
    spreads: tuple[SpreadCurve, ...]
    group: tuple[int, ...]
    residuals: tuple[float, ...]
    weights: tuple[float, ...]
    low: float
    high: float
    level: float
    n_people: int

    @property
    def n_videos(self) -> int:
        """Number of videos it was made of."""
        return len(self.residuals)

    def ratings(self, scores: FloatArray) -> FloatArray:
        """Return the ratings of some scores, within the scale."""
        found: FloatArray = np.clip(self.curve.at(np.asarray(scores, dtype=np.float64)), self.low, self.high)
        return found

    def intervals(self, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return lower and upper ends of the intervals of some scores, within the scale.

        They hold the rating that raters of the same kind and number would give a person who is not among those it was
        made of.
        """
        scores = np.atleast_1d(np.asarray(scores, dtype=np.float64))
        group = np.asarray(self.group)
        fitted = np.stack([curve.at(scores) for curve in self.left_out])[group]
        spread = np.stack([curve.at(scores) for curve in self.spreads])[group]
        reach, weights = np.asarray(self.residuals)[:, None] * spread, np.asarray(self.weights)
        high = _weighted_quantile(fitted + reach, weights, self.level)
        low = -_weighted_quantile(reach - fitted, weights, self.level)
        return np.clip(low, self.low, self.high), np.clip(high, self.low, self.high)


def _weighted_quantile(values: FloatArray, weights: FloatArray, level: float) -> FloatArray:
    """Return the smallest value of each column whose weight, with all below it, reaches a level; else infinity.

    Args:
        values: (n, m) values.
        weights: (n,) weights, which sum to less than 1: the rest is at infinity.
        level: The level.
    """
    order = np.argsort(values, axis=0, kind="stable")
    reached = np.cumsum(weights[order], axis=0) >= level - 1e-9
    first = np.argmax(reached, axis=0)
    found = np.take_along_axis(np.take_along_axis(values, order, axis=0), first[None, :], axis=0)[0]
    return np.where(reached.any(axis=0), found, np.inf)


def _independent(errors: FloatArray, people: IntArray) -> float:
    """Return how many independent errors some errors of people amount to: from the people to the videos.

    By the design effect 1 + (m - 1) rho, rho the intraclass correlation of the errors of one person (one-way) and m the
    mean number of videos of a person, by the videos.

    Args:
        errors: (n,) absolute errors.
        people: (n,) person in every video, from 0.
    """
    counts = np.bincount(people).astype(np.float64)
    n, k = len(errors), len(counts)
    if n == k:
        return float(k)
    means = np.bincount(people, weights=errors) / counts
    within = float(((errors - means[people]) ** 2).sum()) / (n - k)
    between = float((counts * (means - errors.mean()) ** 2).sum()) / (k - 1)
    usual = (n - float((counts**2).sum()) / n) / (k - 1)
    spread = between + (usual - 1) * within
    rho = min(max((between - within) / spread, 0.0), 1.0) if spread > 0 else 1.0
    m = float((counts**2).sum()) / n
    return min(max(n / (1 + (m - 1) * rho), float(k)), float(n))


def least_people(level: float) -> int:
    """Return the number of people from which an interval of a level is finite, and a curve is fitted."""
    return max(LEAST_PEOPLE, math.ceil(1 / (1 - level) - 1e-9) - 1)


def scale_map(
    scores: Sequence[float] | FloatArray,
    ratings: Sequence[float] | FloatArray,
    people: Sequence[str],
    low: float,
    high: float,
    level: float = LEVEL,
    *,
    increasing: bool = True,
) -> ScaleMap:
    """Return the way from scores to ratings.

    Args:
        scores: (n,) scores of videos by models that have not seen their people.
        ratings: (n,) ratings of them, on the scale.
        people: Person in each.
        low: Lowest rating of the scale.
        high: Highest rating.
        level: Level of the interval, 0.5 to below 1.
        increasing: Whether a higher rating shows better skill.

    Raises:
        DatasetError: People are too few for such an interval, or a number is none.
    """
    x, y = np.asarray(scores, dtype=np.float64), np.asarray(ratings, dtype=np.float64)
    if not 0.5 <= level < 1:
        raise DatasetError(f"An interval of {100 * level:g} % cannot be told: choose from 50 to below 100 %.")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DatasetError("A score or a rating is no number: scores cannot be put on the raters' scale.")
    names, who = np.unique(np.asarray(people, dtype=object).astype(str), return_inverse=True)
    if len(names) < least_people(level):
        raise DatasetError(
            f"{len(names)} people are too few to put scores on the raters' scale with intervals of {100 * level:g} %: "
            f"{least_people(level)} are needed."
        )
    groups = _groups(who, min(_MOST_GROUPS, len(names)))
    curves, spreads = [], []
    residuals = np.empty(len(x))
    for group in range(int(groups.max()) + 1):
        out = groups == group
        curve = fitted_curve(x[~out], y[~out], who[~out], increasing=increasing)
        spread = spread_curve(x[~out], y[~out] - curve.at(x[~out]))
        residuals[out] = np.abs(y[out] - curve.at(x[out])) / spread.at(x[out])
        curves.append(curve)
        spreads.append(spread)
    rest = 1 / (_independent(residuals, who) + 1)
    weights = (1 - rest) / (len(names) * np.bincount(who)[who])
    return ScaleMap(
        curve=fitted_curve(x, y, who, increasing=increasing),
        left_out=tuple(curves),
        spreads=tuple(spreads),
        group=tuple(groups.tolist()),
        residuals=tuple(residuals.tolist()),
        weights=tuple(weights.tolist()),
        low=low,
        high=high,
        level=level,
        n_people=len(names),
    )


@dataclass(frozen=True, slots=True)
class ScaleCheck:
    """Coverage, width and errors of a way to ratings on people it has not seen.

    Attributes:
        coverage: Share of their ratings inside the intervals, every person weighing alike.
        width: Mean width of the intervals, in points.
        mae: Mean absolute error of the ratings, in points.
        tau: Kendall's tau-b of errors with widths; NaN where one of both is constant.
        n_people: Number of people.
    """

    coverage: float
    width: float
    mae: float
    tau: float
    n_people: int


def checked_map(
    scores: Sequence[float] | FloatArray,
    ratings: Sequence[float] | FloatArray,
    people: Sequence[str],
    low: float,
    high: float,
    level: float = LEVEL,
    *,
    increasing: bool = True,
) -> tuple[ScaleMap, ScaleCheck]:
    """Return the way from scores to ratings, and how such a way does on people it was not made of.

    Every group of people is left out in turn, and the whole is made anew of the others. Parameters and errors are
    those of ``scale_map``; one person more is needed.
    """
    whole = scale_map(scores, ratings, people, low, high, level, increasing=increasing)
    x, y, who = np.asarray(scores, dtype=np.float64), np.asarray(ratings, dtype=np.float64), np.asarray(people)
    groups = np.asarray(whole.group)
    found, lows, highs = np.empty(len(x)), np.empty(len(x)), np.empty(len(x))
    for group in range(int(groups.max()) + 1):
        out = groups == group
        made = scale_map(x[~out], y[~out], who[~out].tolist(), low, high, level, increasing=increasing)
        found[out] = made.ratings(x[out])
        lows[out], highs[out] = made.intervals(x[out])
    each = [coverage(lows[who == one], highs[who == one], y[who == one]) for one in np.unique(who)]
    check = ScaleCheck(
        coverage=float(np.mean(each)),
        width=mean_width(lows, highs),
        mae=mean_absolute_error(found, y),
        tau=calibration_tau(found - y, highs - lows),
        n_people=whole.n_people,
    )
    return whole, check
