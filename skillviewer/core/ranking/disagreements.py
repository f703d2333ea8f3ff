"""Pairs on which a model and the raters disagree."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.ranking.consensus import PairVotes, count_votes


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A pair that the model orders differently from the raters."""

    better: str  # the better video by the raters, or by the agreed pair if there are no votes
    worse: str  # the other video, with at least the same score
    lead: float  # lead of the worse video's score, in standard deviations of the scores; 0 for an exact tie
    votes_for: int  # number of votes for ``better``
    votes_against: int  # number of votes for ``worse``
    neither: int  # number of votes for no difference


def find_disagreements(dataset: Dataset, scores: Mapping[str, float]) -> tuple[Disagreement, ...]:
    """Return the pairs that a model orders differently from the raters, the greatest lead first.

    Pairs with an unassessed video are left out.
    """
    deviation = 0.0
    if len(scores) > 1:
        all_scores = list(scores.values())
        deviation = float(np.std(all_scores))
    votes_by_pair = {(votes.first, votes.second): votes for votes in count_votes(dataset.judgements)}
    disagreements = []
    for pair in dataset.pairs:
        if not pair.within(scores):
            continue
        lead = scores[pair.worse] - scores[pair.better]
        if lead < 0:
            continue
        first, second = sorted((pair.better, pair.worse))
        votes = votes_by_pair.get((first, second), PairVotes(first, second, for_first=0, for_second=0, neither=0))
        votes_for = votes.for_first
        votes_against = votes.for_second
        if first != pair.better:
            votes_for = votes.for_second
            votes_against = votes.for_first
        relative_lead = lead / deviation if deviation > 0 else 0.0
        disagreement = Disagreement(
            better=pair.better,
            worse=pair.worse,
            lead=relative_lead,
            votes_for=votes_for,
            votes_against=votes_against,
            neither=votes.neither,
        )
        disagreements.append(disagreement)
    disagreements.sort(key=attrgetter("better", "worse"))
    disagreements.sort(key=attrgetter("lead"), reverse=True)  # equal leads stay in the order of names
    return tuple(disagreements)


def agreement_share(pairs: Collection[Pair], disagreements: Collection[Disagreement]) -> float:
    """Return the proportion of assessed pairs on which the model and the raters agree; NaN without pairs."""
    different_pairs = {(disagreement.better, disagreement.worse) for disagreement in disagreements}
    n_agreed = sum((pair.better, pair.worse) not in different_pairs for pair in pairs)
    return n_agreed / len(pairs) if pairs else float("nan")
