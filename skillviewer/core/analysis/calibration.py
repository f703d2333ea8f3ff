"""Maps from scores to the raters' scale, and scores with a rating or a refusal.

``core.ratings.fit_calibration`` fits the map. This module applies it, and formats the texts for the window, the command
line and exports.
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.text import printable, signed

_MAX_DIGITS = 6
UNINFORMATIVE_SHARE = 0.8
"""Share of the scale from which on an interval says nothing about a single video."""
_COARSE_SCALE_STEPS = 20
"""Number of steps below which a rating is shown with one decimal more than the raters gave."""


@dataclass(frozen=True, slots=True)
class PiecewiseLinear:
    """Piecewise linear function of the score, constant outside the given scores."""

    scores: tuple[float, ...]  # ascending
    values: tuple[float, ...]  # one rating, or one spread of ratings in points, for each score
    form: str  # origin of the function: "isotonic", "line" or "spread"

    def __post_init__(self) -> None:
        """Refuse numbers that define no function."""
        is_complete = len(self.scores) == len(self.values) > 0
        is_finite = all(map(math.isfinite, (*self.scores, *self.values)))
        is_ascending = all(score <= next_score for score, next_score in pairwise(self.scores))
        if not (is_complete and is_finite and is_ascending):
            raise ValueError("a curve of the raters' scale is no line")

    def at(self, scores: FloatArray) -> FloatArray:
        """Return the values of the function at some scores."""
        values: FloatArray = np.interp(scores, self.scores, self.values)
        return values


@dataclass(frozen=True, slots=True)
class CalibrationMap:
    """Map from a score to a rating with its interval, as plain values for JSON."""

    curve: PiecewiseLinear  # curve fitted on all people
    left_out: tuple[PiecewiseLinear, ...]  # for each group of people, the curve fitted without it
    spreads: tuple[PiecewiseLinear, ...]  # for each group of people, the spread of ratings around that curve
    group: tuple[int, ...]  # group of every video
    # for every video, the distance of its rating from the curve without its group, divided by the spread there
    residuals: tuple[float, ...]
    # weight of every video; people have equal weights. The sum is below 1, and the remainder is the weight of the
    # unseen person.
    weights: tuple[float, ...]
    low: float  # lowest rating of the scale, and lower limit of intervals
    high: float  # highest rating of the scale, and upper limit of intervals
    level: float  # level of the interval, 0 to 1
    n_people: int

    def __post_init__(self) -> None:
        """Refuse numbers that contradict each other, as in a damaged card."""
        n_groups = len(self.left_out)
        numbers = (*self.residuals, *self.weights, self.low, self.high)
        is_consistent = (
            len(self.group) == len(self.residuals) == len(self.weights) > 0
            and n_groups == len(self.spreads)
            and all(0 <= group < n_groups for group in self.group)
            and all(map(math.isfinite, numbers))
            and min(self.weights) >= 0
            and self.low <= self.high
            and 0 < self.level < 1
        )
        if not is_consistent:
            raise ValueError("the map to the raters' scale contradicts itself")

    def ratings(self, scores: FloatArray) -> FloatArray:
        """Return the ratings of some scores, clipped to the scale."""
        ratings = self.curve.at(np.asarray(scores, dtype=np.float64))
        clipped_ratings: FloatArray = np.clip(ratings, self.low, self.high)
        return clipped_ratings

    def intervals(self, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the lower and the upper ends of the intervals of some scores, clipped to the scale.

        An interval is for the rating of an unseen person, given by as many raters of the same kind.
        """
        scores = np.atleast_1d(np.asarray(scores, dtype=np.float64))
        group = np.asarray(self.group)
        fitted_ratings = np.stack([curve.at(scores) for curve in self.left_out])[group]
        spread = np.stack([curve.at(scores) for curve in self.spreads])[group]
        margin = np.asarray(self.residuals)[:, None] * spread
        weights = np.asarray(self.weights)
        high = _weighted_quantile(fitted_ratings + margin, weights, self.level)
        low = -_weighted_quantile(margin - fitted_ratings, weights, self.level)
        return np.clip(low, self.low, self.high), np.clip(high, self.low, self.high)


def _weighted_quantile(values: FloatArray, weights: FloatArray, level: float) -> FloatArray:
    """Return the quantile of each column of (n, m) values with (n,) weights.

    If the weights sum to less than 1, the remainder is the weight of an infinite value.
    """
    order = np.argsort(values, axis=0, kind="stable")
    reaches_level = np.cumsum(weights[order], axis=0) >= level - 1e-9
    first_position = np.argmax(reaches_level, axis=0)
    row = np.take_along_axis(order, first_position[None, :], axis=0)
    quantiles = np.take_along_axis(values, row, axis=0)[0]
    return np.where(reaches_level.any(axis=0), quantiles, np.inf)


