"""Strength and rank of videos by all votes, each task on a scale of its own."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from skillviewer.core.dataset.pairs import UNNAMED, Judgement, Pair
from skillviewer.core.text import EQUAL_DECIMALS


@dataclass(frozen=True, slots=True)
class Standing:
    """Position of one video."""

    strength: float  # Bradley-Terry strength in logits; the mean of its task is 0
    error: float  # its standard error
    rank: int  # 1 for the strongest of the videos connected with it by votes; ties share the better rank
    n: int  # number of these videos, with itself


def ranks(values: Sequence[float]) -> list[int]:
    """Return the rank of each value, 1 for the greatest; values equal except for rounding share the better one."""
    rounded = [round(value, EQUAL_DECIMALS) for value in values]
    ascending = sorted(rounded)
    return [1 + len(rounded) - bisect_right(ascending, value) for value in rounded]


def places(comparisons: Sequence[Judgement | Pair], tasks: Mapping[str, str] | None = None) -> dict[str, Standing]:
    """Return the position of every compared video.

    Comparisons across tasks are ignored; without ``tasks`` all videos are of one.
    """
    from skillviewer.core.ranking.bradley_terry import bradley_terry  # scipy takes a second
    from skillviewer.core.ranking.connected import connected_parts

    links: set[tuple[str, str]] = set()
    by_task: dict[str, list[Judgement | Pair]] = {}
    for comparison in comparisons:
        first, second = names_of(comparison)
        of_first, of_second = ((tasks or {}).get(name, "") for name in (first, second))
        if of_first == of_second:
            by_task.setdefault(of_first, []).append(comparison)
            links.add((first, second))
    fitted: dict[str, tuple[float, float]] = {}
    for of_task in by_task.values():
        strengths = bradley_terry(of_task)
        rows = zip(strengths.values.tolist(), strengths.standard_errors.tolist(), strict=True)
        fitted |= dict(zip(strengths.names, rows, strict=True))
    found: dict[str, Standing] = {}
    for names in connected_parts(sorted(fitted), links):
        for name, rank in zip(names, ranks([fitted[name][0] for name in names]), strict=True):
            found[name] = Standing(*fitted[name], rank, len(names))
    return found


def names_of(comparison: Judgement | Pair) -> tuple[str, str]:
    """Return the two videos of a comparison; of a pair, the better one first."""
    if isinstance(comparison, Pair):
        return comparison.better, comparison.worse
    return comparison.left, comparison.right


def rater_count_text(raters: Sequence[str]) -> str:
    """Return the number of raters in words, given the rater of every vote; unnamed votes may come from anyone."""
    named = len(set(raters) - {UNNAMED})
    unnamed = raters.count(UNNAMED)
    people = f"{named} rater{'s' if named != 1 else ''}"
    if not unnamed:
        return people
    without = "raters without a name" if unnamed > 1 else "a rater without a name"
    return f"{people} and {without}" if named else without
