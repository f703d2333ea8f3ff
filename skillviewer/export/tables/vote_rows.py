"""Rows of the tables of judgements and strengths."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from skillviewer.core.dataset.pairs import Judgement, Pair
from skillviewer.core.errors import DatasetError
from skillviewer.core.ranking.rank_videos import rank_videos


@dataclass(frozen=True, slots=True)
class JudgementRow:
    """Judgement of one rater on two videos at one time.

    Attributes:
        left: Name of the video on the left.
        right: Name of the video on the right.
        verdict: 1: left is better, -1: right is better, 0: neither.
        rater: Name of the rater.
        judged_at: Time of the vote, ISO 8601; empty if unknown.
        taken_s: Seconds from the first sight of the pair to the vote; empty if unknown.
        watched: Share of the two videos that was watched, 0 to 1; empty if unknown.
        speed: Playback speed; 1 is real time.
    """

    left: str
    right: str
    verdict: int
    rater: str
    judged_at: str | None
    taken_s: float | None
    watched: float | None
    speed: float


@dataclass(frozen=True, slots=True)
class StrengthRow:
    """Strength of one video by judgements or agreed pairs (model of Bradley and Terry).

    Attributes:
        rank: Rank within the task, 1 for the greatest strength.
        video: Name of the video.
        task: Task of the video; strengths of two tasks are on different scales.
        strength: Strength in logits; the mean of the task is 0.
        standard_error: Standard error of the strength, in logits.
        n_comparisons: Comparisons with this video.
        n_better: Won comparisons.
        n_worse: Lost comparisons.
        n_equal: Comparisons without a difference.
    """

    rank: int
    video: str
    task: str
    strength: float
    standard_error: float
    n_comparisons: int
    n_better: int
    n_worse: int
    n_equal: int


def judgement_rows(judgements: Iterable[Judgement]) -> list[JudgementRow]:
    """Return one row for each judgement."""
    rows = []
    for judgement in judgements:
        judged_at = None if judgement.judged_at is None else judgement.judged_at.isoformat()
        row = JudgementRow(
            left=judgement.left,
            right=judgement.right,
            verdict=int(judgement.verdict),
            rater=judgement.rater,
            judged_at=judged_at,
            taken_s=judgement.taken_s,
            watched=judgement.watched,
            speed=judgement.speed,
        )
        rows.append(row)
    return rows


def strength_rows(comparisons: Sequence[Pair | Judgement], tasks: Mapping[str, str] | None = None) -> list[StrengthRow]:
    """Return one row for each compared video, by task and rank.

    ``tasks`` has the task of each video; without it all videos are of one task. Comparisons between two tasks are
    skipped.

    Raises:
        DatasetError: There are no comparisons.
    """
    ranked_videos = rank_videos(comparisons, tasks)
    if not ranked_videos:
        raise DatasetError("There are no comparisons to compute strengths from.")
    return [
        StrengthRow(
            rank=video.rank,
            video=video.name,
            task=video.task,
            strength=video.strength,
            standard_error=video.error,
            n_comparisons=video.won + video.lost + video.neither,
            n_better=video.won,
            n_worse=video.lost,
            n_equal=video.neither,
        )
        for video in ranked_videos
    ]