@dataclass(frozen=True, slots=True)
class CalibrationCheck:
    """Test of a map to the raters' scale on people who were left out of its fit."""

    coverage: float  # share of ratings within their intervals, 0 to 1; people have equal weights
    width: float  # mean width of the intervals, in points
    mae: float  # mean absolute error, in points
    tau: float | None  # Kendall's tau-b of errors with widths; None if one is constant
    n_people: int


@dataclass(frozen=True, slots=True)
class CalibratedScore:
    """A score on the raters' scale, or the reason why it has no rating, with texts to show.

    The names of the fields are stored with analyses on disk.

    Attributes:
        criterion: Name of the criterion.
        task: Name of the rated task, or "".
        words: Rating and interval, such as "41 of 60 (35 to 48)"; "" if refused.
        refusal: Sentence that says why there is no rating; "" if there is one.
        note: Text on the origin of the map and its test on people left out.
        rating: The rating, or None if refused.
        low: Lower end of the interval, or None if refused.
        high: Upper end of the interval, or None if refused.
        level: Level of the interval, 0 to 1; 0 if refused.
        digits: Number of decimals of a rating.
        levels: Names of the levels, the worst first; empty for numbers.
        curve: Curve from scores to ratings, or None if refused.
        covered: Share of the scale that the interval covers, 0 to 1; 0 if refused.
    """

    criterion: str
    task: str = ""
    words: str = ""
    refusal: str = ""
    note: str = ""
    rating: float | None = None
    low: float | None = None
    high: float | None = None
    level: float = 0.0
    digits: int = 0
    levels: tuple[str, ...] = ()
    curve: PiecewiseLinear | None = None
    covered: float = 0.0

    def __post_init__(self) -> None:
        """Replace unprintable characters, which text from files may contain."""
        if not 0 <= self.digits <= _MAX_DIGITS:
            raise ValueError(f"a rating has no {self.digits} decimals")
        for name in ("criterion", "words", "refusal", "note"):
            object.__setattr__(self, name, printable(getattr(self, name)))

    @property
    def rating_text(self) -> str:
        """The rating without its interval, such as "7.3 of 10", or ""."""
        return self.words.partition(" (")[0]

    @property
    def interval_text(self) -> str:
        """The interval of the rating, such as "6.1 to 8.4", or ""."""
        return self.words.partition(" (")[2].rstrip(")")

    @property
    def sentence(self) -> str:
        """Criterion, rating and interval in a sentence, with a warning if the interval is very wide, or the refusal."""
        if self.refusal:
            return self.refusal
        sentence = f"{self.criterion} on the raters' scale: {self.words}, a {100 * self.level:g} % interval."
        if self.covered < UNINFORMATIVE_SHARE:
            return sentence
        covered_text = f"The interval covers {100 * self.covered:.0f} % of the scale"
        return f"{sentence} {covered_text}: the rating says nothing about this one video."

    def in_task(self, *tasks: str) -> "CalibratedScore":
        """Return this score for a video of the rated task, else its refusal.

        Args:
            *tasks: Names of the video's task; empty ones do not count.
        """
        task_names = [task for task in tasks if task]
        if self.refusal or not self.task or not task_names:
            return self
        if self.task.casefold() in {name.casefold() for name in task_names}:
            return self
        return _refused(
            self,
            f"The model learnt the raters' scale of the task “{self.task}”, and this video is of “{task_names[0]}”: "
            "its score is not put on that scale.",
        )

    def ticks(self, low: float, high: float, n_ticks: int = 5) -> list[tuple[float, str]]:
        """Return ticks with round ratings for an axis of scores from ``low`` to ``high``.

        Returns:
            Score and label of at most ``n_ticks`` ticks; empty if there is no curve.
        """
        curve = self.curve
        if curve is None or len(curve.values) < 2 or high <= low:
            return []
        order = np.argsort(curve.values)
        ratings = np.asarray(curve.values)[order]
        scores = np.asarray(curve.scores)[order]
        lowest_rating, highest_rating = np.sort(curve.at(np.array([low, high])))
        smallest_step = 1.0 if self.levels else 10.0**-self.digits
        steps = (smallest_step * factor * 10**power for power in range(12) for factor in (1, 2, 5))
        step = next(step for step in steps if (highest_rating - lowest_rating) / step <= n_ticks)
        first_multiple = math.ceil(lowest_rating / step - 1e-9)
        last_multiple = math.floor(highest_rating / step + 1e-9)
        tick_ratings = np.arange(first_multiple, last_multiple + 1) * step
        tick_scores = np.interp(tick_ratings, ratings, scores).tolist()
        labels = [_format_rating(rating, self.digits, self.levels) for rating in tick_ratings.tolist()]
        return [(score, label) for score, label in zip(tick_scores, labels, strict=True) if low <= score <= high]


def _refused(calibrated_score: CalibratedScore, reason: str) -> CalibratedScore:
    return CalibratedScore(calibrated_score.criterion, calibrated_score.task, refusal=reason)


