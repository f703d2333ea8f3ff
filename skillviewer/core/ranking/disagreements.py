"""The pairs on which a model and the raters disagree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.dataset.pairs import Dataset, SimilarPair


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One pair that the model orders otherwise than the raters.

    Attributes:
        better: The video that is better by the raters (or by the pair, where nobody voted).
        worse: The other, which has the higher score (or the same).
        lead: By how much the model is on the other side, in standard deviations of the scores; 0 for an exact tie.
        votes_for: Votes for ``better``.
        votes_against: Votes for ``worse``.
        neither: Votes for no difference.
    """

    better: str
    worse: str
    lead: float
    votes_for: int
    votes_against: int
    neither: int


def disputes(dataset: Dataset, scores: Mapping[str, float]) -> tuple[Disagreement, ...]:
    """Return the pairs that a model orders otherwise than the raters, those first of which it is surest.

    Args:
        dataset: Pairs, and the votes behind them.
        scores: What the model says; pairs with a video that it has not assessed are left out.
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
    """Return votes by winner of every two videos; those for no difference stand at ""."""
    counted: dict[SimilarPair, dict[str, int]] = {}
    for judgement in dataset.judgements:
        row = counted.setdefault(SimilarPair(judgement.left, judgement.right), {})
        winner = {1: judgement.left, -1: judgement.right, 0: ""}[int(judgement.verdict)]
        row[winner] = row.get(winner, 0) + 1
    return counted


def agreement_share(dataset: Dataset, scores: Mapping[str, float], found: Sequence[Disagreement]) -> float:
    """Return the share of assessed pairs on which the model and the raters agree; NaN without any."""
    n = sum(pair.better in scores and pair.worse in scores for pair in dataset.pairs)
    return 1 - len(found) / n if n else float("nan")
