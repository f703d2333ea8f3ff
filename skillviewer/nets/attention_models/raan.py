"""Rank-aware attention over time (Doughty, Mayol-Cuevas & Damen 2019) on pooled features.

Two branches, one for signs of skill and one for signs of its lack, weigh the steps of a video by K filters each. A
third score attends uniformly. The features are those of this program's backbones, averaged over the cells, where the
published model uses I3D features of 400 segments.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from skillviewer.nets.attention import LossOutput, MaplessModel, ModelNeeds, State, StepOutput, TrainingPhase, step_mask
from skillviewer.nets.fusion import CellMean
from skillviewer.nets.losses import PairBatch, disparity_loss, diversity_loss, hinge, rank_aware_loss, reduce
from skillviewer.nets.presets import LossSettings
from skillviewer.nets.sizes import HeadSizes

RANK_MARGIN = 1.0
DIVERSITY_WEIGHT = 0.1
NOISE = 0.01
"""Standard deviation of the noise added to the features in training, the same for all videos of a batch."""


class VideoScores(NamedTuple):
    """Scores of whole videos."""

    filters: Tensor  # (B, 2, K) score of each filter of the branches pros and cons
    uniform: Tensor  # (B,) score without attention
    attention: Tensor  # (B, 2, N, K), each filter a distribution over the steps


class Branch(nn.Module):
    """K temporal attention filters and their common score."""

    def __init__(self, channels: int, hidden: int, n_filters: int) -> None:
        super().__init__()
        self.filters = nn.ModuleList(
            nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, 1)) for _ in range(n_filters)
        )
        self.score = nn.Linear(channels, 1)

    def logits(self, pooled: Tensor) -> Tensor:
        """Return each filter's attention logits, (..., channels) to (..., K), before the softmax over time."""
        return torch.cat([f(pooled) for f in self.filters], dim=-1)


def _bounded(score: Tensor) -> Tensor:
    return 2 * torch.tanh(score)


class RaanModel(MaplessModel):
    """Score = mean over filters of pros + mean over filters of cons; both branches rank better above worse.

    The score after t steps attends to the first t steps alone, so that a score curve exists while a video is processed.
    After the last step it is the published score. There is no map over the picture. The task state holds the 2K filter
    scores so far.
    """

    needs = ModelNeeds(memory=False, frame=False, own_loss=True)

    def __init__(self, sizes: HeadSizes) -> None:
        super().__init__(sizes, CellMean(sizes))
        branch_sizes = (sizes.feature_channels, sizes.raan_hidden, sizes.raan_filters)
        self.branches = nn.ModuleList([Branch(*branch_sizes), Branch(*branch_sizes)])
        self.uniform = nn.Linear(sizes.feature_channels, 1)

    def _logits_and_values(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logit of each filter, (..., 2, K), and the score of each branch before tanh, (..., 2, 1)."""
        with self.autocast_context(pooled.device):
            logits = torch.stack([branch.logits(pooled) for branch in self._typed_branches()], dim=-2).to(self.dtype)
        values = torch.stack([branch.score(pooled) for branch in self._typed_branches()], dim=-2)
        return logits, values

    def _typed_branches(self) -> list[Branch]:
        return [branch for branch in self.branches if isinstance(branch, Branch)]

    def video_scores(self, pooled: Tensor, lengths: Sequence[int] | None = None) -> VideoScores:
        """Score whole videos from pooled features, (B, N, 2F); shorter videos are padded."""
        logits, values = self._logits_and_values(pooled)
        mean = pooled.mean(dim=1)
        if lengths is not None:
            is_frame = step_mask(lengths, pooled)[:, :, None]
            logits = logits.masked_fill(~is_frame[..., None], -torch.inf)
            mean = (pooled * is_frame).sum(dim=1) / is_frame.sum(dim=1)
        attention = torch.softmax(logits, dim=1)
        # the score is linear before tanh: weighing scores equals weighing features
        filters = _bounded((attention * values).sum(dim=1))
        uniform = _bounded(self.uniform(mean).squeeze(1))
        return VideoScores(filters, uniform, attention.transpose(1, 2))

    def initial_state(self, batch: int, fused: Tensor | None, like: Tensor, seed: int = 0) -> State:  # noqa: ARG002
        """Return the largest logit so far, and the sums of weights and of weighted scores, (B, 2, K) each."""
        shape = (batch, 2, self.sizes.raan_filters)
        zero = torch.zeros(shape, dtype=self.dtype, device=like.device)
        return torch.full_like(zero, -torch.inf), zero, zero

    def step(self, fused_t: Tensor, state: State, attention: Tensor | None = None) -> StepOutput:  # noqa: ARG002
        """Process one frame, (B, C, 1, 1), by updating the softmax over the steps so far."""
        largest, weights, weighted = state
        logits, values = self._logits_and_values(fused_t.flatten(1))
        next_largest = torch.maximum(largest, logits)
        decay = torch.exp(largest - next_largest)
        new_weights = torch.exp(logits - next_largest)
        weights = decay * weights + new_weights
        weighted = decay * weighted + new_weights * values
        filters = _bounded(weighted / weights)
        score = filters.mean(dim=2).sum(dim=1)
        return StepOutput(self.uniform_map(fused_t), filters.flatten(1), score, (next_largest, weights, weighted))

    def phases(self) -> tuple[TrainingPhase, ...]:
        """Return the phases ``scoring`` (ranking losses, all but the filters) and ``attention`` (the filters alone)."""
        filters = [parameter for branch in self._typed_branches() for parameter in branch.filters.parameters()]
        filter_ids = {id(parameter) for parameter in filters}
        others = [parameter for parameter in self.parameters() if id(parameter) not in filter_ids]
        return (TrainingPhase("scoring", others), TrainingPhase("attention", filters))

    def loss(self, features: Tensor, pairs: PairBatch, settings: LossSettings, phase: str = "all") -> LossOutput:  # noqa: ARG002
        """Return the losses of a phase: ranking for ``scoring``, disparity for ``attention``, both for ``all``."""
        pooled = self.fuse_padded(features, pairs.lengths).flatten(2)
        if self.training:
            pooled = pooled + NOISE * torch.randn_like(pooled[:1])
        outputs = VideoScores(*map(self.gather_processes, self.video_scores(pooled, pairs.lengths)))
        pros, cons = outputs.filters.unbind(1)
        loss = pooled.new_zeros(())
        if phase in {"scoring", "all"}:
            for score in (pros.mean(dim=1), cons.mean(dim=1), outputs.uniform):
                loss = loss + reduce(hinge(score[pairs.better] - score[pairs.worse], RANK_MARGIN), "mean")
        if phase in {"attention", "all"}:
            for filters, attention in zip((pros, cons), outputs.attention.unbind(1), strict=True):
                loss = loss + disparity_loss(filters, outputs.uniform, pairs)
                loss = loss + DIVERSITY_WEIGHT * diversity_loss(attention, pairs)
            loss = loss + rank_aware_loss(pros, cons, outputs.uniform, pairs)
        return LossOutput(loss, outputs.filters.mean(dim=2).sum(dim=1))
