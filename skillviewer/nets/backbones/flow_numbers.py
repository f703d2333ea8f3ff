"""Numbers of the optical flow instead of a motion network: speed, direction and steadiness of every cell.

A backbone that was trained on pictures sees a stack of flow fields as pictures, and hardly notices trembling. The
spread of the speed within a stack, and its changes from field to field, measure trembling directly.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FULL_SCALE_PX = 20.0
"""Displacement at which the usual quantisation saturates. With another one the numbers are not pixels per frame."""

STILL_PX = 0.5
"""Speed above which a pixel moves."""

FAST_PX = 2.0
"""Speed above which a pixel moves fast."""

MIN_PX = 0.05
"""Added before a logarithm is taken. Smaller displacements are noise of the flow."""

N_NUMBERS = 24


def _length(x: Tensor, y: Tensor) -> Tensor:
    return (x * x + y * y).sqrt_()


def _variance(values: Tensor, mean: Tensor) -> Tensor:
    return ((values * values).mean(1, keepdim=True) - mean * mean).clamp_min_(0)


class FlowNumbers(nn.Module):
    """24 numbers of every cell of a flow stack, and zeros up to the number of channels of the appearance stream.

    Seven numbers describe a pixel: mean speed, spread of the velocity within the stack, its spread in x and in y, mean
    change from field to field, mean change of that change, and speed of the mean velocity. The channels of a cell are:

    - the mean velocity (2),
    - the means of the seven numbers (7),
    - the shares of moving and of fast pixels (2),
    - the maxima of speed, spread and second change (3),
    - the logarithms of the seven means and the three maxima (10).

    The module has no weights.

    Args:
        n_channels: F, at least 24.
        cell_px: Side of a cell.
    """

    def __init__(self, n_channels: int, cell_px: int) -> None:
        super().__init__()
        self._zeros = n_channels - N_NUMBERS
        self._cell_px = cell_px

    def forward(self, flow: Tensor) -> Tensor:
        """Return the numbers, (B, F, h, w); h and w are S / ``cell_px``, rounded up.

        Args:
            flow: Flow stacks, (B, 2L, S, S), -1 to 1, x and y in turn.
        """
        scaled_flow = flow * FULL_SCALE_PX
        x = scaled_flow[:, ::2].contiguous()
        y = scaled_flow[:, 1::2].contiguous()
        speed = _length(x, y)
        mean_x = x.mean(1, keepdim=True)
        mean_y = y.mean(1, keepdim=True)
        variance_x = _variance(x, mean_x)
        variance_y = _variance(y, mean_y)
        change_x = x.diff(dim=1)
        change_y = y.diff(dim=1)
        mean_speed = speed.mean(1, keepdim=True)
        spread = (variance_x + variance_y).sqrt()
        change = _length(change_x, change_y).mean(1, keepdim=True)
        n_second_changes = max(x.shape[1] - 2, 1)  # a stack of two fields has none: the sum is 0
        second_changes = _length(change_x.diff(dim=1), change_y.diff(dim=1))
        second_change = second_changes.sum(1, keepdim=True) / n_second_changes
        mean_velocity = _length(mean_x, mean_y)
        numbers = [mean_speed, spread, variance_x.sqrt(), variance_y.sqrt(), change, second_change, mean_velocity]
        shares = [(speed > threshold_px).float().mean(1, keepdim=True) for threshold_px in (STILL_PX, FAST_PX)]
        means = F.avg_pool2d(torch.cat([mean_x, mean_y, *numbers, *shares], 1), self._cell_px, ceil_mode=True)
        maxima = F.max_pool2d(torch.cat([mean_speed, spread, second_change], 1), self._cell_px, ceil_mode=True)
        logarithms = torch.log(MIN_PX + torch.cat([means[:, 2:9], maxima], 1))
        return F.pad(torch.cat([means, maxima, logarithms], 1), (0, 0, 0, 0, 0, self._zeros))
