"""CBAM (Woo et al. 2018): a gate over channels, then attention over cells; no memory."""

import torch
from torch import Tensor, nn

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.nets.attention import ModelNeeds, State
from skillviewer.nets.attention_models.recurrence import FrameAttention, RecurrentModel, cells_of
from skillviewer.nets.sizes import HeadSizes


class ChannelGate(nn.Module):
    """Gate over channels: sigmoid(m(mean over cells) + m(maximum over cells)), with one shared perceptron m."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.perceptron = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels))

    def forward(self, fused_t: Tensor) -> Tensor:
        """Return the gate of (B, C, h, w), (B, C) between 0 and 1."""
        return torch.sigmoid(self.perceptron(fused_t.mean(dim=(2, 3))) + self.perceptron(fused_t.amax(dim=(2, 3))))


class CbamModel(RecurrentModel):
    """CBAM as Li et al. released it: a channel gate without bottleneck, and softmax over the cells.

    ::

        x'    = gate * x
        s     = [mean over channels of x' ; maximum over channels of x']
        alpha = softmax(conv1x1(ReLU(conv3x3(InstanceNorm(s)))))
        v     = sum_i alpha_i x'_i

    A map of a single cell skips the normalisation, which needs several values.
    """

    needs = ModelNeeds(memory=False)

    def __init__(self, sizes: HeadSizes) -> None:
        super().__init__(sizes)
        self.channel_gate = ChannelGate(sizes.channels, sizes.cbam_hidden)
        self.spatial = nn.Sequential(
            nn.InstanceNorm2d(2, affine=True),
            nn.Conv2d(2, sizes.cbam_spatial, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(sizes.cbam_spatial, 1, 1),
        )

    def attend(self, fused_t: Tensor, task: Tensor, memory: State) -> FrameAttention:  # noqa: ARG002
        """Attend to one frame, (B, C, h, w); maps are distributions."""
        gated = self.channel_gate(fused_t)[:, :, None, None] * fused_t
        summary = torch.stack([gated.mean(dim=1), gated.amax(dim=1)], dim=1)
        n_cells = summary[0, 0].numel()
        layers = self.spatial if n_cells > 1 else self.spatial[1:]
        logits = layers(summary).flatten(1)
        attention = torch.softmax(logits, dim=1)
        return FrameAttention(attention.reshape(-1, *fused_t.shape[2:]), cells_of(gated))


class CbamOriginalModel(RecurrentModel):
    """CBAM as published: bottleneck of C/16, and a sigmoid gate on every cell.

    ::

        x'   = gate * x
        s    = [maximum over channels of x' ; mean over channels of x']
        M    = sigmoid(BatchNorm(conv7x7(s)))
        v    = sum_i M_i x'_i / L

    The gates do not sum to 1, hence the mean. In training the batch statistics are those of one step.
    """

    map_kind = MapKind.GATE
    needs = ModelNeeds(memory=False)
    divides_by_cells = True

    def __init__(self, sizes: HeadSizes) -> None:
        super().__init__(sizes)
        self.channel_gate = ChannelGate(sizes.channels, max(sizes.channels // sizes.cbam_reduction, 1))
        convolution = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        nn.init.kaiming_normal_(convolution.weight, mode="fan_out")
        self.spatial = nn.Sequential(convolution, nn.BatchNorm2d(1, momentum=0.01))

    def attend(self, fused_t: Tensor, task: Tensor, memory: State) -> FrameAttention:  # noqa: ARG002
        """Attend to one frame, (B, C, h, w); every cell has its own gate."""
        gated = self.channel_gate(fused_t)[:, :, None, None] * fused_t
        summary = torch.stack([gated.amax(dim=1), gated.mean(dim=1)], dim=1)
        convolution, normalisation = self.spatial
        logits = self.over_batch(normalisation, convolution(summary))
        gate = torch.sigmoid(logits).squeeze(1)
        return FrameAttention(gate, cells_of(gated))
