"""Linear baselines that attention has to exceed: a ranker of pooled motion, and duration alone.

Pooled motion has neither place nor time. Duration is a baseline because the length of a video often depends on skill.
Its model is trained and tested like any other. The input is one channel of one cell for every sampled frame: the
seconds since the start of the video.
"""

import torch
from torch import Tensor, nn

from skillviewer.nets.attention import MaplessModel, State, StepOutput
from skillviewer.nets.fusion import CellMean
from skillviewer.nets.sizes import HeadSizes


class MeanPoolingModel(MaplessModel):
    """Linear ranker: S_t = w^T m_t + b, with m_t the mean of the motion features over the cells and over steps 1 to t.

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
        total = state[0] + motion
        count = state[1] + 1
        mean = total / count
        return StepOutput(self.uniform_map(fused_t), mean, self.score(mean).squeeze(1), (total, count))


class DurationModel(MaplessModel):
    """Model of time: S_t = w log(1 + seconds so far). Its weight learns whether longer or shorter videos are better.

    The weight starts at 0, so that all videos tie before training. The task state is log(1 + seconds), (B, 1).
    """

    def __init__(self, sizes: HeadSizes) -> None:
        if sizes.feature_channels != 1 or sizes.grid != (1, 1):
            raise ValueError("duration takes time, one channel of one cell, and not features")
        super().__init__(sizes, nn.Identity())
        self.weight = nn.Parameter(torch.zeros(()))

    def initial_state(self, batch: int, fused: Tensor | None, like: Tensor, seed: int = 0) -> State:  # noqa: ARG002
        """Return an empty state: time is the only input."""
        return ()

    def step(self, fused_t: Tensor, state: State, attention: Tensor | None = None) -> StepOutput:  # noqa: ARG002
        """Read the clock, (B, 1, 1, 1)."""
        elapsed = torch.log1p(fused_t.flatten(1))
        return StepOutput(self.uniform_map(fused_t), elapsed, self.weight * elapsed[:, 0], ())
