"""Sources of features and other numbers of sampled frames, from the cache or else from the video."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from skillviewer.core.arrays import IntArray
from skillviewer.core.hashing import values_sha256
from skillviewer.core.progress import CancelToken
from skillviewer.core.video.clips import ClipRange
from skillviewer.core.video.info import VideoInfo
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.features.decoding_pace import record_decoding
from skillviewer.engine.features.extractor import FeatureExtractor, local_backbone_weights
from skillviewer.engine.features.feature_cache import FeatureCache, FeatureKey
from skillviewer.engine.features.flow_numbers import flow_numbers
from skillviewer.engine.features.frame_inputs import SampledInput, Sampling, sampling_of, stream_inputs
from skillviewer.engine.runtime.device import device_errors
from skillviewer.engine.runtime.pace import PaceTimer
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.backbones.backbone_entry import ClipSampling
from skillviewer.nets.backbones.deployment import Precision
from skillviewer.nets.configuration import BackboneConfig
from skillviewer.nets.number_inputs import FLOW_NUMBERS

_FLOW_NUMBERS_VERSION = 1
"""Number to raise when the same flow gives other numbers, so that the cache computes them again."""

Features = NDArray[np.float16]
Configuration = tuple[tuple[str, str | int | float | None], ...]


@dataclass(frozen=True, slots=True)
class FrameSource(ABC):
    """Source of numbers of sampled frames, such as features, from the cache or else from the video."""

    cache: FeatureCache
    preprocessing: Preprocessing
    dtype: ClassVar[type[np.generic]] = np.float16

    @property
    @abstractmethod
    def configuration(self) -> Configuration:
        """All settings that decide the numbers of given frames, for the cache's key."""

    @property
    @abstractmethod
    def frame_shape(self) -> tuple[int, int, int]:
        """(2F, h, w) of one sampled frame."""

    @abstractmethod
    def compute(
        self, reader: VideoReader, sampling: Sampling, positions: IntArray, token: CancelToken
    ) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield positions and their numbers, (2F, h, w), computed from the video without the cache.

        Args:
            reader: The open video.
            sampling: Sampled frames, with the timeline of the video.
            positions: (p,) ascending, unique positions.
            token: Checked between positions.
        """

    @property
    def recipe(self) -> str:
        """Digest of all settings that decide features, without the video and its range."""
        return values_sha256(self.configuration, asdict(self.preprocessing))

    def sampling(self, info: VideoInfo, n_passes: int, clip_range: ClipRange | None = None) -> Sampling:
        """Return the sampled frames of K passes over a video, or over a range of it."""
        return sampling_of(info, self.preprocessing, n_passes, clip_range)

    def _keys(self, info: VideoInfo, sampling: Sampling) -> list[FeatureKey]:
        configuration = (*self.configuration, *sampling.cache_key)
        recipe = self.recipe
        return [
            FeatureKey(info.digest, configuration, tuple(positions), recipe)
            for positions in sampling.positions.tolist()
        ]

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sampled frame in the cache."""
        return np.dtype(self.dtype).itemsize * math.prod(self.frame_shape)

    def steps(self, reader: VideoReader, sampling: Sampling, token: CancelToken) -> Iterator[NDArray[Any]]:
        """Yield the numbers of each step for all passes at once.

        The token is checked after every sampled frame.

        Yields:
            (K, 2F, h, w), N times.
        """
        n_steps = sampling.positions.shape[1]
        shape = (n_steps, *self.frame_shape)
        keys = self._keys(reader.info, sampling)
        cached_passes = [self.cache.get(key, shape) for key in keys]
        missing = [index for index, features in enumerate(cached_passes) if features is None]
        computed_passes = {index: np.empty(shape, self.dtype) for index in missing}
        passes = []
        for index, features in enumerate(cached_passes):
            if features is None:
                passes.append(computed_passes[index])
            else:
                passes.append(features)
        if not missing:
            for step in range(n_steps):
                token.check()
                yield np.stack([features[step] for features in passes])
            return
        missing_positions = sampling.positions[missing]
        uncached_positions = np.unique(missing_positions)
        last_needed = missing_positions.max(axis=0)  # a step is ready once this position is computed
        step = 0
        timer = PaceTimer()
        decoding_before_s = reader.decoding_s
        for position, features in self.compute(reader, sampling, uncached_positions, token):
            token.check()
            for index in missing:
                computed_passes[index][sampling.positions[index] == position] = features
            while step < n_steps and last_needed[step] <= position:
                yield np.stack([pass_features[step] for pass_features in passes])
                step += 1
        reader.check_unchanged()
        decoding_s = reader.decoding_s - decoding_before_s
        timer.record(f"frame {self.recipe}", len(uncached_positions), decoding_s)
        start, stop = (0, reader.info.n_frames) if sampling.part is None else sampling.part
        record_decoding(reader.info, stop - start, decoding_s)
        for index in missing:
            self.cache.put(keys[index], computed_passes[index])

    def cached_passes(
        self, info: VideoInfo, n_passes: int, clip_range: ClipRange | None = None
    ) -> list[NDArray[Any]] | None:
        """Return the cached numbers of K passes over a video or a range of it, or None if some are not cached.

        The numbers are memory maps, each (N, 2F, h, w); the video is not opened.
        """
        sampling = self.sampling(info, n_passes, clip_range)
        shape = (sampling.positions.shape[1], *self.frame_shape)
        passes = []
        for key in self._keys(info, sampling):
            features = self.cache.get(key, shape)
            if features is None:
                return None
            passes.append(features)
        return passes

    def passes(
        self, reader: VideoReader, n_passes: int, token: CancelToken, clip_range: ClipRange | None = None
    ) -> list[NDArray[Any]]:
        """Return the numbers of K passes over a video or a range of it, each (N, 2F, h, w).

        Numbers in the cache are memory maps.
        """
        info = reader.read_info(token)
        cached_passes = self.cached_passes(info, n_passes, clip_range)
        if cached_passes is not None:
            return cached_passes
        sampling = self.sampling(info, n_passes, clip_range)
        shape = (sampling.positions.shape[1], *self.frame_shape)
        keys = self._keys(info, sampling)
        computed = np.stack(list(self.steps(reader, sampling, token)), axis=1)
        # read back from the cache as memory maps, so that a large data set need not fit into memory
        passes = []
        for key, computed_pass in zip(keys, computed, strict=True):
            features = self.cache.get(key, shape)
            if features is None:
                passes.append(computed_pass)
            else:
                passes.append(features)
        return passes


