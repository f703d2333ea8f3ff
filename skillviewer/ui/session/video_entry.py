"""Entries of the list of videos."""

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
        """True if the file of the video is missing, or another file has replaced it."""
        # This is called for every video of long lists, and a look-up in a set is slower.
        return self is VideoState.MISSING or self is VideoState.REPLACED


@dataclass(frozen=True, slots=True, eq=False)
class VideoEntry:
    """A video of the list."""

    path: Path
    info: VideoInfo | None = None  # None until the file has been probed
    thumbnail: RGBImage | None = None  # (h, w, 3) uint8; None until the file has been probed
    state: VideoState = VideoState.NEW
    n_done: int = 0  # assessed sampled frames of a running assessment
    total: int = 0  # all sampled frames of a running assessment, or 0
    analysis: Analysis | None = None  # complete analysis by the chosen model, or None
    reason: str = ""  # reason of a failure, in a sentence
    study_name: str = ""  # name of the video in the study; "" while the study does not contain it
    participant: str | None = None
    task: str = ""  # task of the video; "" for the study's task
    clip_range: ClipRange | None = None  # part of the file that is the video; None for the whole file
    occasion: str = ""  # time of recording (pre, post, a date), or ""
    raters_rating: GivenRating | None = None  # ratings for the criterion in use, or None without any
    motion: "MotionSummary | None" = None  # summary of the motion of its tracks, or None without tracks

    @property
    def clip(self) -> VideoClip:
        """The file or the part of it that is the video; it identifies the video in the list."""
        return VideoClip(self.path, self.clip_range)

    @property
    def span_s(self) -> tuple[float, float] | None:
        """Start and end in seconds from the first frame of the file; None while they are unknown."""
        if self.info is None:
            return None
        try:
            frames = self.clip.frames(self.info)
        except DatasetError:
            return None
        return float(self.info.times_s[frames[0]]), self.info.end_s(frames[-1])

    @property
    def length_s(self) -> float | None:
        """Duration in seconds, or None while it is unknown."""
        span_s = self.span_s
        return None if span_s is None else span_s[1] - span_s[0]

    @property
    def name(self) -> str:
        """Name of the video in the study, or the name of its file without the suffix."""
        return self.study_name or self.path.stem


def is_unassessed(entry: VideoEntry) -> bool:
    """Return True if a video has no analysis although it can be assessed."""
    return entry.analysis is None and entry.state.has_picture
