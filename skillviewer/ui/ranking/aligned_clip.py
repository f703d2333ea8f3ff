"""One video of a pair on the pair's common clock, and the share of it that was on screen."""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.video.extents import ClipRange, range_frames
from skillviewer.core.video.info import VideoInfo

MOST_GAP_S = 0.5
"""Longest gap, in seconds, between two frames shown while playing for the frames between them to count as seen: a slow
computer shows fewer frames of the same video."""


@dataclass(frozen=True, slots=True)
class AlignedClip:
    """The attempt in a video, laid on the pair's clock: the sync points of both videos are at 0 s.

    Attributes:
        video: The file.
        first_frame: First frame of the attempt, from 0.
        last_frame: Last frame of the attempt.
        sync_s: Sync point, in seconds from the first frame of the file.
    """

    video: VideoInfo
    first_frame: int
    last_frame: int
    sync_s: float

    @classmethod
    def of(cls, video: VideoInfo, extent: ClipRange | None = None, sync_s: float | None = None) -> "AlignedClip":
        """Return the attempt in a video; its first frame is the sync point where none is set.

        Raises:
            DatasetError: The extent lies outside the file.
        """
        frames = range_frames(extent, video)
        first, last = frames[0], frames[-1]
        return cls(video, first, last, float(video.times_s[first]) if sync_s is None else sync_s)

    @property
    def start_s(self) -> float:
        """Start of the first frame on the clock, in seconds."""
        return self.at(self.first_frame)

    @property
    def stop_s(self) -> float:
        """End of the last frame on the clock, in seconds."""
        return self.video.end_s(self.last_frame) - self.sync_s

    @property
    def duration_s(self) -> float:
        return self.stop_s - self.start_s

    def at(self, frame: int) -> float:
        """Return the start of a frame on the clock, in seconds."""
        return float(self.video.times_s[frame]) - self.sync_s

    def frame(self, clock_s: float) -> int:
        """Return the frame on screen; the first one before the start, the last one after the end."""
        return min(max(self.video.frame_at(clock_s + self.sync_s), self.first_frame), self.last_frame)


class SeenFrames:
    """The frames of a clip that were on screen."""

    def __init__(self, clip: AlignedClip) -> None:
        self._first = clip.first_frame
        starts = clip.video.times_s[clip.first_frame : clip.last_frame + 1]
        self._starts_s = starts
        self._lasting_s = np.diff(starts, append=clip.video.end_s(clip.last_frame))
        self._seen = np.zeros(len(starts), np.bool_)
        self._before: int | None = None

    @property
    def share(self) -> float:
        """Share of the clip's time that was seen, 0 to 1."""
        total_s = float(self._lasting_s.sum())
        return float(self._lasting_s[self._seen].sum()) / total_s if total_s > 0 else float(self._seen.mean())

    def show(self, frame: int, *, playing: bool) -> None:
        """Count a frame, by its index in the file, as seen; ``playing`` if it was reached by playing."""
        index = frame - self._first
        if not 0 <= index < len(self._seen):
            return
        before = self._before
        start = index
        if playing and before is not None and before < index:
            gap_s = float(self._starts_s[index] - self._starts_s[before])
            start = before if gap_s <= MOST_GAP_S else index
        self._seen[start : index + 1] = True
        self._before = index
