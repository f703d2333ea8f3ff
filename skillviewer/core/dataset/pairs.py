"""Ordered pairs and similar pairs of videos by skill, and the judgements of raters."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """Names of two videos, one with better skill than the other."""

    better: str
    worse: str

    def touches(self, names: Collection[str]) -> bool:
        """Return True if at least one of the two videos is among the names."""
        return self.better in names or self.worse in names

    def within(self, names: Collection[str]) -> bool:
        """Return True if both videos are among the names."""
        return self.better in names and self.worse in names


@dataclass(frozen=True, slots=True, order=True)
class SimilarPair:
    """Names of two videos without a disparity of skill, in alphabetical order."""

    first: str
    second: str

    def __post_init__(self) -> None:
        if self.second < self.first:
            first = self.first
            object.__setattr__(self, "first", self.second)
            object.__setattr__(self, "second", first)

    def within(self, names: Collection[str]) -> bool:
        """Return True if both videos are among the names."""
        return self.first in names and self.second in names


class Verdict(IntEnum):
    """Verdict of a rater on two videos."""

    LEFT = 1  # the left video is better
    NEITHER = 0  # no difference
    RIGHT = -1  # the right video is better


SKILL = "skill"
"""Criterion of votes, pairs and models if none is stated."""

UNNAMED = "unnamed"
"""Rater of votes whose rater is not recorded."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One vote of one rater on two videos."""

    left: str  # name of the video on the left
    right: str  # name of the video on the right
    verdict: Verdict
    rater: str  # name of the rater, or ``UNNAMED``
    judged_at: datetime | None = None  # time of the vote, or None if not recorded
    taken_s: float | None = None  # seconds from the display of the pair to the vote, or None
    watched: float | None = None  # share of the two videos that was watched, 0 to 1, or None
    speed: float = 1.0  # playback speed; 1 is real time


def videos_of(pairs: Sequence[Pair], similar: Sequence[SimilarPair] = ()) -> list[str]:
    """Return the distinct videos in ordered and similar pairs, sorted by name."""
    names = {name for pair in pairs for name in (pair.better, pair.worse)}
    names |= {name for pair in similar for name in (pair.first, pair.second)}
    return sorted(names)
