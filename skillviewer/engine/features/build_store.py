"""Computation of the features of many videos, which are then memory-mapped from the cache."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.errors import DeviceError
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.clips import ClipRange
from skillviewer.engine.features.feature_store import MappedStore, PassOrLocation, locate_if_mapped
from skillviewer.engine.features.frame_sources import FrameSource
from skillviewer.engine.features.video_facts import clip_ranges_of, files_of
from skillviewer.engine.runtime.device import device_errors
from skillviewer.engine.runtime.processes import JobResult
from skillviewer.engine.runtime.workers import Workers, ignore_progress, map_on_workers
from skillviewer.media.reading.reader import VideoReader

LOCAL_WORKERS = Workers()


def build_store(
    videos: Sequence[tuple[str, Path]],
    source_or_factory: FrameSource | Callable[[], FrameSource],
    n_passes: int,
    token: CancelToken,
    report: Report,
    clip_ranges: Mapping[str, ClipRange] | None = None,
    workers: Workers = LOCAL_WORKERS,
) -> tuple[MappedStore, list[str]]:
    """Compute or load the features of videos. The features of each video are written to the cache.

    Args:
        videos: (name, path) of the videos.
        source_or_factory: Source of the features, or a function that makes it in the process of each worker.
        n_passes: K, the number of passes over each video; every pass takes another frame of each segment.
        token: Checked after every sampled frame.
        report: Receives every finished video.
        clip_ranges: Ranges by name of video; other videos are whole files.
        workers: Workers that compute the features.

    Returns:
        The store, and one sentence for every video that could not be read.

    Raises:
        DeviceError: The device ran out of memory, or workers died; this stops the work on all videos.
        SettingsError: The workers cannot be started.
    """
    results: dict[int, JobResult[list[PassOrLocation]]] = {}
    ranges = {} if clip_ranges is None else clip_ranges
    clips = [(path, ranges.get(name)) for name, path in videos]

    def on_video_done(index: int, result: JobResult[list[PassOrLocation]]) -> None:
        results[index] = result
        report(Progress("features of videos", len(results), len(videos)))

    compute_passes = partial(_compute_passes, source_or_factory, n_passes)
    map_on_workers(compute_passes, clips, workers, token, on_progress=ignore_progress, on_done=on_video_done)
    passes: dict[str, list[PassOrLocation]] = {}
    problems = []
    for index, (name, _) in enumerate(videos):
        computed_passes = results[index].result
        error = results[index].error
        if isinstance(error, DeviceError):
            raise error
        if error is not None:
            problems.append(str(error))
        else:
            passes[name] = [] if computed_passes is None else computed_passes
    return MappedStore(passes), problems


def build_dataset_store(
    dataset: Dataset, source: FrameSource, n_passes: int, token: CancelToken, report: Report
) -> tuple[MappedStore, list[str]]:
    """Compute or load the features of every video of a data set that has a file; see ``build_store``."""
    return build_store(files_of(dataset), source, n_passes, token, report, clip_ranges_of(dataset))


def _compute_passes(
    source_or_factory: FrameSource | Callable[[], FrameSource],
    n_passes: int,
    clip: tuple[Path, ClipRange | None],
    token: CancelToken,
    _report: Report,
) -> list[PassOrLocation]:
    path, clip_range = clip
    with device_errors(), VideoReader(path, token) as reader:
        source = source_or_factory() if callable(source_or_factory) else source_or_factory
        passes = source.passes(reader, n_passes, token, clip_range)
        return [locate_if_mapped(features) for features in passes]
