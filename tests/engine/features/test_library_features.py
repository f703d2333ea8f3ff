"""Features of a network of a library: weights from a file, clips around a position, a checkpoint that finds them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from skillviewer.core.errors import CheckpointError
from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.core.progress import CancelToken
from skillviewer.engine.features.extractor import local_backbone_weights
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.frame_inputs import sampling_of, stream_inputs
from skillviewer.engine.features.frame_sources import FlowSource, feature_source
from skillviewer.engine.features.weight_store import weight_files, weights_dir
from skillviewer.engine.inference.engine import Engine
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention_models.spatial import SpatialModel
from skillviewer.nets.backbones.backbone_entry import ClipSampling
from skillviewer.nets.backbones.backbone_weights import random_backbone_weights
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.checkpoint import save_checkpoint
from skillviewer.nets.configuration import CheckpointConfig
from tests.checkpoints import PREPROCESSING, SIZES, tiny_checkpoint
from tests.videos import read_barcode, write_barcode_video

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))


def put_weights(name: str) -> None:
    """Put random weights where those of a library's network are looked for, under the library's own names."""
    path = weights_dir() / f"{name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({k.removeprefix("net."): v for k, v in random_backbone_weights(name, 0).state.items()}, path)


@pytest.mark.parametrize(("rate_hz", "step"), [(None, 2), (10.0, 1)])
def test_a_clip_is_made_of_the_frames_around_its_position(tmp_path: Path, rate_hz: float | None, step: int) -> None:
    """At 30 frames a second every second frame is taken for a clip at 15; none lies outside the video."""
    path = write_barcode_video(tmp_path / "v.mp4", 60).path
    preprocessing = replace(PREPROCESSING, rate_hz=rate_hz)
    with VideoReader(path) as reader:
        line = sampling_of(reader.info, preprocessing, 1).timeline
        positions = np.array([0, 3, len(line) // 2, len(line) - 1])
        found = list(stream_inputs(reader, preprocessing, line, positions, (160, 96), clip=ClipSampling(6, 15.0)))
    for item, position in zip(found, positions, strict=True):
        near = np.clip(position + step * np.arange(-3, 3), 0, len(line) - 1)
        assert [read_barcode(frame) for frame in item.rgb] == line[near].tolist()
        assert item.flow.size == 0


@pytest.mark.slow
@pytest.mark.parametrize(("name", "px", "cells"), [("timm/test_vit.r160_in1k@4", 96, 4), ("torchvision/mc3_18", 48, 3)])
def test_a_checkpoint_scores_with_a_librarys_network(tmp_path: Path, name: str, px: int, cells: int) -> None:
    file = name.partition("@")[0]
    with pytest.raises(CheckpointError, match=f"skillviewer weights fetch {file}, or put a library state dict at"):
        local_backbone_weights(name)
    put_weights(file)
    assert dict(weight_files())[file] is not None
    preprocessing, cache = replace(PREPROCESSING, n_segments=3, input_px=px), FeatureCache(tmp_path / "cache")
    source, backbones = feature_source(name, preprocessing, CPU, "float32", cache)
    n_channels = 2 * backbone(name).n_channels
    sizes = replace(SIZES, feature_channels=n_channels, grid=(cells, cells))
    config = CheckpointConfig(
        attention_model="full", sizes=sizes, preprocessing=preprocessing, backbone=backbones, preset="small-study"
    )
    card = tiny_checkpoint(tmp_path / "other").card
    save_checkpoint(tmp_path / "model", config, SpatialModel(sizes, context="both"), card)
    video = write_barcode_video(tmp_path / "v.mp4", 40).path
    with Engine.open(str(tmp_path / "model"), "cpu", FeatureCache(tmp_path / "other cache")) as engine:
        analysis = engine.assess(video, 1)
    assert analysis.provenance.backbone == name
    with VideoReader(video) as reader:
        sampling = sampling_of(reader.info, preprocessing, 1)
        features = dict(source.compute(reader, sampling, sampling.positions[0], CancelToken()))
        # the control "motion" takes flow, whatever the backbone takes
        flow = FlowSource(cache, preprocessing, source.extractor)
        numbers = dict(flow.compute(reader, sampling, sampling.positions[0], CancelToken()))
    assert {p: one.shape for p, one in numbers.items()} == dict.fromkeys(features, (8, 1, 1))
    mean = np.mean([features[p].astype(np.float64).mean(axis=(1, 2)) for p in sampling.positions[0]], axis=0)
    assert mean.shape == (n_channels,)
    assert analysis.mean_feature is not None
    np.testing.assert_allclose(analysis.mean_feature, mean, rtol=1e-3, atol=1e-4)


def test_clips_take_no_weights_for_flow() -> None:
    with pytest.raises(CheckpointError, match="motion-weights"):
        local_backbone_weights("torchvision/mc3_18", flow=True)
