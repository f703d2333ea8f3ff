"""Preference cycles in majority votes: A better than B, B better than C, and C better than A."""

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from skillviewer.core.dataset.pair_graph import find_cycles
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.ranking.components import components, connected_parts
from skillviewer.core.ranking.votes import VoteColumns, Votes


@dataclass(frozen=True, slots=True)
class CycleEdge:
    """Majority verdict on two videos next to each other in a cycle."""

    better: str
    worse: str
    votes_for: int
    votes_against: int
    neither: int

    @property
    def margin(self) -> int:
        """Lead of the better video, in votes."""
        return self.votes_for - self.votes_against

    @property
    def text(self) -> str:
        """The votes as text, "A over B, 3 to 1, 1 no difference"."""
        neither_text = f", {self.neither} no difference" if self.neither else ""
        return f"{self.better} over {self.worse}, {self.votes_for} to {self.votes_against}{neither_text}"


@dataclass(frozen=True, slots=True)
class Cycle:
    """A preference cycle, in which each video beats the next by majority, and the last beats the first."""

    links: tuple[CycleEdge, ...]  # majority verdicts on neighbouring videos

    @property
    def videos(self) -> tuple[str, ...]:
        """Names of the videos, from the alphabetically first on."""
        return tuple(link.better for link in self.links)

    @property
    def weakest(self) -> CycleEdge:
        """The verdict with the smallest lead, on the pair to judge again."""
        return min(self.links, key=attrgetter("margin", "votes_for", "better"))


@dataclass(frozen=True, slots=True)
class PreferenceCycles:
    """Preference cycles in majority votes."""

    # all cycles of three videos; a tangle that has none gives a shortest cycle through its first video. The cycle with
    # the smallest lead of its weakest verdict comes first.
    cycles: tuple[Cycle, ...]
    tangles: tuple[tuple[str, ...], ...]  # strongly connected sets of videos, whose order is undecided


def find_preference_cycles(votes: Votes) -> PreferenceCycles:
    """Return the preference cycles in majority votes.

    A pair has a direction if one side has more votes than the other, and at least as many as "no difference".
    """
    verdicts = _verdicts_in_tangles(VoteColumns.of(votes).merged_by_rater_and_pair())
    losers_to: dict[str, set[str]] = {}  # by the better video
    for better, worse in verdicts:
        losers_to.setdefault(better, set()).add(worse)
    tangles = [tuple(part) for part in connected_parts(sorted(losers_to), verdicts)]
    cycles = []
    for tangle in tangles:
        videos_in_tangle = set(tangle)
        losers_in_tangle = {video: losers_to[video] & videos_in_tangle for video in tangle}
        for videos in _cycles_in(losers_in_tangle):
            start = videos.index(min(videos))
            rotated_videos = videos[start:] + videos[:start]
            next_videos = rotated_videos[1:] + rotated_videos[:1]
            links = [verdicts[better, worse] for better, worse in zip(rotated_videos, next_videos, strict=True)]
            cycles.append(Cycle(tuple(links)))
    cycles.sort(key=_sort_key)
    return PreferenceCycles(tuple(cycles), tuple(sorted(tangles)))


def _sort_key(cycle: Cycle) -> tuple[int, int, tuple[str, ...]]:
    return cycle.weakest.margin, len(cycle.links), cycle.videos


def _cycles_in(losers_to: Mapping[str, set[str]]) -> list[tuple[str, ...]]:
    """Return all cycles of three videos in a tangle, or else the shortest cycle through its first video."""
    pairs = [Pair(better, worse) for better, losers in losers_to.items() for worse in sorted(losers)]
    cycles: list[tuple[str, ...]] = []
    for pair in pairs:
        first = pair.better
        second = pair.worse
        for third in losers_to[second]:
            is_cycle = first in losers_to[third]
            # of its three rotations, a cycle is listed from its alphabetically first video on
            if is_cycle and first < min(second, third):
                cycles.append((first, second, third))
    return cycles or list(find_cycles(pairs))


def _verdicts_in_tangles(votes: VoteColumns) -> dict[tuple[str, str], CycleEdge]:
    """Return the majority verdicts within strongly connected sets of videos, by (better, worse)."""
    pair_counts = votes.counts()
    for_second, neither, for_first = pair_counts.counts.T
    first_wins = for_first > for_second
    better = np.where(first_wins, pair_counts.first, pair_counts.second)
    worse = np.where(first_wins, pair_counts.second, pair_counts.first)
    votes_for = np.maximum(for_first, for_second)
    votes_against = np.minimum(for_first, for_second)
    is_decided = (votes_for > votes_against) & (votes_for >= neither)
    component = components(len(votes.videos), better[is_decided], worse[is_decided], strong=True)
    in_tangle = is_decided & (component[better] == component[worse])
    edges = [
        CycleEdge(
            better=votes.videos[better[row]],
            worse=votes.videos[worse[row]],
            votes_for=int(votes_for[row]),
            votes_against=int(votes_against[row]),
            neither=int(neither[row]),
        )
        for row in np.flatnonzero(in_tangle)
    ]
    return {(edge.better, edge.worse): edge for edge in edges}
