"""Convolutions whose gradients are fast in mixed precision on a CPU too."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class _MixedPrecisionConvolution(torch.autograd.Function):
    """Convolution in bfloat16 whose gradients avoid oneDNN; inputs are bfloat16, parameters float32.

    Single channels (groups > 1): oneDNN has no fast gradients in bfloat16. Float32 costs less in spite of the wider
    tensors, and loses no precision.

    All channels: the gradient of the weights is one matrix product for each cell of the kernel. The threads of oneDNN
    poll while they wait for each other; next to eight busy processes they took 2.4 times the CPU time.
    """

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, bias: Tensor | None, *settings: Any) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(inputs, weight)
        stride, padding, groups = settings
        ctx.convolution_settings = (stride, padding, (1, 1), False, (0, 0), groups)
        bias_bfloat16 = None if bias is None else bias.bfloat16()
        return F.conv2d(inputs, weight.bfloat16(), bias_bfloat16, stride, padding, 1, groups)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        inputs, weight = ctx.saved_tensors
        grad_outputs = gradients[0]
        needs_inputs, needs_weight, needs_bias = ctx.needs_input_grad[:3]
        settings = ctx.convolution_settings
        stride, padding, *_, groups = settings
        grad_inputs = grad_weight = grad_bias = None
        if groups > 1:
            grad_inputs, grad_weight, _ = torch.ops.aten.convolution_backward(
                grad_outputs.float(), inputs.float(), weight, None, *settings, [needs_inputs, needs_weight, False]
            )
        else:
            rows = grad_outputs.permute(0, 2, 3, 1).flatten(0, 2)
            if needs_weight:
                grad_weight = _weight_gradient(rows, grad_outputs.shape[2:], inputs, weight, stride, padding)
            if needs_inputs:
                grad_inputs = torch.ops.aten.convolution_backward(
                    grad_outputs, inputs, weight.bfloat16(), None, *settings, [True, False, False]
                )[0]
        if needs_bias:
            grad_bias = grad_outputs.sum((0, 2, 3), dtype=torch.float32)
        if grad_inputs is not None:
            grad_inputs = grad_inputs.bfloat16()
        return grad_inputs, grad_weight, grad_bias, None, None, None


def _weight_gradient(
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
        is_mixed = torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") is torch.bfloat16
        if not is_mixed or inputs.device.type != "cpu" or not torch.is_grad_enabled():
            return super().forward(inputs)
        convolved: Tensor = _MixedPrecisionConvolution.apply(  # type: ignore[no-untyped-call]
            inputs.bfloat16(), self.weight, self.bias, self.stride, self.padding, self.groups
        )
        return convolved
