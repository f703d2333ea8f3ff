"""Pairs that the model in use orders differently from the raters."""

from collections.abc import Mapping
from dataclasses import dataclass

from skillviewer.core.ranking.disagreements import Disagreement, agreement_share, find_disagreements
from skillviewer.data.study import Study, versions


@dataclass(frozen=True, slots=True)
class RaterDisagreement:
    """Disagreement between a model and the raters."""

    pairs: tuple[Disagreement, ...]  # the pairs, the largest score difference first
    share: float  # share of the assessed pairs with agreement, 0 to 1; NaN without any
    n_pairs: int  # number of pairs that raters have ordered
    n_assessed: int  # number of these whose videos both have a score


def compare_with_raters(study: Study, model_digest: str, other_scores: Mapping[str, float]) -> RaterDisagreement:
    """Return the disagreement between a model and the raters.

    Args:
        study: The study.
        model_digest: Digest of the model.
        other_scores: Scores by the model that the study may not have, by video. They are used if there are more of
            them than scores in the study: scores of different numbers of passes are not mixed.
    """
    dataset = versions.study_pairs(study).dataset
    scores = {name: float(score) for name, score in other_scores.items() if name in dataset.names}
    saved_scores = {name: score.score for name, score in study.models.scores(model_digest).items()}
    if len(saved_scores) >= len(scores):
        scores = saved_scores
    disagreements = find_disagreements(dataset, scores)
    n_assessed = sum(pair.better in scores and pair.worse in scores for pair in dataset.pairs)
    share = agreement_share(dataset, scores, disagreements)
    return RaterDisagreement(disagreements, share, len(dataset.pairs), n_assessed)
