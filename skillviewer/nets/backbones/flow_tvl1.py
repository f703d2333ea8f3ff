"""TV-L1 optical flow of a batch of pairs of pictures in torch, for a GPU.

The algorithm, parameters and numbers are those of ``media.flow.tvl1`` (Zach, Pock and Bischof, DAGM 2007, in the form
of OpenCV's ``DualTVL1OpticalFlow``). The fields of a batch are independent: a converged field stays unchanged while the
others are iterated.
"""

from typing import TYPE_CHECKING, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from skillviewer.media.flow.tvl1 import MIN_LEVEL_PX, TVL1Parameters, preset_parameters

if TYPE_CHECKING:
    from collections.abc import Callable

State: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor]
"""Flow (B, 2, h, w), its dual variables in x and in y (B, 2, h, w), and the active fields (B, 1, 1, 1) bool."""

Linearised: TypeAlias = tuple[Tensor, Tensor, Tensor]
"""Warped gradient (B, 2, h, w), 1 / |gradient|^2 and the residual at zero flow (B, 1, h, w)."""

_FLT_EPSILON = 1.1920929e-07
_CHECK_EVERY = 10  # number of iterations after which the device is asked whether a field is still active


class BatchedTVL1:
    """TV-L1 for batches of pairs.

    Args:
        preset: Key of ``skillviewer.media.flow.tvl1.PRESETS``.
        compiled: Whether ``torch.compile`` fuses the iterations, which delays the first batch of each size.

    Raises:
        SettingsError: There is no such preset.
    """

    def __init__(self, preset: str = "tvl1", *, compiled: bool = False) -> None:
        self._parameters = preset_parameters(preset)
        self._iterations: Callable[[State, Linearised, TVL1Parameters, int], State] = (
            torch.compile(iterations, dynamic=False) if compiled else iterations
        )

    @torch.inference_mode()
    def __call__(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the flow between pairs of (B, h, w) uint8 grey pictures, on any device.

        Returns:
            (B, 2, h, w) float32, x then y displacement in pixels from first to second.
        """
        p = self._parameters
        from_levels = _pyramid(first, p)
        to_levels = _pyramid(second, p)
        flow = torch.zeros_like(from_levels[-1]).repeat(1, 2, 1, 1)
        for start, target in zip(reversed(from_levels), reversed(to_levels), strict=True):
            h, w = start.shape[-2:]
            if flow.shape[-2:] != (h, w):
                flow = _resized(flow, h, w, step_y=flow.shape[-2] / h, step_x=flow.shape[-1] / w) * (1 / p.scale_step)
            flow = self._one_level(start, target, flow)
        return flow

    def _one_level(self, first: Tensor, second: Tensor, flow: Tensor) -> Tensor:
        """Refine a flow (B, 2, h, w) on one level of the pyramid."""
        p = self._parameters
        layers = torch.cat([second, _central_gradient(second)], dim=1)
        dual_x = torch.zeros_like(flow)
        dual_y = torch.zeros_like(flow)
        all_active = torch.ones((len(flow), 1, 1, 1), dtype=torch.bool, device=flow.device)
        for _ in range(p.n_warps):
            warped = _warped(layers, flow)
            gradient = warped[:, 1:]
            inverse = 1 / (gradient * gradient).sum(1, keepdim=True).clamp_min(_FLT_EPSILON)
            residual = warped[:, :1] - (gradient * flow).sum(1, keepdim=True) - first
            linear = (gradient, inverse, residual)
            state: State = (flow, dual_x, dual_y, all_active)
            for _ in range(p.n_outer):
                if p.median > 1:
                    flow, dual_x, dual_y, active = state
                    state = (torch.where(active, _median_blur(flow, p.median), flow), dual_x, dual_y, active)
                for n_done in range(0, p.n_inner, _CHECK_EVERY):
                    state = self._iterations(state, linear, p, min(_CHECK_EVERY, p.n_inner - n_done))
                    if not bool(state[3].any()):
                        break
                if not bool(state[3].any()):
                    break
            flow, dual_x, dual_y, _ = state
        return flow


def iterations(state: State, linear: Linearised, parameters: TVL1Parameters, n: int) -> State:
    """Run n inner iterations on the fields that have not converged."""
    flow, dual_x, dual_y, active = state
    gradient, inverse, rho = linear
    threshold = parameters.data_weight * parameters.theta
    step = parameters.tau / parameters.theta
    for _ in range(n):
        data = (-(rho + (gradient * flow).sum(1, keepdim=True)) * inverse).clamp(-threshold, threshold)
        divergence = dual_x - F.pad(dual_x, (1, 0))[..., :-1] + dual_y - F.pad(dual_y, (0, 0, 1, 0))[..., :-1, :]
        update = data * gradient + parameters.theta * divergence
        moved_flow = flow + update
        forward_x = F.pad(moved_flow[..., 1:] - moved_flow[..., :-1], (0, 1))
        forward_y = F.pad(moved_flow[..., 1:, :] - moved_flow[..., :-1, :], (0, 0, 0, 1))
        shrink = 1 / (1 + step * (forward_x * forward_x + forward_y * forward_y).sqrt())
        flow = torch.where(active, moved_flow, flow)
        dual_x = torch.where(active, (dual_x + step * forward_x) * shrink, dual_x)
        dual_y = torch.where(active, (dual_y + step * forward_y) * shrink, dual_y)
        error = (update * update).sum(1, keepdim=True).mean((-2, -1), keepdim=True)
        active = active & (error > parameters.epsilon_px**2)
    return flow, dual_x, dual_y, active


def _pyramid(pictures: Tensor, p: TVL1Parameters) -> list[Tensor]:
    """Return the levels (B, 1, h, w) of grey pictures, finest first."""
    levels = [pictures[:, None].float()]
    while len(levels) < p.n_scales:
        h, w = (round(size * p.scale_step) for size in levels[-1].shape[-2:])
        if min(h, w) < MIN_LEVEL_PX:
            break
        levels.append(_resized(levels[-1], h, w, step_y=1 / p.scale_step, step_x=1 / p.scale_step))
    return levels


def _resized(pictures: Tensor, h: int, w: int, step_y: float, step_x: float) -> Tensor:
    """Return (..., h, w), sampled linearly at centres ``step`` apart, as OpenCV (``F.interpolate`` floors sizes)."""
    return _lerp(_lerp(pictures, -1, w, step_x), -2, h, step_y)


def _lerp(pictures: Tensor, axis: int, n: int, step: float) -> Tensor:
    last = pictures.shape[axis] - 1
    source_position = ((torch.arange(n, dtype=torch.float64, device=pictures.device) + 0.5) * step - 0.5).clamp(0, last)
    index_before = source_position.floor().long()
    weight = (source_position - index_before).to(pictures.dtype)
    if axis == -2:
        weight = weight[:, None]
    left = pictures.index_select(axis, index_before)
    right = pictures.index_select(axis, (index_before + 1).clamp_max(last))
    return left * (1 - weight) + right * weight


def _central_gradient(pictures: Tensor) -> Tensor:
    """Return the x and y gradients (B, 2, h, w) of (B, 1, h, w)."""
    padded_pictures = F.pad(pictures, (1, 1, 1, 1), mode="replicate")
    dx = padded_pictures[..., 1:-1, 2:] - padded_pictures[..., 1:-1, :-2]
    dy = padded_pictures[..., 2:, 1:-1] - padded_pictures[..., :-2, 1:-1]
    return torch.cat([dx, dy], dim=1) * 0.5


def _warped(layers: Tensor, flow: Tensor) -> Tensor:
    """Return layers (B, c, h, w) sampled at the targets of the flow (B, 2, h, w), bicubic, 0 outside.

    Positions are rounded to 1/32 px and weights are those of a = -0.75, both as in OpenCV's ``remap``.
    """
    b, c, h, w = layers.shape
    xs = torch.arange(w, dtype=flow.dtype, device=flow.device)
    ys = torch.arange(h, dtype=flow.dtype, device=flow.device)[:, None]
    x32 = ((flow[:, 0] + xs) * 32).round()
    y32 = ((flow[:, 1] + ys) * 32).round()
    x0 = (x32 / 32).floor()
    y0 = (y32 / 32).floor()
    x_weights = _cubic_weights(x32 / 32 - x0)
    y_weights = _cubic_weights(y32 / 32 - y0)
    flat_layers = layers.reshape(b, c, h * w)
    result = torch.zeros_like(layers)
    for j in range(4):
        row = y0.long() + (j - 1)
        for i in range(4):
            column = x0.long() + (i - 1)
            is_inside = (row >= 0) & (row < h) & (column >= 0) & (column < w)
            index = (row.clamp(0, h - 1) * w + column.clamp(0, w - 1)).reshape(b, 1, h * w).expand(b, c, h * w)
            weight = torch.where(is_inside, y_weights[j] * x_weights[i], 0)
            result += flat_layers.gather(2, index).reshape(b, c, h, w) * weight[:, None]
    return result


def _cubic_weights(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the weights of the four neighbours at a distance x past the second (Keys 1981, a = -0.75)."""
    a = -0.75
    before = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a
    at_pixel = ((a + 2) * x - (a + 3)) * x * x + 1
    after = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1
    return before, at_pixel, after, 1 - before - at_pixel - after


def _median_blur(pictures: Tensor, side: int) -> Tensor:
    """Return the median of (B, c, h, w) over squares of ``side`` pixels, borders replicated.

    The median of n values is neither the least nor the greatest of n / 2 + 2 of them. These two are dropped, another
    value is added, and so on. This takes elementwise minima and maxima alone, which fuse into one kernel, while
    ``torch.median`` sorts 25 values per pixel.
    """
    half = side // 2
    padded_pictures = F.pad(pictures, (half, half, half, half), mode="replicate")
    h, w = pictures.shape[-2:]
    values = [padded_pictures[..., y : y + h, x : x + w] for y in range(side) for x in range(side)]
    candidates = values[: len(values) // 2 + 2]
    waiting = values[len(values) // 2 + 2 :]
    while True:
        candidates = _without_extremes(candidates)
        if not waiting:
            return candidates[0]
        candidates.append(waiting.pop())


def _without_extremes(values: list[Tensor]) -> list[Tensor]:
    """Drop the least and the greatest, at every pixel, of at least three values."""
    lows = values[: len(values) // 2]
    highs = values[len(values) // 2 :]
    for i in range(len(lows)):
        lows[i], highs[i] = _sorted_pair(lows[i], highs[i])
    if len(highs) > len(lows):  # the unpaired value may be either extreme
        lows[0], highs[-1] = _sorted_pair(lows[0], highs[-1])
    for i in range(1, len(lows)):  # lows[0] becomes the least
        lows[0], lows[i] = _sorted_pair(lows[0], lows[i])
    for i in range(1, len(highs)):  # highs[0] becomes the greatest
        highs[i], highs[0] = _sorted_pair(highs[0], highs[i])
    return lows[1:] + highs[1:]


def _sorted_pair(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Return the smaller and the larger value at every pixel."""
    return torch.minimum(first, second), torch.maximum(first, second)
