"""Entries and classes that need torch."""

import torch
from torch import Tensor, nn

from skillviewer import BackboneEntry, FrameAttention, ModelNeeds, Normalisation, RecurrentModel


class BrightestModel(RecurrentModel):
    """Attends to the cells with the greatest mean feature; it has no weights of its own."""

    needs = ModelNeeds(memory=False)

    def attend(self, fused_t: Tensor, task: Tensor, memory: tuple[Tensor, ...]) -> FrameAttention:
        """Attend to one frame, (B, C, h, w); the map is a distribution over its cells."""
        cells = fused_t.flatten(2).transpose(1, 2)
        attention = torch.softmax(cells.mean(dim=2), dim=1)
        return FrameAttention(attention.reshape(-1, *fused_t.shape[2:]), cells)


def make(in_channels: int) -> nn.Module:
    """Return a trunk: one convolution of patches of 32 pixels."""
    return nn.Sequential(nn.Conv2d(in_channels, 16, 32, 32), nn.ReLU())


PATCHES = BackboneEntry(
    name="patches",
    title="Patches of 32 pixels",
    n_channels=16,
    make=make,
    first_convolution="0.weight",
    normalisation=Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    cells=lambda input_px: input_px // 32,
    first_centre_px=15.5,
    ignored=(),
)
