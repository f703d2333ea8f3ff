"""Scores on the raters' scale as values: the map that a model brings along, and a score with its rating or a refusal.

``core.ratings.fit_calibration`` fits the map. Here it is applied, and the words are made that every surface prints.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.text import printable

_MAX_DIGITS = 6
_ROUGH = 20
"""Scales of fewer steps are shown with one decimal more than the raters gave."""


@dataclass(frozen=True, slots=True)
class PiecewiseLinear:
    """Ratings, or errors in points, at ascending scores, joined by straight lines and constant beyond.

    ``form`` is "isotonic", "line" or "spread".
    """

    scores: tuple[float, ...]
    values: tuple[float, ...]
    form: str

    def __post_init__(self) -> None:
        """Refuse numbers that make no line."""
        fits = len(self.scores) == len(self.values) > 0 and all(map(math.isfinite, (*self.scores, *self.values)))
        if not fits or any(b < a for a, b in zip(self.scores, self.scores[1:], strict=False)):
            raise ValueError("a curve of the raters' scale is no line")

    def at(self, scores: FloatArray) -> FloatArray:
        """Return the values at some scores."""
        values: FloatArray = np.interp(scores, self.scores, self.values)
        return values


@dataclass(frozen=True, slots=True)
class CalibrationMap:
    """Map from a score to a rating with its interval. Values only, to be stored as JSON."""

    curve: PiecewiseLinear  # curve of all people
    left_out: tuple[PiecewiseLinear, ...]  # curves without each group of people
    spreads: tuple[PiecewiseLinear, ...]  # spread around each of these
    group: tuple[int, ...]  # group of every video
    # distance of every rating from the curve without its group, divided by the spread there
    residuals: tuple[float, ...]
    weights: tuple[float, ...]  # weight of every video: all people alike; the rest to 1 belongs to the unseen person
    low: float  # lowest rating of the scale; intervals end there
    high: float  # highest rating
    level: float  # level of the interval, 0 to 1
    n_people: int

    def __post_init__(self) -> None:
        """Refuse numbers that contradict each other, as in a damaged card."""
        n, k = len(self.group), len(self.left_out)
        numbers = (*self.residuals, *self.weights, self.low, self.high)
        fits = (
            n == len(self.residuals) == len(self.weights) > 0
            and k == len(self.spreads)
            and all(0 <= group < k for group in self.group)
            and all(map(math.isfinite, numbers))
            and min(self.weights) >= 0
            and self.low <= self.high
            and 0 < self.level < 1
        )
        if not fits:
            raise ValueError("the map to the raters' scale contradicts itself")

    def ratings(self, scores: FloatArray) -> FloatArray:
        """Return the ratings of some scores, within the scale."""
        ratings: FloatArray = np.clip(self.curve.at(np.asarray(scores, dtype=np.float64)), self.low, self.high)
        return ratings

    def intervals(self, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return lower and upper ends of the intervals of some scores, within the scale.

        They hold the rating by raters of the same kind and number of an unseen person.
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
    """Return the quantile of each column of (n, m) values with (n,) weights; the weight that lacks to 1 is infinite."""
    order = np.argsort(values, axis=0, kind="stable")
    reached = np.cumsum(weights[order], axis=0) >= level - 1e-9
    first = np.take_along_axis(order, np.argmax(reached, axis=0)[None, :], axis=0)
    return np.where(reached.any(axis=0), np.take_along_axis(values, first, axis=0)[0], np.inf)


@dataclass(frozen=True, slots=True)
class CalibrationCheck:
    """Test of a map to the raters' scale on people left out, every person weighing alike in the coverage.

    ``width`` and ``mae`` are means in points, ``tau`` is Kendall's tau-b of errors with widths (None if constant).
    """

    coverage: float
    width: float
    mae: float
    tau: float | None
    n_people: int


@dataclass(frozen=True, slots=True)
class CalibratedScore:
    """A score on the raters' scale, or the reason why it has no place there: all that a surface prints.

    Analyses on disk have its fields by these names.

    Attributes:
        words: Rating and interval, "41 of 60 (35 to 48)"; "" if refused.
        refusal: Reason, one sentence; "" with a rating.
        note: Origin of the map and its test on people left out, in words.
        level: Level of the interval, 0 to 1; 0 if refused.
        digits: Decimals of a rating.
        levels: Words of the levels, the worst first; empty for numbers.
        curve: Curve from scores to ratings, or None.
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

    def __post_init__(self) -> None:
        """Make text from files printable."""
        if not 0 <= self.digits <= _MAX_DIGITS:
            raise ValueError(f"a rating has no {self.digits} decimals")
        for name in ("criterion", "words", "refusal", "note"):
            object.__setattr__(self, name, printable(getattr(self, name)))

    @property
    def sentence(self) -> str:
        """Criterion, rating and level of the interval as a sentence, or the refusal."""
        return (
            self.refusal or f"{self.criterion} on the raters' scale: {self.words}, a {100 * self.level:g} % interval."
        )

    def in_task(self, *tasks: str) -> "CalibratedScore":
        """Return the same for a video of some task, by any of its names; refused if the ratings are of another task."""
        named = [task for task in tasks if task]
        if self.refusal or not self.task or not named or self.task.casefold() in {t.casefold() for t in named}:
            return self
        return _refused(
            self,
            f"The model learnt the raters' scale of the task “{self.task}”, and this video is of “{named[0]}”: its "
            "score is not put on that scale.",
        )

    def ticks(self, low: float, high: float, n_ticks: int = 5) -> list[tuple[float, str]]:
        """Return at most ``n_ticks`` scores between two with their ratings, which are round, for an axis."""
        curve = self.curve
        if curve is None or len(curve.values) < 2 or high <= low:
            return []
        order = np.argsort(curve.values)
        ratings, scores = np.asarray(curve.values)[order], np.asarray(curve.scores)[order]
        ends = np.sort(curve.at(np.array([low, high])))
        least = 10.0**-self.digits if not self.levels else 1.0
        steps = (least * a * 10**b for b in range(12) for a in (1, 2, 5))
        step = next(step for step in steps if (ends[1] - ends[0]) / step <= n_ticks)
        at = np.arange(math.ceil(ends[0] / step - 1e-9), math.floor(ends[1] / step + 1e-9) + 1) * step
        places = np.interp(at, ratings, scores).tolist()
        labels = [_number(rating, self.digits, self.levels) for rating in at.tolist()]
        return [(place, label) for place, label in zip(places, labels, strict=True) if low <= place <= high]


