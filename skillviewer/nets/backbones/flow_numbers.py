"""Numbers of the optical flow instead of a network: how fast, how unsteadily and where to every cell moves.

A backbone that was trained on pictures sees a stack of flow fields as pictures, and hardly notices trembling. These
numbers are that: speed, its spread within the stack, and its changes from field to field.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FULL_SCALE_PX = 20.0
"""Displacement that saturates at the usual quantisation: numbers are in pixels per frame there."""

STILL_PX, FAST_PX = 0.5, 2.0
"""Speeds above which a pixel moves, and moves fast."""

MIN_PX = 0.05
"""Added before a logarithm is taken: less is noise of the flow."""

N_NUMBERS = 24


def _length(x: Tensor, y: Tensor) -> Tensor:
    return (x * x + y * y).sqrt_()


class FlowNumbers(nn.Module):
    """24 numbers of every cell of a flow stack, and zeros up to the number of channels of the appearance stream.

    Of every pixel: the mean speed, the spread of the velocity within the stack and that of each of its directions, the
    mean change from field to field and its change again, and the speed of the mean velocity. Channels are: the mean
    velocity (2), the means of those over the cell (7), the shares of moving and of fast pixels, the greatest speed,
    spread and second change of the cell, and the logarithms of the means and of these three (10). It has no weights.

    Args:
        n_channels: F, at least 24.
        cell_px: Side of a cell.
    """

    def __init__(self, n_channels: int, cell_px: int) -> None:
        super().__init__()
        self._zeros = n_channels - N_NUMBERS
        self._cell_px = cell_px

    def forward(self, flow: Tensor) -> Tensor:
        """Return (B, F, h, w) of flow stacks (B, 2L, S, S), -1 to 1, x and y in turn.

        h and w are S / cell, rounded up: the last cells hold what is left.
        """
        scaled = flow * FULL_SCALE_PX
        x = scaled[:, ::2].contiguous()
        y = scaled[:, 1::2].contiguous()
        speed = _length(x, y)
        mean_x = x.mean(1, keepdim=True)
        mean_y = y.mean(1, keepdim=True)
        spread_x, spread_y = (
            ((v * v).mean(1, keepdim=True) - mean * mean).clamp_min_(0) for v, mean in ((x, mean_x), (y, mean_y))
        )
        change_x = x.diff(dim=1)
        change_y = y.diff(dim=1)
        mean_speed = speed.mean(1, keepdim=True)
        spread = (spread_x + spread_y).sqrt()
        change = _length(change_x, change_y).mean(1, keepdim=True)
        # a stack of two fields has none
        jerk = _length(change_x.diff(dim=1), change_y.diff(dim=1)).sum(1, keepdim=True) / max(x.shape[1] - 2, 1)
        pixels = [mean_speed, spread, spread_x.sqrt(), spread_y.sqrt(), change, jerk, _length(mean_x, mean_y)]
        shares = [(speed > threshold_px).float().mean(1, keepdim=True) for threshold_px in (STILL_PX, FAST_PX)]
        means = F.avg_pool2d(torch.cat([mean_x, mean_y, *pixels, *shares], 1), self._cell_px, ceil_mode=True)
        maxima = F.max_pool2d(torch.cat([mean_speed, spread, jerk], 1), self._cell_px, ceil_mode=True)
        logarithms = torch.log(MIN_PX + torch.cat([means[:, 2:9], maxima], 1))
        return F.pad(torch.cat([means, maxima, logarithms], 1), (0, 0, 0, 0, 0, self._zeros))
