"""Position of a score among comparable videos, and a well-scored reference video for comparison."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite, nan

import numpy as np

from skillviewer.core.arrays import FloatArray, ReadOnly
from skillviewer.core.proportion import Proportion
from skillviewer.core.text import counted, signed, whole_percent

MIN_COHORT = 20
"""Fewest comparable videos for a percentile; with fewer a single video would move it by over 5 %."""

WELL_SCORED = 75.0
"""Percentile of the cohort's scores from which a video is well scored."""


@dataclass(frozen=True, slots=True)
class CohortPosition:
    """Position of one score among the others of its cohort. Scores tie only if they are exactly equal."""

    score: float
    interval: tuple[float, float] | None
    cohort: str  # name of the cohort within a sentence, such as "this task" or "the task “Suturing”"
    n_compared: int  # number of comparable videos, without the video itself
    n_lower: int  # number of videos with a lower score
    n_higher: int  # number of videos with a higher score
    median: float  # median score of the comparable videos; NaN if there are none
    # numbers of videos with a score below the lower and below the upper end of the interval; without an interval, below
    # the score
    n_below_ends: tuple[int, int]

    @property
    def n_tied(self) -> int:
        """Number of videos with the same score."""
        return self.n_compared - self.n_lower - self.n_higher

    @property
    def has_percentile(self) -> bool:
        """True if there are enough videos for a percentile."""
        return self.n_compared >= MIN_COHORT

    @property
    def percentile(self) -> float | None:
        """Percentile, 0 to 100, counting half of the tied scores as lower; None below ``MIN_COHORT`` videos."""
        return 100 * (self.n_lower + self.n_tied / 2) / self.n_compared if self.has_percentile else None

    @property
    def percentile_text(self) -> str:
        """The percentile with its range, "19 (9 to 36)"; it is 0 or 100 only if all scores are higher or lower."""
        if not self.has_percentile:
            return "–"
        percentile = whole_percent(2 * self.n_lower + self.n_tied, 2 * self.n_compared)
        low, high = self.percentile_range
        return f"{percentile} ({low:.0f} to {high:.0f})"

    @property
    def percentile_range(self) -> tuple[float, float]:
        """Range of the percentile, 0 to 100, from the interval of the score and the number of comparable videos.

        The range covers Wilson's 95 % intervals of the shares of lower scores at both ends of the score's interval.
        """
        n_below_low, n_below_high = self.n_below_ends
        low, _ = Proportion(n_below_low, self.n_compared).interval
        _, high = Proportion(n_below_high, self.n_compared).interval
        return 100 * low, 100 * high

    @property
    def at_median(self) -> bool:
        """True if the interval contains the cohort's median, so that the score cannot be told from the median."""
        return self.interval is not None and self.interval[0] <= self.median <= self.interval[1]

    def sentence(self, digits: int = 2) -> str:
        """Return a sentence on the position of the score, in numbers of ``digits`` decimals."""
        return f"Score {self.format_score(digits)}: {self.format_position()}."

    def format_score(self, digits: int = 2) -> str:
        """Return the score with its interval, such as "−0.41 (95 % interval −0.63 to −0.20)"."""
        text = signed(self.score, digits)
        if self.interval is None:
            return f"{text} (no interval)"
        low, high = (signed(end, digits) for end in self.interval)
        return f"{text} (95 % interval {low} to {high})"

    def format_position(self) -> str:
        """Return the position as text, such as "lower than 88 % of the 48 comparable videos of this task"."""
        if not self.n_compared:
            return f"no comparable videos of {self.cohort}"
        videos_text = f"{counted(self.n_compared, 'comparable video')} of {self.cohort}"
        if not self.has_percentile:
            return f"only {videos_text}, too few for a percentile (at least {MIN_COHORT})"
        if self.at_median:
            return f"not distinguishable from the median of the {videos_text}"
        if self.n_higher == self.n_lower:
            return f"in the middle of the {videos_text}{self._format_ties()}"
        is_lower = self.n_higher > self.n_lower
        comparison = "lower" if is_lower else "higher"
        n_beyond = self.n_higher if is_lower else self.n_lower
        if n_beyond == self.n_compared:
            return f"{comparison} than all {videos_text}"
        percent_beyond = whole_percent(n_beyond, self.n_compared)
        return f"{comparison} than {percent_beyond} % of the {videos_text}{self._format_ties()}"

    def _format_ties(self) -> str:
        if not self.n_tied:
            return ""
        verb = "scores" if self.n_tied == 1 else "score"
        return f" ({self.n_tied} of them {verb} the same)"


