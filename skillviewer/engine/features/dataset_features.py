"""Features of a whole data set, computed once and mapped from the cache afterwards."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from torch import nn

from skillviewer.core.arrays import Float32Array
from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.errors import DeviceError, SettingsError, SkillViewerError
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.clips import ClipRange, VideoClip
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.features.cache import FeatureCache
from skillviewer.engine.features.extractor import FeatureExtractor, own_backbone_weights
from skillviewer.engine.features.feature_store import AveragedStore, FeatureStore, MappedStore, Reference, reference
from skillviewer.engine.features.source import FeatureSource, FrameSource
from skillviewer.engine.features.video_facts import facts_of, files_of
from skillviewer.engine.runtime.device import device_errors
from skillviewer.engine.runtime.processes import JobResult
from skillviewer.engine.runtime.workers import Workers, work
from skillviewer.media.flow.flow import warm_up
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.backbones.deployment import Precision
from skillviewer.nets.configuration import BackboneConfig
from skillviewer.nets.fusion import CellMean, Standardising

LOCAL_WORKERS = Workers()
TRIED_FRAMES = 3
"""Sampled frames that are tried; the first is not counted, for it waits for weights and kernels."""

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


def sampled_frames(source: FrameSource, dataset: Dataset, candidates: int, token: CancelToken, report: Report) -> int:
    """Return the sampled frames of all videos, in ``candidates`` passes; opens every video if its length matters."""
    if source.preprocessing.segment_s is None:
        return len(files_of(dataset)) * candidates * source.preprocessing.n_segments
    all_facts = facts_of(dataset, source.preprocessing, token, report)[0].values()
    return candidates * sum(len(video_facts.frames) for video_facts in all_facts)


def check_room(source: FrameSource, n_videos: int, n_frames: int) -> str:
    """Refuse features of videos, with so many sampled frames in all, that the cache cannot hold, before hours of work.

    Returns:
        Their size and that of the cache, in a sentence.

    Raises:
        SettingsError: The cache is too small.
    """
    needed = n_frames * source.frame_bytes
    room = source.cache.max_bytes
    if needed > room:
        raise SettingsError(
            f"What is kept of {n_videos} videos takes {needed / 1e9:.1f} GB, and the cache holds {room / 1e9:.1f} GB. "
            "Allow it more (--cache-gb, or Settings in the window), or take fewer frames (--candidates)."
        )
    return f"Features take up to {max(needed, 1e7) / 1e9:,.2f} GB of the {room / 1e9:,.2f} GB in {source.cache.folder}."


def frame_seconds(source: FrameSource, clip: VideoClip, token: CancelToken, report: Report) -> float:
    """Return the seconds that one sampled frame takes, tried on a video: decoding, flow and both backbones."""
    if source.preprocessing.flow.algorithm.startswith("tvl1"):
        warm_up(lambda text: report(Progress(text)))
    with VideoReader(clip.path, token) as reader:
        sampling = source.sampling(reader.describe(token), 1, clip.clip_range)
        positions = np.unique(sampling.positions[0])[:TRIED_FRAMES]
        began = perf_counter()
        n = 0
        for _ in source.compute(reader, sampling, positions, token):
            token.check()
            if n == 0 and len(positions) > 1:
                began = perf_counter()
            n += 1
    return (perf_counter() - began) / max(n - 1, 1)


def tell_cost(source: FrameSource, dataset: Dataset, candidates: int, token: CancelToken, report: Report) -> None:
    """Report the room that features take (see ``check_room``); if segments follow the duration, frames and time too."""
    n_frames = sampled_frames(source, dataset, candidates, token, report)
    report(Progress("features of videos", value=check_room(source, len(files_of(dataset)), n_frames)))
    for video in dataset.videos if source.preprocessing.segment_s is not None else ():
        with suppress(SkillViewerError):  # ``build_store`` says which videos cannot be read
            if video.path is not None:
                minutes = n_frames * frame_seconds(source, VideoClip(video.path, video.clip_range), token, report) / 60
                text = f"{n_frames} sampled frames in all: about {minutes:.0f} minutes, less for those that are kept."
                report(Progress("features of videos", value=text))
                return


def _passes(
    source: FrameSource | Callable[[], FrameSource],
    candidates: int,
    video: tuple[Path, ClipRange | None],
    token: CancelToken,
    _report: Report,
) -> list[Reference]:
    path, clip_range = video
    with device_errors(), VideoReader(path, token) as reader:
        frame_source = source() if callable(source) else source
        return [reference(features) for features in frame_source.passes(reader, candidates, token, clip_range)]


def build_store(
    videos: Sequence[tuple[str, Path]],
    source: FrameSource | Callable[[], FrameSource],
    candidates: int,
    token: CancelToken,
    report: Report,
    clip_ranges: Mapping[str, ClipRange] | None = None,
    workers: Workers = LOCAL_WORKERS,
) -> tuple[MappedStore, list[str]]:
    """Compute (or find) the features of videos, each a piece of work whose results are files of the cache.

    K ``candidates`` are the frames of every segment that training draws from; videos that are not in ``clip_ranges``
    are whole files. For workers elsewhere ``source`` is a recipe that makes it there.

    Returns:
        The store, and one sentence for every video that could not be read; the others go on.

    Raises:
        DeviceError: The device ran out of memory, or workers died: that is nothing about one video.
        SettingsError: The engine cannot be started.
    """
    results: dict[int, JobResult[list[Reference]]] = {}
    items = [(path, (clip_ranges or {}).get(name)) for name, path in videos]

    def finished(index: int, outcome: JobResult[list[Reference]]) -> None:
        results[index] = outcome
        report(Progress("features of videos", len(results), len(videos)))

    work(partial(_passes, source, candidates), items, workers, token, lambda *_: None, finished)
    errors = [results[index].error for index in range(len(videos))]
    for error in errors:
        if isinstance(error, DeviceError):
            raise error
    store = {name: results[i].result or [] for i, (name, _) in enumerate(videos) if errors[i] is None}
    return MappedStore(store), [str(error) for error in errors if error is not None]


def pooled(store: FeatureStore, names: Sequence[str]) -> Float32Array:
    """Return the mean feature of every video over sampled frames and cells, (n, 2F) float32."""
    return np.stack([np.asarray(store[name][0], np.float32).mean(axis=(0, 2, 3)) for name in names])


def standardise(model: nn.Module, store: FeatureStore, names: Sequence[str]) -> None:
    """Set the statistics of a fresh model that standardises features, or averages over cells, by training videos."""
    for part in model.modules():
        if isinstance(part, Standardising) and part.standardise:
            averaged = AveragedStore(store) if isinstance(part, CellMean) else store
            part.set_statistics(*statistics(averaged, names))


def statistics(store: FeatureStore, names: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and standard deviation of every feature channel over videos, (2F,) each; one video at a time."""
    total = 0.0
    squares = 0.0
    count = 0
    for name in names:
        features = np.asarray(store[name][0], np.float64)
        total = total + features.sum(axis=(0, 2, 3))
        squares = squares + (features**2).sum(axis=(0, 2, 3))
        count += features.shape[0] * features.shape[2] * features.shape[3]
    mean = np.asarray(total / count)
    scale = np.sqrt(np.maximum(np.asarray(squares / count) - mean**2, _MIN_SCALE**2))
    return torch.from_numpy(mean).float(), torch.from_numpy(scale).float()
