"""Numbers of the flow stacks of sampled frames: the input of ``motion``, kept when features are computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.arrays import Float32Array, IntArray, Picture
from skillviewer.core.progress import CancelToken
from skillviewer.core.video.extents import ClipRange
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.features.cache import FeatureCache
from skillviewer.engine.features.frame_inputs import sampling_of
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention_models.motion import FLOW_NUMBERS

if TYPE_CHECKING:
    from skillviewer.engine.features.source import FeatureSource

FLOW_NUMBERS_VERSION = 1
"""Raised whenever the same flow gives other numbers."""

_MOVING_PX, _STILL_PX, _PEAK = 0.5, 0.2, 0.95


def flow_numbers(flow: Picture, bound_px: float) -> Float32Array:
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
    moved = (flow[:, ::2, ::2].astype(np.float32) - 128) * np.float32(2 * bound_px / 255)  # 128 is no motion
    fields = moved.reshape(-1, 2, *moved.shape[1:])
    lengths = np.hypot(fields[:, 0], fields[:, 1])
    by_field, mean = lengths.mean(axis=(1, 2)), fields.mean(axis=(2, 3))
    coherence = np.hypot(mean[:, 0], mean[:, 1]) / np.maximum(by_field, 1e-6)
    differences = [np.diff(fields, n, axis=0) for n in (1, 2)]
    rough = [np.hypot(d[:, 0], d[:, 1]).mean() if len(d) else 0.0 for d in differences]
    at = int(_PEAK * (lengths.size - 1))
    peak, moving = np.partition(lengths, at, axis=None)[at], (lengths > _MOVING_PX).mean()
    found = (lengths.mean(), lengths.std(), peak, moving, coherence.mean(), *rough, (by_field < _STILL_PX).mean())
    return np.array(found, np.float32)


def numbers_of_pass(numbers: Mapping[int, Float32Array], positions: IntArray) -> NDArray[np.float16]:
    """Return (N, 8, 1, 1) the numbers at the (N,) positions of a pass."""
    return np.stack([numbers[at] for at in positions.tolist()])[..., None, None].astype(np.float16)


@dataclass(frozen=True, slots=True)
class FlowSource:
    """Source of the numbers of flow stacks: the cache if it has them, else the video.

    Attributes:
        features: Source of features of the same videos, whose flow it shares.
    """

    features: "FeatureSource"

    @property
    def cache(self) -> FeatureCache:
        """Cache of the numbers."""
        return self.features.cache

    @property
    def preprocessing(self) -> Preprocessing:
        """Preprocessing of the videos."""
        return self.features.preprocessing

    @property
    def frame_bytes(self) -> int:
        """Bytes kept of one sampled frame."""
        return 2 * len(FLOW_NUMBERS)

    def passes(
        self, reader: VideoReader, n_passes: int, token: CancelToken, extent: ClipRange | None = None
    ) -> Sequence[NDArray[np.float16]]:
        """Return the numbers of the sampled frames of K passes, each (N, 8, 1, 1) float16.

        Args:
            reader: The open video.
            n_passes: K.
            token: Checked after every sampled frame.
            extent: The part of the video to sample, or None for all of it.
        """
        source, bound = self.features, self.preprocessing.flow.bound_px
        sampling = sampling_of(reader.describe(token), self.preprocessing, n_passes, extent)
        keys = source.flow_keys(reader.info, sampling)
        shape = (sampling.positions.shape[1], len(FLOW_NUMBERS), 1, 1)
        kept = [self.cache.get(key, shape) for key in keys]
        gone = [row for row, one in zip(sampling.positions, kept, strict=True) if one is None]
        numbers = {}
        for item in source.inputs(reader, sampling, np.unique(gone), token) if gone else ():
            token.check()
            numbers[item.position] = flow_numbers(item.flow, bound)
        found = []
        for key, row, one in zip(keys, sampling.positions, kept, strict=True):
            found.append(numbers_of_pass(numbers, row) if one is None else one)
            if one is None:
                self.cache.put(key, found[-1])
        return found
