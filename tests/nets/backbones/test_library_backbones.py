"""Backbones of timm and torchvision by name: their grids are the libraries' own, on random weights."""

import sys
from typing import Any

import pytest
import timm
import torch
from torchvision import models

from skillviewer.core.errors import CheckpointError
from skillviewer.nets.backbones.backbone_entry import ClipSampling
from skillviewer.nets.backbones.backbone_weights import random_backbone_weights
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.deployment import deploy
from skillviewer.nets.backbones.library_backbones import library_entry
from skillviewer.nets.backbones.two_stream import FLOW_ACROSS_MODALITIES, TwoStream

DINO, SWIN = "timm/vit_small_patch14_dinov2.lvd142m", "torchvision/swin3d_t"
CPU = torch.device("cpu")


def pictures(*shape: int) -> torch.Tensor:
    return torch.randint(0, 256, (*shape, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def net_with(weights: dict[str, torch.Tensor], net: torch.nn.Module) -> Any:
    """Return a library's own network with the weights of a trunk."""
    missing, unknown = net.load_state_dict({k.removeprefix("net."): v for k, v in weights.items()}, strict=False)
    assert not unknown
    assert all(name.startswith("head.") for name in missing)
    return net.eval()


def streams(name: str, px: int) -> tuple[TwoStream, dict[str, torch.Tensor]]:
    """Return both streams as they are used, with random weights, and the weights for pictures."""
    entry, state = backbone(name), random_backbone_weights(name, 1).state
    trunk, flow = entry.make(3), torch.nn.Identity() if entry.clip is not None else entry.make(4)
    trunk.load_state_dict(state)
    made = TwoStream(trunk.eval(), flow.eval(), entry.normalisation, FLOW_ACROSS_MODALITIES, px)
    return made if entry.clip is not None else deploy(made, 2, CPU, "float32"), state


@pytest.mark.slow
def test_a_transformer_for_pictures_gives_the_librarys_tokens() -> None:
    """DINOv2 ViT-S/14 at 112 pixels: normalised by its own configuration, 8 x 8 cells in the order of the picture."""
    entry, rgb, px = backbone(DINO), pictures(1, 112, 112), 112
    both, state = streams(DINO, px)
    both.motion = torch.nn.Identity()
    with torch.no_grad():
        found = both.appearance(entry.normalisation.apply(rgb.permute(0, 3, 1, 2).float()))
        own = net_with(state, timm.create_model(DINO.removeprefix("timm/"), img_size=518, dynamic_img_size=True))
        about = timm.data.resolve_model_data_config(own)
        mean, std = (torch.tensor(about[key])[:, None, None] for key in ("mean", "std"))
        tokens = own.forward_features((rgb.permute(0, 3, 1, 2) / 255 - mean) / std)[:, 1:]
    torch.testing.assert_close(found, tokens.transpose(1, 2).reshape(1, 384, 8, 8), rtol=1e-5, atol=1e-5)
    assert (entry.n_channels, entry.grid(448), entry.clip) == (384, (32, 32), None)
    pooled = backbone(f"{DINO}@14")
    assert (pooled.n_channels, pooled.grid(448)) == (384, (14, 14))


@pytest.mark.parametrize("name", ["timm/resnet10t.c3_in1k", "timm/test_vit.r160_in1k", "timm/test_convnext.r160_in1k"])
def test_deployed_networks_are_those_of_the_library(name: str) -> None:
    """Nothing is folded or packed: the order of a library's layers is not known."""
    both, state = streams(name, 96)
    rgb, flow = pictures(2, 96, 96), torch.full((2, 4, 96, 96), 128, dtype=torch.uint8)
    with torch.no_grad():
        found = both(rgb, flow)[:, : backbone(name).n_channels]
        kwargs = {"dynamic_img_size": True} if "vit" in name else {}
        own = net_with(state, timm.create_model(name.removeprefix("timm/"), num_classes=0, **kwargs))
        wanted = own.forward_intermediates(
            backbone(name).normalisation.apply(rgb.permute(0, 3, 1, 2).float()), norm=True, intermediates_only=True
        )[-1]
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_a_space_time_network_gives_one_grid_a_clip() -> None:
    """Swin3D-T: mean and deviation over time of its last features; the mean gives the library's own answer."""
    entry = backbone(SWIN)
    both, state = streams(SWIN, 64)
    rgb = pictures(1, 8, 64, 64)
    own = net_with(state, models.video.swin3d_t())
    with torch.no_grad():
        found = both(rgb, torch.empty(0))
        clip = rgb.permute(0, 4, 1, 2, 3) / 255
        mean, std = (torch.tensor(v)[:, None, None, None] for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        grid = own.norm(own.features(own.pos_drop(own.patch_embed((clip - mean) / std))))
        answer = own((clip - mean) / std)
    assert found.shape == (1, 2 * entry.n_channels, 2, 2)
    torch.testing.assert_close(found[:, :768], grid.mean(dim=1).permute(0, 3, 1, 2), rtol=1e-5, atol=1e-5)
    deviation = grid.std(dim=1, correction=0).permute(0, 3, 1, 2)
    torch.testing.assert_close(found[:, 768:], deviation, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(own.head(found[:, :768].mean(dim=(2, 3))), answer, rtol=1e-5, atol=1e-5)
    assert (entry.clip, entry.grid(224)) == (ClipSampling(32, 15.0), (7, 7))


def test_licence_and_place_of_the_weights_are_the_librarys() -> None:
    source = library_entry(DINO).source
    assert source is not None
    assert source.terms == "timm, licence of the weights: apache-2.0"
    weights = models.video.Swin3D_T_Weights.DEFAULT
    source = library_entry(SWIN).source
    assert source is not None
    assert (source.url, f"-{source.sha256_prefix}.pth") == (weights.url, weights.url[-13:])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("timm/no_such_network", "has no network “no_such_network”"),
        ("timm/../secrets", "has no network"),
        ("torchvision/resnet18", "Choose one of: mc3_18,"),
        ("torchvision/mvit_v2_s", "no feature map before its classifier"),
        ("keras/vgg", "There is no library “keras”"),
        (f"{DINO}@many", "is no number of cells"),
        (f"{DINO}@0", "is no number of cells"),
    ],
)
def test_names_that_give_no_backbone_are_refused(name: str, words: str) -> None:
    with pytest.raises(CheckpointError, match=words):
        backbone(name)


def test_a_size_that_does_not_fit_is_refused() -> None:
    fixed = backbone("timm/levit_128s.fb_dist_in1k")
    assert fixed.grid(224) == (4, 4)
    with pytest.raises(CheckpointError, match=r"448 pixels.*input-px"):
        fixed.grid(448)


def test_without_timm_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    library_entry.cache_clear()
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(CheckpointError, match=r"pip install 'skillviewer\[backbones\]'"):
        backbone(DINO)
