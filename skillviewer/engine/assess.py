"""One video through one model: frames, flow, features, attention, task state, score; step by step."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from skillviewer.core.analysis import Analysis, MapRect, Provenance
from skillviewer.core.arrays import IntArray
from skillviewer.core.familiarity import Familiarity
from skillviewer.core.job import CancelToken, Progress, Report
from skillviewer.core.pairs import Extent
from skillviewer.core.preprocessing import Preprocessing
from skillviewer.core.video import VideoInfo
from skillviewer.engine.cache import FeatureCache, FeatureKey
from skillviewer.engine.extractor import FeatureExtractor
from skillviewer.engine.inputs import Sampling, sampling_of, stream_inputs
from skillviewer.media.reader import VideoReader
from skillviewer.nets.attention import AttentionModel

Features = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class FeatureSource:
    """Where features come from: the cache where it has them, else the video.

    Attributes:
        extractor: The two backbones on their device.
        cache: What was computed before.
        preprocessing: What is done to a video before.
    """

    extractor: FeatureExtractor
    cache: FeatureCache
    preprocessing: Preprocessing

    def _keys(self, info: VideoInfo, sampling: Sampling) -> list[FeatureKey]:
        configuration = (*self.extractor.configuration(self.preprocessing), *sampling.key)
        return [FeatureKey(info.digest, configuration, tuple(row.tolist())) for row in sampling.positions]

    def n_missing(self, info: VideoInfo, passes: int, extent: Extent | None = None) -> int:
        """Return how many sampled frames of K passes over a video, or a stretch of it, have to be computed."""
        sampling = sampling_of(info, self.preprocessing, passes, extent)
        shape = (self.preprocessing.n_segments, *self.extractor.feature_shape(self.preprocessing))
        keys = self._keys(info, sampling)
        gone = [row for key, row in zip(keys, sampling.positions, strict=True) if self.cache.get(key, shape) is None]
        return len(np.unique(gone))

    @property
    def frame_bytes(self) -> int:
        """Bytes kept of one sampled frame."""
        return 2 * math.prod(self.extractor.feature_shape(self.preprocessing))

    def compute(
        self, reader: VideoReader, sampling: Sampling, positions: IntArray, token: CancelToken
    ) -> Iterator[tuple[int, Features]]:
        """Yield positions and their features, (2F, h, w) float16, computed from the video whatever is kept.

        Args:
            reader: The open video.
            sampling: Its timeline.
            positions: (p,) ascending, unique positions wanted.
            token: Checked on the way from one to the next.
        """
        batch, size = self.extractor.flow_batch(self.preprocessing.flow.algorithm), self.extractor.frame_size
        for item in stream_inputs(reader, self.preprocessing, sampling.timeline, positions, size, batch, token):
            yield item.position, self.extractor.features(item.rgb, item.flow)

    def steps(self, reader: VideoReader, sampling: Sampling, token: CancelToken) -> Iterator[Features]:
        """Yield the features of one step after the other, for all passes at once.

        Args:
            reader: The open video.
            sampling: Which frames.
            token: Checked after every sampled frame.

        Yields:
            (K, 2F, h, w) float16, N times.
        """
        n = sampling.positions.shape[1]
        shape = (n, *self.extractor.feature_shape(self.preprocessing))
        keys = self._keys(reader.info, sampling)
        passes = [self.cache.get(key, shape) for key in keys]
        missing = [i for i, features in enumerate(passes) if features is None]
        if not missing:
            for step in range(n):
                token.check()
                yield np.stack([features[step] for features in passes if features is not None])
            return
        computed = {i: np.empty(shape, np.float16) for i in missing}
        full = [computed[i] if features is None else features for i, features in enumerate(passes)]
        wanted = np.unique(sampling.positions[missing])
        last_needed = sampling.positions[missing].max(axis=0)  # a step is ready once this position is done
        step = 0
        for position, features in self.compute(reader, sampling, wanted, token):
            token.check()
            for i in missing:
                computed[i][sampling.positions[i] == position] = features
            while step < n and last_needed[step] <= position:
                yield np.stack([rows[step] for rows in full])
                step += 1
        reader.check_unchanged()
        for i in missing:
            self.cache.put(keys[i], computed[i])

    def passes(
        self, reader: VideoReader, passes: int, token: CancelToken, extent: Extent | None = None
    ) -> list[Features]:
        """Return the features of K passes over a video or a stretch of it, each (N, 2F, h, w) float16.

        They are mapped from the cache where it has them.
        """
        sampling = sampling_of(reader.describe(token), self.preprocessing, passes, extent)
        shape = (self.preprocessing.n_segments, *self.extractor.feature_shape(self.preprocessing))
        keys = self._keys(reader.info, sampling)
        found = [self.cache.get(key, shape) for key in keys]
        if any(features is None for features in found):
            computed = np.stack(list(self.steps(reader, sampling, token)), axis=1)
            # mapped again from the disk where they were kept, so that a large data set need not fit into memory
            kept = [self.cache.get(key, shape) for key in keys]
            found = [own if features is None else features for features, own in zip(kept, computed, strict=True)]
        return [features for features in found if features is not None]


class _Growing:
    """An analysis that grows by one step at a time."""

    def __init__(
        self, info: VideoInfo, extent: Extent | None, sampling: Sampling, model: AttentionModel, rect: MapRect
    ) -> None:
        self._info, self._extent, self._sampling, self._model, self._rect = info, extent, sampling, model, rect
        self._attention: list[NDArray[np.float32]] = []
        self._state: list[NDArray[np.float32]] = []
        self._score: list[NDArray[np.float64]] = []

    def add(self, attention: torch.Tensor, state: torch.Tensor, score: torch.Tensor) -> None:
        self._attention.append(attention.float().cpu().numpy())
        self._state.append(state.float().cpu().numpy())
        self._score.append(score.double().cpu().numpy())

    def so_far(self, provenance: Provenance) -> Analysis:
        done = len(self._score)
        return Analysis(
            video=self._info,
            samples=self._sampling.frames[:, :done],
            attention=np.stack(self._attention, axis=1),
            map_kind=self._model.map_kind,
            map_rect=self._rect,
            task_state=np.stack(self._state, axis=1),
            score_curve=np.stack(self._score, axis=1),
            segment_stops=self._sampling.segment_stops[:done],
            n_segments=self._sampling.positions.shape[1],
            provenance=provenance,
            extent=self._extent,
        )


def assess(
    reader: VideoReader,
    model: AttentionModel,
    source: FeatureSource,
    rect: MapRect,
    provenance: Provenance,
    passes: int,
    familiarity: Familiarity | None,
    token: CancelToken,
    report: Report,
    extent: Extent | None = None,
) -> Analysis:
    """Assess one video; the first map is reported while the rest is still to be computed.

    Args:
        reader: The open video.
        model: The attention model, in evaluation mode on its device.
        source: Where its features come from.
        rect: Where in the picture its maps lie.
        provenance: Where the numbers come from.
        passes: K.
        familiarity: What the training videos look like, or None.
        token: Checked after every sampled frame.
        report: Told of every step; ``value`` is the analysis so far.
        extent: The stretch of the video to assess, or None for all of it.

    Raises:
        DatasetError: The stretch lies outside the video.
        VideoError: The video cannot be read.
        Cancelled: Somebody raised the token.
    """
    info = reader.describe(token)
    sampling = sampling_of(info, source.preprocessing, passes, extent)
    n = sampling.positions.shape[1]
    device = next(model.parameters()).device
    growing = _Growing(info, extent, sampling, model, rect)
    fused: list[torch.Tensor] = []
    pooled = np.zeros(2 * source.extractor.n_channels, np.float64)
    state = None
    with torch.inference_mode():
        for done, features in enumerate(source.steps(reader, sampling, token), start=1):
            pooled += features.astype(np.float32).mean(axis=(0, 2, 3))
            tensor = torch.from_numpy(features).to(device).float()
            fused_t = model.fuse(tensor[:, None])[:, 0]
            if model.needs_whole_video:
                fused.append(fused_t)
                report(Progress("looking", done, n))
                continue
            if state is None:
                state = model.initial_state(passes, None, tensor)
            out = model.step(fused_t, state)
            state = out.state
            growing.add(out.attention, out.task_state, out.score)
            report(Progress("looking", done, n, growing.so_far(provenance)))
        if model.needs_whole_video:
            state = model.initial_state(passes, torch.stack(fused, dim=1), fused[0])
            for fused_t in fused:
                out = model.step(fused_t, state)
                state = out.state
                growing.add(out.attention, out.task_state, out.score)
    mean = (pooled / n).astype(np.float32)
    whole = growing.so_far(provenance)
    if familiarity is None:
        return replace(whole, pooled=mean)
    return replace(whole, pooled=mean, warning=familiarity.warning(mean), strangeness=familiarity.strangeness(mean))
