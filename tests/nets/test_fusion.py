"""The fusion's options; its equation is checked with the models."""

from dataclasses import replace

import pytest
import torch

from skillviewer.nets.fusion import Fusion
from tests.nets.small import SMALL, scramble, small_model


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("grid", [(4, 6), (14, 14), (5, 7)])
@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (2, 1), (3, 3)])
def test_fusion_is_two_convolutions_and_so_is_its_gradient(
    grid: tuple[int, int], kernel: int, stride: int, dtype: torch.dtype
) -> None:
    sizes = replace(SMALL, grid=grid, fusion_kernel=kernel, fusion_stride=stride, standardise=True)
    fusion = Fusion(sizes).to(dtype)
    scramble(fusion)
    fusion.set_statistics(torch.arange(6.0), torch.arange(1.0, 7.0))
    frames = torch.randn(3, 6, *grid, generator=torch.Generator().manual_seed(0)).to(dtype)
    standardised = (frames - fusion.mean[:, None, None]) / fusion.scale[:, None, None]
    expected = fusion.second(torch.relu(fusion.first(standardised)))
    torch.testing.assert_close(fusion(frames), expected)
    torch.testing.assert_close(fusion(frames.to(memory_format=torch.channels_last)), expected)
    with torch.inference_mode():
        torch.testing.assert_close(torch.cat([fusion(frame[None]) for frame in frames]), expected)
    parameters = list(fusion.parameters())
    wanted = torch.autograd.grad(expected.square().mean(), parameters)
    torch.testing.assert_close(torch.autograd.grad(fusion(frames).square().mean(), parameters), wanted)


def test_gradients_of_frames_pass_through_fusion() -> None:
    fusion = Fusion(replace(SMALL, grid=(4, 6), standardise=True)).double()
    scramble(fusion)
    fusion.set_statistics(torch.arange(6.0), torch.arange(1.0, 7.0))
    frames = torch.randn(2, 6, 4, 6, generator=torch.Generator().manual_seed(0)).double().requires_grad_()
    assert torch.autograd.gradcheck(fusion, frames)


def test_many_frames_are_fused_a_few_at_once_with_the_same_result() -> None:
    model = small_model("full")
    features = torch.randn(7, 11, 6, 4, 6, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        whole = model.fuse(features)
        single = torch.stack([model.fuse(video[None])[0] for video in features])
    torch.testing.assert_close(whole, single)


def test_standardised_features_are_those_of_shifted_and_scaled_channels() -> None:
    sizes = replace(SMALL, standardise=True)
    fusion, plain = Fusion(sizes).eval(), Fusion(SMALL).eval()
    mean, scale = torch.arange(6.0), torch.arange(1.0, 7.0)
    fusion.set_statistics(mean, scale)
    plain.load_state_dict({k: v for k, v in fusion.state_dict().items() if k not in {"mean", "scale"}})
    frames = torch.randn(3, 6, 4, 6, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        raw = frames * scale[:, None, None] + mean[:, None, None]
        torch.testing.assert_close(fusion(raw), plain(frames), atol=1e-5, rtol=1e-5)
    with pytest.raises(ValueError, match="does not standardise"):
        plain.set_statistics(mean, scale)
    with pytest.raises(ValueError, match="positive"):
        fusion.set_statistics(mean, torch.zeros(6))


def test_in_bfloat16_features_far_from_zero_are_standardised_before_they_are_rounded() -> None:
    fusion = Fusion(replace(SMALL, standardise=True)).eval()
    fusion.set_statistics(torch.full((6,), 100.0), torch.ones(6))
    frames = 100 + torch.randn(8, 6, 4, 6, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        exact = fusion(frames)
        with torch.autocast("cpu", torch.bfloat16):
            mixed = fusion(frames).float()
    assert float((mixed - exact).std() / exact.std()) < 0.02


def test_dropout_acts_in_training_alone() -> None:
    fusion = Fusion(replace(SMALL, dropout=0.5))
    frames = torch.ones(3, 6, 4, 6)
    torch.manual_seed(0)
    assert not torch.equal(fusion(frames), fusion(frames))
    fusion.eval()
    assert torch.equal(fusion(frames), fusion(frames))
