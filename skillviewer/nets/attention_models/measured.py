"""Ridge on a few measures of a video: baselines from tracks, or from a laboratory's own instruments.

The measures are chosen one after the other, each as the one that lowers the loss of the ridge most (orthogonal forward
selection). The epochs of a training stand for their number, so an epoch that is chosen within the training videos
chooses how many measures there are.
"""

import math

import torch
from torch import Tensor

from skillviewer.nets.attention import State, StepOutput
from skillviewer.nets.attention_models.ridge_model import RidgeModel
from skillviewer.nets.losses import PairBatch
from skillviewer.nets.sizes import HeadSizes

N_MEASURES = 64
"""Measures that a video can have; NaN stands for an unknown one."""

MAX_CHOSEN = 8
"""Most measures that are chosen."""

_PENALTY = 1.0  # in variances of a standardised measure
_MIN_KNOWN = 0.5  # share of the training videos that a measure is known of
_MAX_DEVIATIONS = 4.0
_LEAST = 1e-6


class MeasuredModel(RidgeModel):
    """S_t = w^T z_t, with z_t the standardised measures up to step t; an unknown measure is at the mean.

    The task state is z_t, (B, 64). Mean and scale are those of the training videos.
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

    def solve(self, features: Tensor, pairs: PairBatch, share: float) -> Tensor:
        """Choose measures and fit their weights on all training videos, (B, N, 64, 1, 1); return (B,) scores.

        ``share`` is that of the course: 0 for one measure, 1 for ``MAX_CHOSEN``.
        """
        with torch.no_grad():
            ends = torch.tensor(pairs.lengths or [features.shape[1]] * len(features), device=features.device)
            last = features[torch.arange(len(features), device=features.device), ends - 1].flatten(1).double()
            known = torch.isfinite(last)
            count = known.sum(dim=0).clamp_min(1)
            mean = torch.where(known, last, torch.zeros_like(last)).sum(dim=0) / count
            apart = torch.where(known, last - mean, torch.zeros_like(last))
            scale = (apart.square().sum(dim=0) / count).sqrt()
            usable = (known.double().mean(dim=0) >= _MIN_KNOWN) & (scale > _LEAST * mean.abs().clamp_min(_LEAST))
            self.mean.copy_(mean)
            self.scale.copy_(torch.where(usable, scale, torch.full_like(scale, math.inf)))
            measures = self._standardised(last)
            differences = measures[pairs.better] - measures[pairs.worse]
            n_chosen = 1 + round(share * (MAX_CHOSEN - 1))
            weights = _forward_selection(differences, usable, min(n_chosen, int(usable.sum())))
            self.score.weight.copy_(weights[None])
            score: Tensor = self(features, lengths=pairs.lengths).score
            return score

    def _standardised(self, measures: Tensor) -> Tensor:
        apart = (measures - self.mean.to(measures.dtype)) / self.scale.to(measures.dtype)
        return torch.nan_to_num(apart, nan=0.0).clamp(-_MAX_DEVIATIONS, _MAX_DEVIATIONS)


def _forward_selection(differences: Tensor, usable: Tensor, n_chosen: int) -> Tensor:
    """Return the weights, (M,), of a ridge of differences, (n, M), on 1 with ``n_chosen`` measures."""
    n, n_measures = differences.shape
    gram = differences.T @ differences / n + _PENALTY * torch.eye(n_measures, device=differences.device)
    target = differences.mean(dim=0)
    chosen: list[int] = []
    weights = torch.zeros_like(target)
    for _ in range(n_chosen):
        candidates = [index for index in range(n_measures) if bool(usable[index]) and index not in chosen]
        places = torch.tensor([[*chosen, index] for index in candidates], device=differences.device)
        grams = gram[places[:, :, None], places[:, None, :]]
        solved = torch.linalg.solve(grams, target[places][..., None])[..., 0]
        best = int((solved * target[places]).sum(dim=1).argmax())  # the largest drop of the loss
        chosen.append(candidates[best])
        weights = torch.zeros_like(target)
        weights[places[best]] = solved[best]
    return weights
