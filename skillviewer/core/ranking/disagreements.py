"""Pairs on which a model and the raters disagree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.ranking.consensus import PairVotes, count_votes


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A pair that the model orders differently from the raters."""

    better: str  # the better video according to the raters (or to the pair, if there are no votes)
    worse: str  # the other video, with the higher score (or the same)
    lead: float  # lead of the worse video's score, in standard deviations of the scores; 0 for an exact tie
    votes_for: int  # number of votes for ``better``
    votes_against: int  # number of votes for ``worse``
    neither: int  # number of votes for no difference


def find_disagreements(dataset: Dataset, scores: Mapping[str, float]) -> tuple[Disagreement, ...]:
    """Return the pairs that a model orders differently from the raters, greatest lead first.

    Pairs with an unassessed video are left out.
    """
    spread = float(np.std(list(scores.values()))) if len(scores) > 1 else 0.0
    counted = {(votes.first, votes.second): votes for votes in count_votes(dataset.judgements)}
    rows = []
    for pair in dataset.pairs:
        if pair.better not in scores or pair.worse not in scores:
            continue
        lead = scores[pair.worse] - scores[pair.better]
        if lead < 0:
            continue
        first, second = sorted((pair.better, pair.worse))
        votes = counted.get((first, second), PairVotes(first, second, 0, 0, 0))
        votes_by_side = (votes.for_first, votes.for_second)
        votes_by_side = votes_by_side if first == pair.better else votes_by_side[::-1]
        lead = lead / spread if spread > 0 else 0.0
        rows.append(Disagreement(pair.better, pair.worse, lead, *votes_by_side, votes.neither))
    return tuple(sorted(rows, key=lambda d: (-d.lead, d.better, d.worse)))


def agreement_share(dataset: Dataset, scores: Mapping[str, float], disagreements: Sequence[Disagreement]) -> float:
    """Return the proportion of assessed pairs on which the model and the raters agree; NaN without any."""
    n = sum(pair.better in scores and pair.worse in scores for pair in dataset.pairs)
    return 1 - len(disagreements) / n if n else float("nan")
