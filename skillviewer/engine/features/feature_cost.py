"""Cost of the features of a data set: sampled frames, room in the cache, and time."""

from contextlib import suppress
from time import perf_counter

import numpy as np

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.errors import SettingsError, SkillViewerError
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.clips import VideoClip
from skillviewer.engine.features.frame_sources import FrameSource
from skillviewer.engine.features.video_facts import clip_ranges_of, facts_of, files_of
from skillviewer.media.flow.flow import warm_up
from skillviewer.media.reading.reader import VideoReader

N_TIMED_FRAMES = 3
"""Number of sampled frames of a measurement; the first is not counted, since it waits for weights and kernels."""


def count_sampled_frames(
    source: FrameSource, dataset: Dataset, n_passes: int, token: CancelToken, report: Report
) -> int:
    """Return the number of sampled frames of all videos in ``n_passes`` passes.

    Every video is opened if the number of segments depends on the duration.
    """
    if source.preprocessing.segment_s is None:
        return len(files_of(dataset)) * n_passes * source.preprocessing.n_segments
    facts, _ = facts_of(dataset, source.preprocessing, token, report)
    return n_passes * sum(len(video_facts.frames) for video_facts in facts.values())


def check_cache_room(source: FrameSource, n_videos: int, n_frames: int) -> str:
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
            f"The features of {n_videos} videos take {needed_gb:.1f} GB, and the cache holds {max_gb:.1f} GB. Allow "
            "it more (--cache-gb, or Settings in the window), or take fewer frames (--candidates)."
        )
    return f"Features take up to {max(needed_gb, 0.01):,.2f} GB of the {max_gb:,.2f} GB in {source.cache.folder}."


def report_cost(source: FrameSource, dataset: Dataset, n_passes: int, token: CancelToken, report: Report) -> None:
    """Report the room that the features of all videos take in ``n_passes`` passes.

    If the number of segments depends on the duration, the sampled frames and the time are reported too.

    Raises:
        SettingsError: The cache is too small.
    """
    n_frames = count_sampled_frames(source, dataset, n_passes, token, report)
    room_text = check_cache_room(source, len(files_of(dataset)), n_frames)
    report(Progress("features of videos", value=room_text))
    if source.preprocessing.segment_s is not None:
        _report_time(source, dataset, n_frames, token, report)


def _report_time(source: FrameSource, dataset: Dataset, n_frames: int, token: CancelToken, report: Report) -> None:
    """Report the time that features take, measured on the first readable video."""
    clip_ranges = clip_ranges_of(dataset)
    for name, path in files_of(dataset):
        with suppress(SkillViewerError):  # ``build_store`` names the videos that cannot be read
            frame_s = _measure_frame_s(source, VideoClip(path, clip_ranges.get(name)), token, report)
            minutes = n_frames * frame_s / 60
            text = f"{n_frames} sampled frames in all: about {minutes:.0f} minutes, less for those that are kept."
            report(Progress("features of videos", value=text))
            return


def _measure_frame_s(source: FrameSource, clip: VideoClip, token: CancelToken, report: Report) -> float:
    """Return the seconds that decoding, flow and both backbones take for one sampled frame, measured on a video."""
    if source.preprocessing.flow.algorithm.startswith("tvl1"):
        warm_up(lambda text: report(Progress(text)))
    with VideoReader(clip.path, token) as reader:
        sampling = source.sampling(reader.read_info(token), 1, clip.clip_range)
        positions = np.unique(sampling.positions[0])[:N_TIMED_FRAMES]
        started_s = perf_counter()
        n_frames = 0
        for _ in source.compute(reader, sampling, positions, token):
            token.check()
            is_warm_up = n_frames == 0 and len(positions) > 1
            if is_warm_up:
                started_s = perf_counter()
            n_frames += 1
    return (perf_counter() - started_s) / max(n_frames - 1, 1)
