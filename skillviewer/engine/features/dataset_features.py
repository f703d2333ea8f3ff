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
from skillviewer.engine.features.extractor import FeatureExtractor, local_backbone_weights
from skillviewer.engine.features.feature_store import AveragedStore, FeatureStore, MappedStore, StoredPass, stored_pass
from skillviewer.engine.features.source import FeatureSource, FrameSource
from skillviewer.engine.features.video_facts import clip_ranges_of, facts_of, files_of
from skillviewer.engine.runtime.device import device_errors
from skillviewer.engine.runtime.processes import JobResult
from skillviewer.engine.runtime.workers import Workers, work
from skillviewer.media.flow.flow import warm_up
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.backbones.deployment import Precision
from skillviewer.nets.configuration import BackboneConfig
from skillviewer.nets.fusion import CellMean, StandardisingModule

LOCAL_WORKERS = Workers()
MEASURED_FRAMES = 3
"""Sampled frames of a measurement; the first is not counted, since it waits for weights and kernels."""

_MIN_SCALE = 1e-3
"""Least standard deviation, so that channels that hardly vary are not amplified."""


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
    """Return the source of features by frozen backbones, and these backbones.

    Args:
        name: Entry in BACKBONES.
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
    weights = local_backbone_weights(name)
    motion = local_backbone_weights(name, flow=True) if own_motion else None
    with device_errors():
        extractor = FeatureExtractor.frozen(
            weights, preprocessing, device, precision, motion=motion, before_last_block=before_last_block
        )
    return FeatureSource(cache, preprocessing, extractor), extractor.backbones


def sampled_frames(source: FrameSource, dataset: Dataset, candidates: int, token: CancelToken, report: Report) -> int:
    """Return the number of sampled frames of all videos in ``candidates`` passes.

    Every video is opened if the number of segments depends on the duration.
    """
    if source.preprocessing.segment_s is None:
        return len(files_of(dataset)) * candidates * source.preprocessing.n_segments
    facts, _ = facts_of(dataset, source.preprocessing, token, report)
    return candidates * sum(len(video_facts.frames) for video_facts in facts.values())


def check_room(source: FrameSource, n_videos: int, n_frames: int) -> str:
    """Check that the cache can hold the features of ``n_frames`` sampled frames; called before hours of work.

    Returns:
        A sentence on the size of the features and of the cache.

    Raises:
        SettingsError: The cache is too small.
    """
    needed_bytes = n_frames * source.frame_bytes
    max_bytes = source.cache.max_bytes
    needed_gb = needed_bytes / 1e9
    max_gb = max_bytes / 1e9
    if needed_bytes > max_bytes:
        raise SettingsError(
            f"What is kept of {n_videos} videos takes {needed_gb:.1f} GB, and the cache holds {max_gb:.1f} GB. Allow "
            "it more (--cache-gb, or Settings in the window), or take fewer frames (--candidates)."
        )
    return f"Features take up to {max(needed_gb, 0.01):,.2f} GB of the {max_gb:,.2f} GB in {source.cache.folder}."


def measure_frame_s(source: FrameSource, clip: VideoClip, token: CancelToken, report: Report) -> float:
    """Return the seconds that decoding, flow and both backbones take for one sampled frame, measured on a video."""
    if source.preprocessing.flow.algorithm.startswith("tvl1"):
        warm_up(lambda text: report(Progress(text)))
    with VideoReader(clip.path, token) as reader:
        sampling = source.sampling(reader.describe(token), 1, clip.clip_range)
        positions = np.unique(sampling.positions[0])[:MEASURED_FRAMES]
        started_s = perf_counter()
        n_frames = 0
        for _ in source.compute(reader, sampling, positions, token):
            token.check()
            if n_frames == 0 and len(positions) > 1:
                started_s = perf_counter()
            n_frames += 1
    return (perf_counter() - started_s) / max(n_frames - 1, 1)


def report_cost(source: FrameSource, dataset: Dataset, candidates: int, token: CancelToken, report: Report) -> None:
    """Report the room that features take, as ``check_room``; if segments depend on the duration, frames and time too.

    Raises:
        SettingsError: The cache is too small.
    """
    n_frames = sampled_frames(source, dataset, candidates, token, report)
    report(Progress("features of videos", value=check_room(source, len(files_of(dataset)), n_frames)))
    if source.preprocessing.segment_s is None:
        return
    for name, path in files_of(dataset):
        clip = VideoClip(path, clip_ranges_of(dataset).get(name))
        with suppress(SkillViewerError):  # ``build_store`` names the videos that cannot be read
            minutes = n_frames * measure_frame_s(source, clip, token, report) / 60
            text = f"{n_frames} sampled frames in all: about {minutes:.0f} minutes, less for those that are kept."
            report(Progress("features of videos", value=text))
            return


def _compute_passes(
    source: FrameSource | Callable[[], FrameSource],
    candidates: int,
    video: tuple[Path, ClipRange | None],
    token: CancelToken,
    _report: Report,
) -> list[StoredPass]:
    path, clip_range = video
    with device_errors(), VideoReader(path, token) as reader:
        frame_source = source() if callable(source) else source
        return [stored_pass(features) for features in frame_source.passes(reader, candidates, token, clip_range)]


def build_store(
    videos: Sequence[tuple[str, Path]],
    source: FrameSource | Callable[[], FrameSource],
    candidates: int,
    token: CancelToken,
    report: Report,
    clip_ranges: Mapping[str, ClipRange] | None = None,
    workers: Workers = LOCAL_WORKERS,
) -> tuple[MappedStore, list[str]]:
    """Compute or load the features of videos; the work on each video leaves files in the cache.

    Args:
        videos: (name, path) of the videos.
        source: Source of the features, or a recipe by which workers in other processes make the source.
        candidates: K, candidate frames of every segment.
        token: Checked after every sampled frame.
        report: Receives every finished video.
        clip_ranges: Ranges by name of video; other videos are whole files.
        workers: Engine of the work.

    Returns:
        The store, and one sentence for every video that could not be read.

    Raises:
        DeviceError: The device ran out of memory, or workers died, which concerns all videos.
        SettingsError: The engine cannot be started.
    """
    results: dict[int, JobResult[list[StoredPass]]] = {}
    items = [(path, (clip_ranges or {}).get(name)) for name, path in videos]

    def on_done(index: int, outcome: JobResult[list[StoredPass]]) -> None:
        results[index] = outcome
        report(Progress("features of videos", len(results), len(videos)))

    work(partial(_compute_passes, source, candidates), items, workers, token, lambda *_: None, on_done)
    passes: dict[str, list[StoredPass]] = {}
    problems = []
    for index, (name, _) in enumerate(videos):
        error = results[index].error
        if isinstance(error, DeviceError):
            raise error
        if error is None:
            passes[name] = results[index].result or []
        else:
            problems.append(str(error))
    return MappedStore(passes), problems


def mean_features(store: FeatureStore, names: Sequence[str]) -> Float32Array:
    """Return the mean feature of each video over sampled frames and cells, (n, 2F) float32."""
    return np.stack([np.asarray(store[name][0], np.float32).mean(axis=(0, 2, 3)) for name in names])


def standardise(model: nn.Module, store: FeatureStore, names: Sequence[str]) -> None:
    """Set the statistics of a new model that standardises its inputs, to those of training videos."""
    for module in model.modules():
        if isinstance(module, StandardisingModule) and module.standardise:
            inputs = AveragedStore(store) if isinstance(module, CellMean) else store
            mean, scale = statistics(inputs, names)
            module.set_statistics(mean, scale)


def statistics(store: FeatureStore, names: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and standard deviation of every feature channel over videos, (2F,) each.

    One video at a time is in memory.
    """
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
