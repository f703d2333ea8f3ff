"""Pairs of videos by skill: ordered pairs, similar pairs, and the judgements of raters.

A data set states a ``Pair``; a ``Judgement`` is one vote of one rater. All values are frozen, so they may cross threads
and processes.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """Two videos, by name; the first shows better skill."""

    better: str
    worse: str

    def touches(self, names: Collection[str]) -> bool:
        """Return True if at least one of the two is among the names."""
        return self.better in names or self.worse in names

    def within(self, names: Collection[str]) -> bool:
        """Return True if both are among the names."""
        return self.better in names and self.worse in names


@dataclass(frozen=True, slots=True, order=True)
class SimilarPair:
    """Two videos, by name, without a disparity of skill. The names are in alphabetical order."""

    first: str
    second: str

    def __post_init__(self) -> None:
        if self.second < self.first:
            first, second = self.second, self.first
            object.__setattr__(self, "first", first)
            object.__setattr__(self, "second", second)

    def within(self, names: Collection[str]) -> bool:
        """Return True if both are among the names."""
        return self.first in names and self.second in names


class Verdict(IntEnum):
    """Choice of a rater."""

    LEFT = 1  # the left video is better
    NEITHER = 0  # no difference
    RIGHT = -1  # the right video is better


SKILL = "skill"
"""Criterion of votes, pairs and models that name no other."""

UNNAMED = "unnamed"
"""Rater name of votes without a recorded rater."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One vote of one rater on two videos."""

    left: str  # name of the video on the left
    right: str  # name of the video on the right
    verdict: Verdict  # choice of the rater
    rater: str  # name of the rater, or ``UNNAMED``
    judged_at: datetime | None = None  # time of the vote, or None if not recorded
    taken_s: float | None = None  # time from first sight to the vote in seconds, or None
    watched: float | None = None  # proportion of the two videos that was watched, 0 to 1, or None
    speed: float = 1.0  # playback speed; 1 is real time


def videos_of(pairs: Sequence[Pair], similar: Sequence[SimilarPair] = ()) -> list[str]:
    """Return the distinct videos in pairs, sorted by name."""
    in_ordered_pairs = {name for pair in pairs for name in (pair.better, pair.worse)}
    return sorted(in_ordered_pairs | {name for pair in similar for name in (pair.first, pair.second)})
