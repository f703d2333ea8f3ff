"""Strength and rank of videos by all votes, on a separate scale for each task."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.dataset.pairs import UNNAMED
from skillviewer.core.ranking.votes import VoteColumns, Votes
from skillviewer.core.text import EQUAL_DECIMALS, counted


@dataclass(frozen=True, slots=True)
class RankedVideo:
    """Strength and rank of one video."""

    name: str
    task: str
    rank: int  # rank in the task, 1 for the strongest; ties share the better rank
    strength: float  # Bradley-Terry strength in logits; the mean of the task is 0
    error: float  # standard error of the strength
    won: int  # number of votes for the video
    lost: int  # number of votes for the other video
    neither: int  # number of votes for no difference
    linked_rank: int  # rank among the videos that votes connect with this one
    n_linked: int  # number of connected videos, including this one


def ranks(values: Sequence[float]) -> list[int]:
    """Return the rank of each value, 1 for the greatest; values that are equal up to rounding share the better rank."""
    rounded_values = [round(value, EQUAL_DECIMALS) for value in values]
    ascending = sorted(rounded_values)
    return [1 + len(rounded_values) - bisect_right(ascending, value) for value in rounded_values]


def rank_videos(votes: Votes, tasks: Mapping[str, str] | None = None) -> tuple[RankedVideo, ...]:
    """Return strength and rank of all compared videos, task by task, the strongest first.

    The strengths of every task are computed separately, since errors about a common mean of unconnected tasks would be
    wrong.

    Args:
        votes: The votes; those across tasks are ignored.
        tasks: Task by name of the video, or None if all videos have the same task.
    """
    from skillviewer.core.ranking.bradley_terry import Comparisons  # imports scipy, which takes a second
    from skillviewer.core.ranking.components import components

    all_votes = VoteColumns.of(votes)
    names = all_votes.videos
    n = len(names)
    if tasks is None:
        tasks = {}
    task_names = [tasks.get(name, "") for name in names]
    task = np.unique(task_names, return_inverse=True)[1] if n else np.zeros(0, np.int64)
    columns = all_votes.select(task[all_votes.first] == task[all_votes.second])
    values = np.zeros(n)
    errors = np.zeros(n)
    for task_index in np.unique(task[columns.first]):
        task_votes = columns.select(task[columns.first] == task_index)
        task_videos, comparisons = Comparisons.of(task_votes).renumber()
        strengths = comparisons.strengths([names[video] for video in task_videos])
        values[task_videos] = strengths.values
        errors[task_videos] = strengths.standard_errors
    first = columns.first
    second = columns.second
    first_wins = columns.verdict > 0
    is_decided = columns.verdict != 0
    better = np.where(first_wins, first, second)[is_decided]
    worse = np.where(first_wins, second, first)[is_decided]
    undecided = np.append(first[~is_decided], second[~is_decided])
    n_won = np.bincount(better, minlength=n)
    n_lost = np.bincount(worse, minlength=n)
    n_neither = np.bincount(undecided, minlength=n)
    compared_indices = np.unique(np.append(first, second))
    component = components(n, first, second)[compared_indices]
    task_ranks = _ranks_within(values[compared_indices], task[compared_indices])
    linked_ranks = _ranks_within(values[compared_indices], component)
    component_sizes = np.bincount(component)
    ranked_videos = [
        RankedVideo(
            name=names[video],
            task=task_names[video],
            rank=task_ranks[row],
            strength=float(values[video]),
            error=float(errors[video]),
            won=int(n_won[video]),
            lost=int(n_lost[video]),
            neither=int(n_neither[video]),
            linked_rank=linked_ranks[row],
            n_linked=int(component_sizes[component[row]]),
        )
        for row, video in enumerate(compared_indices.tolist())
    ]
    return tuple(sorted(ranked_videos, key=attrgetter("task", "rank", "name")))


def _ranks_within(values: FloatArray, group: IntArray) -> list[int]:
    """Return the rank of each value among those of its group."""
    group_ranks = np.zeros(len(values), dtype=np.int64)
    for group_index in np.unique(group):
        in_group = group == group_index
        group_ranks[in_group] = ranks(values[in_group].tolist())
    return group_ranks.tolist()


def rater_count_text(raters: Sequence[str]) -> str:
    """Return a text on the number of raters, given the rater of every vote."""
    n_named = len(set(raters) - {UNNAMED})
    n_unnamed_votes = raters.count(UNNAMED)
    named_text = counted(n_named, "rater")
    if not n_unnamed_votes:
        return named_text
    unnamed_text = "raters without a name" if n_unnamed_votes > 1 else "a rater without a name"
    return f"{named_text} and {unnamed_text}" if n_named else unnamed_text
