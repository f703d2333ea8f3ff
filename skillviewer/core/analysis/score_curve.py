"""The score curve of an analysis as values to draw: lines, ticks, segment boundaries and marks.

The window, figures, reports and clips draw the same values. A new look of the curve is a function and a line in
``CURVE_LOOKS``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.arrays import FloatArray, frozen
from skillviewer.core.registry import table

_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)


@dataclass(frozen=True, slots=True, eq=False)
class ScoreCurve:
    """Lines of the score curve over time in seconds."""

    times_s: FloatArray  # (N,) times of ``mean``, the latest sampled frame of any pass in every segment
    mean: FloatArray  # (N,) mean score over the passes after every step
    low: FloatArray | None  # (N,) lower end of the 95 % prediction interval, or None as for ``Analysis.interval``
    high: FloatArray | None  # (N,) upper end of the interval
    pass_times_s: FloatArray  # (K, N) times of the sampled frames; exports draw the mean over those of the first pass
    passes: FloatArray  # (K, N) score of every pass
    sampled_s: FloatArray  # (S,) distinct times of all sampled frames, for ticks
    boundaries_s: FloatArray  # (N - 1,) times at which segments end, except the last
    analysed_s: float  # time of the last sampled frame so far; the end of the video in a complete analysis

    def limits(self, margin_share: float = 0.12) -> tuple[float, float]:
        """Return limits of a score axis: the range of all passes, with ``margin_share`` of it added on each side."""
        low = float(self.passes.min())
        high = float(self.passes.max())
        margin = max((high - low) * margin_share, abs(high) * 1e-3, 1e-6)
        return low - margin, high + margin

    def on_clock(self, zero_s: float, unit_s: float) -> "ScoreCurve":
        """Return the curve over another clock, which is 0 at ``zero_s`` and 1 ``unit_s`` seconds later."""
        converted = {
            name: frozen((getattr(self, name) - zero_s) / unit_s)
            for name in ("times_s", "pass_times_s", "sampled_s", "boundaries_s")
        }
        return replace(self, **converted, analysed_s=(self.analysed_s - zero_s) / unit_s)

    def at(self, time_s: float) -> tuple[float, float] | None:
        """Return time and mean of the last step known at a time, or None before the first."""
        index = int(np.searchsorted(self.times_s, time_s + 5e-7, side="right")) - 1
        return None if index < 0 else (float(self.times_s[index]), float(self.mean[index]))


@dataclass(frozen=True, slots=True)
class CurveMark:
    """A moment over the curve."""

    start_s: float
    stop_s: float
    amount: float | None  # change of the score during the moment; None for a moment that the user kept

    @property
    def sign(self) -> str:
        """Sign of the change, or "" for a moment that the user kept."""
        if self.amount is None:
            return ""
        return "+" if self.amount > 0 else "−"


@dataclass(frozen=True, slots=True)
class CurveLook:
    """A way to draw the score between two sampled frames."""

    name: str  # name in settings and on the command line
    title: str  # text of the menu entry, for translation
    apply: Callable[[ScoreCurve], ScoreCurve]  # returns the curve whose points are joined by lines


def _in_steps(curve: ScoreCurve) -> ScoreCurve:
    """Return the curve with each score held until the next sampled frame."""

    def step_times(times_s: FloatArray) -> FloatArray:
        return frozen(np.repeat(times_s, 2, axis=-1)[..., 1:])

    def step_values(values: FloatArray) -> FloatArray:
        return frozen(np.repeat(values, 2, axis=-1)[..., :-1])

    low = None if curve.low is None else step_values(curve.low)
    high = None if curve.high is None else step_values(curve.high)
    return replace(
        curve,
        times_s=step_times(curve.times_s),
        mean=step_values(curve.mean),
        low=low,
        high=high,
        pass_times_s=step_times(curve.pass_times_s),
        passes=step_values(curve.passes),
    )


CURVE_LOOKS: tuple[CurveLook, ...] = table(
    CurveLook("lines", "Lines from frame to frame", lambda curve: curve),
    CurveLook("steps", "Steps at sampled frames", _in_steps),
)
CURVE_LOOK = CURVE_LOOKS[0].name
"""Name of the default look."""


def score_curve(analysis: Analysis, look: str = CURVE_LOOK) -> ScoreCurve:
    """Return the score curve of an analysis with at least one step.

    Args:
        analysis: The analysis.
        look: Name of an entry of ``CURVE_LOOKS``; unknown names stand for the default.
    """
    mean = analysis.score_curve.mean(axis=0)
    half_widths = analysis.half_intervals
    stops = analysis.segment_stops
    inner_stops = stops[stops < analysis.frames.stop]
    low = None
    high = None
    if half_widths is not None:
        low = frozen(mean - half_widths)
        high = frozen(mean + half_widths)
    analysed_s = analysis.stop_s if analysis.complete else float(analysis.times_s.max())
    curve = ScoreCurve(
        times_s=frozen(analysis.times_s.max(axis=0)),
        mean=frozen(mean),
        low=low,
        high=high,
        pass_times_s=frozen(analysis.times_s),
        passes=analysis.score_curve,
        sampled_s=frozen(np.unique(analysis.times_s)),
        boundaries_s=frozen(analysis.video.times_s[inner_stops]),
        analysed_s=analysed_s,
    )
    for curve_look in CURVE_LOOKS:
        if curve_look.name == look:
            return curve_look.apply(curve)
    return CURVE_LOOKS[0].apply(curve)


def time_step(span_s: float, n_ticks: int) -> float:
    """Return a round distance between about ``n_ticks`` ticks of a time axis."""
    return next((step for step in _STEPS_S if span_s / step <= n_ticks), _STEPS_S[-1])


def time_label(time_s: float, step_s: float) -> str:
    """Return the label m:ss of a tick, with a decimal if the ticks are less than a second apart."""
    tenths = round(time_s * 10)
    label = f"{tenths // 600}:{tenths % 600 // 10:02d}"
    return f"{label}.{tenths % 10}" if step_s < 1 else label


def time_ticks(start_s: float, stop_s: float, n_ticks: int) -> list[tuple[float, str]]:
    """Return time and label of about ``n_ticks`` ticks of a time axis, at round times."""
    step_s = time_step(stop_s - start_s, n_ticks)
    return [(time_s, time_label(time_s, step_s)) for time_s in _multiples(step_s, start_s, stop_s)]


def _multiples(step: float, low: float, high: float) -> list[float]:
    """Return the multiples of a step from ``low`` to ``high``, both included up to rounding errors."""
    first = np.ceil(low / step - 1e-9)
    last = np.floor(high / step + 1e-9)
    multiples: list[float] = (np.arange(first, last + 1) * step).tolist()
    return multiples


def score_ticks(low: float, high: float, n_ticks: int) -> list[tuple[float, str]]:
    """Return score and label of 2 to ``n_ticks + 1`` ticks of a score axis, at round scores.

    ``n_ticks`` is at least 3.
    """
    power = 10.0 ** np.floor(np.log10((high - low) / n_ticks))
    for factor in (1, 2, 2.5, 5, 10):
        scores = _multiples(factor * power, low, high)
        if len(scores) <= n_ticks + 1:
            break
    return list(zip(scores, score_labels(scores), strict=True))


def score_labels(scores: Sequence[float]) -> list[str]:
    """Return labels of the ticks of a score axis, all with the number of decimals that the finest score needs."""
    digits = 0
    while digits < 7 and any(abs(round(score, digits) - score) >= 1e-9 for score in scores):
        digits += 1
    return [f"{score + 0.0:.{digits}f}".replace("-", "−") for score in scores]
