"""What the backbones are fed, and how the streams come together."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from skillviewer.core.errors import CheckpointError
from skillviewer.nets.backbones.backbone_entry import Normalisation
from skillviewer.nets.backbones.backbones import EFFICIENTNET, IMAGENET, backbone
from skillviewer.nets.backbones.two_stream import (
    FLOW_ACROSS_MODALITIES,
    UNIT,
    TwoStream,
    across_modalities,
    appearance_input,
    motion_input,
    recalibrate_batch_norm,
)
from skillviewer.nets.backbones.weight_sources import WEIGHT_SOURCES


def test_appearance_input_by_hand() -> None:
    rgb = torch.tensor([[[[0, 127, 255], [10, 20, 30]]]], dtype=torch.uint8)
    found = appearance_input(rgb, IMAGENET)
    assert found.shape == (1, 3, 1, 2)
    expected = [(0 / 255 - 0.485) / 0.229, (127 / 255 - 0.456) / 0.224, (255 / 255 - 0.406) / 0.225]
    torch.testing.assert_close(found[0, :, 0, 0], torch.tensor(expected))
    torch.testing.assert_close(
        appearance_input(rgb, EFFICIENTNET)[0, :, 0, 1], torch.tensor([(v - 127) / 128 for v in (10.0, 20.0, 30.0)])
    )


def test_motion_input_by_hand() -> None:
    stack = torch.full((1, 4, 8, 8), 128, dtype=torch.uint8)
    torch.testing.assert_close(motion_input(stack, UNIT, 8), torch.full((1, 4, 8, 8), 128 / 255))
    expected = torch.full((1, 4, 8, 8), (128 / 255 - 0.5) / 0.226)
    torch.testing.assert_close(motion_input(stack, FLOW_ACROSS_MODALITIES, 8), expected, atol=1e-6, rtol=0)


def test_flow_is_resized_like_a_picture_and_keeps_its_range() -> None:
    stack = np.random.default_rng(0).integers(90, 166, (1, 2, 24, 32), dtype=np.uint8)
    stack[0, 1] = np.where(stack[0, 1] > 128, 255, 0)
    found = motion_input(torch.from_numpy(stack), UNIT, 56)[0] * 255
    assert found.shape == (2, 56, 56)
    assert 0 <= float(found.min()) < float(found.max()) <= 255.001
    picture = Image.fromarray(stack[0, 0]).resize((56, 56), Image.Resampling.BICUBIC)
    # Pillow rounds to whole levels, once along each axis
    assert np.abs(np.asarray(picture, np.float32) - found[0].numpy()).max() < 1.5


def test_normalisation_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="no normalisation"):
        Normalisation((0.5,), (0.0,))
    with pytest.raises(ValueError, match="no normalisation"):
        Normalisation((0.5,), (1.0, 1.0))


def test_weights_across_modalities_respond_to_grey_flow_as_to_a_grey_picture() -> None:
    entry = backbone("efficientnet-lite0")
    torch.manual_seed(0)
    pictures, flow = entry.make(3), entry.make(20)
    flow.load_state_dict(across_modalities(pictures.state_dict(), entry.first_convolution, 20))
    first, first_flow = (trunk.get_submodule("_conv_stem") for trunk in (pictures, flow))
    grey = torch.rand(1, 1, 9, 9)
    torch.testing.assert_close(first(grey.expand(-1, 3, -1, -1)), first_flow(grey.expand(-1, 20, -1, -1)))
    assert first_flow.weight.shape == (32, 20, 3, 3)
    rest = [k for k in pictures.state_dict() if k != entry.first_convolution]
    assert all(torch.equal(pictures.state_dict()[k], flow.state_dict()[k]) for k in rest)


def test_recalibrated_statistics_are_those_of_the_inputs() -> None:
    torch.manual_seed(0)
    trunk = nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3)).eval()
    trunk[1].running_mean.fill_(7)  # type: ignore[operator]
    trunk[1].num_batches_tracked.fill_(5)  # type: ignore[operator]
    batches = [torch.randn(4, 2, 5, 5) + i for i in range(3)]
    weights = {k: v.clone() for k, v in trunk.state_dict().items() if k.endswith(("weight", "bias"))}
    recalibrate_batch_norm(trunk, iter(batches))
    with torch.no_grad():
        before = [trunk[0](batch).transpose(0, 1).flatten(1) for batch in batches]
    state = trunk.state_dict()
    torch.testing.assert_close(state["1.running_mean"], torch.stack([b.mean(1) for b in before]).mean(0))
    torch.testing.assert_close(state["1.running_var"], torch.stack([b.var(1) for b in before]).mean(0))
    assert all(torch.equal(state[name], value) for name, value in weights.items())
    assert not trunk.training
    assert not trunk[1].training
    assert trunk[1].momentum == 0.1
    with pytest.raises(ValueError, match="on nothing"):
        recalibrate_batch_norm(trunk, [])


def test_appearance_comes_before_motion() -> None:
    streams = TwoStream(nn.AvgPool2d(32), nn.AvgPool2d(32), UNIT, UNIT, 64).eval()
    rgb = torch.zeros(1, 64, 64, 3, dtype=torch.uint8)
    rgb[..., 0] = 51
    stack = torch.zeros(1, 4, 20, 30, dtype=torch.uint8)
    stack[:, 3] = 255
    features = streams(rgb, stack)
    assert features.shape == (1, 3 + 4, 2, 2)
    torch.testing.assert_close(features.mean(dim=(0, 2, 3)), torch.tensor([0.2, 0, 0, 0, 0, 0, 1]))


def test_unknown_backbone_lists_the_known() -> None:
    with pytest.raises(CheckpointError, match=r"no backbone “vgg”.*resnet101"):
        backbone("vgg")


def test_sources_of_weights_name_backbones_and_digests() -> None:
    for source in WEIGHT_SOURCES:
        assert backbone(source.name).name == source.name
        assert source.url.startswith("https://")
        assert source.url.endswith(f"-{source.sha256_prefix}.pth")
        assert len(source.sha256_prefix) == 8
        int(source.sha256_prefix, 16)


def test_a_stream_that_is_trained_as_published_starts_with_weights_that_are_not_scaled() -> None:
    entry = backbone("alexnet")
    pictures = entry.make(3).state_dict()
    first = entry.first_convolution
    found = across_modalities(pictures, first, 10, rescale=False)[first]
    torch.testing.assert_close(found, pictures[first].mean(dim=1, keepdim=True).expand_as(found))
    scaled = across_modalities(pictures, first, 10)[first]
    torch.testing.assert_close(scaled, found * 3 / 10)


def test_alexnet_computes_six_cells_from_its_smallest_picture_on() -> None:
    """Its last pooling makes six of any number of cells, where the layers before it leave any."""
    entry = backbone("alexnet")
    layers = entry.make(1).get_submodule("features")
    with torch.inference_mode():
        cells = [layers(torch.zeros(1, 1, px, px)).shape[-1] for px in (entry.least_px - 1, entry.least_px)]
    assert cells == [5, entry.grid(entry.least_px)[0]] == [5, 6]
