"""Sources of features and other numbers of sampled frames, from the cache or else from the video."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.arrays import Float32Array, IntArray, RGBImage
from skillviewer.core.hashing import values_sha256
from skillviewer.core.progress import CancelToken
from skillviewer.core.video.clips import ClipRange
from skillviewer.core.video.info import VideoInfo
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.features.cache import FeatureCache, FeatureKey
from skillviewer.engine.features.decoding_pace import record_decoding
from skillviewer.engine.features.extractor import FeatureExtractor
from skillviewer.engine.features.frame_inputs import SampledInput, Sampling, sampling_of, stream_inputs
from skillviewer.engine.runtime.pace import PaceTimer
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.backbones.backbone_entry import ClipSampling
from skillviewer.nets.number_inputs import FLOW_NUMBERS

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
        return [FeatureKey(info.digest, configuration, tuple(row.tolist()), recipe) for row in sampling.positions]

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
        cached = [self.cache.get(key, shape) for key in keys]
        missing = [i for i, features in enumerate(cached) if features is None]
        if not missing:
            for step in range(n_steps):
                token.check()
                yield np.stack([features[step] for features in cached if features is not None])
            return
        computed = {i: np.empty(shape, self.dtype) for i in missing}
        passes = [computed[i] if features is None else features for i, features in enumerate(cached)]
        uncached = np.unique(sampling.positions[missing])
        last_needed = sampling.positions[missing].max(axis=0)  # a step is ready once this position is computed
        step = 0
        timer = PaceTimer()
        decoding_before_s = reader.decoding_s
        for position, features in self.compute(reader, sampling, uncached, token):
            token.check()
            for i in missing:
                computed[i][sampling.positions[i] == position] = features
            while step < n_steps and last_needed[step] <= position:
                yield np.stack([pass_features[step] for pass_features in passes])
                step += 1
        reader.check_unchanged()
        decoding_s = reader.decoding_s - decoding_before_s
        timer.record(f"frame {self.recipe}", len(uncached), decoding_s)
        start, stop = sampling.part or (0, reader.info.n_frames)
        record_decoding(reader.info, stop - start, decoding_s)
        for i in missing:
            self.cache.put(keys[i], computed[i])

    def passes(
        self, reader: VideoReader, n_passes: int, token: CancelToken, clip_range: ClipRange | None = None
    ) -> list[NDArray[Any]]:
        """Return the numbers of K passes over a video or a range of it, each (N, 2F, h, w).

        Numbers in the cache are memory maps.
        """
        sampling = self.sampling(reader.describe(token), n_passes, clip_range)
        shape = (sampling.positions.shape[1], *self.frame_shape)
        keys = self._keys(reader.info, sampling)
        cached = [self.cache.get(key, shape) for key in keys]
        cached_passes = [features for features in cached if features is not None]
        if len(cached_passes) == len(keys):
            return cached_passes
        computed = np.stack(list(self.steps(reader, sampling, token)), axis=1)
        # read back from the cache as memory maps, so that a large data set need not fit into memory
        passes = []
        for key, computed_pass in zip(keys, computed, strict=True):
            features = self.cache.get(key, shape)
            passes.append(computed_pass if features is None else features)
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
        for item in inputs:
            if self.caches_flow and item.flow.size:
                numbers_by_position[item.position] = flow_source.compute_frame(item)
            yield item.position, self.compute_frame(item)
        if numbers_by_position:
            reader.check_unchanged()
            flow_source.put(reader.info, sampling, numbers_by_position)

    @property
    def clip(self) -> ClipSampling | None:
        """Sampling of the frames at every sampled position, or None for one frame and its flow stack."""
        return self.extractor.clip

    def compute_frame(self, item: SampledInput) -> Features:
        """Return the features of one sampled frame, (2F, h, w) float16."""
        return self.extractor.features(item.rgb, item.flow)


_VERSION = 1
"""Number that is raised when the same flow gives other numbers."""
_MOVING_PX = 0.5
_STILL_PX = 0.2
_PEAK_QUANTILE = 0.95


def flow_numbers(flow: RGBImage, bound_px: float) -> Float32Array:
    """Return the numbers of a flow stack, (8,) float32 in the order of ``FLOW_NUMBERS``.

    Displacements are in pixels per frame, of every second pixel of every second row. Speed is their mean length, spread
    the standard deviation and peak the 95th percentile of the lengths; moving is the share above 0.5 pixels. Coherence
    is the length of the mean displacement of a field divided by the mean length, mean over the fields. Acceleration and
    jerk are the mean lengths of the first and second differences of successive fields, and still is the share of fields
    with a mean length below 0.2 pixels.

    Args:
        flow: (2L, h, w) uint8, quantised, x and y of every field in turn.
        bound_px: Displacement that saturates.
    """
    displacements = (flow[:, ::2, ::2].astype(np.float32) - 128) * np.float32(2 * bound_px / 255)  # 128 is no motion
    fields = displacements.reshape(-1, 2, *displacements.shape[1:])
    lengths = _lengths(fields)
    field_lengths = lengths.mean(axis=(1, 2))
    coherence = _lengths(fields.mean(axis=(2, 3))) / np.maximum(field_lengths, 1e-6)
    first_differences = np.diff(fields, 1, axis=0)
    second_differences = np.diff(fields, 2, axis=0)
    acceleration = _lengths(first_differences).mean() if len(first_differences) else 0.0
    jerk = _lengths(second_differences).mean() if len(second_differences) else 0.0
    peak_index = int(_PEAK_QUANTILE * (lengths.size - 1))
    peak = np.partition(lengths, peak_index, axis=None)[peak_index]
    moving = (lengths > _MOVING_PX).mean()
    still = (field_lengths < _STILL_PX).mean()
    numbers = (lengths.mean(), lengths.std(), peak, moving, coherence.mean(), acceleration, jerk, still)
    return np.array(numbers, np.float32)


def _lengths(vectors: Float32Array) -> Float32Array:
    """Return the lengths of vectors (n, 2, ...), whose second axis has x and y."""
    lengths: Float32Array = np.hypot(vectors[:, 0], vectors[:, 1])
    return lengths


class FlowSource(FeatureSource):
    """Source of the numbers of flow stacks instead of features, (8, 1, 1) float16 per sampled frame."""

    @property
    def configuration(self) -> Configuration:
        """All settings that decide the numbers of given frames, for the cache's key."""
        flow = [(name, value) for name, value in super().configuration if name.startswith(("flow", "rate"))]
        return ("flow numbers", _VERSION), *flow

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
        for key, positions in zip(self._keys(info, sampling), sampling.positions.tolist(), strict=True):
            if all(position in numbers for position in positions):
                self.cache.put(key, np.stack([numbers[position] for position in positions]))

    def compute_frame(self, item: SampledInput) -> Features:
        """Return the numbers of one sampled frame."""
        return flow_numbers(item.flow, self.preprocessing.flow.bound_px)[:, None, None].astype(np.float16)
