"""Forgetting check: accuracy on the pairs that a model knew before, or drift of familiar scores.

Scores of two models have no common unit. Drift is therefore given in standard deviations of the earlier model's scores.
"""

import math
from collections.abc import Mapping
from enum import StrEnum

import msgspec
import numpy as np

from skillviewer.core.analysis.model_agreement import rank_agreement
from skillviewer.core.finetuning.before_after import BeforeAfter


class ForgettingMethod(StrEnum):
    """Method of the forgetting check."""

    PAIRS = "pairs"  # accuracy on pairs that the model was trained on before
    DRIFT = "drift"  # scores of videos that the model was trained on before, if their pairs are unknown
    NOTHING = "nothing"


_STORED_NAMES = {"method": "kind", "description": "what", "pair_accuracy": "pairs", "rank_correlation": "order"}


class Forgetting(msgspec.Struct, frozen=True, rename=_STORED_NAMES):
    """Result of the forgetting check."""

    method: ForgettingMethod
    description: str  # description of the pairs or videos, for the user
    pair_accuracy: BeforeAfter | None = None  # accuracy on the old pairs; None if drift was checked
    drift: float = float("nan")  # drift of the scores of familiar videos (``drift_of``); NaN if pairs were checked
    rank_correlation: float = float("nan")  # of the same scores before and after; NaN if pairs were checked
    n_videos: int = 0  # number of videos checked


def format_drift(forgetting: Forgetting) -> str:
    """Return a text on the drift of the scores, which is undefined for one video or for equal scores."""
    if not math.isfinite(forgetting.drift):
        return "too few or too similar scores to measure their drift"
    text = f"scores drifted by {forgetting.drift:.2f} standard deviations"
    if math.isfinite(forgetting.rank_correlation):
        text += f", rank correlation {forgetting.rank_correlation:.2f}"
    return text


def drift_of(scores_before: Mapping[str, float], scores_after: Mapping[str, float]) -> float:
    """Return the mean absolute change of centred scores, in standard deviations of the scores before.

    The drift is NaN for fewer than two videos or equal scores.
    """
    names = sorted(scores_before)
    old_values = np.array([scores_before[name] for name in names])
    new_values = np.array([scores_after[name] for name in names])
    deviation = float(old_values.std()) if len(names) > 1 else 0.0
    if deviation == 0:
        return float("nan")
    changes = (new_values - new_values.mean()) - (old_values - old_values.mean())
    return float(np.abs(changes).mean() / deviation)


def score_correlation(scores_before: Mapping[str, float], scores_after: Mapping[str, float]) -> float:
    """Return Spearman's correlation of two models' scores of the same videos; NaN if undefined."""
    names = sorted(scores_before)
    return rank_agreement([scores_before[name] for name in names], [scores_after[name] for name in names])
