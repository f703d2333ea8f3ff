"""A linear ranker of pooled motion: a control without place and time, which attention must exceed to be of use."""

import torch
from torch import Tensor, nn

from skillviewer.nets.attention import MaplessModel, State, StepOutput
from skillviewer.nets.fusion import CellMean
from skillviewer.nets.sizes import HeadSizes


class PooledModel(MaplessModel):
    """S_t = w^T m_t + b, with m_t the mean of the motion features over the cells and over steps 1 to t.

    The task state is m_t, (B, F).
    """

    def __init__(self, sizes: HeadSizes) -> None:
        super().__init__(sizes, CellMean(sizes))
        self.score = nn.Linear(sizes.feature_channels // 2, 1)

    def initial_state(self, batch: int, fused: Tensor | None, like: Tensor, seed: int = 0) -> State:  # noqa: ARG002
        """Return the sum of the features and the number of steps, both 0."""
        zeros = torch.zeros(batch, self.score.in_features + 1, dtype=self.dtype, device=like.device)
        return zeros[:, :-1], zeros[:, -1:]

    def step(self, fused_t: Tensor, state: State, attention: Tensor | None = None) -> StepOutput:  # noqa: ARG002
        """Add one frame, (B, 2F, 1, 1)."""
        motion = fused_t.flatten(1).chunk(2, dim=1)[1]
        total, count = state[0] + motion, state[1] + 1
        mean = total / count
        return StepOutput(self.uniform_map(fused_t), mean, self.score(mean).squeeze(1), (total, count))
