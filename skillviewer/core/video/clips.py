"""Ranges of frames or of time within a video file, and clips, each a file or a range of one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.core.text import whole_percent
from skillviewer.core.video.info import VideoInfo

_TIME_PRECISION_S = 5e-7  # times are written with six decimals


def _outside_error(video: VideoInfo, length: str, attempt: str) -> DatasetError:
    return DatasetError(f"{video.path.name} {length}, but its attempt {attempt}. Is it the whole recording?")


@dataclass(frozen=True, slots=True)
class FrameRange:
    """Half-open range of frames of a long video that show the attempt, counted from 0."""

    start_frame: int
    stop_frame: int

    def frames(self, video: VideoInfo) -> range:
        """Return the frames of a file that show the attempt.

        If the file is as long as the range (within 2 %), it is taken as cut to the range, and all frames are returned.

        Raises:
            DatasetError: The range or most of it lies outside the file.
        """
        length = self.stop_frame - self.start_frame
        if self.stop_frame > video.n_frames and abs(video.n_frames - length) <= max(2, 0.02 * length):
            return range(video.n_frames)
        if self.start_frame >= video.n_frames:
            raise _outside_error(video, f"has {video.n_frames} frames", f"starts at frame {self.start_frame}")
        if video.n_frames - self.start_frame < length / 2:
            raise _outside_error(video, f"has {video.n_frames} frames", f"lasts until frame {self.stop_frame}")
        return range(self.start_frame, min(self.stop_frame, video.n_frames))


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Time interval of a long video that shows the attempt, in seconds from the first frame."""

    start_s: float
    stop_s: float

    def frames(self, video: VideoInfo) -> range:
        """Return the frames of a file that are on screen during the attempt.

        If the file is as long as the interval (within 2 % or 1 s), it is taken as cut to the interval, and all frames
        are returned.

        Raises:
            DatasetError: The interval or most of it lies outside the file.
        """
        length_s = self.stop_s - self.start_s
        slack_s = max(1.0, 0.02 * length_s)
        if self.stop_s > video.duration_s + slack_s and abs(video.duration_s - length_s) <= slack_s:
            return range(video.n_frames)
        if self.start_s >= video.duration_s:
            raise _outside_error(video, f"lasts {video.duration_s:.1f} s", f"starts at {self.start_s:.1f} s")
        if video.duration_s - self.start_s < length_s / 2:
            raise _outside_error(video, f"lasts {video.duration_s:.1f} s", f"lasts until {self.stop_s:.1f} s")
        first = video.frame_at(self.start_s)
        last = video.frame_at(self.stop_s)
        if video.times_s[last] > self.stop_s - _TIME_PRECISION_S and last > first:
            last -= 1  # a frame that appears when the attempt ends belongs to the next attempt
        return range(first, last + 1)


ClipRange = FrameRange | TimeRange


def frame_range(video: VideoInfo, start_s: float, stop_s: float | None) -> FrameRange:
    """Return the frames of a file that are on screen between two times.

    Unlike those of a ``TimeRange``, the times always refer to this file, never to a longer recording it was cut from.

    Args:
        video: The file.
        start_s: Start in seconds from the first frame.
        stop_s: End in seconds, clipped to the end of the file; None for the end of the file.

    Raises:
        DatasetError: The start lies after the end of the file, or the range is empty.
    """
    if stop_s is not None and stop_s <= start_s:
        raise DatasetError(f"The attempt would end at {stop_s:g} s, before it begins at {start_s:g} s.")
    if start_s >= video.duration_s:
        raise DatasetError(
            f"{video.path.name} lasts {video.duration_s:.3f} s: nothing of it is left from {start_s:g} s on."
        )
    if stop_s is None or stop_s >= video.duration_s:
        return FrameRange(video.frame_at(start_s), video.n_frames)
    frames = TimeRange(start_s, stop_s).frames(video)
    return FrameRange(frames.start, frames.stop)


def range_cells(clip_range: ClipRange | None) -> tuple[str, float, float]:
    """Return the stored form of a range: unit ("frame", "s", or "" for the whole file), start and stop."""
    if clip_range is None:
        return "", 0.0, 0.0
    if isinstance(clip_range, FrameRange):
        return "frame", clip_range.start_frame, clip_range.stop_frame
    return "s", clip_range.start_s, clip_range.stop_s


