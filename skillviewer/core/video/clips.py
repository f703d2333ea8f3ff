"""Ranges of frames or of time within a video file, and clips: a file, or a part that shows one attempt."""

from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.core.text import whole_percent
from skillviewer.core.video.info import VideoInfo


def _outside(video: VideoInfo, length: str, attempt: str) -> DatasetError:
    return DatasetError(f"{video.path.name} {length}, but its attempt {attempt}. Is it the whole recording?")


@dataclass(frozen=True, slots=True)
class FrameRange:
    """Frames of a long video that belong to the attempt, half open, counted from 0."""

    start_frame: int
    stop_frame: int

    def frames(self, video: VideoInfo) -> range:
        """Return the frames of a file that belong to the attempt.

        A file as long as the range itself (within 2 %) has been cut already and belongs to it whole.

        Raises:
            DatasetError: The range, or most of it, lies outside the file.
        """
        length = self.stop_frame - self.start_frame
        if self.stop_frame > video.n_frames and abs(video.n_frames - length) <= max(2, 0.02 * length):
            return range(video.n_frames)
        if self.start_frame >= video.n_frames:
            raise _outside(video, f"has {video.n_frames} frames", f"starts at frame {self.start_frame}")
        if video.n_frames - self.start_frame < length / 2:
            raise _outside(video, f"has {video.n_frames} frames", f"lasts until frame {self.stop_frame}")
        return range(self.start_frame, min(self.stop_frame, video.n_frames))


_SAME_S = 5e-7  # times are written with six decimals


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Time interval of a long video that belongs to the attempt, in seconds from its first frame."""

    start_s: float
    stop_s: float

    def frames(self, video: VideoInfo) -> range:
        """Return the frames of a file that are on screen during the attempt.

        A file as long as the interval itself (within 2 % or 1 s) has been cut already and belongs to it whole.

        Raises:
            DatasetError: The interval, or most of it, lies outside the file.
        """
        length_s = self.stop_s - self.start_s
        slack_s = max(1.0, 0.02 * length_s)
        if self.stop_s > video.duration_s + slack_s and abs(video.duration_s - length_s) <= slack_s:
            return range(video.n_frames)
        if self.start_s >= video.duration_s:
            raise _outside(video, f"lasts {video.duration_s:.1f} s", f"starts at {self.start_s:.1f} s")
        if video.duration_s - self.start_s < length_s / 2:
            raise _outside(video, f"lasts {video.duration_s:.1f} s", f"lasts until {self.stop_s:.1f} s")
        start = video.frame_at(self.start_s)
        stop = video.frame_at(self.stop_s) + 1
        if video.times_s[stop - 1] > self.stop_s - _SAME_S and stop - 1 > start:
            stop -= 1  # it appears as the attempt ends: it is the first frame of the next one
        return range(start, stop)


ClipRange = FrameRange | TimeRange


def frame_range(video: VideoInfo, start_s: float, stop_s: float | None) -> FrameRange:
    """Return the frames of a file that are on screen between two times.

    Unlike a ``TimeRange``, the result never stands for a part of a longer recording that the file was cut from.

    Args:
        video: The file.
        start_s: Start in seconds from its first frame.
        stop_s: End, or None for the end of the file; clipped to it.

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
    """Return unit, start and stop of a range as they are stored: "frame" or "s", or "" for the whole file."""
    if isinstance(clip_range, FrameRange):
        return "frame", clip_range.start_frame, clip_range.stop_frame
    return ("", 0.0, 0.0) if clip_range is None else ("s", clip_range.start_s, clip_range.stop_s)


def range_from(unit: str, start: float, stop: float) -> ClipRange | None:
    """Return the range that ``range_cells`` described."""
    if unit == "frame":
        return FrameRange(int(start), int(stop))
    return TimeRange(start, stop) if unit else None


def range_frames(clip_range: ClipRange | None, video: VideoInfo) -> range:
    """Return the frames of a file that a range covers; all of them without one.

    Raises:
        DatasetError: The range lies outside the file.
    """
    return range(video.n_frames) if clip_range is None else clip_range.frames(video)


def overlap(first: ClipRange | None, second: ClipRange | None) -> bool:
    """Return True if two ranges of one file may share frames; None is the whole file.

    Frames and seconds cannot be compared without the file: they may overlap.
    """
    if isinstance(first, FrameRange) and isinstance(second, FrameRange):
        return max(first.start_frame, second.start_frame) < min(first.stop_frame, second.stop_frame)
    if isinstance(first, TimeRange) and isinstance(second, TimeRange):
        return max(first.start_s, second.start_s) < min(first.stop_s, second.stop_s)
    return True


SAME_S = 0.05
"""Two intervals are the same if their ends differ by no more than this."""


def same_interval(start_s: float, stop_s: float, other_start_s: float, other_stop_s: float) -> bool:
    """Return True if two intervals, each from start to stop in seconds, are the same."""
    return abs(start_s - other_start_s) <= SAME_S and abs(stop_s - other_stop_s) <= SAME_S


SLACK = 0.02
"""Proportion of a part that may be missing at its end without a warning: annotations are no more exact."""


@dataclass(frozen=True, slots=True)
class VideoClip:
    """A video file or a part of one. One long file may hold several attempts.

    Attributes:
        clip_range: Part of the file, or None for the whole.
    """

    path: Path
    clip_range: ClipRange | None = None

    def frames(self, video: VideoInfo) -> range:
        """Return its frames, given the facts about the file.

        Raises:
            DatasetError: The part lies outside the file.
        """
        return range_frames(self.clip_range, video)

    def shortfall(self, video: VideoInfo) -> str:
        """Return a sentence if the file ends well before its part should, or "".

        Raises:
            DatasetError: The part lies outside the file.
        """
        clip_range = self.clip_range
        frames = self.frames(video)
        if isinstance(clip_range, FrameRange):
            present = len(frames)
            length = clip_range.stop_frame - clip_range.start_frame
            slack = max(2, round(SLACK * length))
        elif isinstance(clip_range, TimeRange):
            shown_s = video.end_s(frames.stop - 1) - float(video.times_s[frames.start])
            present = round(1000 * shown_s)
            length = round(1000 * (clip_range.stop_s - clip_range.start_s))
            slack = max(1000, round(SLACK * length))
        else:
            return ""
        if length - present <= slack:
            return ""
        return f"Only {whole_percent(present, length)} % of this attempt is in the file, which ends before it does."
