"""Attention Pool (Girdhar & Ramanan 2017): second-order pooling of rank one, a signed map."""

import torch
from torch import Tensor, nn

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.nets.attention import AttentionModel, ModelNeeds, State, StepOutput
from skillviewer.nets.attention_models.recurrence import FrameAttention, RecurrentModel, cells_of
from skillviewer.nets.fusion import Fusion
from skillviewer.nets.sizes import HeadSizes


class AttentionProduct(nn.Module):
    """Product, cell by cell, of bottom-up saliency and top-down relevance, each a 1x1 convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bottom_up = nn.Conv2d(channels, 1, 1)
        self.top_down = nn.Conv2d(channels, 1, 1)

    def factors(self, fused_t: Tensor) -> tuple[Tensor, Tensor]:
        """Return the bottom-up and the top-down map of (B, C, h, w), (B, h, w) each."""
        return self.bottom_up(fused_t).squeeze(1), self.top_down(fused_t).squeeze(1)

    def forward(self, fused_t: Tensor) -> Tensor:
        """Return the product of both maps, (B, h, w)."""
        bottom_up, top_down = self.factors(fused_t)
        return bottom_up * top_down


class AttentionPoolModel(AttentionModel):
    """Attention Pool as released: no recurrence; s_t = sum_i bu_i td_i, S = mean of s over the frames.

    The fused features pass a ReLU. The score curve is the running mean of the frame scores; the task state is the
    frame's own score, (B, 1).
    """

    map_kind = MapKind.SIGNED
    needs = ModelNeeds(memory=False)

    def __init__(self, sizes: HeadSizes) -> None:
        super().__init__(sizes, Fusion(sizes, rectified=True))
        self.product = AttentionProduct(sizes.channels)

    def initial_state(self, batch: int, fused: Tensor | None, like: Tensor, seed: int = 0) -> State:  # noqa: ARG002
        """Return the sum of the frame scores and their number, both 0."""
        zero = torch.zeros(batch, dtype=self.dtype, device=like.device)
        return zero, zero

    def step(self, fused_t: Tensor, state: State, attention: Tensor | None = None) -> StepOutput:
        """Score one frame, (B, C, h, w), by the sum of its map, the model's own or the given one."""
        attention_used: Tensor = self.product(fused_t) if attention is None else attention
        frame_score = attention_used.sum(dim=(1, 2))
        total = state[0] + frame_score
        count = state[1] + 1
        return StepOutput(attention_used, frame_score[:, None], total / count, (total, count))


class PoolRecurrentModel(RecurrentModel):
    """Attention Pool with all other parts of the paper's model: v = sum_i bu_i td_i x_i / L, then the task RNN.

    Weights start at N(0, 0.001^2) and biases at 0, as in Girdhar & Ramanan.
    """

    map_kind = MapKind.SIGNED
    needs = ModelNeeds(memory=False)
    divides_by_cells = True

    def __init__(self, sizes: HeadSizes) -> None:
        super().__init__(sizes)
        self.product = AttentionProduct(sizes.channels)
        for convolution in (self.product.bottom_up, self.product.top_down):
            nn.init.normal_(convolution.weight, std=1e-3)
            assert convolution.bias is not None
            nn.init.zeros_(convolution.bias)

    def attend(self, fused_t: Tensor, task: Tensor, memory: State) -> FrameAttention:  # noqa: ARG002
        """Weigh one frame, (B, C, h, w), by its signed map."""
        return FrameAttention(self.product(fused_t), cells_of(fused_t))
