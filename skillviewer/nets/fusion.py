"""Fusion of the two streams: X_t = Conv1x1(ReLU(Conv2x2([F_S,t ; F_T,t]))) (Li et al. 2019, section 3.2)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skillviewer.nets.convolutions import Conv2d
from skillviewer.nets.sizes import HeadSizes


class StandardisingModule(nn.Module):
    """Base of modules that standardise features to mean 0 and standard deviation 1 per channel, if ``sizes`` say so."""

    mean: Tensor
    scale: Tensor

    def __init__(self, sizes: HeadSizes) -> None:
        super().__init__()
        self.standardise = sizes.standardise
        if self.standardise:
            self.register_buffer("mean", torch.zeros(sizes.feature_channels))
            self.register_buffer("scale", torch.ones(sizes.feature_channels))

    def set_statistics(self, mean: Tensor, scale: Tensor) -> None:
        """Set mean and standard deviation, (2F,), of the feature channels over the training videos."""
        if not self.standardise:
            raise ValueError("this fusion does not standardise its features")
        if bool((scale <= 0).any()):
            raise ValueError("standard deviations must be positive")
        self.mean.copy_(mean)
        self.scale.copy_(scale)

    def standardised(self, frames: Tensor, channels: slice = slice(None)) -> Tensor:
        """Return frames, (M, 2F, rows, columns) or a slice of their channels, standardised if the sizes say so."""
        if not self.standardise:
            return frames
        return (frames - self.mean[channels, None, None]) / self.scale[channels, None, None]


class CellMean(StandardisingModule):
    """Average over the cells that keeps the axes, (M, 2F, rows, columns) to (M, 2F, 1, 1)."""

    def forward(self, frames: Tensor) -> Tensor:
        """Average over the cells, then standardise."""
        return self.standardised(frames.mean(dim=(2, 3), keepdim=True))

    def of_stream(self, frames: Tensor, stream: int) -> Tensor:
        """Return the same for one stream, (M, F, rows, columns) to (M, F, 1, 1): 0 is appearance, 1 motion."""
        n = frames.shape[1]
        return self.standardised(frames.mean(dim=(2, 3), keepdim=True), slice(stream * n, (stream + 1) * n))


_PAIR_TYPES = {2: torch.int32, 4: torch.int64, 8: torch.complex128}
"""Type as wide as two numbers, by the size of one number in bytes."""


class Fusion(StandardisingModule):
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
        if self._can_tile(frames):
            fused = self._fused_tiles(frames)
        else:
            fused = self.second(torch.relu(self._first_convolution(frames)))
        return torch.relu(fused) if self.rectified else fused

    def _first_convolution(self, frames: Tensor) -> Tensor:
        if self._can_fold(frames):
            return self._folded_first_convolution(frames)
        before, after = self.padding
        frames = self.dropout(self.standardised(frames))
        if before or after:
            frames = F.pad(frames, (before, after, before, after))
        hidden: Tensor = self.first(frames)
        return hidden

    def _can_be_rewritten(self) -> bool:
        """Return True if nothing precedes the first convolution but the standardisation."""
        has_dropout = self.training and self.dropout.p > 0
        # an exported graph has to hold for any batch
        return self.padding == (0, 0) and not has_dropout and not torch.compiler.is_compiling()

    def _can_fold(self, frames: Tensor) -> bool:
        """Return True if folding standardisation into the weights of the first convolution is possible and cheaper."""
        # in bfloat16, values that are not centred first would lose their last digits
        is_mixed = torch.is_autocast_enabled(frames.device.type)
        is_cheaper = frames.numel() > self.first.weight.numel()
        return self.standardise and self._can_be_rewritten() and not is_mixed and is_cheaper

    def _folded_first_convolution(self, frames: Tensor) -> Tensor:
        """Return W * ((x - mean) / scale) + b as (W / scale) * x + (b - (W / scale) * mean)."""
        weight = self.first.weight / self.scale[:, None, None]
        assert self.first.bias is not None
        bias = self.first.bias - weight.sum(dim=(2, 3)) @ self.mean
        return F.conv2d(frames, weight, bias, self.first.stride)

    def _can_tile(self, frames: Tensor) -> bool:
        """Return True if the first convolution is a matrix product over non-overlapping 2 x 2 tiles.

        On a CPU that product, and its gradient in training, is up to four times as fast as the convolution.
        """
        is_two_by_two = (*self.first.kernel_size, *self.first.stride) == (2, 2, 2, 2)
        is_even = frames.shape[2] % 2 == frames.shape[3] % 2 == 0
        # tiles are copied by a change of type, which has no gradient
        is_copyable = frames.device.type == "cpu" and not frames.requires_grad
        return is_two_by_two and is_even and is_copyable and self._can_be_rewritten()

    def _fused_tiles(self, frames: Tensor) -> Tensor:
        n = len(frames)
        channels = frames.shape[1]
        rows = frames.shape[2] // 2
        columns = frames.shape[3] // 2
        dtype = torch.bfloat16 if torch.is_autocast_enabled("cpu") else frames.dtype
        tiles = frames.new_empty((n, rows, columns, 4 * channels), dtype=dtype)
        # neighbours in a row are copied as one number, frame by frame: a frame stays in the processor's cache
        pair_type = _PAIR_TYPES[tiles.element_size()]
        pair_tiles = tiles.view(pair_type).view(n, rows, columns, channels, 2)
        for frame, tiles_of_frame in zip(frames, pair_tiles, strict=True):
            pixels = self.standardised(frame).to(dtype).contiguous()
            pairs = pixels.view(pair_type).view(channels, rows, 2, columns)
            tiles_of_frame.copy_(pairs.permute(1, 3, 0, 2))
        hidden = F.linear(tiles, self.first.weight.flatten(1), self.first.bias)
        fused = F.linear(torch.relu(hidden), self.second.weight.flatten(1), self.second.bias)
        return fused.permute(0, 3, 1, 2)
