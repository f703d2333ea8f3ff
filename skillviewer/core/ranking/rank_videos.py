"""Strength and rank of videos by all votes, each task on a scale of its own."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.dataset.pairs import UNNAMED
from skillviewer.core.ranking.votes import VoteColumns, Votes
from skillviewer.core.text import EQUAL_DECIMALS


@dataclass(frozen=True, slots=True)
class RankedVideo:
    """Position of one video."""

    name: str
    task: str
    rank: int  # 1 for the strongest of its task; ties share the better rank
    strength: float  # Bradley-Terry strength in logits; the mean of its task is 0
    error: float  # its standard error
    won: int  # number of votes for it
    lost: int  # number of votes for the other video
    neither: int  # number of votes for no difference
    linked_rank: int  # rank among the videos that votes connect with it
    n_linked: int  # number of these videos, with itself


def ranks(values: Sequence[float]) -> list[int]:
    """Return the rank of each value, 1 for the greatest; values equal except for rounding share the better one."""
    rounded = [round(value, EQUAL_DECIMALS) for value in values]
    ascending = sorted(rounded)
    return [1 + len(rounded) - bisect_right(ascending, value) for value in rounded]


def rank_videos(votes: Votes, tasks: Mapping[str, str] | None = None) -> tuple[RankedVideo, ...]:
    """Return the positions of all compared videos, task by task, the strongest first.

    Votes across tasks are ignored; without ``tasks`` all videos are of one. Strengths of every task are computed
    separately: errors about a common mean of unconnected tasks would be wrong.
    """
    from skillviewer.core.ranking.bradley_terry import Comparisons  # scipy takes a second
    from skillviewer.core.ranking.connected import components

    columns = VoteColumns.of(votes)
    videos = columns.videos
    n = len(columns.videos)
    task_of = [(tasks or {}).get(name, "") for name in videos]
    task = np.unique(task_of, return_inverse=True)[1] if n else np.zeros(0, np.int64)
    columns = columns.only(task[columns.first] == task[columns.second])
    values, errors = np.zeros((2, n))
    for task_number in np.unique(task[columns.first]):
        of_task, games = Comparisons.of(columns.only(task[columns.first] == task_number)).numbered_anew()
        strengths = games.strengths([videos[number] for number in of_task])
        values[of_task], errors[of_task] = strengths.values, strengths.standard_errors
    first = columns.first
    second = columns.second
    decided = columns.verdict != 0
    better, worse = np.where(columns.verdict > 0, (first, second), (second, first))[:, decided]
    equal = np.append(first[~decided], second[~decided])
    numbers = np.unique(np.append(first, second))  # of the compared videos
    part = components(n, first, second)[numbers]
    rows = zip(
        _ranks_within(values[numbers], task[numbers]),
        values[numbers].tolist(),
        errors[numbers].tolist(),
        *(np.bincount(side, minlength=n)[numbers].tolist() for side in (better, worse, equal)),
        _ranks_within(values[numbers], part),
        np.bincount(part)[part].tolist(),
        strict=True,
    )
    ranked = [RankedVideo(videos[i], task_of[i], *row) for i, row in zip(numbers.tolist(), rows, strict=True)]
    return tuple(sorted(ranked, key=lambda s: (s.task, s.rank, s.name)))


def _ranks_within(values: FloatArray, group: IntArray) -> list[int]:
    """Return the rank of each value among those of its group."""
    counts = np.zeros(len(values), dtype=np.int64)
    for group_number in np.unique(group):
        counts[group == group_number] = ranks(values[group == group_number].tolist())
    return counts.tolist()


def rater_count_text(raters: Sequence[str]) -> str:
    """Return the number of raters in words, given the rater of every vote; unnamed votes may come from anyone."""
    n_named = len(set(raters) - {UNNAMED})
    unnamed = raters.count(UNNAMED)
    raters = f"{n_named} rater{'s' if n_named != 1 else ''}"
    if not unnamed:
        return raters
    unnamed_text = "raters without a name" if unnamed > 1 else "a rater without a name"
    return f"{raters} and {unnamed_text}" if n_named else unnamed_text
