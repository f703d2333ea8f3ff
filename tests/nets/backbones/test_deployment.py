"""Trunks made ready for inference give the same features."""

import pytest
import torch
from torch import nn

from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.deployment import (
    PackedConvolution,
    can_pack,
    deploy,
    deploy_trunk,
    fold_batch_norm,
    pack_convolutions,
)
from skillviewer.nets.backbones.two_stream import UNIT, TwoStream

CPU = torch.device("cpu")


def lively(name: str, in_channels: int = 3) -> nn.Module:
    """Return a trunk whose batch normalisations have statistics that matter."""
    torch.manual_seed(0)
    trunk = backbone(name).make(in_channels)
    for module in trunk.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight, module.bias, module.running_mean, module.running_var):
                assert tensor is not None
                nn.init.uniform_(tensor, 0.5, 1.5)
    return trunk.eval()


def relative(found: torch.Tensor, wanted: torch.Tensor) -> float:
    return float((found - wanted).norm() / wanted.norm())


@pytest.mark.parametrize("name", ["efficientnet-lite0", "resnet18", "resnet50"])
def test_folding_leaves_no_batch_norm_and_the_same_features(name: str) -> None:
    trunk = lively(name)
    before = {k: v.clone() for k, v in trunk.state_dict().items()}
    folded = fold_batch_norm(trunk)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    pictures = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        assert relative(folded(pictures), trunk(pictures)) < 1e-4
    assert all(torch.equal(before[k], v) for k, v in trunk.state_dict().items()), "the trunk itself is left alone"


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-4), ("bfloat16", 0.05)])
@pytest.mark.parametrize("name", ["efficientnet-lite0", "resnet18"])
def test_deployed_trunk_gives_the_same_features(name: str, precision: str, tolerance: float) -> None:
    trunk = lively(name)
    ready = deploy_trunk(trunk, 3, 64, CPU, "bfloat16" if precision == "bfloat16" else "float32")
    generator = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        for shape in ((1, 3, 64, 64), (3, 3, 64, 64), (1, 3, 96, 64)):  # also of shapes that it was not made for
            pictures = torch.rand(shape, generator=generator)
            features = ready(pictures)
            assert features.dtype == torch.float32
            error = relative(features, trunk(pictures))
            assert error < tolerance
            assert precision == "float32" or error > 1e-4, "bfloat16 was not used"


def test_without_onednn_the_features_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    trunk = lively("efficientnet-lite0")
    monkeypatch.setattr("skillviewer.nets.backbones.deployment.can_pack", lambda: False)
    ready = deploy_trunk(trunk, 3, 64, CPU, "float32")
    assert not any(isinstance(module, PackedConvolution) for module in ready.modules())
    pictures = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        assert relative(ready(pictures), trunk(pictures)) < 1e-4


@pytest.mark.skipif(not can_pack(), reason="this build of torch has no oneDNN")
@pytest.mark.parametrize(
    "convolution",
    [
        nn.Conv2d(6, 8, 3, stride=2, padding=1),
        nn.Conv2d(6, 6, 5, padding=2, groups=6, bias=False),
        nn.Conv2d(6, 4, 3, dilation=2, padding=(1, 2)),
    ],
)
def test_packed_convolution_is_the_convolution(convolution: nn.Conv2d) -> None:
    pictures = torch.randn(2, 6, 12, 10)
    packed = PackedConvolution(convolution, pictures.shape)
    clamped = PackedConvolution(convolution, pictures.shape, clamped=True)
    with torch.inference_mode():
        torch.testing.assert_close(packed(pictures), convolution(pictures))
        assert torch.equal(clamped(4 * pictures), nn.functional.relu6(packed(4 * pictures)))
    with pytest.raises(ValueError, match="zero padding"):
        PackedConvolution(nn.Conv2d(6, 6, 3, padding=1, padding_mode="reflect"), pictures.shape)


@pytest.mark.skipif(not can_pack(), reason="this build of torch has no oneDNN")
def test_every_convolution_is_packed() -> None:
    packed = pack_convolutions(fold_batch_norm(lively("efficientnet-lite0")), torch.zeros(1, 3, 64, 64))
    assert not any(isinstance(module, nn.Conv2d) for module in packed.modules())
    assert sum(isinstance(module, PackedConvolution) for module in packed.modules()) == 1 + 2 + 15 * 3
    assert not any(isinstance(module, nn.ReLU6) for module in packed.modules()), "they are parts of the convolutions"


def test_deployed_streams_give_the_same_features_again_and_again() -> None:
    streams = TwoStream(lively("efficientnet-lite0"), lively("efficientnet-lite0", 4), UNIT, UNIT, 64).eval()
    ready = deploy(streams, 2, CPU, "float32")
    rgb = torch.randint(0, 256, (1, 64, 64, 3), dtype=torch.uint8)
    stack = torch.randint(0, 256, (1, 4, 40, 50), dtype=torch.uint8)
    with torch.inference_mode():
        features = ready(rgb, stack)
        assert features.shape == (1, 640, 2, 2)
        assert relative(features, streams(rgb, stack)) < 1e-4
        assert torch.equal(features, ready(rgb, stack))
