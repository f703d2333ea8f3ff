"""The score curve of an analysis as lines to draw."""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.arrays import FloatArray, frozen


@dataclass(frozen=True, slots=True, eq=False)
class ScoreCurve:
    """Lines of the score curve over time in seconds.

    Attributes:
        times_s: (N,) when the mean is known: time of the last pass's sampled frame in every segment.
        mean: (N,) mean score over the passes after every step.
        low: (N,) lower end of the 95 % prediction interval for one more pass, or None as for ``Analysis.interval``.
        high: (N,) its upper end.
        pass_times_s: (K, N) times of the sampled frames.
        passes: (K, N) score of every pass.
        boundaries_s: (N - 1,) ends of the segments in time; the last one ends with the video.
        analysed_s: Time up to which the video has been analysed.
    """

    times_s: FloatArray
    mean: FloatArray
    low: FloatArray | None
    high: FloatArray | None
    pass_times_s: FloatArray
    passes: FloatArray
    boundaries_s: FloatArray
    analysed_s: float

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest score of all passes, with a margin."""
        least, most = float(self.passes.min()), float(self.passes.max())
        room = max((most - least) * 0.12, abs(most) * 1e-3, 1e-6)
        return least - room, most + room

    def at(self, time_s: float) -> tuple[float, float] | None:
        """Return time and mean of the last step known at a time, or None before the first."""
        index = int(np.searchsorted(self.times_s, time_s + 5e-7, side="right")) - 1
        return None if index < 0 else (float(self.times_s[index]), float(self.mean[index]))


def score_curve(analysis: Analysis) -> ScoreCurve:
    """Return the lines of an analysis, complete or in progress.

    Args:
        analysis: An analysis with at least one step.
    """
    video, scores = analysis.video, analysis.score_curve
    mean, half = scores.mean(axis=0), analysis.half_intervals
    stops = analysis.segment_stops
    inner = stops[stops < analysis.frames.stop]
    return ScoreCurve(
        times_s=frozen(analysis.times_s.max(axis=0)),
        mean=frozen(mean),
        low=frozen(mean - half) if half is not None else None,
        high=frozen(mean + half) if half is not None else None,
        pass_times_s=frozen(analysis.times_s),
        passes=scores,
        boundaries_s=frozen(video.times_s[inner]),
        analysed_s=analysis.stop_s if analysis.complete else float(analysis.times_s.max()),
    )
