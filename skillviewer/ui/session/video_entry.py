"""A video of the list, with the facts known of it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.given_ratings import GivenRating
from skillviewer.core.video.clips import ClipRange, VideoClip
from skillviewer.core.video.info import VideoInfo

if TYPE_CHECKING:  # scipy takes half a second
    from skillviewer.core.kinematics.motion_summary import MotionSummary


class VideoState(StrEnum):
    """State of a video under the chosen model."""

    NEW = "new"
    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    UNREADABLE = "unreadable"
    MISSING = "missing"
    REPLACED = "replaced"

    @property
    def has_picture(self) -> bool:
        return self is not VideoState.UNREADABLE and not self.is_lost

    @property
    def is_lost(self) -> bool:
        """True if its file is missing, or another file has replaced it."""
        return self is VideoState.MISSING or self is VideoState.REPLACED  # asked of all videos: a set is slower


@dataclass(frozen=True, slots=True, eq=False)
class VideoEntry:
    """One video of the list."""

    path: Path  # where it lies
    info: VideoInfo | None = None  # what is known of the file, once it has been looked at
    thumbnail: RGBImage | None = None  # a small picture, (h, w, 3) uint8, once it has been looked at
    state: VideoState = VideoState.NEW  # how far it is
    n_done: int = 0  # sampled frames finished while it is being assessed
    total: int = 0  # sampled frames in all, or 0
    analysis: Analysis | None = None  # what the model chosen says of it, whole; or None
    reason: str = ""  # why it failed, in a sentence
    study_name: str = ""  # its name in the study, or "" until the study knows it
    participant: str | None = None  # the participant, or None
    task: str = ""  # what is done in it, or "" for the study's task
    clip_range: ClipRange | None = None  # the part of the file that it is, or None for the whole
    occasion: str = ""  # when it was recorded (pre, post, a date), or ""
    rated: GivenRating | None = None  # the raters' ratings for the criterion in use, or None without any
    motion: "MotionSummary | None" = None  # the motion of its tracks, or None without any

    @property
    def clip(self) -> VideoClip:
        """The file, or the part of it, which identifies the video in the list."""
        return VideoClip(self.path, self.clip_range)

    @property
    def span_s(self) -> tuple[float, float] | None:
        """Begin and end in seconds from the first frame of its file; None while they are not known."""
        if self.info is None:
            return None
        try:
            frames = self.clip.frames(self.info)
        except DatasetError:
            return None
        return float(self.info.times_s[frames[0]]), self.info.end_s(frames[-1])

    @property
    def length_s(self) -> float | None:
        """Duration in seconds, or None while it is not known."""
        span_s = self.span_s
        return None if span_s is None else span_s[1] - span_s[0]

    @property
    def name(self) -> str:
        """Its name in the study, or that of the file without its suffix."""
        return self.study_name or self.path.stem


def _is_open(entry: VideoEntry) -> bool:
    return entry.analysis is None and entry.state.has_picture
