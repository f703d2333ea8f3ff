"""Depthwise convolutions, fast in mixed precision on a CPU too."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class _MixedOnCpu(torch.autograd.Function):
    """Forward in bfloat16, backward in float32; inputs are bfloat16, weights float32.

    oneDNN has no fast gradients of such convolutions in bfloat16: they took three quarters of a training step. Widening
    the stored tensors costs less, and loses no precision.
    """

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, stride: tuple[int, ...], padding: tuple[int, ...]) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(inputs, weight)
        ctx.how = (stride, padding, (1, 1), False, (0, 0), len(weight))
        return F.conv2d(inputs, weight.bfloat16(), None, stride, padding, 1, len(weight))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:  # noqa: ANN401
        inputs, weight = ctx.saved_tensors
        wanted = [*ctx.needs_input_grad[:2], False]
        of_inputs, of_weight, _ = torch.ops.aten.convolution_backward(
            gradients[0].float(), inputs.float(), weight, None, *ctx.how, wanted
        )
        return None if of_inputs is None else of_inputs.bfloat16(), of_weight, None, None


class DepthwiseConv2d(nn.Conv2d):
    """``nn.Conv2d`` with one filter per channel and no bias, (B, C, H, W) to (B, C, h, w).

    Args:
        channels: C.
        kernel: Side of the filters.
        stride: Step between cells.
        padding: Zeros around the input.
    """

    def __init__(self, channels: int, kernel: int, stride: int, padding: int) -> None:
        super().__init__(channels, channels, kernel, stride, padding, groups=channels, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Filter every channel; in mixed precision on a CPU, gradients are computed in float32."""
        mixed = torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") is torch.bfloat16
        if not mixed or inputs.device.type != "cpu" or not torch.is_grad_enabled():
            return super().forward(inputs)
        found: Tensor = _MixedOnCpu.apply(  # type: ignore[no-untyped-call]
            inputs.bfloat16(), self.weight, self.stride, self.padding
        )
        return found
