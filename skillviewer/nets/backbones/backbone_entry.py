"""Entry of a backbone: its trunk, what it takes, and where its weights come from."""

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
        mean, std = (torch.tensor(v, dtype=values.dtype, device=values.device) for v in (self.mean, self.std))
        return (values - 255 * mean.reshape(shape)) / (255 * std.reshape(shape))


class ClipSampling(NamedTuple):
    """Frames that a space-time backbone takes around a sampled position: their number, and how many a second."""

    n_frames: int
    rate_hz: float


@dataclass(frozen=True, slots=True)
class BackboneEntry:
    """One backbone.

    Attributes:
        name: Name of ``--backbone``, and of ``NAME.pth`` among the weights.
        title: Name for the user.
        n_channels: F, number of its output channels.
        make: Returns its randomly initialised trunk, for a number of input channels.
        first_convolution: Name of the weight applied to the input.
        normalisation: Normalisation of pictures for its ImageNet weights.
        cells: Maps the side of the input to the side of the grid.
        first_centre_px: Pixel index of the centre of cell 0's receptive field.
        ignored: Prefixes of weights of layers after the trunk.
        least_px: Side of the smallest input for which every cell of the grid is computed.
        weights: Name of the weights, if they are those of another entry.
        prefix: Prefix of the trunk's names before those of the published weights.
        clip: Frames that it takes at every sampled position, instead of one frame and its flow; None for one frame.
        flow: Makes the motion stream where it has no weights: numbers of the flow instead of a network.
        source: Published weights of a library's network; None for others (``weight_sources``).
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
        """Return the motion stream where it has no weights: nothing with clips, or numbers of the flow; else None."""
        if self.clip is not None:
            return nn.Identity()
        return None if self.flow is None else self.flow()