def range_from_cells(unit: str, start: float, stop: float) -> ClipRange | None:
    """Return a range from its stored form (see ``range_cells``)."""
    if unit == "frame":
        return FrameRange(int(start), int(stop))
    return TimeRange(start, stop) if unit else None


def range_frames(clip_range: ClipRange | None, video: VideoInfo) -> range:
    """Return the frames of a file that a range covers; all frames for None.

    Raises:
        DatasetError: The range lies outside the file.
    """
    return range(video.n_frames) if clip_range is None else clip_range.frames(video)


def may_overlap(first: ClipRange | None, second: ClipRange | None) -> bool:
    """Return True if two ranges of one file may share frames; None is the whole file.

    A range of frames and a range of seconds cannot be compared without the file, so they may overlap.
    """
    if isinstance(first, FrameRange) and isinstance(second, FrameRange):
        return max(first.start_frame, second.start_frame) < min(first.stop_frame, second.stop_frame)
    if isinstance(first, TimeRange) and isinstance(second, TimeRange):
        return max(first.start_s, second.start_s) < min(first.stop_s, second.stop_s)
    return True


ClipsByFile = Mapping[str, Sequence[ClipRange | None]]
"""Ranges of clips by SHA-256 of their file; None is a whole file."""


def clips_by_file(clips: Iterable[tuple[str, ClipRange | None]]) -> ClipsByFile:
    """Group the ranges of clips, given as (SHA-256, range), by file."""
    ranges_by_file: dict[str, list[ClipRange | None]] = {}
    for digest, clip_range in clips:
        ranges_by_file.setdefault(digest, []).append(clip_range)
    return ranges_by_file


def may_share_frames(digest: str, clip_range: ClipRange | None, clips: ClipsByFile) -> bool:
    """Return True if a range of a file may share frames with some clips."""
    return any(may_overlap(clip_range, other) for other in clips.get(digest, ()))


SAME_INTERVAL_S = 0.05
"""Greatest difference between the ends of two intervals that count as the same."""


def same_interval(start_s: float, stop_s: float, other_start_s: float, other_stop_s: float) -> bool:
    """Return True if two intervals, each from start to stop in seconds, are the same."""
    return abs(start_s - other_start_s) <= SAME_INTERVAL_S and abs(stop_s - other_stop_s) <= SAME_INTERVAL_S


MAX_MISSING_SHARE = 0.02
"""Greatest share of a clip that may be missing at its end without a warning; annotations are no more exact."""


@dataclass(frozen=True, slots=True)
class VideoClip:
    """A video file or a range of one. A long file may hold several attempts.

    Attributes:
        clip_range: Range of the file, or None for the whole file.
    """

    path: Path
    clip_range: ClipRange | None = None

    def frames(self, video: VideoInfo) -> range:
        """Return the frames of the clip, given the facts about the file.

        Raises:
            DatasetError: The range lies outside the file.
        """
        return range_frames(self.clip_range, video)

    def shortfall(self, video: VideoInfo) -> str:
        """Return a warning if the file ends clearly before the clip should, or "".

        Raises:
            DatasetError: The range lies outside the file.
        """
        clip_range = self.clip_range
        frames = self.frames(video)
        if isinstance(clip_range, FrameRange):
            # lengths in frames
            present_length = len(frames)
            full_length = clip_range.stop_frame - clip_range.start_frame
            tolerance = max(2, round(MAX_MISSING_SHARE * full_length))
        elif isinstance(clip_range, TimeRange):
            # lengths in milliseconds
            present_s = video.end_s(frames.stop - 1) - float(video.times_s[frames.start])
            present_length = round(1000 * present_s)
            full_length = round(1000 * (clip_range.stop_s - clip_range.start_s))
            tolerance = max(1000, round(MAX_MISSING_SHARE * full_length))
        else:
            return ""
        if full_length - present_length <= tolerance:
            return ""
        percent_present = whole_percent(present_length, full_length)
        return f"Only {percent_present} % of this attempt is in the file, which ends before it does."
