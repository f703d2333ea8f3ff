"""Fusion of the two streams: X_t = Conv1x1(ReLU(Conv2x2([F_S,t ; F_T,t]))) (Li et al. 2019, section 3.2)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skillviewer.nets.convolutions import Conv2d
from skillviewer.nets.sizes import HeadSizes


class Standardising(nn.Module):
    """Standardisation of features to mean 0 and standard deviation 1 per channel, if the sizes ask for it."""

    mean: Tensor
    scale: Tensor

    def __init__(self, sizes: HeadSizes) -> None:
        super().__init__()
        self.standardise = sizes.standardise
        if self.standardise:
            self.register_buffer("mean", torch.zeros(sizes.feature_channels))
            self.register_buffer("scale", torch.ones(sizes.feature_channels))

    def set_statistics(self, mean: Tensor, scale: Tensor) -> None:
        """Set the statistics for the standardisation.

        They are (2F,), of the feature channels over the training videos.
        """
        if not self.standardise:
            raise ValueError("this fusion does not standardise its features")
        if bool((scale <= 0).any()):
            raise ValueError("standard deviations must be positive")
        self.mean.copy_(mean)
        self.scale.copy_(scale)

    def standardised(self, frames: Tensor, channels: slice = slice(None)) -> Tensor:
        """Return frames, (M, 2F, rows, columns) or some of their channels, standardised or unchanged."""
        if not self.standardise:
            return frames
        return (frames - self.mean[channels, None, None]) / self.scale[channels, None, None]


class CellMean(Standardising):
    """Average over the cells that keeps the axes, (M, 2F, rows, columns) to (M, 2F, 1, 1)."""

    def forward(self, frames: Tensor) -> Tensor:
        """Average over the cells, then standardise."""
        return self.standardised(frames.mean(dim=(2, 3), keepdim=True))

    def of_stream(self, frames: Tensor, stream: int) -> Tensor:
        """Return the same for one stream, (M, F, rows, columns) to (M, F, 1, 1): 0 is appearance, 1 motion."""
        n = frames.shape[1]
        return self.standardised(frames.mean(dim=(2, 3), keepdim=True), slice(stream * n, (stream + 1) * n))


PAIRS = {2: torch.int32, 4: torch.int64, 8: torch.complex128}
"""Type as wide as two numbers of so many bytes."""


class Fusion(Standardising):
    """Fusion of the features of single frames, (M, 2F, rows, columns) to (M, C, h, w).

    Args:
        sizes: Channels, kernel, stride, padding.
        rectified: Whether the fused features pass a ReLU (two of the released baselines).
    """

    def __init__(self, sizes: HeadSizes, *, rectified: bool = False) -> None:
        super().__init__(sizes)
        self.padding = sizes.fusion_padding
        self.rectified = rectified
        self.first = Conv2d(sizes.feature_channels, sizes.fusion_hidden, sizes.fusion_kernel, sizes.fusion_stride)
        self.second = Conv2d(sizes.fusion_hidden, sizes.channels, 1)
        self.dropout = nn.Dropout2d(sizes.dropout)

    def forward(self, frames: Tensor) -> Tensor:
        """Fuse frames, (M, 2F, rows, columns) to (M, C, h, w)."""
        fused = self._fused_tiles(frames) if self._tiles(frames) else self.second(torch.relu(self._first_of(frames)))
        return torch.relu(fused) if self.rectified else fused

    def _first_of(self, frames: Tensor) -> Tensor:
        if self._folds(frames):
            return self._first_of_raw(frames)
        before, after = self.padding
        frames = self.dropout(self.standardised(frames))
        if before or after:
            frames = F.pad(frames, (before, after, before, after))
        hidden: Tensor = self.first(frames)
        return hidden

    def _plain(self) -> bool:
        usual = self.padding == (0, 0) and not (self.training and self.dropout.p)
        return usual and not torch.compiler.is_compiling()  # an exported graph holds for any batch

    def _folds(self, frames: Tensor) -> bool:
        """Return True if folding standardisation into the weights of the first convolution is possible and cheaper."""
        # in bfloat16, values that are not centred first would lose their last digits
        mixed = torch.is_autocast_enabled(frames.device.type)
        return self.standardise and self._plain() and not mixed and frames.numel() > self.first.weight.numel()

    def _first_of_raw(self, frames: Tensor) -> Tensor:
        """Return W * ((x - mean) / scale) + b as (W / scale) * x + (b - (W / scale) * mean)."""
        weight = self.first.weight / self.scale[:, None, None]
        assert self.first.bias is not None
        bias = self.first.bias - weight.sum(dim=(2, 3)) @ self.mean
        return F.conv2d(frames, weight, bias, self.first.stride)

    def _tiles(self, frames: Tensor) -> bool:
        """Return True if the first convolution is a matrix product over non-overlapping 2 x 2 tiles.

        On a CPU that product, and its gradient in training, is up to four times as fast as the convolution.
        """
        shape = (*self.first.kernel_size, *self.first.stride) == (2, 2, 2, 2)
        is_even = frames.shape[2] % 2 == frames.shape[3] % 2 == 0
        # tiles are copied in their memory layout, without gradients
        return shape and is_even and self._plain() and frames.device.type == "cpu" and not frames.requires_grad

    def _fused_tiles(self, frames: Tensor) -> Tensor:
        n = len(frames)
        channels = frames.shape[1]
        rows = frames.shape[2] // 2
        columns = frames.shape[3] // 2
        kind = torch.bfloat16 if torch.is_autocast_enabled("cpu") else frames.dtype
        tiles = frames.new_empty((n, rows, columns, 4 * channels), dtype=kind)
        # neighbours in a row are moved as one number, frame by frame: a frame stays in the processor's cache
        two = PAIRS[tiles.element_size()]
        places = tiles.view(two).view(n, rows, columns, channels, 2)
        for frame, place in zip(frames, places, strict=True):
            pairs = self.standardised(frame).to(kind).contiguous().view(two)
            place.copy_(pairs.view(channels, rows, 2, columns).permute(1, 3, 0, 2))
        hidden = F.linear(tiles, self.first.weight.flatten(1), self.first.bias)
        fused = F.linear(torch.relu(hidden), self.second.weight.flatten(1), self.second.bias)
        return fused.permute(0, 3, 1, 2)
