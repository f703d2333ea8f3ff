"""Ridge regression on a dozen numbers of the optical flow: a trivial baseline without pictures and places.

The input is the ``FLOW_NUMBERS`` of every sampled frame. The weights are those of a ridge regression of the differences
of pairs on 1 (Hoerl & Kennard, Technometrics 12, 1970). The penalty falls from epoch to epoch.
"""

import torch
from torch import Tensor

from skillviewer.nets.attention import State, StepOutput
from skillviewer.nets.attention_models.ridge_model import RidgeModel
from skillviewer.nets.losses import PairBatch
from skillviewer.nets.number_inputs import FLOW_NUMBERS
from skillviewer.nets.sizes import HeadSizes

_N_SUMS = len(FLOW_NUMBERS) + 2
_MIN_VALUE = 1e-6
_FIRST_PENALTY = 100.0
_LAST_PENALTY = 0.1
"""Penalties of the first and of the last epoch, in variances of a standardised number."""


class MotionModel(RidgeModel):
    """Linear model: S_t = w^T m_t, with m_t twelve numbers of the motion up to step t.

    They are the means of ``FLOW_NUMBERS`` over the steps, the standard deviation of the speed over the steps, its mean
    absolute change from step to step, and mean acceleration and jerk divided by the mean speed. The task state is m_t,
    (B, 12).
    """

    def __init__(self, sizes: HeadSizes) -> None:
        if sizes.feature_channels != len(FLOW_NUMBERS) or sizes.grid != (1, 1):
            raise ValueError("motion takes numbers of the flow, one cell, and not features")
        super().__init__(sizes, len(FLOW_NUMBERS) + 4)

    def initial_state(self, batch: int, fused: Tensor | None, like: Tensor, seed: int = 0) -> State:  # noqa: ARG002
        """Return sums, the number of steps, and the speed of the last step, all 0."""
        zeros = torch.zeros(batch, _N_SUMS + 2, dtype=self.dtype, device=like.device)
        return zeros[:, :_N_SUMS], zeros[:, _N_SUMS : _N_SUMS + 1], zeros[:, _N_SUMS + 1 :]

    def step(self, fused_t: Tensor, state: State, attention: Tensor | None = None) -> StepOutput:  # noqa: ARG002
        """Add the numbers of one frame, (B, 8, 1, 1)."""
        sums, count, previous_speed = state
        current = fused_t.flatten(1)
        speed = current[:, :1]
        change = torch.where(count > 0, (speed - previous_speed).abs(), torch.zeros_like(previous_speed))
        terms = torch.cat([current.expand(change.shape[0], -1), speed.square().expand_as(change), change], dim=1)
        total = sums + terms
        count = count + 1
        means = total[:, :-1] / count
        mean_speed = means[:, :1]
        mean_square = means[:, -1:]
        deviation = (mean_square - mean_speed.square()).clamp_min(0).sqrt()
        mean_change = total[:, -1:] / (count - 1).clamp_min(1)
        relative = means[:, 5:7] / mean_speed.clamp_min(_MIN_VALUE)  # acceleration and jerk
        motion = torch.cat([means[:, :-1], deviation, mean_change, relative], dim=1)
        state = (total, count, speed.expand_as(previous_speed))
        return StepOutput(self.uniform_map(fused_t), motion, self.score(motion).squeeze(1), state)

    def solve(self, features: Tensor, pairs: PairBatch, progress: float) -> Tensor:
        """Fit the weights by ridge regression.

        Args:
            features: (B, N, 8, 1, 1) numbers of the training videos.
            pairs: All training pairs.
            progress: Share of the training that is done: 0 has the first penalty, 1 the last.

        Returns:
            (B,) scores.
        """
        with torch.no_grad():
            motion = self(features, lengths=pairs.lengths).task_state[:, -1].double()
            scale = motion.std(dim=0).clamp_min(_MIN_VALUE)
            differences = (motion[pairs.better] - motion[pairs.worse]) / scale
            penalty = _FIRST_PENALTY * (_LAST_PENALTY / _FIRST_PENALTY) ** progress
            gram = differences.T @ differences / len(differences)
            regularised = gram + penalty * torch.eye(len(scale), device=scale.device)
            weights = torch.linalg.solve(regularised, differences.mean(dim=0)) / scale
            self.score.weight.copy_(weights[None])
            score: Tensor = self(features, lengths=pairs.lengths).score
            return score
