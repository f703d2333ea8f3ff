"""Cycles in what most raters say: A better than B, B better than C, C better than A; with the votes behind them."""

from collections.abc import Sequence
from dataclasses import dataclass

import networkx as nx

from skillviewer.core.dataset.pair_graph import find_cycles
from skillviewer.core.dataset.pairs import Judgement, Pair
from skillviewer.core.ranking.consensus import PairVotes, count_votes


@dataclass(frozen=True, slots=True)
class Link:
    """What most said of two videos next to each other in a cycle.

    Attributes:
        better: The one that more votes prefer.
        worse: The other.
        votes_for: Votes for the better.
        votes_against: Votes for the worse.
        neither: Votes for no difference.
    """

    better: str
    worse: str
    votes_for: int
    votes_against: int
    neither: int

    @property
    def margin(self) -> int:
        """By how many votes the better leads."""
        return self.votes_for - self.votes_against

    @property
    def text(self) -> str:
        """The votes in words, "A over B, 3 to 1, 1 no difference"."""
        neither = f", {self.neither} no difference" if self.neither else ""
        return f"{self.better} over {self.worse}, {self.votes_for} to {self.votes_against}{neither}"


@dataclass(frozen=True, slots=True)
class Cycle:
    """Videos of which each is better than the next by most votes, and the last better than the first.

    Attributes:
        links: What was said of every two next to each other.
    """

    links: tuple[Link, ...]

    @property
    def videos(self) -> tuple[str, ...]:
        """The videos; begins with the first by the alphabet."""
        return tuple(link.better for link in self.links)

    @property
    def weakest(self) -> Link:
        """The link of the smallest lead: the pair to judge again."""
        return min(self.links, key=lambda link: (link.margin, link.votes_for, link.better))


@dataclass(frozen=True, slots=True)
class PreferenceCycles:
    """The circles in what most raters say.

    Attributes:
        cycles: All cycles of three, and of each tangle that has none of three a shortest one through its first
            video; those that the smallest lead holds together come first.
        tangles: Sets of videos whose order the majorities leave open, because all lie on cycles.
    """

    cycles: tuple[Cycle, ...]
    tangles: tuple[tuple[str, ...], ...]


def contradictions(judgements: Sequence[Judgement]) -> PreferenceCycles:
    """Return the circles in what most raters say.

    A pair has a direction where one side has more votes than the other, and no fewer than "no difference" has.
    """
    links = {(link.better, link.worse): link for link in map(_link, count_votes(judgements)) if link is not None}
    graph = nx.DiGraph()
    graph.add_edges_from(sorted(links))
    tangles = [tuple(sorted(part)) for part in nx.strongly_connected_components(graph) if len(part) > 1]
    found: list[tuple[str, ...]] = []
    for tangle in tangles:
        inside = graph.subgraph(tangle)
        threes = [tuple(cycle) for cycle in nx.simple_cycles(inside, length_bound=3)]
        found += threes or [tuple(c) for c in find_cycles([Pair(a, b) for a, b in inside.edges])]
    made = []
    for videos in found:
        start = videos.index(min(videos))
        turned = videos[start:] + videos[:start]
        made.append(Cycle(tuple(links[a, b] for a, b in zip(turned, (*turned[1:], turned[0]), strict=True))))
    made.sort(key=lambda cycle: (cycle.weakest.margin, len(cycle.links), cycle.videos))
    return PreferenceCycles(tuple(made), tuple(sorted(tangles)))


def _link(votes: PairVotes) -> Link | None:
    """Return what most said, or None where no side has more votes than the other and as many as "no difference"."""
    first, second = votes.for_first, votes.for_second
    if first == second or max(first, second) < votes.neither:
        return None
    if first > second:
        return Link(votes.first, votes.second, first, second, votes.neither)
    return Link(votes.second, votes.first, second, first, votes.neither)