def _refused(scaled: CalibratedScore, reason: str) -> CalibratedScore:
    return CalibratedScore(scaled.criterion, scaled.task, refusal=reason)


def _number(rating: float, digits: int, levels: tuple[str, ...]) -> str:
    if levels:
        return levels[min(max(math.floor(rating + 0.5), 0), len(levels) - 1)]
    return f"{rating + 0.0:.{digits}f}".replace("-", "−")


@dataclass(frozen=True, slots=True)
class ScoreCalibration:
    """The raters' scale as the card of a model keeps it."""

    criterion: str
    task: str
    step: float = 1.0  # smallest distance of two ratings
    levels: tuple[str, ...] = ()  # words of the levels, the worst first; empty for numbers
    stated: bool = True  # whether the ends of the scale are stated, rather than those of the ratings that were given
    source: str = ""  # origin of the scores, in words
    map: CalibrationMap | None = None  # the map, or None if it was refused
    check: CalibrationCheck | None = None  # its test on people left out, or None
    refusal: str = ""  # reason for no map, one sentence; else ""

    def __post_init__(self) -> None:
        """Refuse a scale with neither map nor refusal, or with fewer levels than its map has."""
        if (self.map is None) != bool(self.refusal) or not 0 < self.step < math.inf:
            raise ValueError("the raters' scale has neither a map nor a reason for none")
        if self.levels and self.map is not None and not 0 <= self.map.low <= self.map.high <= len(self.levels) - 1:
            raise ValueError("the raters' scale has ratings without a level")

    @property
    def about(self) -> str:
        """Origin of the map and its test on people left out, or the refusal."""
        fitted_map, check = self.map, self.check
        if fitted_map is None:
            return self.refusal
        text = f"{self.criterion}: learnt from {fitted_map.n_people} people, {self.source}"
        if check is None:
            return f"{text}."
        tau = "" if check.tau is None else f", tau of error over width {check.tau:+.2f}"
        return (
            f"{text}. Intervals of {100 * fitted_map.level:g} % cover {100 * check.coverage:.0f} % of people left out "
            f"(mean width {check.width:.{self._digits}f}, error {check.mae:.{self._digits + 1}f}{tau})."
        )

    @property
    def _digits(self) -> int:
        given = max(0, math.ceil(-math.log10(self.step) - 1e-9))
        span = self.map.high - self.map.low if self.map is not None else 0.0
        return min(given + (span < _ROUGH * self.step), _MAX_DIGITS)

    def of(self, score: float, *, unfamiliar: bool = False) -> CalibratedScore:
        """Return a score on the scale; ``unfamiliar``: the video is unlike those that the model was trained on."""
        fitted_map, none = self.map, CalibratedScore(self.criterion, self.task)
        if fitted_map is None:
            return _refused(none, self.refusal)
        if unfamiliar:
            return _refused(
                none, "The video is unlike those that the model was trained on: its score has no place on their scale."
            )
        rating = float(fitted_map.ratings(np.array([score]))[0])
        low, high = (float(end[0]) for end in fitted_map.intervals(np.array([score])))
        digits = self._digits
        fine = 1.0 if self.levels else 10.0**digits
        # outwards, so that the interval that is shown holds what it promises
        ends = math.floor(low * fine + 1e-9) / fine, math.ceil(high * fine - 1e-9) / fine
        shown, *span = (_number(value, digits, self.levels) for value in (rating, *ends))
        top = (
            f" of {_number(fitted_map.high, digits if fitted_map.high % 1 else 0, ())}"
            if self.stated and not self.levels
            else ""
        )
        return replace(
            none,
            words=f"{shown}{top} ({span[0]} to {span[1]})",
            note=self.about,
            rating=rating,
            low=low,
            high=high,
            level=fitted_map.level,
            digits=digits,
            levels=self.levels,
            curve=fitted_map.curve,
        )
