"""Attention weight near regions, and progress of the score along the videos, over the runs of a model."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from skillviewer.core.dataset.pairs import Dataset, Fold
from skillviewer.core.evaluation.accuracy import (
    FoldScores,
    PooledEstimate,
    pooled_accuracy,
    pooled_mean,
    refit_factor,
    spread,
)
from skillviewer.core.evaluation.localisation import (
    CONTROLS,
    OWN,
    UNIFORM,
    Geometry,
    cells_near,
    centred_gaussian,
    entropy,
    weight_near,
)
from skillviewer.core.evaluation.score_progress import SHARES, contribution_shares, scores_at
from skillviewer.data.tables.regions import Regions
from skillviewer.engine.features.video_facts import VideoFacts
from skillviewer.engine.training.run_record import Maps, ScoreCurves


class AttentionWeight(msgspec.Struct, frozen=True, kw_only=True):
    """Share of the weight of a model's maps near regions, mean over held-out videos."""

    weight: PooledEstimate  # share of the weight within the tolerance of a region, with its interval
    # the same for the maps of each control, by name (``core.evaluation.localisation.CONTROLS``)
    controls: dict[str, float]
    above: dict[str, PooledEstimate]  # weight minus that of each control, with its interval
    entropy: float  # normalised entropy of the maps; 1 for uniform maps
    tolerance: int  # number of cells

    @property
    def times_uniform(self) -> float:
        """Weight divided by that of a uniform map."""
        return self.weight.value / self.controls[UNIFORM]


class ScoreProgress(msgspec.Struct, frozen=True, kw_only=True):
    """Accuracy of the score so far, and contributions along the videos."""

    shares: tuple[float, ...]  # shares of a video's steps, 0 to 1
    accuracy: tuple[PooledEstimate, ...]  # pooled accuracy of the scores after each share
    # share of the absolute contributions in each fifth of the steps, mean over held-out videos
    fifths: tuple[float, ...]


def attention_weight(
    runs: Sequence[tuple[Fold, Maps | None]],
    dataset: Dataset,
    facts: Mapping[str, VideoFacts],
    regions: Regions | None,
    tolerance: int,
) -> AttentionWeight | None:
    """Return the attention weight near regions; None without regions, or if a run has no maps.

    Cells up to ``tolerance`` from a region count as near.
    """
    known = [(fold, maps) for fold, maps in runs if maps is not None]
    if regions is None or not known or len(known) < len(runs):
        return None
    by_fold = [_weights(fold, maps, facts, regions, tolerance) for fold, maps in known]
    factor = refit_factor(fold for fold, _ in known)
    own = pooled_mean([run[OWN] for run in by_fold], dataset, factor)
    if not np.isfinite(own.value):
        return None
    above = {}
    for control in CONTROLS:
        less = [{name: run[OWN][name] - value for name, value in run[control].items()} for run in by_fold]
        above[control] = pooled_mean(less, dataset, factor)
    return AttentionWeight(
        weight=own,
        controls={control: pooled_mean([run[control] for run in by_fold], dataset).value for control in CONTROLS},
        above=above,
        entropy=spread(entropy(np.concatenate(maps.values).astype(np.float64)) for _, maps in known).mean,
        tolerance=tolerance,
    )


def _weights(
    fold: Fold, maps: Maps, facts: Mapping[str, VideoFacts], regions: Regions, tolerance: int
) -> dict[str, dict[str, float]]:
    """Return the shares of ``weight_near`` in the held-out videos of one run."""
    rows, columns = maps.values.shape[2:]
    at = {name: Geometry(rows, columns, maps.rect, *facts[name].size_px) for name in {*maps.videos, *fold.train_videos}}
    cells = {name: cells_near(facts[name].frames, regions.of(name), one, tolerance) for name, one in at.items()}
    own = {name: maps.of(name, len(facts[name].frames)) for name in maps.videos}
    return weight_near(own, cells, sorted(fold.train_videos), centred_gaussian(at[maps.videos[0]]))


def score_progress(runs: Sequence[tuple[Fold, ScoreCurves | None]], dataset: Dataset) -> ScoreProgress | None:
    """Return the progress of the score along the videos; None if a run has no score curves."""
    known = [(fold, curves) for fold, curves in runs if curves is not None]
    if not known or len(known) < len(runs):
        return None
    accuracy = []
    for share in SHARES:
        scores = [
            FoldScores(fold, dict(zip(found.videos, scores_at(found.curves, share).tolist(), strict=True)))
            for fold, found in known
        ]
        accuracy.append(pooled_accuracy(scores, dataset))
    contributions = np.concatenate([found.contributions for _, found in known])
    fifths = tuple(contribution_shares(contributions).tolist())
    return ScoreProgress(shares=SHARES, accuracy=tuple(accuracy), fifths=fifths)
