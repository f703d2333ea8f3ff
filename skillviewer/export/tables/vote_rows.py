"""Rows of the tables that are made of votes: judgements, and the strengths that follow from them."""

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
        taken_s: Time from first sight to the vote; empty if unknown.
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
    """Strength of one video by the raters, or by the agreed pairs (Bradley and Terry's model).

    Attributes:
        rank: Place in the order of its task, 1 is the strongest.
        video: Name of the video.
        task: Its task; strengths of two tasks are on different scales.
        strength: In logits; the mean of the task is 0.
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
    return [
        JudgementRow(
            left=j.left,
            right=j.right,
            verdict=int(j.verdict),
            rater=j.rater,
            judged_at=None if j.judged_at is None else j.judged_at.isoformat(),
            taken_s=j.taken_s,
            watched=j.watched,
            speed=j.speed,
        )
        for j in judgements
    ]


def strength_rows(comparisons: Sequence[Pair | Judgement], tasks: Mapping[str, str] | None = None) -> list[StrengthRow]:
    """Return one row for each video that was compared, task by task, the strongest first.

    Comparisons of two tasks are skipped; without ``tasks`` all videos are of one.

    Raises:
        DatasetError: There is nothing to compare.
    """
    ranked = rank_videos(comparisons, tasks)
    if not ranked:
        raise DatasetError("There are no comparisons to compute strengths from.")
    return [
        StrengthRow(
            rank=s.rank,
            video=s.name,
            task=s.task,
            strength=s.strength,
            standard_error=s.error,
            n_comparisons=s.won + s.lost + s.neither,
            n_better=s.won,
            n_worse=s.lost,
            n_equal=s.neither,
        )
        for s in ranked
    ]
