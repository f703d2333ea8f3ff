"""Schedule of a clip: the frames of its videos that are on screen at each time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.errors import ExportError
from skillviewer.core.explanation.alignment import Alignment
from skillviewer.core.video.info import VideoInfo
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.pictures.picture_options import ClipOptions
from skillviewer.export.rendering.clip_canvas import Span

_MAX_SPED_UP_HZ = 60.0
"""Highest frame rate of a clip that is sped up, unless the video itself has a higher one."""


@dataclass(frozen=True, slots=True)
class FrameSchedule:
    """Frames that are on screen at each time of a clip. M frames of the clip, V videos."""

    frames: IntArray  # (M, V) int64, frame of each video, from 0
    clock_s: FloatArray  # (M,) float64, presentation time in the videos
    times_s: FloatArray  # (M,) float64, time in the clip; the first is 0
    stop_s: float  # end of the last frame, as a time in the clip
    span: Span  # interval of the presentation times


def frames_of_part(videos: Sequence[AnalysedVideo]) -> range | None:
    """Return the frames of the analysed part of a file, or None if whole files are shown.

    Raises:
        ExportError: Several videos are shown without an alignment, and one of them is a part of a longer file.
    """
    if any(video.alignment is not None for video in videos):
        return videos[0].analysis.frames
    analyses_of_parts = [video.analysis for video in videos if video.analysis.clip_range is not None]
    if not analyses_of_parts:
        return None
    if len({video.analysis.clip_id for video in videos}) > 1:
        title = videos[0].title
        if not title:
            title = analyses_of_parts[0].video.path.name
        raise ExportError(
            f"{title} is shown next to another video, and one of the two is a part of a longer file: they have no "
            "common clock. Export them one by one."
        )
    return analyses_of_parts[0].frames


def build_schedule(
    videos: Sequence[VideoInfo],
    options: ClipOptions,
    min_interval_s: float = 0.0,
    part: range | None = None,
    alignments: Sequence[Alignment | None] = (),
) -> FrameSchedule:
    """Return the schedule of a clip.

    The video with the highest rate leads: each of its frames is shown at its own presentation time. The other videos
    show the frame that is on screen at that time, and their last frame after their end. The clip ends with the longest
    video. Frames are left out if they would follow another in less than ``min_interval_s``, or if the clip is sped up
    and would exceed both 60 frames per second and the rate of the video.

    Args:
        videos: One or more videos.
        options: Start, stop and speed.
        min_interval_s: Shortest time between frames that the file format can store.
        part: Analysed frames of the first video, if it is a part of a longer file.
        alignments: Alignment of the first video with each video, or None; () for no alignments. If any is given, the
            first video leads, and the others show the frames that are aligned with its frames.

    Raises:
        ExportError: The range is empty or lies outside the video, or the speed is not positive.
    """
    first = videos[0]
    frames = _chosen_frames(first, options, part)
    if not (options.speed > 0 and math.isfinite(options.speed)):
        raise ExportError(f"A clip cannot be played at {options.speed:g} times its speed: choose a speed above 0.")
    start_s = float(first.times_s[frames.start])
    if options.stop is None and part is None:
        stop_s = max(video.duration_s for video in videos)
    else:
        stop_s = first.end_s(frames.stop - 1)
    has_alignment = any(alignment is not None for alignment in alignments)
    leading_video = first if has_alignment else max(videos, key=lambda video: video.rate_hz)
    clock_s = _clock_of(leading_video, start_s, stop_s)
    times_s = (clock_s - start_s) / options.speed
    if options.speed > 1:
        min_interval_s = max(min_interval_s, 1 / max(_MAX_SPED_UP_HZ, leading_video.rate_hz))
    indices = _spaced_indices(times_s, min_interval_s)
    clock_s = clock_s[indices]
    frames_by_video = []
    if not alignments:
        alignments = [None] * len(videos)
    for video, alignment in zip(videos, alignments, strict=True):
        video_clock_s = clock_s if alignment is None else alignment.to_other(clock_s)
        frames_by_video.append([video.frame_at(float(time_s)) for time_s in video_clock_s])
    return FrameSchedule(
        frames=np.stack(frames_by_video, axis=1).astype(np.int64),
        clock_s=clock_s,
        times_s=times_s[indices],
        stop_s=(stop_s - start_s) / options.speed,
        span=Span(start_s, stop_s, options.speed),
    )


def _chosen_frames(video: VideoInfo, options: ClipOptions, part: range | None) -> range:
    """Return the frames between start and stop of the options, or raise an ExportError if the range is invalid."""
    start = options.start
    stop = video.n_frames if options.stop is None else options.stop
    if part is not None:
        if start == 0:
            start = part.start
        stop = part.stop if options.stop is None else options.stop
        if start < part.start or stop > part.stop:
            raise ExportError(
                f"Frames {start} to {stop - 1}, counted from 0, of {video.path.name} reach beyond the analysed part, "
                f"which has frames {part.start} to {part.stop - 1}."
            )
    if not 0 <= start < stop <= video.n_frames:
        raise ExportError(
            f"Frames {start} to {stop - 1}, counted from 0, are no part of {video.path.name}, which has "
            f"{video.n_frames}: choose a start before the stop, both within the video."
        )
    return range(start, stop)


def _clock_of(leading: VideoInfo, start_s: float, stop_s: float) -> FloatArray:
    """Return the presentation times of the leading video from start to stop, continued at its rate after its end."""
    clock_s = leading.times_s[(leading.times_s >= start_s - 1e-9) & (leading.times_s < stop_s - 1e-9)]
    if len(clock_s) == 0 or clock_s[0] > start_s + 1e-9:
        clock_s = np.concatenate([[start_s], clock_s])
    if stop_s > leading.duration_s:
        step_s = 1 / leading.rate_hz
        clock_s = np.concatenate([clock_s, np.arange(leading.duration_s, stop_s - step_s / 2, step_s)])
    return clock_s


def schedule_frames(
    videos: Sequence[AnalysedVideo], options: ClipOptions, min_interval_s: float = 0.0
) -> FrameSchedule:
    """Return the schedule of a clip of analysed videos; see ``build_schedule``."""
    infos = [video.analysis.video for video in videos]
    alignments = [video.alignment for video in videos]
    return build_schedule(infos, options, min_interval_s, frames_of_part(videos), alignments)


def _spaced_indices(times_s: FloatArray, min_interval_s: float) -> list[int]:
    """Return indices of times such that none follows another in less than ``min_interval_s``."""
    indices = []
    last_s = -math.inf
    for index, time_s in enumerate(times_s):
        if time_s - last_s >= min_interval_s * (1 - 1e-6):
            indices.append(index)
            last_s = float(time_s)
    return indices
