"""Entry of a backbone: its trunk, its input, and the source of its weights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from skillviewer.nets.backbones.weight_sources import WeightSource


@dataclass(frozen=True, slots=True)
class Normalisation:
    """Normalisation that a backbone's weights expect: (x / 255 - mean) / std.

    Attributes:
        mean: One value, or one per channel.
        std: One value, or one per channel.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.mean or len(self.mean) != len(self.std) or min(self.std) <= 0:
            raise ValueError(f"mean {self.mean} and std {self.std} are no normalisation")

    def apply(self, values: Tensor) -> Tensor:
        """Normalise (B, C, H, W) or (B, C, T, H, W) values from 0 to 255."""
        shape = (-1, *[1] * (values.ndim - 2))
        mean = torch.tensor(self.mean, dtype=values.dtype, device=values.device).reshape(shape)
        std = torch.tensor(self.std, dtype=values.dtype, device=values.device).reshape(shape)
        return (values - 255 * mean) / (255 * std)


class ClipSampling(NamedTuple):
    """Frames that a space-time backbone takes around a sampled position: their number and their rate."""

    n_frames: int
    rate_hz: float


@dataclass(frozen=True, slots=True)
class BackboneEntry:
    """One backbone.

    Attributes:
        name: Name of ``--backbone``, and of ``NAME.pth`` among the weights.
        title: Name for the user.
        n_channels: F, number of its output channels.
        make: Builds the trunk, randomly initialised, for a number of input channels.
        first_convolution: Name of the weight applied to the input.
        normalisation: Normalisation of pictures for its ImageNet weights.
        cells: Returns the side of the grid for the side of the input in pixels.
        first_centre_px: Pixel index of the centre of cell 0's receptive field.
        ignored: Prefixes of the names of weights after the trunk.
        least_px: Side of the smallest input for which every cell of the grid is computed.
        weights: Name of the entry whose weights it uses, or "" for its own.
        prefix: Prefix that turns the names of published weights into those of the trunk.
        clip: Frames that it takes at every sampled position, or None for one frame and its flow.
        flow: Builds the motion stream from numbers of the flow; None for a motion network with weights.
        source: Published weights of a network of a library; None for backbones in ``weight_sources``.
    """

    name: str
    title: str
    n_channels: int
    make: Callable[[int], nn.Module]
    first_convolution: str
    normalisation: Normalisation
    cells: Callable[[int], int]
    first_centre_px: float
    ignored: tuple[str, ...]
    least_px: int = 1
    weights: str = ""
    prefix: str = ""
    clip: ClipSampling | None = None
    flow: Callable[[], nn.Module] | None = None
    source: WeightSource | None = None

    def grid(self, input_px: int) -> tuple[int, int]:
        """Return rows and columns of the features of a square input."""
        return self.cells(input_px), self.cells(input_px)

    def motion_without_weights(self) -> nn.Module | None:
        """Return the motion stream of a backbone on clips or numbers of the flow; None if the stream has weights."""
        if self.clip is not None:
            return nn.Identity()
        return None if self.flow is None else self.flow()
