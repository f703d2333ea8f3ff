"""Position of a score among comparable videos, and a well-scored reference video for comparison."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite, nan

import numpy as np

from skillviewer.core.arrays import FloatArray, ReadOnly
from skillviewer.core.proportion import Proportion
from skillviewer.core.text import signed, whole_percent

MIN_COHORT = 20
"""With fewer comparable videos no percentile is given: a single video would move it by over 5 %."""

WELL_SCORED = 75.0
"""A video is well scored from this percentile of the cohort's scores on."""


@dataclass(frozen=True, slots=True)
class CohortPosition:
    """One score among the others of its cohort. Scores tie only if they are exactly equal."""

    score: float
    interval: tuple[float, float] | None
    cohort: str  # name of the cohort within a sentence: "this task", "the task “Suturing”"
    n: int  # number of comparable videos, without the video itself
    n_lower: int  # number with a lower score
    n_higher: int  # number with a higher score
    median: float  # median of their scores; NaN if there are none
    # numbers with a score below the lower and below the upper end of the interval (else below the score)
    reach: tuple[int, int]

    @property
    def n_tied(self) -> int:
        """Number with the same score."""
        return self.n - self.n_lower - self.n_higher

    @property
    def enough(self) -> bool:
        """True if there are enough videos for a percentile."""
        return self.n >= MIN_COHORT

    @property
    def percentile(self) -> float | None:
        """Percentile, 0 to 100, counting half of the tied scores as lower; None below ``MIN_COHORT`` videos."""
        return 100 * (self.n_lower + self.n_tied / 2) / self.n if self.enough else None

    @property
    def percentile_text(self) -> str:
        """The percentile as a whole number with its range, "19 (9 to 36)"; 0 or 100 only if all are higher or lower."""
        if not self.enough:
            return "–"
        low, high = self.percentile_range
        return f"{whole_percent(2 * self.n_lower + self.n_tied, 2 * self.n)} ({low:.0f} to {high:.0f})"

    @property
    def percentile_range(self) -> tuple[float, float]:
        """Range of the percentile, 0 to 100, from the interval of the score and the number of comparable videos.

        Wilson's 95 % intervals of the shares of lower scores at the two ends of the score's interval.
        """
        (low, _), (_, high) = (Proportion(part, self.n).interval for part in self.reach)
        return 100 * low, 100 * high

    @property
    def at_median(self) -> bool:
        """True if the interval contains the cohort's median, so the two cannot be told apart."""
        return self.interval is not None and self.interval[0] <= self.median <= self.interval[1]

    def sentence(self, digits: int = 2) -> str:
        """Return a sentence on the position of the score, in numbers of ``digits`` decimals."""
        return f"Score {self.format_score(digits)}: {self.format_position()}."

    def format_score(self, digits: int = 2) -> str:
        """Return the score with its interval: "−0.41 (95 % interval −0.63 to −0.20)"."""
        text = signed(self.score, digits)
        if self.interval is None:
            return f"{text} (no interval)"
        low, high = (signed(end, digits) for end in self.interval)
        return f"{text} (95 % interval {low} to {high})"

    def format_position(self) -> str:
        """Return the position of the score: "lower than 88 % of the 48 comparable videos of this task"."""
        if not self.n:
            return f"no comparable videos of {self.cohort}"
        videos = f"comparable video{'s' if self.n > 1 else ''} of {self.cohort}"
        if not self.enough:
            return f"only {self.n} {videos}, too few for a percentile (at least {MIN_COHORT})"
        videos = f"{self.n} {videos}"
        if self.at_median:
            return f"not distinguishable from the median of the {videos}"
        if self.n_higher == self.n_lower:
            return f"in the middle of the {videos}" + self._format_ties()
        side, n_beyond = ("lower", self.n_higher) if self.n_higher > self.n_lower else ("higher", self.n_lower)
        if n_beyond == self.n:
            return f"{side} than all {videos}"
        return f"{side} than {whole_percent(n_beyond, self.n)} % of the {videos}" + self._format_ties()

    def _format_ties(self) -> str:
        if not self.n_tied:
            return ""
        return f" ({self.n_tied} of them score{'s' if self.n_tied == 1 else ''} the same)"


