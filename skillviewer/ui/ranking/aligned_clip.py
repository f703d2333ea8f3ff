"""A clip placed on the common clock of a pair."""

from dataclasses import dataclass

from skillviewer.core.video.clips import ClipRange, range_frames
from skillviewer.core.video.info import VideoInfo


@dataclass(frozen=True, slots=True)
class AlignedClip:
    """A clip on the clock of a pair, which is 0 s at the sync point of each video."""

    video: VideoInfo  # the file
    first_frame: int  # first frame of the clip, from 0
    last_frame: int  # last frame of the clip
    sync_s: float  # sync point, in seconds from the first frame of the file

    @classmethod
    def of(cls, video: VideoInfo, clip_range: ClipRange | None = None, sync_s: float | None = None) -> "AlignedClip":
        """Return the clip of a video; the default sync point is its first frame.

        Raises:
            DatasetError: The range lies outside the file.
        """
        frames = range_frames(clip_range, video)
        first_frame = frames[0]
        if sync_s is None:
            sync_s = float(video.times_s[first_frame])
        return cls(video, first_frame, frames[-1], sync_s)

    @property
    def start_s(self) -> float:
        """Start of the first frame on the clock, in seconds."""
        return self.frame_start_s(self.first_frame)

    @property
    def stop_s(self) -> float:
        """End of the last frame on the clock, in seconds."""
        return self.video.end_s(self.last_frame) - self.sync_s

    @property
    def duration_s(self) -> float:
        return self.stop_s - self.start_s

    def frame_start_s(self, frame: int) -> float:
        """Return the start of a frame on the clock, in seconds."""
        return float(self.video.times_s[frame]) - self.sync_s

    def frame_at(self, clock_s: float) -> int:
        """Return the frame to show at a time, clamped to the clip."""
        return min(max(self.video.frame_at(clock_s + self.sync_s), self.first_frame), self.last_frame)
