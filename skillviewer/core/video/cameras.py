"""Further cameras of an attempt: files that show it from elsewhere, on the clock of the assessed video."""

from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.video.info import VideoInfo

MAX_CAMERAS = 3
"""Most cameras next to the assessed video: four files an attempt."""

MAX_OFFSET_S = 86_400.0
"""Greatest offset of a camera, either way, in seconds."""

_MIN_MISSING_S = 0.1  # shorter parts without a picture are not reported


@dataclass(frozen=True, slots=True)
class Camera:
    """One further file of an attempt.

    Attributes:
        name: Its name in the study.
        path: The file, or None if it was not found.
        digest: SHA-256 of the file.
        offset_s: Time in this file minus time in the assessed file, at the same moment; None if it is unknown.
        confidence: 0 to 1 if the offset was found by sound, or None if it was set by hand.
        problem: Why the file cannot be used, in a sentence, or "".
    """

    name: str
    path: Path | None
    digest: str
    offset_s: float | None
    confidence: float | None = None
    problem: str = ""

    def frame_at(self, info: VideoInfo, time_s: float) -> int | None:
        """Return the frame of this file at a time of the assessed video, or None if it has no picture.

        Args:
            info: Facts about this file.
            time_s: Time in the assessed video, in seconds from its first frame.
        """
        own_s = time_s + (self.offset_s or 0.0)
        if own_s < -1e-6 or own_s >= info.duration_s:
            return None
        return info.frame_at(own_s)

    def missing(self, info: VideoInfo, start_s: float, stop_s: float) -> str:
        """Return in a sentence what is missing of this file between two times of the assessed video, or ""."""
        if self.offset_s is None:
            return f"The offset of {self.name} is not known yet: it plays from its start."
        first_s = -self.offset_s
        last_s = info.duration_s - self.offset_s
        if first_s >= stop_s or last_s <= start_s:
            return f"{self.name} shows nothing of this video: its offset of {self.offset_s:+.2f} s lies beyond it."
        parts = []
        if first_s - start_s >= _MIN_MISSING_S:
            parts.append(f"starts {first_s - start_s:.1f} s later")
        if stop_s - last_s >= _MIN_MISSING_S:
            parts.append(f"ends {stop_s - last_s:.1f} s earlier")
        return f"{self.name} {' and '.join(parts)} than the assessed video." if parts else ""


def offset_frames(offset_s: float, rate_hz: float) -> int:
    """Return an offset as a number of frames of the assessed video."""
    return round(offset_s * rate_hz)
