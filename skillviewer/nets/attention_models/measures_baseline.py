"""Ridge regression on a few measures of a video: a baseline on tracks, or on the instruments of a laboratory.

Orthogonal forward selection adds one measure at a time: the one that lowers the loss of the ridge regression most. Each
epoch of the training adds measures, so that the choice of an epoch chooses their number.
"""

import math

import torch
from torch import Tensor

from skillviewer.nets.attention import State, StepOutput
from skillviewer.nets.attention_models.ridge_model import RidgeModel
from skillviewer.nets.losses import PairBatch
from skillviewer.nets.number_inputs import N_MEASURES
from skillviewer.nets.sizes import HeadSizes

MAX_CHOSEN = 8
"""Largest number of measures that are selected."""

_PENALTY = 1.0  # ridge penalty, in variances of a standardised measure
_MIN_KNOWN = 0.5  # smallest share of training videos with a value, for a measure to be used
_MAX_DEVIATIONS = 4.0  # standardised measures are clipped to this
_MIN_RELATIVE_SCALE = 1e-6  # a measure whose scale is smaller, relative to its mean, counts as constant
_MIN_MEAN = 1e-6  # smallest mean that a scale is compared with


class MeasuredModel(RidgeModel):
    """Linear model: S_t = w^T z_t, with z_t the standardised measures up to step t.

    Mean and scale are those of the training videos. An unknown measure counts as the mean. The task state is z_t,
    (B, 64).
    """

    def __init__(self, sizes: HeadSizes) -> None:
        if sizes.feature_channels != N_MEASURES or sizes.grid != (1, 1):
            raise ValueError("this model takes measures of a video, one cell, and not features")
        super().__init__(sizes, N_MEASURES)
        self.mean: Tensor
        self.scale: Tensor
        self.register_buffer("mean", torch.zeros(N_MEASURES))
        self.register_buffer("scale", torch.ones(N_MEASURES))

    def initial_state(self, batch: int, fused: Tensor | None, like: Tensor, seed: int = 0) -> State:  # noqa: ARG002
        """Return an empty state: the measures of a step are those of all frames so far."""
        return ()

    def step(self, fused_t: Tensor, state: State, attention: Tensor | None = None) -> StepOutput:  # noqa: ARG002
        """Read the measures so far, (B, 64, 1, 1)."""
        measures = self._standardised(fused_t.flatten(1))
        return StepOutput(self.uniform_map(fused_t), measures, self.score(measures).squeeze(1), ())

    def solve(self, features: Tensor, pairs: PairBatch, progress: float) -> Tensor:
        """Select measures and fit their weights on all training videos.

        Args:
            features: (B, N, 64, 1, 1) measures of the training videos.
            pairs: Training pairs.
            progress: Share of the training that is done: 0 selects one measure, 1 selects ``MAX_CHOSEN``.

        Returns:
            (B,) scores.
        """
        with torch.no_grad():
            n_steps = pairs.lengths or [features.shape[1]] * len(features)
            lengths = torch.tensor(n_steps, device=features.device)
            videos = torch.arange(len(features), device=features.device)
            whole_video = features[videos, lengths - 1].flatten(1).double()  # the measures at the last step
            is_finite = torch.isfinite(whole_video)
            count = is_finite.sum(dim=0).clamp_min(1)
            mean = torch.where(is_finite, whole_video, torch.zeros_like(whole_video)).sum(dim=0) / count
            deviations = torch.where(is_finite, whole_video - mean, torch.zeros_like(whole_video))
            scale = (deviations.square().sum(dim=0) / count).sqrt()
            is_common = is_finite.double().mean(dim=0) >= _MIN_KNOWN
            is_usable = is_common & (scale > _MIN_RELATIVE_SCALE * mean.abs().clamp_min(_MIN_MEAN))
            self.mean.copy_(mean)
            self.scale.copy_(torch.where(is_usable, scale, torch.full_like(scale, math.inf)))
            measures = self._standardised(whole_video)
            differences = measures[pairs.better] - measures[pairs.worse]
            n_usable = int(is_usable.sum())
            n_chosen = min(1 + round(progress * (MAX_CHOSEN - 1)), n_usable)
            weights = _forward_selection(differences, is_usable, n_chosen)
            self.score.weight.copy_(weights[None])
            score: Tensor = self(features, lengths=pairs.lengths).score
            return score

    def _standardised(self, measures: Tensor) -> Tensor:
        standardised = (measures - self.mean.to(measures.dtype)) / self.scale.to(measures.dtype)
        return torch.nan_to_num(standardised, nan=0.0).clamp(-_MAX_DEVIATIONS, _MAX_DEVIATIONS)


def _forward_selection(differences: Tensor, is_usable: Tensor, n_chosen: int) -> Tensor:
    """Select ``n_chosen`` measures and fit a ridge regression whose target is 1 for every pair.

    Args:
        differences: (n, M) measures of the better video minus those of the worse, of n pairs.
        is_usable: (M,) bool, True for measures that may be selected.
        n_chosen: Number of measures.

    Returns:
        (M,) weights, 0 for measures that are not selected.
    """
    n_pairs, n_measures = differences.shape
    gram = differences.T @ differences / n_pairs + _PENALTY * torch.eye(n_measures, device=differences.device)
    target = differences.mean(dim=0)
    selected: list[int] = []
    weights = torch.zeros_like(target)
    for _ in range(n_chosen):
        candidates = [index for index in range(n_measures) if bool(is_usable[index]) and index not in selected]
        subsets = torch.tensor([[*selected, index] for index in candidates], device=differences.device)
        grams = gram[subsets[:, :, None], subsets[:, None, :]]
        solutions = torch.linalg.solve(grams, target[subsets][..., None])[..., 0]
        best = int((solutions * target[subsets]).sum(dim=1).argmax())  # the largest drop of the loss
        selected.append(candidates[best])
        weights = torch.zeros_like(target)
        weights[subsets[best]] = solutions[best]
    return weights
