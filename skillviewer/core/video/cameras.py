"""Cameras: further files that show an attempt from elsewhere, synchronised with the assessed video."""

from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.video.info import VideoInfo

MAX_CAMERAS = 3
"""Most cameras of an attempt next to the assessed video."""

MAX_OFFSET_S = 86_400.0
"""Greatest absolute offset of a camera, in seconds."""

_MIN_MISSING_S = 0.1  # shorter parts without a picture are not reported


@dataclass(frozen=True, slots=True)
class Camera:
    """One further file of an attempt.

    Attributes:
        name: Name of the camera in the study.
        path: The file, or None if it was not found.
        digest: SHA-256 of the file.
        offset_s: Time in this file minus time in the assessed file, at the same moment; None if unknown.
        confidence: Confidence of an offset found by sound, 0 to 1; None if the user set the offset.
        problem: Sentence that says why the file cannot be used, or "".
    """

    name: str
    path: Path | None
    digest: str
    offset_s: float | None
    confidence: float | None = None
    problem: str = ""

    @property
    def known_offset_s(self) -> float:
        """The offset in seconds, or 0 if it is unknown."""
        return self.offset_s if self.offset_s is not None else 0.0

    def frame_at(self, info: VideoInfo, time_s: float) -> int | None:
        """Return the frame of this file at a time of the assessed video, or None if the file has no picture then.

        Args:
            info: Facts about this file.
            time_s: Time in the assessed video, in seconds from its first frame.
        """
        camera_time_s = time_s + self.known_offset_s
        if camera_time_s < -1e-6 or camera_time_s >= info.duration_s:
            return None
        return info.frame_at(camera_time_s)

    def describe_missing(self, info: VideoInfo, start_s: float, stop_s: float) -> str:
        """Return a sentence on the parts between two times of the assessed video that this file lacks, or ""."""
        if self.offset_s is None:
            return f"The offset of {self.name} is not known yet: it plays from its start."
        camera_start_s = -self.offset_s
        camera_stop_s = info.duration_s - self.offset_s
        if camera_start_s >= stop_s or camera_stop_s <= start_s:
            return f"{self.name} shows nothing of this video: its offset of {self.offset_s:+.2f} s lies beyond it."
        statements = []
        if camera_start_s - start_s >= _MIN_MISSING_S:
            statements.append(f"starts {camera_start_s - start_s:.1f} s later")
        if stop_s - camera_stop_s >= _MIN_MISSING_S:
            statements.append(f"ends {stop_s - camera_stop_s:.1f} s earlier")
        return f"{self.name} {' and '.join(statements)} than the assessed video." if statements else ""


def offset_frames(offset_s: float, rate_hz: float) -> int:
    """Return an offset in frames of the assessed video, rounded."""
    return round(offset_s * rate_hz)
