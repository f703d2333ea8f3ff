"""Fusion of the two streams: X_t = Conv1x1(ReLU(Conv2x2([F_S,t ; F_T,t]))) (Li et al. 2019, section 3.2)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skillviewer.nets.sizes import HeadSizes


class Standardising(nn.Module):
    """What brings features to mean 0 and standard deviation 1 a channel first, where the sizes ask for it.

    Args:
        sizes: Whether to, and the number of channels.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, sizes: HeadSizes) -> None:
        super().__init__()
        self.standardise = sizes.standardise
        if self.standardise:
            self.register_buffer("mean", torch.zeros(sizes.feature_channels))
            self.register_buffer("scale", torch.ones(sizes.feature_channels))

    def set_statistics(self, mean: Tensor, scale: Tensor) -> None:
        """Set what features are standardised by.

        Args:
            mean: (2F,) mean of each feature channel over the training videos.
            scale: (2F,) its standard deviation, positive.
        """
        if not self.standardise:
            raise ValueError("this fusion does not standardise its features")
        if bool((scale <= 0).any()):
            raise ValueError("standard deviations must be positive")
        self.mean.copy_(mean)
        self.scale.copy_(scale)

    def standardised(self, frames: Tensor) -> Tensor:
        """Return frames, (M, 2F, rows, columns), standardised or as they are."""
        return (frames - self.mean[:, None, None]) / self.scale[:, None, None] if self.standardise else frames


class CellMean(Standardising):
    """Average over the cells that keeps the axes, (M, 2F, rows, columns) to (M, 2F, 1, 1)."""

    def forward(self, frames: Tensor) -> Tensor:
        """Average over the cells; standardised afterwards."""
        return self.standardised(frames.mean(dim=(2, 3), keepdim=True))


ONE_MATMUL_FROM = 2**23
"""Weights of the first convolution from which on a single frame is fused by one matrix product on the CPU.

A convolution reorders its weights at every call; with those of two ResNet101 (32 MB) that costs as much again as the
product itself, with fewer it is cheaper than the product.
"""


class Fusion(Standardising):
    """Features of single frames, (M, 2F, rows, columns), to fused features, (M, C, h, w).

    Args:
        sizes: Channels, kernel, stride, padding.
        rectified: Whether the fused features pass a ReLU (two of the released baselines).
    """

    def __init__(self, sizes: HeadSizes, *, rectified: bool = False) -> None:
        super().__init__(sizes)
        self.padding = sizes.fusion_padding
        self.rectified = rectified
        self.first = nn.Conv2d(sizes.feature_channels, sizes.fusion_hidden, sizes.fusion_kernel, sizes.fusion_stride)
        self.second = nn.Conv2d(sizes.fusion_hidden, sizes.channels, 1)
        self.dropout = nn.Dropout2d(sizes.dropout)

    def forward(self, frames: Tensor) -> Tensor:
        """Fuse frames, (M, 2F, rows, columns) to (M, C, h, w)."""
        before, after = self.padding
        if self._folds(frames):
            hidden = self._first_of_raw(frames)
        else:
            frames = self.dropout(self.standardised(frames))
            if before or after:
                frames = F.pad(frames, (before, after, before, after))
            hidden = self._first_of_one(frames) if self._is_one_matmul(frames) else self.first(frames)
        fused: Tensor = self.second(torch.relu(hidden))
        return torch.relu(fused) if self.rectified else fused

    def _folds(self, frames: Tensor) -> bool:
        """Return whether standardising may be left to the first convolution, and is dearer than scaling its weights."""
        # in bfloat16 what is not brought to mean 0 first would lose its last digits
        mixed = torch.is_autocast_enabled(frames.device.type)
        plain = self.padding == (0, 0) and not (self.training and self.dropout.p) and not mixed
        return self.standardise and plain and frames.numel() > self.first.weight.numel()

    def _first_of_raw(self, frames: Tensor) -> Tensor:
        """Return W * ((x - mean) / scale) + b as (W / scale) * x + (b - (W / scale) * mean)."""
        weight = self.first.weight / self.scale[:, None, None]
        assert self.first.bias is not None
        bias = self.first.bias - weight.sum(dim=(2, 3)) @ self.mean
        return F.conv2d(frames, weight, bias, self.first.stride)

    def _is_one_matmul(self, frames: Tensor) -> bool:
        (kernel, _), (stride, _) = self.first.kernel_size, self.first.stride
        rows, columns = frames.shape[2:]
        tiles = kernel == stride and rows % kernel == columns % kernel == 0
        large = self.first.weight.numel() >= ONE_MATMUL_FROM
        return len(frames) == 1 and tiles and large and frames.device.type == "cpu"

    def _first_of_one(self, frames: Tensor) -> Tensor:
        kernel = self.first.kernel_size[0]
        rows, columns = frames.shape[2] // kernel, frames.shape[3] // kernel
        blocks = frames[0].reshape(-1, rows, kernel, columns, kernel)
        cells = blocks.permute(1, 3, 0, 2, 4).reshape(rows * columns, -1)
        hidden = F.linear(cells, self.first.weight.flatten(1), self.first.bias)
        return hidden.T.reshape(1, -1, rows, columns)