def cohort_position(
    score: float, interval: tuple[float, float] | None, others: Sequence[float], cohort: str = "this task"
) -> CohortPosition:
    """Return the position of a score among the ``others`` of its cohort: by the same model, without the video itself.

    Raises:
        ValueError: A score is not a finite number.
    """
    return cohort_positions([score, *others], [interval, *[None] * len(others)], cohort)[0]


def cohort_positions(
    scores: Sequence[float], intervals: Sequence[tuple[float, float] | None], cohort: str = "this task"
) -> tuple[CohortPosition, ...]:
    """Return the position of each video of a cohort among the others: ``cohort_position`` of each, sorted once.

    Raises:
        ValueError: A score is not a finite number, or the numbers of intervals and scores differ.
    """
    if len(intervals) != len(scores) or not all(map(isfinite, scores)):
        raise ValueError("a cohort is made of videos that have a score")
    ranked = sorted(scores)
    return tuple(
        place(*score_and_interval, ranked, cohort) for score_and_interval in zip(scores, intervals, strict=True)
    )


def place(
    score: float, interval: tuple[float, float] | None, ranked: Sequence[float], cohort: str = "this task"
) -> CohortPosition:
    """Return the position of one score among the others of a cohort, all of whose scores are ``ranked``, ascending."""
    n = len(ranked) - 1
    lower = bisect_left(ranked, score)
    # median of the others: everything above the score moves down by one position
    places = (index + (index >= lower) for index in (max(n - 1, 0) // 2, n // 2))
    median = sum(ranked[index] for index in places) / 2 if n > 0 else nan
    low, high = (bisect_left(ranked, end) - (score < end) for end in interval or (score, score))
    return CohortPosition(
        score, interval, cohort, n, lower, len(ranked) - bisect_right(ranked, score), median, (low, high)
    )


@dataclass(frozen=True, slots=True, repr=False)
class CohortMember(ReadOnly):
    """One comparable video."""

    name: str
    score: float
    # (D,) float64, features in which similar videos lie close (the mean feature, say), or None
    embedding: FloatArray | None = None


class SimilarityMeasure(StrEnum):
    """Measure by which a reference is near."""

    LOOKS = "looks"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class ReferenceVideo:
    """A well-scored video to compare another with."""

    name: str
    score: float
    near_by: SimilarityMeasure  # nearest in looks or, if these are unknown, in score
    # root mean square over the looks of the difference, in standard deviations of the members; or the difference of the
    # scores
    distance: float


def reference_video(
    video: CohortMember, others: Sequence[CohortMember], scores: Sequence[float] | None = None
) -> ReferenceVideo | None:
    """Return the nearest video in the cohort's top quarter with a higher score than the video, or None.

    Near videos look alike, so that the difference is in the execution. Ties: the higher score, then the name.

    ``others`` can be shown. ``scores`` are those of all comparable videos, which define the top quarter; None if all of
    them can be shown.
    """
    if not others:
        return None
    limit = float(np.percentile([other.score for other in others] if scores is None else scores, WELL_SCORED))
    better_videos = [other for other in others if other.score >= limit and other.score > video.score]
    if not better_videos:
        return None
    near_by, distances = _distances(video, others, better_videos)
    nearest = min(zip(distances, better_videos, strict=True), key=lambda pair: (pair[0], -pair[1].score, pair[1].name))
    return ReferenceVideo(nearest[1].name, nearest[1].score, near_by, nearest[0])


def _distances(
    video: CohortMember, others: Sequence[CohortMember], better_videos: Sequence[CohortMember]
) -> tuple[SimilarityMeasure, list[float]]:
    embeddings = [member.embedding for member in (video, *others) if member.embedding is not None]
    if len(embeddings) <= len(others):
        return SimilarityMeasure.SCORE, [member.score - video.score for member in better_videos]
    embedding = np.stack(embeddings)
    scale = embedding.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    own = embeddings[0]
    return SimilarityMeasure.LOOKS, [
        float(np.sqrt(np.mean(((member.embedding - own) / scale) ** 2)))
        for member in better_videos
        if member.embedding is not None
    ]