def cohort_position(
    score: float, interval: tuple[float, float] | None, others: Sequence[float], cohort: str = "this task"
) -> CohortPosition:
    """Return the position of a score among the scores of its cohort.

    Args:
        score: Score of the video.
        interval: Interval of the score, or None.
        others: Scores of the other videos of the cohort by the same model.
        cohort: Name of the cohort within a sentence.

    Raises:
        ValueError: A score is not a finite number.
    """
    intervals = [interval, *[None] * len(others)]
    return cohort_positions([score, *others], intervals, cohort)[0]


def cohort_positions(
    scores: Sequence[float], intervals: Sequence[tuple[float, float] | None], cohort: str = "this task"
) -> tuple[CohortPosition, ...]:
    """Return the position of each score of a cohort among the others, as ``cohort_position`` does for one.

    Raises:
        ValueError: A score is not a finite number, or the numbers of intervals and scores differ.
    """
    if len(intervals) != len(scores) or not all(map(isfinite, scores)):
        raise ValueError("a cohort is made of videos that have a score")
    ascending_scores = sorted(scores)
    return tuple(
        position_among(score, interval, ascending_scores, cohort)
        for score, interval in zip(scores, intervals, strict=True)
    )


def position_among(
    score: float, interval: tuple[float, float] | None, ascending_scores: Sequence[float], cohort: str = "this task"
) -> CohortPosition:
    """Return the position of one of the ascending scores of a cohort among the others."""
    n_others = len(ascending_scores) - 1
    n_lower = bisect_left(ascending_scores, score)
    median = nan
    if n_others > 0:
        # indices of the middle scores among the others; without the score itself, those above it move down by one
        middle_indices = ((n_others - 1) // 2, n_others // 2)
        median = sum(ascending_scores[index + (index >= n_lower)] for index in middle_indices) / 2
    low_end, high_end = (score, score) if interval is None else interval
    return CohortPosition(
        score=score,
        interval=interval,
        cohort=cohort,
        n_compared=n_others,
        n_lower=n_lower,
        n_higher=len(ascending_scores) - bisect_right(ascending_scores, score),
        median=median,
        n_below_ends=(
            bisect_left(ascending_scores, low_end) - (score < low_end),
            bisect_left(ascending_scores, high_end) - (score < high_end),
        ),
    )


@dataclass(frozen=True, slots=True, repr=False)
class CohortMember(ReadOnly):
    """A video of a cohort."""

    name: str
    score: float
    # (D,) float64, features in which similar videos lie close, such as the mean feature, or None
    embedding: FloatArray | None = None


class SimilarityMeasure(StrEnum):
    """Measure by which a reference video is most similar."""

    LOOKS = "looks"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class ReferenceVideo:
    """A well-scored video for comparison with another."""

    name: str
    score: float
    similarity: SimilarityMeasure  # measure of similarity: looks, or the score if an embedding is missing
    # by looks, the root mean square difference of the embeddings in standard deviations over the cohort; by score, the
    # difference of the scores
    distance: float


def reference_video(
    video: CohortMember, others: Sequence[CohortMember], scores: Sequence[float] | None = None
) -> ReferenceVideo | None:
    """Return the most similar video in the cohort's top quarter with a higher score than the video, or None.

    Similar videos look alike, so that they differ in the execution. Ties go to the higher score, then to the name.

    Args:
        video: The video.
        others: Videos of the cohort that can be shown.
        scores: Scores of the whole cohort, which define the top quarter; None if all of its videos can be shown.
    """
    if not others:
        return None
    if scores is None:
        scores = [other.score for other in others]
    limit = float(np.percentile(scores, WELL_SCORED))
    better_videos = [other for other in others if other.score >= limit and other.score > video.score]
    if not better_videos:
        return None
    measure, distances = _distances(video, others, better_videos)
    ranked_videos = [
        (distance, -better.score, better.name) for distance, better in zip(distances, better_videos, strict=True)
    ]
    distance, negative_score, name = min(ranked_videos)
    return ReferenceVideo(name, -negative_score, measure, distance)


def _distances(
    video: CohortMember, others: Sequence[CohortMember], better_videos: Sequence[CohortMember]
) -> tuple[SimilarityMeasure, list[float]]:
    """Return the measure of similarity and the distance of each better video."""
    embeddings = [member.embedding for member in (video, *others) if member.embedding is not None]
    if len(embeddings) <= len(others):  # an embedding is missing
        return SimilarityMeasure.SCORE, [member.score - video.score for member in better_videos]
    deviations = np.stack(embeddings).std(axis=0)
    scale = np.where(deviations > 0, deviations, 1.0)
    video_embedding = embeddings[0]
    return SimilarityMeasure.LOOKS, [
        float(np.sqrt(np.mean(((member.embedding - video_embedding) / scale) ** 2)))
        for member in better_videos
        if member.embedding is not None
    ]
