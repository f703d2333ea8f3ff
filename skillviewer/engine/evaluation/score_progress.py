"""Accuracy and contributions along the videos, over the runs of a model."""

from collections.abc import Sequence

import msgspec
import numpy as np

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.evaluation.accuracy import FoldScores, PooledEstimate, pooled_accuracy
from skillviewer.core.evaluation.score_progress import SHARES, contribution_shares, scores_at
from skillviewer.engine.training.run_result import ScoreCurves


class ScoreProgress(msgspec.Struct, frozen=True, kw_only=True):
    """Accuracy after parts of the videos, and contributions of their fifths."""

    shares: tuple[float, ...]  # shares of a video's steps, 0 to 1
    accuracy: tuple[PooledEstimate, ...]  # pooled accuracy of the scores after each share
    # share of the absolute contributions in each fifth of the steps, mean over held-out videos
    fifths: tuple[float, ...]


def score_progress(runs: Sequence[tuple[Fold, ScoreCurves | None]], dataset: Dataset) -> ScoreProgress | None:
    """Return accuracy and contributions along the videos; None if a run has no score curves."""
    runs_with_curves = [(fold, curves) for fold, curves in runs if curves is not None]
    if not runs_with_curves or len(runs_with_curves) < len(runs):
        return None
    accuracy = []
    for share in SHARES:
        scores = []
        for fold, curves in runs_with_curves:
            scores_at_share = scores_at(curves.curves, share).tolist()
            score_by_video = dict(zip(curves.videos, scores_at_share, strict=True))
            scores.append(FoldScores(fold, score_by_video))
        accuracy.append(pooled_accuracy(scores, dataset))
    contributions = np.concatenate([curves.contributions for _, curves in runs_with_curves])
    fifths = tuple(contribution_shares(contributions).tolist())
    return ScoreProgress(shares=SHARES, accuracy=tuple(accuracy), fifths=fifths)
