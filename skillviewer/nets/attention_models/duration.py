"""Duration only: the baseline for every claim, since the length of a video often reveals who made it.

It is trained and tested like any model, but on time instead of features: its input is, for every sampled frame, the
time in seconds since the video's start, as one channel of one cell.
"""

import torch
from torch import Tensor, nn

from skillviewer.nets.attention import MaplessModel, State, StepOutput
from skillviewer.nets.sizes import HeadSizes


class DurationModel(MaplessModel):
    """S_t = w log(1 + seconds so far); its one weight learns whether longer or shorter videos are better.

    The weight starts at 0: untrained, all videos tie. The task state is the time alone, (B, 1).
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
