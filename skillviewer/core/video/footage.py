"""A clip: a video file or a part of one that shows one attempt."""

from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.text import whole_percent
from skillviewer.core.video.extents import ClipRange, FrameRange, TimeRange, range_frames
from skillviewer.core.video.info import VideoInfo

SLACK = 0.02
"""Proportion of a part that may be missing at its end without a warning: annotations are no more exact."""


@dataclass(frozen=True, slots=True)
class VideoClip:
    """A video file or a part of one. One long file may hold several attempts.

    Attributes:
        path: The file.
        extent: Part of the file, or None for the whole.
    """

    path: Path
    extent: ClipRange | None = None

    def frames(self, video: VideoInfo) -> range:
        """Return its frames, given the facts about the file.

        Raises:
            DatasetError: The part lies outside the file.
        """
        return range_frames(self.extent, video)

    def shortfall(self, video: VideoInfo) -> str:
        """Return a sentence if the file ends well before its part should, or "".

        Raises:
            DatasetError: The part lies outside the file.
        """
        extent, frames = self.extent, self.frames(video)
        if isinstance(extent, FrameRange):
            there, length = len(frames), extent.stop_frame - extent.start_frame
            slack = max(2, round(SLACK * length))
        elif isinstance(extent, TimeRange):
            shown_s = video.end_s(frames.stop - 1) - float(video.times_s[frames.start])
            there, length = round(1000 * shown_s), round(1000 * (extent.stop_s - extent.start_s))
            slack = max(1000, round(SLACK * length))
        else:
            return ""
        if length - there <= slack:
            return ""
        return f"Only {whole_percent(there, length)} % of this attempt is in the file, which ends before it does."
