"""Size of a video by its header: quick, and not exact."""

from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError

from skillviewer.media.reading.container import NO_VIDEO, OPEN_OPTIONS


@dataclass(frozen=True, slots=True)
class VideoHeader:
    """Statement of a file on itself."""

    codec: str
    duration_s: float
    rate_hz: float
    megapixels: float  # of one frame

    def frame_megapixels(self, duration_s: float | None = None) -> float:
        """Return the megapixels of all frames, or of those of so many seconds."""
        return (self.duration_s if duration_s is None else duration_s) * self.rate_hz * self.megapixels


def read_header(path: Path) -> VideoHeader | None:
    """Return the header of a file, or None if it is missing or unusable."""
    try:
        with av.open(f"file:{path.absolute()}", options=dict(OPEN_OPTIONS), metadata_errors="replace") as container:
            stream = next(
                (candidate for candidate in container.streams.video if not candidate.disposition & NO_VIDEO), None
            )
            if stream is None or stream.codec_context is None:
                return None
            rate = float(stream.average_rate or stream.guessed_rate or 0)
            ticks = stream.duration
            if ticks is not None and stream.time_base is not None:
                duration_s = float(ticks * stream.time_base)
            else:
                duration_s = (container.duration or 0) / 1e6
            size = stream.codec_context.width * stream.codec_context.height / 1e6
            codec = stream.codec_context.codec.canonical_name
    except (FFmpegError, OSError, ValueError, UnicodeError):
        return None
    return VideoHeader(codec, duration_s, rate, size) if min(duration_s, rate, size) > 0 else None
