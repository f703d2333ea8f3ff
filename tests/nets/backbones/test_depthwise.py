"""Convolutions of single channels, whole and in mixed precision."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from skillviewer.nets.backbones.depthwise import DepthwiseConv2d


def found(net: DepthwiseConv2d, given: Tensor, *, mixed: bool) -> list[Tensor]:
    """Return output, gradient of the inputs and gradient of the filters."""
    net.zero_grad()
    inputs = given.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        out = net(inputs)
    (out.float() * torch.linspace(-1, 1, out.numel()).reshape(out.shape)).sum().backward()
    assert inputs.grad is not None
    assert net.weight.grad is not None
    return [out.detach(), inputs.grad, net.weight.grad]


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 1, 1), (5, 2, 0)])
def test_mixed_precision_gives_the_gradients_of_the_convolution(kernel: int, stride: int, padding: int) -> None:
    torch.manual_seed(0)
    net = DepthwiseConv2d(6, kernel, stride, padding)
    given = torch.randn(2, 6, 13, 11).to(memory_format=torch.channels_last)
    whole, mixed = (found(net, given, mixed=mixed) for mixed in (False, True))
    assert [values.dtype for values in whole] == 3 * [torch.float32]
    assert [values.dtype for values in mixed] == [torch.bfloat16, torch.float32, torch.float32]
    assert not torch.equal(whole[2], mixed[2])
    for one, other in zip(whole, mixed, strict=True):
        error = (one - other.float()).norm() / one.norm()
        assert error < 0.01
    # what it is, filter by filter, and that the filters' gradient is of the inputs as they were kept
    kept = given.bfloat16().float()
    slope = torch.linspace(-1, 1, whole[0].numel()).reshape(whole[0].shape).bfloat16().float()
    for channel in range(6):
        weight = net.weight[channel : channel + 1]
        expected = F.conv2d(given[:, channel : channel + 1], weight, stride=stride, padding=padding)
        torch.testing.assert_close(whole[0][:, channel : channel + 1], expected)
        padded = F.pad(kept[:, channel], 4 * [padding])
        rows, columns = slope.shape[2:]
        for i in range(kernel):
            for j in range(kernel):
                seen = padded[:, i : i + stride * rows : stride, j : j + stride * columns : stride]
                torch.testing.assert_close(
                    mixed[2][channel, 0, i, j], (seen * slope[:, channel]).sum(), rtol=1e-4, atol=1e-4
                )


def test_what_needs_no_gradient_gets_none() -> None:
    net = DepthwiseConv2d(4, 3, 1, 1).requires_grad_(requires_grad=False)
    inputs = torch.randn(1, 4, 5, 5, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        net(inputs).float().sum().backward()
    assert net.weight.grad is None
    assert inputs.grad is not None
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        assert not net(inputs).requires_grad
