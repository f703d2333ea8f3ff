"""Convolutions whose gradients are fast in mixed precision on a CPU too."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class _MixedOnCpu(torch.autograd.Function):
    """Forward in bfloat16, with gradients that oneDNN does not compute; inputs are bfloat16, parameters float32.

    Single channels: oneDNN has no fast gradients in bfloat16. They are computed in float32, which costs less in spite
    of the wider tensors, and loses no precision. All channels: the gradient of the weights is a matrix product for each
    cell of the kernel. It is quicker than oneDNN's, whose threads poll while they wait for each other: next to eight
    busy processes they took 2.4 times the CPU time.
    """

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, bias: Tensor | None, *settings: Any) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(inputs, weight)
        stride, padding, groups = settings
        ctx.how = (stride, padding, (1, 1), False, (0, 0), groups)
        in_short = None if bias is None else bias.bfloat16()
        return F.conv2d(inputs, weight.bfloat16(), in_short, stride, padding, 1, groups)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        inputs, weight = ctx.saved_tensors
        gradient = gradients[0]
        for_inputs, for_weight, for_bias = ctx.needs_input_grad[:3]
        stride, padding, *_, groups = ctx.how
        of_inputs = of_weight = of_bias = None
        if groups > 1:
            of_inputs, of_weight, _ = torch.ops.aten.convolution_backward(
                gradient.float(), inputs.float(), weight, None, *ctx.how, [for_inputs, for_weight, False]
            )
        else:
            rows = gradient.permute(0, 2, 3, 1).flatten(0, 2)
            if for_weight:
                of_weight = _of_weight(rows, gradient.shape[2:], inputs, weight, stride, padding)
            if for_inputs:
                of_inputs = torch.ops.aten.convolution_backward(
                    gradient, inputs, weight.bfloat16(), None, *ctx.how, [True, False, False]
                )[0]
        if for_bias:
            of_bias = gradient.sum((0, 2, 3), dtype=torch.float32)
        return None if of_inputs is None else of_inputs.bfloat16(), of_weight, of_bias, None, None, None


def _of_weight(
    rows: Tensor, shape: torch.Size, inputs: Tensor, weight: Tensor, stride: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    """Return the gradient of the weight, float32, from that of the outputs, (cells of all pictures, channels)."""
    cells = F.pad(inputs, (padding[1], padding[1], padding[0], padding[0])).permute(0, 2, 3, 1)
    gradient = torch.empty_like(weight)
    for i in range(weight.shape[2]):
        for j in range(weight.shape[3]):
            window = cells[:, i :: stride[0], j :: stride[1]][:, : shape[0], : shape[1]]
            gradient[:, :, i, j] = rows.T @ window.reshape(-1, weight.shape[1])
    return gradient


class Conv2d(nn.Conv2d):
    """``nn.Conv2d`` over all channels or over single ones, with fast gradients in mixed precision on a CPU.

    Dilation is 1, and zeros are padded.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        """Filter pictures, (B, C, H, W) to (B, O, h, w)."""
        mixed = torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") is torch.bfloat16
        if not mixed or inputs.device.type != "cpu" or not torch.is_grad_enabled():
            return super().forward(inputs)
        convolved: Tensor = _MixedOnCpu.apply(  # type: ignore[no-untyped-call]
            inputs.bfloat16(), self.weight, self.bias, self.stride, self.padding, self.groups
        )
        return convolved
