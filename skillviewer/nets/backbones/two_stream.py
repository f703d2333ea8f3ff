"""Two streams of backbones: from frames and flow stacks to features.

A frame is resized to the input square. Appearance (RGB) goes through one backbone and motion (a flow stack) through
another. Their last feature maps are concatenated, appearance first (Li et al. 2019, section 3.1).
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skillviewer.nets.backbones.backbone_entry import Normalisation

FLOW_ACROSS_MODALITIES = Normalisation((0.5,), (0.226,))
"""Normalisation of flow for a motion stream initialised from ImageNet weights (Temporal Segment Networks)."""

SIGNED = Normalisation((0.5,), (0.5,))
"""Normalisation of flow to -1 to 1, for ``FlowNumbers``."""

UNIT = Normalisation((0.0,), (1.0,))
"""Normalisation of flow to 0 to 1, for motion weights such as those of two-stream networks on UCF101."""


def appearance_input(rgb: Tensor, normalisation: Normalisation) -> Tensor:
    """Return the input of the appearance stream, (B, 3, S, S) or (B, 3, T, S, S) float32.

    Args:
        rgb: (B, S, S, 3) uint8, frames resized to the input square, or (B, T, S, S, 3), clips of them.
        normalisation: Normalisation of the appearance weights.
    """
    return normalisation.apply(rgb.movedim(-1, 1).float())


def motion_input(stack: Tensor, normalisation: Normalisation, input_px: int) -> Tensor:
    """Return the input of the motion stream, (B, 2L, S, S) float32.

    The quantised flow is resized like a picture: bicubic, to a square. As in all published pipelines, its values remain
    displacements at the size at which flow was computed.

    Args:
        stack: (B, 2L, h, w) uint8, x and y in turn.
        normalisation: Normalisation of the motion weights.
        input_px: Side of the input square.
    """
    values = stack.float()
    if values.shape[2:] != (input_px, input_px):
        values = F.interpolate(values, (input_px, input_px), mode="bicubic", antialias=True).clamp_(0, 255)
    return normalisation.apply(values)


def across_modalities(
    state: Mapping[str, Tensor], first_convolution: str, in_channels: int, *, rescale: bool = True
) -> dict[str, Tensor]:
    """Return weights for flow stacks from weights for pictures (cross-modality initialisation).

    The first convolution is averaged over RGB and copied to every flow channel. Scaling by 3 / (2L) keeps the size of
    its response. Temporal Segment Networks do not scale and rely on training, but here a stream may stay frozen. A
    frozen stream has never seen flow, and is weak until its statistics are recalibrated.

    Args:
        state: State dict of the appearance trunk.
        first_convolution: Name of the weight applied to the input.
        in_channels: 2L.
        rescale: Whether to scale by 3 / (2L); not for a stream trained as published.
    """
    weight = state[first_convolution]
    factor = weight.shape[1] / in_channels if rescale else 1
    mean = weight.mean(dim=1, keepdim=True) * factor
    return {**state, first_convolution: mean.repeat(1, in_channels, 1, 1)}


def recalibrate_batch_norm(trunk: nn.Module, batches: Iterable[Tensor]) -> None:
    """Replace the statistics of every batch normalisation by those of the given inputs; weights stay unchanged.

    Args:
        trunk: A backbone. It is in evaluation mode afterwards.
        batches: One or more batches, (B, C, H, W). The statistics are means over the batches.
    """
    norms = [module for module in trunk.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    trunk.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
        norm.train()
    n_batches = 0
    with torch.no_grad():
        for batch in batches:
            trunk(batch)
            n_batches += 1
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
    if n_batches == 0:
        raise ValueError("batch normalisation cannot be recalibrated on nothing")


class TwoStream(nn.Module):
    """Two backbones: frames and flow stacks to features, (B, 2F, h, w), appearance first."""

    def __init__(
        self,
        appearance: nn.Module,
        motion: nn.Module,
        appearance_normalisation: Normalisation,
        motion_normalisation: Normalisation,
        input_px: int,
    ) -> None:
        super().__init__()
        self.appearance = appearance
        self.motion = motion
        self.appearance_normalisation = appearance_normalisation
        self.motion_normalisation = motion_normalisation
        self.input_px = input_px

    def forward(self, rgb: Tensor, stack: Tensor) -> Tensor:
        """Compute features.

        Args:
            rgb: (B, S, S, 3) uint8, or (B, T, S, S, 3) for a backbone that takes clips.
            stack: (B, 2L, h, w) uint8, any size; not used with clips, which show the motion themselves.

        Returns:
            (B, 2F, S / 32, S / 32).
        """
        pictures = appearance_input(rgb, self.appearance_normalisation)
        if pictures.ndim == 5:
            return self.appearance(pictures)  # type: ignore[no-any-return]
        flow = motion_input(stack, self.motion_normalisation, self.input_px)
        return torch.cat([self.appearance(pictures), self.motion(flow)], dim=1)
