"""Pairs on which a model and the raters disagree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.dataset.pairs import Dataset, SimilarPair


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
    votes = _votes(dataset)
    found = []
    for pair in dataset.pairs:
        if pair.better not in scores or pair.worse not in scores:
            continue
        lead = scores[pair.worse] - scores[pair.better]
        if lead < 0:
            continue
        count = votes.get(SimilarPair(pair.better, pair.worse), {})
        found.append(
            Disagreement(
                pair.better,
                pair.worse,
                lead / spread if spread > 0 else 0.0,
                count.get(pair.better, 0),
                count.get(pair.worse, 0),
                count.get("", 0),
            )
        )
    return tuple(sorted(found, key=lambda d: (-d.lead, d.better, d.worse)))


def _votes(dataset: Dataset) -> dict[SimilarPair, dict[str, int]]:
    """Return the votes by winner for every two videos; votes for no difference are under ""."""
    counted: dict[SimilarPair, dict[str, int]] = {}
    for judgement in dataset.judgements:
        row = counted.setdefault(SimilarPair(judgement.left, judgement.right), {})
        winner = {1: judgement.left, -1: judgement.right, 0: ""}[int(judgement.verdict)]
        row[winner] = row.get(winner, 0) + 1
    return counted


def agreement_share(dataset: Dataset, scores: Mapping[str, float], found: Sequence[Disagreement]) -> float:
    """Return the proportion of assessed pairs on which the model and the raters agree; NaN without any."""
    n = sum(pair.better in scores and pair.worse in scores for pair in dataset.pairs)
    return 1 - len(found) / n if n else float("nan")
