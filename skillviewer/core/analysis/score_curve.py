"""The score curve of an analysis as values to draw: lines, ticks, segment boundaries, marks.

The window, the figures, the reports and the clips draw the same values. A new look of the curve is one function and one
line in ``CURVE_LOOKS``.
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

    times_s: FloatArray  # (N,) when the mean is known: time of the last pass's sampled frame in every segment
    mean: FloatArray  # (N,) mean score over the passes after every step
    # (N,) lower end of the 95 % prediction interval for one more pass, or None as for ``Analysis.interval``
    low: FloatArray | None
    high: FloatArray | None  # (N,) its upper end
    pass_times_s: FloatArray  # (K, N) times of the sampled frames; exports draw the mean over those of the first pass
    passes: FloatArray  # (K, N) score of every pass
    sampled_s: FloatArray  # (S,) times of all sampled frames, each once, in order: a tick for each
    boundaries_s: FloatArray  # (N - 1,) where segments end, in time; the last ends with the video
    analysed_s: float  # until when the model has looked

    def limits(self, room: float = 0.12) -> tuple[float, float]:
        """Return the least and the greatest score of all passes, with ``room`` times their range on each side."""
        low, high = float(self.passes.min()), float(self.passes.max())
        margin = max((high - low) * room, abs(high) * 1e-3, 1e-6)
        return low - margin, high + margin

    def on_clock(self, zero_s: float, unit_s: float) -> "ScoreCurve":
        """Return the curve over another clock: 0 at ``zero_s``, and 1 after ``unit_s`` seconds."""
        moved = {
            name: frozen((getattr(self, name) - zero_s) / unit_s)
            for name in ("times_s", "pass_times_s", "sampled_s", "boundaries_s")
        }
        return replace(self, **moved, analysed_s=(self.analysed_s - zero_s) / unit_s)

    def at(self, time_s: float) -> tuple[float, float] | None:
        """Return time and mean of the last step known at a time, or None before the first."""
        index = int(np.searchsorted(self.times_s, time_s + 5e-7, side="right")) - 1
        return None if index < 0 else (float(self.times_s[index]), float(self.mean[index]))


@dataclass(frozen=True, slots=True)
class CurveMark:
    """A moment over the curve."""

    start_s: float  # where it begins
    stop_s: float  # where it ends
    amount: float | None  # by how much it raises (above 0) or lowers the score; None for one that was kept by hand

    @property
    def sign(self) -> str:
        """A plus, a minus, or "" for one that was kept by hand."""
        if self.amount is None:
            return ""
        return "+" if self.amount > 0 else "−"


@dataclass(frozen=True, slots=True)
class CurveLook:
    """One way to draw the score between two sampled frames."""

    name: str  # identity, also on the command line
    title: str  # words of the menu, for translation
    apply: Callable[[ScoreCurve], ScoreCurve]  # returns the curve as lines from point to point


def _in_steps(curve: ScoreCurve) -> ScoreCurve:
    """Hold each score until the next sampled frame."""

    def until(times_s: FloatArray) -> FloatArray:
        return frozen(np.repeat(times_s, 2, axis=-1)[..., 1:])

    def held(values: FloatArray) -> FloatArray:
        return frozen(np.repeat(values, 2, axis=-1)[..., :-1])

    return replace(
        curve,
        times_s=until(curve.times_s),
        mean=held(curve.mean),
        low=held(curve.low) if curve.low is not None else None,
        high=held(curve.high) if curve.high is not None else None,
        pass_times_s=until(curve.pass_times_s),
        passes=held(curve.passes),
    )


CURVE_LOOKS: tuple[CurveLook, ...] = table(
    CurveLook("lines", "Lines from frame to frame", lambda curve: curve),
    CurveLook("steps", "Steps at sampled frames", _in_steps),
)
CURVE_LOOK = CURVE_LOOKS[0].name
"""The look that is used where none is chosen."""


def score_curve(analysis: Analysis, look: str = CURVE_LOOK) -> ScoreCurve:
    """Return the lines of an analysis with a step at least, in the look of that name; an unknown one is the first."""
    video, scores = analysis.video, analysis.score_curve
    mean = scores.mean(axis=0)
    half = analysis.half_intervals
    stops = analysis.segment_stops
    inner = stops[stops < analysis.frames.stop]
    curve = ScoreCurve(
        times_s=frozen(analysis.times_s.max(axis=0)),
        mean=frozen(mean),
        low=frozen(mean - half) if half is not None else None,
        high=frozen(mean + half) if half is not None else None,
        pass_times_s=frozen(analysis.times_s),
        passes=scores,
        sampled_s=frozen(np.unique(analysis.times_s)),
        boundaries_s=frozen(video.times_s[inner]),
        analysed_s=analysis.stop_s if analysis.complete else float(analysis.times_s.max()),
    )
    return next((curve_look for curve_look in CURVE_LOOKS if curve_look.name == look), CURVE_LOOKS[0]).apply(curve)


def time_step(span_s: float, n_ticks: int) -> float:
    """Return a round distance between ticks of a time axis."""
    return next((step for step in _STEPS_S if span_s / step <= n_ticks), _STEPS_S[-1])


def time_label(time_s: float, step_s: float) -> str:
    """Return the label of a tick: m:ss, with a decimal where ticks are closer than a second."""
    tenths = round(time_s * 10)
    label = f"{tenths // 600}:{tenths % 600 // 10:02d}"
    return f"{label}.{tenths % 10}" if step_s < 1 else label


def time_ticks(start_s: float, stop_s: float, n_ticks: int) -> list[tuple[float, str]]:
    """Return time and label of the ticks of a time axis, about ``n_ticks`` at most, at round times."""
    step_s = time_step(stop_s - start_s, n_ticks)
    first = np.ceil(start_s / step_s - 1e-9)
    last = np.floor(stop_s / step_s + 1e-9)
    return [(float(time_s), time_label(float(time_s), step_s)) for time_s in np.arange(first, last + 1) * step_s]


def score_ticks(low: float, high: float, n_ticks: int) -> list[tuple[float, str]]:
    """Return score and label of the ticks of a score axis, at round scores: 2 to ``n_ticks + 1``, from 3 on."""
    power = 10.0 ** np.floor(np.log10((high - low) / n_ticks))
    for step in (power, 2 * power, 2.5 * power, 5 * power, 10 * power):
        first = np.ceil(low / step - 1e-9)
        last = np.floor(high / step + 1e-9)
        if last - first <= n_ticks:
            break
    scores = (np.arange(first, last + 1) * step).tolist()
    return list(zip(scores, score_labels(scores), strict=True))


def score_labels(scores: Sequence[float]) -> list[str]:
    """Return labels of the ticks of a score axis: all with the decimals that the finest of them needs."""
    digits = next((d for d in range(7) if all(abs(round(v, d) - v) < 1e-9 for v in scores)), 7)
    return [f"{v + 0.0:.{digits}f}".replace("-", "−") for v in scores]