def _wide_intervals_text(width: float, fitted_map: CalibrationMap) -> str:
    """Return a sentence if intervals of a mean width cover nearly the whole scale, or ""."""
    span = fitted_map.high - fitted_map.low
    if span <= 0 or width < UNINFORMATIVE_SHARE * span:
        return ""
    covered_text = f"The intervals cover {100 * width / span:.0f} % of the scale on average"
    return f" {covered_text}: a rating says nothing about one video."


def _format_rating(rating: float, digits: int, levels: tuple[str, ...] = ()) -> str:
    if levels:
        return levels[min(max(math.floor(rating + 0.5), 0), len(levels) - 1)]
    return f"{rating + 0.0:.{digits}f}".replace("-", "−")


@dataclass(frozen=True, slots=True)
class ScoreCalibration:
    """The raters' scale as stored in the card of a model."""

    criterion: str
    task: str
    step: float = 1.0  # smallest distance of two ratings
    levels: tuple[str, ...] = ()  # names of the levels, the worst first; empty for numbers
    stated: bool = True  # whether the user stated the ends of the scale; else they are those of the ratings
    source: str = ""  # text on the origin of the scores
    map: CalibrationMap | None = None  # the map, or None if it was refused
    check: CalibrationCheck | None = None  # test of the map on people left out, or None
    refusal: str = ""  # sentence that says why there is no map, or ""

    def __post_init__(self) -> None:
        """Refuse a scale with neither map nor refusal, or with fewer levels than its map needs."""
        if (self.map is None) != bool(self.refusal) or not 0 < self.step < math.inf:
            raise ValueError("the raters' scale has neither a map nor a reason for none")
        if self.levels and self.map is not None and not 0 <= self.map.low <= self.map.high <= len(self.levels) - 1:
            raise ValueError("the raters' scale has ratings without a level")

    @property
    def about(self) -> str:
        """Text on the origin of the map and its test on people left out, or the refusal."""
        fitted_map = self.map
        check = self.check
        if fitted_map is None:
            return self.refusal
        text = f"{self.criterion}: learnt from {fitted_map.n_people} people, {self.source}"
        if check is None:
            return f"{text}."
        tau_text = ""
        if check.tau is not None:
            verb = "go" if check.tau > 0 else "do not go"
            tau_text = f"; wider intervals {verb} with greater errors: Kendall's tau {signed(check.tau)}"
        return (
            f"{text}. Intervals of {100 * fitted_map.level:g} % cover {100 * check.coverage:.0f} % of people left out "
            f"(mean width {check.width:.{self._digits}f}, error {check.mae:.{self._digits + 1}f}{tau_text})."
            f"{_wide_intervals_text(check.width, fitted_map)}"
        )

    @property
    def _digits(self) -> int:
        step_digits = max(0, math.ceil(-math.log10(self.step) - 1e-9))
        span = self.map.high - self.map.low if self.map is not None else 0.0
        extra_digits = 1 if span < _COARSE_SCALE_STEPS * self.step else 0
        return min(step_digits + extra_digits, _MAX_DIGITS)

    def calibrate(self, score: float, *, unfamiliar: bool = False) -> CalibratedScore:
        """Return a score on the scale, or its refusal.

        Args:
            score: Score by the model.
            unfamiliar: Whether the video is unlike those that the model was trained on; its score is then refused.
        """
        fitted_map = self.map
        unrated = CalibratedScore(self.criterion, self.task)
        if fitted_map is None:
            return _refused(unrated, self.refusal)
        if unfamiliar:
            return _refused(
                unrated,
                "The video is unlike those that the model was trained on: its score has no place on their scale.",
            )
        scores = np.array([score])
        rating = float(fitted_map.ratings(scores)[0])
        lower_ends, upper_ends = fitted_map.intervals(scores)
        low = float(lower_ends[0])
        high = float(upper_ends[0])
        digits = self._digits
        steps_per_point = 1.0 if self.levels else 10.0**digits
        # rounded outwards, so that the shown interval is not narrower than the computed one
        shown_low = math.floor(low * steps_per_point + 1e-9) / steps_per_point
        shown_high = math.ceil(high * steps_per_point - 1e-9) / steps_per_point
        rating_text = _format_rating(rating, digits, self.levels)
        if self.stated and not self.levels:
            highest_digits = digits if fitted_map.high % 1 else 0
            highest_text = _format_rating(fitted_map.high, highest_digits)
            rating_text = f"{rating_text} of {highest_text}"
        low_text = _format_rating(shown_low, digits, self.levels)
        high_text = _format_rating(shown_high, digits, self.levels)
        covered_share = 0.0
        if fitted_map.high > fitted_map.low:
            covered_share = (high - low) / (fitted_map.high - fitted_map.low)
        return replace(
            unrated,
            words=f"{rating_text} ({low_text} to {high_text})",
            note=self.about,
            rating=rating,
            low=low,
            high=high,
            level=fitted_map.level,
            digits=digits,
            levels=self.levels,
            curve=fitted_map.curve,
            covered=covered_share,
        )
