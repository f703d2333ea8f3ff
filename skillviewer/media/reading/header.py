"""Duration and size of a video as its header declares them, which is quick to read but not exact."""

from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError

from skillviewer.media.reading.container import NOT_VIDEO, OPEN_OPTIONS


@dataclass(frozen=True, slots=True)
class VideoHeader:
    """Facts that the header of a file declares."""

    codec: str
    duration_s: float
    rate_hz: float
    megapixels: float  # size of one frame

    def total_megapixels(self, duration_s: float | None = None) -> float:
        """Return the megapixels of all frames together, of the whole video or of ``duration_s`` seconds."""
        if duration_s is None:
            duration_s = self.duration_s
        return duration_s * self.rate_hz * self.megapixels


def read_header(path: Path) -> VideoHeader | None:
    """Return the header of a file, or None if it is missing or unusable."""
    try:
        with av.open(f"file:{path.absolute()}", options=dict(OPEN_OPTIONS), metadata_errors="replace") as container:
            stream = next(
                (candidate for candidate in container.streams.video if not candidate.disposition & NOT_VIDEO), None
            )
            if stream is None or stream.codec_context is None:
                return None
            declared_rate = stream.average_rate
            if not declared_rate:
                declared_rate = stream.guessed_rate
            rate_hz = float(declared_rate) if declared_rate else 0.0
            ticks = stream.duration
            if ticks is not None and stream.time_base is not None:
                duration_s = float(ticks * stream.time_base)
            else:
                duration_us = 0 if container.duration is None else container.duration
                duration_s = duration_us / 1e6
            megapixels = stream.codec_context.width * stream.codec_context.height / 1e6
            codec = stream.codec_context.codec.canonical_name
    except (FFmpegError, OSError, ValueError, UnicodeError):
        return None
    if min(duration_s, rate_hz, megapixels) <= 0:
        return None
    return VideoHeader(codec, duration_s, rate_hz, megapixels)
