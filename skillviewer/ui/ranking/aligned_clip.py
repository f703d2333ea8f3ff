"""A clip placed on the common clock of a pair."""

from dataclasses import dataclass

from skillviewer.core.video.clips import ClipRange, range_frames
from skillviewer.core.video.info import VideoInfo

MAX_GAP_S = 0.5
"""Longest gap, in seconds, between two frames shown while playing for the frames between them to count as seen: a slow
computer shows fewer frames of the same video."""


@dataclass(frozen=True, slots=True)
class AlignedClip:
    """The attempt in a video, laid on the pair's clock: the sync points of both videos are at 0 s."""

    video: VideoInfo  # the file
    first_frame: int  # first frame of the attempt, from 0
    last_frame: int  # last frame of the attempt
    sync_s: float  # sync point, in seconds from the first frame of the file

    @classmethod
    def of(cls, video: VideoInfo, clip_range: ClipRange | None = None, sync_s: float | None = None) -> "AlignedClip":
        """Return the attempt in a video, in sync at its first frame if no point is set; DatasetError outside it."""
        frames = range_frames(clip_range, video)
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