@dataclass(frozen=True, slots=True)
class FeatureSource(FrameSource):
    """Source of features, (2F, h, w) float16 per sampled frame."""

    extractor: FeatureExtractor
    caches_flow: bool = False  # whether to cache numbers of the flow stacks too, so that a video is decoded only once

    @property
    def flow_source(self) -> "FlowSource":
        """Source of numbers of the flow stacks that features are computed from."""
        return FlowSource(self.cache, self.preprocessing, self.extractor)

    @property
    def configuration(self) -> Configuration:
        """All settings that decide the features of given frames, for the cache's key."""
        return self.extractor.configuration(self.preprocessing)

    @property
    def frame_shape(self) -> tuple[int, int, int]:
        """(2F, h, w)."""
        return self.extractor.feature_shape(self.preprocessing)

    def compute(
        self, reader: VideoReader, sampling: Sampling, positions: IntArray, token: CancelToken
    ) -> Iterator[tuple[int, Features]]:
        """Yield positions and their features."""
        flow_source = self.flow_source
        numbers_by_position = dict[int, Features]()
        inputs = stream_inputs(
            reader,
            self.preprocessing,
            sampling.timeline,
            positions,
            size=self.extractor.frame_size,
            batch=self.extractor.flow_batch(self.preprocessing.flow.algorithm),
            token=token,
            clip=self.clip,
            crop=sampling.crop,
        )
        for sampled_input in inputs:
            position = sampled_input.position
            if self.caches_flow and sampled_input.flow.size:
                numbers_by_position[position] = flow_source.compute_frame(sampled_input)
            yield position, self.compute_frame(sampled_input)
        if numbers_by_position:
            reader.check_unchanged()
            flow_source.put(reader.info, sampling, numbers_by_position)

    @property
    def clip(self) -> ClipSampling | None:
        """Sampling of the frames at every sampled position, or None for one frame and its flow stack."""
        return self.extractor.clip

    def compute_frame(self, sampled_input: SampledInput) -> Features:
        """Return the features of one sampled frame, (2F, h, w) float16."""
        return self.extractor.features(sampled_input.rgb, sampled_input.flow)


class FlowSource(FeatureSource):
    """Source of the numbers of flow stacks instead of features, (8, 1, 1) float16 per sampled frame."""

    @property
    def configuration(self) -> Configuration:
        """All settings that decide the numbers of given frames, for the cache's key."""
        settings = super().configuration
        flow_settings = [(name, value) for name, value in settings if name.startswith(("flow", "rate"))]
        return ("flow numbers", _FLOW_NUMBERS_VERSION), *flow_settings

    @property
    def frame_shape(self) -> tuple[int, int, int]:
        """(8, 1, 1)."""
        return len(FLOW_NUMBERS), 1, 1

    @property
    def clip(self) -> None:
        """None, since the numbers need flow stacks, also if the backbone takes clips."""
        return

    def put(self, info: VideoInfo, sampling: Sampling, numbers: Mapping[int, Features]) -> None:
        """Cache the numbers, given by position, of every pass that has all of its positions."""
        keys = self._keys(info, sampling)
        for key, positions in zip(keys, sampling.positions.tolist(), strict=True):
            if all(position in numbers for position in positions):
                self.cache.put(key, np.stack([numbers[position] for position in positions]))

    def compute_frame(self, sampled_input: SampledInput) -> Features:
        """Return the numbers of one sampled frame."""
        numbers = flow_numbers(sampled_input.flow, self.preprocessing.flow.bound_px)
        return numbers[:, None, None].astype(np.float16)


def feature_source(
    backbone_name: str,
    preprocessing: Preprocessing,
    device: torch.device,
    precision: Precision,
    cache: FeatureCache,
    *,
    own_motion: bool = False,
    before_last_block: bool = False,
) -> tuple[FeatureSource, BackboneConfig]:
    """Return the source of features by frozen backbones, and these backbones.

    Args:
        backbone_name: Entry in BACKBONES.
        preprocessing: Preprocessing of the videos.
        device: Device of the backbones.
        precision: Number type of the features.
        cache: Cache of the features.
        own_motion: Whether the motion stream has weights trained on flow; else it starts across modalities.
        before_last_block: Whether to return the inputs of the last blocks, for training these.

    Raises:
        CheckpointError: The backbone's weights are not on this computer.
        DeviceError: The device ran out of memory.
    """
    weights = local_backbone_weights(backbone_name)
    motion_weights = local_backbone_weights(backbone_name, flow=True) if own_motion else None
    with device_errors():
        extractor = FeatureExtractor.frozen(
            weights, preprocessing, device, precision, motion=motion_weights, before_last_block=before_last_block
        )
    return FeatureSource(cache, preprocessing, extractor), extractor.backbones
