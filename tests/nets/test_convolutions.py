"""Convolutions in mixed precision: the gradients of torch's own, in float32 and value by value."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skillviewer.nets.convolutions import Conv2d

KINDS = [  # kernel, stride, padding, groups
    (3, 1, 1, 6),
    (5, 2, 0, 6),
    (2, 1, 0, 1),
    (3, 2, 1, 1),
    (1, 1, 0, 1),
    ((1, 3), (2, 1), (0, 2), 1),
]


def found(net: nn.Conv2d, given: Tensor, *, mixed: bool) -> list[Tensor]:
    """Return output, gradient of the inputs, and gradients of the filters and the bias."""
    net.zero_grad()
    inputs = given.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        out = net(inputs)
    (out.float() * torch.linspace(-1, 1, out.numel()).reshape(out.shape)).sum().backward()
    return [out.detach(), inputs.grad, net.weight.grad, net.bias.grad]  # type: ignore[list-item,union-attr]


@pytest.mark.parametrize(("kernel", "stride", "padding", "groups"), KINDS)
def test_mixed_precision_gives_the_gradients_of_the_convolution(
    kernel: int | tuple[int, int], stride: int | tuple[int, int], padding: int | tuple[int, int], groups: int
) -> None:
    torch.manual_seed(0)
    net = Conv2d(6, 6, kernel, stride, padding, groups=groups)
    given = torch.randn(2, 6, 13, 11).to(memory_format=torch.channels_last)
    whole, mixed = (found(net, given, mixed=mixed) for mixed in (False, True))
    assert [values.dtype for values in whole] == 4 * [torch.float32]
    assert [values.dtype for values in mixed] == [torch.bfloat16, torch.float32, torch.float32, torch.float32]
    assert not torch.equal(whole[2], mixed[2])
    for one, other in zip(whole, mixed, strict=True):
        error = (one - other.float()).norm() / one.norm()
        assert error < 0.01
    # torch's own in float32, of the values as they were kept
    assert net.bias is not None
    kept = [values.detach().bfloat16().float().requires_grad_() for values in (given, net.weight, net.bias)]
    plain = F.conv2d(kept[0], kept[1], kept[2], net.stride, net.padding, 1, groups)
    slope = torch.linspace(-1, 1, plain.numel()).reshape(plain.shape).bfloat16().float()
    expected = torch.autograd.grad(plain, kept, slope)
    torch.testing.assert_close(mixed[0].float(), plain, rtol=0.01, atol=0.01)
    for one, other in zip(expected, mixed[1:], strict=True):
        torch.testing.assert_close(other, one, rtol=0.01, atol=0.01 * float(one.abs().max()))


def test_gradients_of_the_weights_add_the_cells_that_a_filter_saw() -> None:
    net = Conv2d(2, 1, 2, bias=False)
    given = torch.arange(24.0).reshape(1, 2, 3, 4)
    with torch.autocast("cpu", torch.bfloat16):
        out = net(given)
    out.backward(torch.ones_like(out))
    assert net.weight.grad is not None
    for channel in range(2):
        for i in range(2):
            for j in range(2):
                assert net.weight.grad[0, channel, i, j] == given[0, channel, i : i + 2, j : j + 3].sum()


@pytest.mark.parametrize("groups", [1, 4])
def test_what_needs_no_gradient_gets_none(groups: int) -> None:
    net = Conv2d(4, 4, 3, 1, 1, groups=groups).requires_grad_(requires_grad=False)
    inputs = torch.randn(1, 4, 5, 5, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        net(inputs).float().sum().backward()
    assert net.weight.grad is None
    assert inputs.grad is not None
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        assert not net(inputs).requires_grad
