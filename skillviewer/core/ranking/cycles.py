"""Preference cycles in majority votes: A better than B, B better than C, C better than A; with the underlying votes."""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.dataset.pair_graph import find_cycles
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.ranking.connected import components, connected_parts
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
        """The votes in words, "A over B, 3 to 1, 1 no difference"."""
        neither = f", {self.neither} no difference" if self.neither else ""
        return f"{self.better} over {self.worse}, {self.votes_for} to {self.votes_against}{neither}"


@dataclass(frozen=True, slots=True)
class Cycle:
    """A preference cycle: each video beats the next by majority, and the last beats the first."""

    links: tuple[CycleEdge, ...]  # majority verdicts on neighbouring videos

    @property
    def videos(self) -> tuple[str, ...]:
        """The videos, beginning with the alphabetically first."""
        return tuple(link.better for link in self.links)

    @property
    def weakest(self) -> CycleEdge:
        """The link with the smallest lead: the pair to judge again."""
        return min(self.links, key=lambda link: (link.margin, link.votes_for, link.better))


@dataclass(frozen=True, slots=True)
class PreferenceCycles:
    """Preference cycles in majority votes."""

    # all cycles of three, and for each strongly connected set without one a shortest cycle through its first video;
    # cycles with the smallest weakest lead come first
    cycles: tuple[Cycle, ...]
    tangles: tuple[tuple[str, ...], ...]  # strongly connected sets of videos: their order is undecided


def contradictions(votes: Votes) -> PreferenceCycles:
    """Return the preference cycles in majority votes.

    A pair has a direction if one side has more votes than the other, and at least as many as "no difference".
    """
    links = _tangled(VoteColumns.of(votes).merged_by_rater_and_pair())
    worse: dict[str, set[str]] = {}
    for better, other in links:
        worse.setdefault(better, set()).add(other)
    tangles = [tuple(part) for part in connected_parts(sorted(worse), links)]
    cycles: list[tuple[str, ...]] = []
    threes: list[tuple[str, ...]]
    for tangle in tangles:
        inside = set(tangle)
        beaten = {a: worse[a] & inside for a in tangle}
        edges = [(a, b) for a in tangle for b in sorted(beaten[a])]
        threes = [(a, b, c) for a, b in edges if a < b for c in beaten[b] if a < c and a in beaten[c]]
        cycles += threes or [tuple(c) for c in find_cycles([Pair(a, b) for a, b in edges])]
    made = []
    for videos in cycles:
        start = videos.index(min(videos))
        rotated = videos[start:] + videos[:start]
        made.append(Cycle(tuple(links[a, b] for a, b in zip(rotated, (*rotated[1:], rotated[0]), strict=True))))
    made.sort(key=lambda cycle: (cycle.weakest.margin, len(cycle.links), cycle.videos))
    return PreferenceCycles(tuple(made), tuple(sorted(tangles)))


def _tangled(votes: VoteColumns) -> dict[tuple[str, str], CycleEdge]:
    """Return the majority verdicts within strongly connected sets of videos, by (better, worse)."""
    first, second, counts, _ = votes.counts()
    for_second, neither, for_first = counts.T
    better, worse = np.where(for_first > for_second, (first, second), (second, first))
    more_votes = np.maximum(for_first, for_second)
    fewer_votes = np.minimum(for_first, for_second)
    decided = (more_votes > fewer_votes) & (more_votes >= neither)
    part = components(len(votes.videos), better[decided], worse[decided], strong=True)
    inside = decided & (part[better] == part[worse])
    rows = np.stack([better, worse, more_votes, fewer_votes, neither])[:, inside].T.tolist()
    links = (CycleEdge(votes.videos[a], votes.videos[b], *counted) for a, b, *counted in rows)
    return {(link.better, link.worse): link for link in links}
