"""Features of a whole data set, computed once and mapped from the cache afterwards."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from skillviewer.core.arrays import Float32Array
from skillviewer.core.errors import DeviceError, SettingsError, SkillViewerError
from skillviewer.core.progress import CancelToken, Report, one_by_one
from skillviewer.core.video.extents import ClipRange
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.features.cache import FeatureCache
from skillviewer.engine.features.extractor import FeatureExtractor, own_backbone_weights
from skillviewer.engine.features.feature_store import AveragedStore, FeatureStore, MappedStore, Reference, reference
from skillviewer.engine.features.source import FeatureSource, FrameSource
from skillviewer.engine.runtime.device import device_errors
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.backbones.deployment import Precision
from skillviewer.nets.configuration import BackboneConfig
from skillviewer.nets.fusion import CellMean, Standardising

_MIN_SCALE = 1e-3
"""Least standard deviation: channels that hardly vary are not amplified."""


def feature_source(
    name: str,
    preprocessing: Preprocessing,
    device: torch.device,
    precision: Precision,
    cache: FeatureCache,
    *,
    own_motion: bool = False,
    before_last_block: bool = False,
) -> tuple[FeatureSource, BackboneConfig]:
    """Return frozen backbones ready for training a head on their features.

    Without motion weights of its own the motion stream starts across modalities. ``before_last_block`` ends both before
    their last block, for training that.

    Raises:
        CheckpointError: The backbone's weights are not on this computer.
        DeviceError: The device ran out of memory.
    """
    weights = own_backbone_weights(name)
    motion = own_backbone_weights(name, flow=True) if own_motion else None
    with device_errors():
        extractor = FeatureExtractor.frozen(
            weights, preprocessing, device, precision, motion=motion, before_last_block=before_last_block
        )
    return FeatureSource(cache, preprocessing, extractor), extractor.backbones


def check_room(source: FrameSource, n_videos: int, candidates: int) -> None:
    """Refuse features of videos, each in ``candidates`` passes, that the cache cannot hold, before hours of work.

    Raises:
        SettingsError: The cache is too small.
    """
    needed, room = n_videos * candidates * source.preprocessing.n_segments * source.frame_bytes, source.cache.max_bytes
    if needed > room:
        raise SettingsError(
            f"What is kept of {n_videos} videos takes {needed / 1e9:.1f} GB, and the cache holds {room / 1e9:.1f} GB. "
            "Allow it more (--cache-gb, or Settings in the window), or take fewer frames (--candidates)."
        )


def build_store(
    videos: Sequence[tuple[str, Path]],
    source: FrameSource,
    candidates: int,
    token: CancelToken,
    report: Report,
    extents: Mapping[str, ClipRange] | None = None,
) -> tuple[MappedStore, list[str]]:
    """Compute (or find) the features of videos.

    K ``candidates`` are the frames of every segment that training draws from; videos that are not in ``extents`` are
    whole files.

    Returns:
        The store, and one sentence for every video that could not be read; the others go on.

    Raises:
        DeviceError: The device ran out of memory: that is nothing about one video.
    """
    store: dict[str, list[Reference]] = {}
    problems = []
    for name, path in one_by_one("features of videos", videos, report):
        try:
            with device_errors(), VideoReader(path, token) as reader:
                found = source.passes(reader, candidates, token, (extents or {}).get(name))
                store[name] = [reference(features) for features in found]
        except DeviceError:
            raise
        except SkillViewerError as error:
            problems.append(str(error))
    return MappedStore(store), problems


def pooled(store: FeatureStore, names: Sequence[str]) -> Float32Array:
    """Return the mean feature of every video over sampled frames and cells, (n, 2F) float32."""
    return np.stack([np.asarray(store[name][0], np.float32).mean(axis=(0, 2, 3)) for name in names])


def standardise(model: nn.Module, store: FeatureStore, names: Sequence[str]) -> None:
    """Set the statistics of a fresh model that standardises features, or averages over cells, by training videos."""
    for part in model.modules():
        if isinstance(part, Standardising) and part.standardise:
            seen = AveragedStore(store) if isinstance(part, CellMean) else store
            part.set_statistics(*statistics(seen, names))


def statistics(store: FeatureStore, names: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and standard deviation of every feature channel over videos, (2F,) each; one video at a time."""
    total, squares, count = 0.0, 0.0, 0
    for name in names:
        features = np.asarray(store[name][0], np.float64)
        total = total + features.sum(axis=(0, 2, 3))
        squares = squares + (features**2).sum(axis=(0, 2, 3))
        count += features.shape[0] * features.shape[2] * features.shape[3]
    mean = np.asarray(total / count)
    scale = np.sqrt(np.maximum(np.asarray(squares / count) - mean**2, _MIN_SCALE**2))
    return torch.from_numpy(mean).float(), torch.from_numpy(scale).float()
