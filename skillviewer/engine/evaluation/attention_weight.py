"""Share of a model's attention near regions, over the runs of a model."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.evaluation.accuracy import PooledEstimate, mean_std, pooled_mean, refit_factor
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
from skillviewer.data.tables.regions import Regions
from skillviewer.engine.features.video_facts import VideoFacts
from skillviewer.engine.training.run_result import Maps


class AttentionWeight(msgspec.Struct, frozen=True, kw_only=True):
    """Share of the weight of a model's maps near regions, mean over held-out videos."""

    weight: PooledEstimate  # share of the weight within the tolerance of a region, with its interval
    # share of the weight of each control's maps, by name of the control (``core.evaluation.localisation.CONTROLS``)
    controls: dict[str, float]
    above: dict[str, PooledEstimate]  # weight minus that of each control, with its interval
    entropy: float  # normalised entropy of the maps; 1 for uniform maps
    tolerance: int  # number of cells

    @property
    def times_uniform(self) -> float:
        """Weight divided by that of a uniform map."""
        return self.weight.value / self.controls[UNIFORM]


def attention_weight(
    runs: Sequence[tuple[Fold, Maps | None]],
    dataset: Dataset,
    facts: Mapping[str, VideoFacts],
    regions: Regions | None,
    tolerance: int,
) -> AttentionWeight | None:
    """Return the attention weight near regions; None if there are no regions, or if a run has no maps.

    Cells up to ``tolerance`` from a region count as near.
    """
    runs_with_maps = [(fold, maps) for fold, maps in runs if maps is not None]
    if regions is None or not runs_with_maps or len(runs_with_maps) < len(runs):
        return None
    weights_by_run = [_weights_near_regions(fold, maps, facts, regions, tolerance) for fold, maps in runs_with_maps]
    factor = refit_factor(fold for fold, _ in runs_with_maps)
    model_weight = pooled_mean([weights[OWN] for weights in weights_by_run], dataset, factor)
    if not np.isfinite(model_weight.value):
        return None
    control_weights = {}
    above_controls = {}
    for control in CONTROLS:
        control_weights[control] = pooled_mean([weights[control] for weights in weights_by_run], dataset).value
        differences = [_difference_by_video(weights[OWN], weights[control]) for weights in weights_by_run]
        above_controls[control] = pooled_mean(differences, dataset, factor)
    entropies = [entropy(np.concatenate(maps.values).astype(np.float64)) for _, maps in runs_with_maps]
    return AttentionWeight(
        weight=model_weight,
        controls=control_weights,
        above=above_controls,
        entropy=mean_std(entropies).mean,
        tolerance=tolerance,
    )


def _difference_by_video(model_weights: Mapping[str, float], control_weights: Mapping[str, float]) -> dict[str, float]:
    return {video: model_weights[video] - control_weight for video, control_weight in control_weights.items()}


def _weights_near_regions(
    fold: Fold, maps: Maps, facts: Mapping[str, VideoFacts], regions: Regions, tolerance: int
) -> dict[str, dict[str, float]]:
    """Return the weight near regions in the held-out videos of one run, in the form of ``weight_near``."""
    rows, columns = maps.values.shape[2:]
    geometries = {
        video: Geometry(rows, columns, maps.rect.within(facts[video].crop), *facts[video].size_px)
        for video in {*maps.videos, *fold.train_videos}
    }
    near_cells = {
        video: cells_near(facts[video].frames, regions.of(video), geometry, tolerance)
        for video, geometry in geometries.items()
    }
    own_maps = {video: maps.of(video, len(facts[video].frames)) for video in maps.videos}
    centre_map = centred_gaussian(geometries[maps.videos[0]])
    return weight_near(own_maps, near_cells, sorted(fold.train_videos), centre_map)
