"""What the motion stream starts from: weights for pictures, across modalities, or weights of its own."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from skillviewer.core.errors import CheckpointError
from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.engine.features.extractor import FeatureExtractor, local_backbone_weights, streams_of
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.frame_sources import feature_source
from skillviewer.engine.features.weight_store import weights_dir
from skillviewer.nets.backbones.backbone_weights import random_backbone_weights
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.two_stream import FLOW_ACROSS_MODALITIES, UNIT
from skillviewer.nets.checkpoint import load_checkpoint, save_checkpoint
from skillviewer.nets.configuration import CheckpointConfig
from tests.checkpoints import PREPROCESSING, tiny_checkpoint

CPU = torch.device("cpu")
NAME = "efficientnet-lite0"
LENGTH = PREPROCESSING.flow.length


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet101", "alexnet", "efficientnet-lite0"])
def test_across_modalities_every_flow_channel_gets_the_mean_over_rgb(name: str) -> None:
    weights = random_backbone_weights(name, 0)
    streams = streams_of(weights, PREPROCESSING.flow.length, PREPROCESSING.input_px)
    first = backbone(name).first_convolution
    appearance, motion = streams.appearance.state_dict(), streams.motion.state_dict()
    mean = appearance[first].mean(dim=1, keepdim=True)
    assert motion[first].shape[1] == 2 * LENGTH
    torch.testing.assert_close(motion[first], (mean * 3 / (2 * LENGTH)).expand_as(motion[first]))
    assert all(torch.equal(tensor, motion[key]) for key, tensor in appearance.items() if key != first)
    assert streams.motion_normalisation == FLOW_ACROSS_MODALITIES


@pytest.mark.slow
def test_weights_for_flow_are_used_and_a_checkpoint_finds_them_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    cache = FeatureCache(tmp_path / "features")
    with pytest.raises(CheckpointError, match="efficientnet-lite0"):
        feature_source(NAME, PREPROCESSING, CPU, "float32", cache, own_motion=True)
    own = random_backbone_weights(NAME, 3, in_channels=2 * LENGTH)
    weights_dir().mkdir(parents=True)
    save_file(own.state, weights_dir() / f"{NAME}-flow.safetensors")
    assert local_backbone_weights(NAME, flow=True).digest == own.digest
    source, backbones = feature_source(NAME, PREPROCESSING, CPU, "float32", cache, own_motion=True)
    assert not backbones.across_modalities
    assert (backbones.motion_digest, backbones.motion_normalisation) == (own.digest, UNIT)
    across, _ = feature_source(NAME, PREPROCESSING, CPU, "float32", cache)
    assert source.extractor.configuration(PREPROCESSING) != across.extractor.configuration(PREPROCESSING)
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (128, 128, 3), dtype=np.uint8)
    flow = rng.integers(0, 256, (2 * LENGTH, 48, 64), dtype=np.uint8)
    one, other = (each.extractor.features(picture, flow) for each in (source, across))
    np.testing.assert_array_equal(one[:320], other[:320])
    assert not np.allclose(one[320:], other[320:], atol=0.1)
    tiny = tiny_checkpoint(tmp_path / "tiny")
    config = CheckpointConfig(
        attention_model="full",
        sizes=tiny.config.sizes,
        preprocessing=PREPROCESSING,
        backbone=backbones,
        preset="small-study",
    )
    save_checkpoint(tmp_path / "own", config, tiny.build(), tiny.card)
    reopened = FeatureExtractor.open(load_checkpoint(tmp_path / "own"), CPU)
    np.testing.assert_array_equal(reopened.features(picture, flow), one)
