"""The frames that a clip shows, by time."""

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
from skillviewer.export.rendering.canvas import Span

_SPED_UP_HZ = 60.0
"""Rate beyond which a sped-up clip leaves frames out, unless the video itself has a higher one."""


@dataclass(frozen=True, slots=True)
class FrameSchedule:
    """Frames that a clip shows, by time. M frames of the clip, V videos."""

    frames: IntArray  # (M, V) int64, frame of each video, from 0
    clock_s: FloatArray  # (M,) float64, presentation time in the videos
    times_s: FloatArray  # (M,) float64, time in the clip; the first is 0
    stop_s: float  # when the last frame leaves the screen, in the clip
    span: Span  # the part of the videos' clock


def common_part(videos: Sequence[AnalysedVideo]) -> range | None:
    """Return the frames of the part of a file that is shown, or None if whole files are.

    Raises:
        ExportError: Different videos are to be shown on one clock, and one of them is a part of a longer file.
    """
    if any(video.alignment is not None for video in videos):
        return videos[0].analysis.frames
    parts = [video.analysis for video in videos if video.analysis.clip_range is not None]
    if not parts:
        return None
    if len({e.analysis.clip_id for e in videos}) > 1:
        raise ExportError(
            f"{videos[0].title or parts[0].video.path.name} is shown next to another video, and one of the two is a "
            "part of a longer file: they have no common clock. Export them one by one."
        )
    return parts[0].frames


def timetable(
    videos: Sequence[VideoInfo],
    options: ClipOptions,
    least_s: float = 0.0,
    part: range | None = None,
    alignments: Sequence[Alignment | None] = (),
) -> FrameSchedule:
    """Lay down what a clip shows when.

    Every frame of the video with the highest rate is shown at its own time; the others show what is on screen then, and
    their last frame when they are over. The clock goes on until the longest ends. Frames are left out where they would
    follow each other too soon: for the format, or because the clip is sped up beyond 60 a second and beyond the video's
    own rate.

    Args:
        videos: One or more.
        options: Start, stop and speed.
        least_s: Least time between frames that the format can tell.
        part: The frames of the first video that stand for the whole, where it is a part of its file.
        alignments: For each video, the alignment of the first with it, or None; () for none. With one, the clip has the
            frames of the first video, and another one shows what is aligned with them.

    Raises:
        ExportError: The range is empty or lies outside the video, or the speed is not positive.
    """
    first = videos[0]
    start = options.start
    stop = first.n_frames if options.stop is None else options.stop
    if part is not None:
        requested = (options.start or part.start, part.stop if options.stop is None else options.stop)
        if requested[0] < part.start or requested[1] > part.stop:
            raise ExportError(
                f"Frames {requested[0]} to {requested[1] - 1}, counted from 0, of {first.path.name} reach beyond the "
                "part that "
                f"was asked for, which has frames {part.start} to {part.stop - 1}."
            )
        start, stop = requested
    if not 0 <= start < stop <= first.n_frames:
        raise ExportError(
            f"Frames {start} to {stop - 1}, counted from 0, are no part of {first.path.name}, which has "
            f"{first.n_frames}: choose a start before the stop, both within the video."
        )
    if not (options.speed > 0 and math.isfinite(options.speed)):
        raise ExportError(f"A clip cannot be played at {options.speed:g} times its speed: choose a speed above 0.")
    start_s = float(first.times_s[start])
    to_the_end = options.stop is None and part is None
    stop_s = max(v.duration_s for v in videos) if to_the_end else first.end_s(stop - 1)
    aligned = any(alignment is not None for alignment in alignments)
    leading = first if aligned else max(videos, key=lambda v: v.rate_hz)
    clock_s = leading.times_s[(leading.times_s >= start_s - 1e-9) & (leading.times_s < stop_s - 1e-9)]
    if len(clock_s) == 0 or clock_s[0] > start_s + 1e-9:
        clock_s = np.concatenate([[start_s], clock_s])
    if stop_s > leading.duration_s:
        step_s = 1 / leading.rate_hz
        clock_s = np.concatenate([clock_s, np.arange(leading.duration_s, stop_s - step_s / 2, step_s)])
    times_s = (clock_s - start_s) / options.speed
    if options.speed > 1:
        least_s = max(least_s, 1 / max(_SPED_UP_HZ, leading.rate_hz))
    indices = _thinned(times_s, least_s)
    clock_s, times_s = clock_s[indices], times_s[indices]
    clocks = [
        clock_s if alignment is None else alignment.at(clock_s) for alignment in alignments or [None] * len(videos)
    ]
    frames = [[v.frame_at(float(t)) for t in clock] for v, clock in zip(videos, clocks, strict=True)]
    frame_table = np.stack(frames, axis=1).astype(np.int64)
    span = Span(start_s, stop_s, options.speed)
    return FrameSchedule(frame_table, clock_s, times_s, (stop_s - start_s) / options.speed, span)


def plan_frames(videos: Sequence[AnalysedVideo], options: ClipOptions, least_s: float = 0.0) -> FrameSchedule:
    """Return the ``timetable`` of analysed videos; ``least_s`` is the least time between frames."""
    infos = [e.analysis.video for e in videos]
    alignments = [e.alignment for e in videos]
    return timetable(infos, options, least_s, common_part(videos), alignments)


def _thinned(times_s: FloatArray, least_s: float) -> list[int]:
    """Return the times that are kept, so that none follows another sooner than ``least_s``."""
    indices = []
    last_s = -math.inf
    for index, time_s in enumerate(times_s):
        if time_s - last_s >= least_s * (1 - 1e-6):
            indices.append(index)
            last_s = float(time_s)
    return indices
