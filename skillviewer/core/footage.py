"""What one attempt is to be seen in: a video file, or a part of one."""

from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.pairs import Extent, extent_frames
from skillviewer.core.video import VideoInfo


@dataclass(frozen=True, slots=True)
class Footage:
    """A video file, or a part of one. Several attempts may be parts of one long file.

    Attributes:
        path: The file.
        extent: The part of it, or None for the whole.
    """

    path: Path
    extent: Extent | None = None

    def frames(self, video: VideoInfo) -> range:
        """Return its frames, given what is known of the file.

        Raises:
            DatasetError: The part lies outside the file.
        """
        return extent_frames(self.extent, video)
