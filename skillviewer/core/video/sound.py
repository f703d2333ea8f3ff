"""Sound of a video as values: its extent on the video's clock, what is missing of it, and its envelope."""

from dataclasses import dataclass

from skillviewer.core.arrays import Float32Array, ReadOnly
from skillviewer.core.text import clock, counted

SOUND_RATE_HZ = 48000
"""Sampling rate at which sound is played, written and measured; Opus has no other rate of that quality."""

MIN_SPEED = 0.5
MAX_SPEED = 2.0
"""Speeds between which sound is played, with its pitch kept."""

ENVELOPE_BIN_S = 0.01
"""Length of an element of an envelope in seconds."""

MIN_MISSING_S = 0.1
"""Shortest silence at the start or the end of a sound that is reported; encoders leave shorter ones."""


def plays_sound(speed: float) -> bool:
    """Return True if sound is played at a speed, in seconds of video per second."""
    return MIN_SPEED <= speed <= MAX_SPEED


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """Facts about the first sound track of a video. Times are in seconds from the first frame of the video."""

    start_s: float  # time of its first sample; negative if it starts before the picture
    stop_s: float  # end of its last sample
    gaps_s: tuple[tuple[float, float], ...] = ()  # start and stop of every gap within it
    rates_hz: tuple[int, ...] = ()  # sampling rates in order; more than one if the rate changes in the file
    n_damaged: int = 0  # packets that do not decode

    def missing(self, start_s: float, stop_s: float) -> str:
        """Return in one sentence what is missing between two times of the video, or "" if nothing is."""
        parts = []
        if self.stop_s <= start_s or self.start_s >= stop_s:
            return "There is no sound in this part of the video."
        if self.start_s - start_s >= MIN_MISSING_S:
            parts.append(f"starts {self.start_s - start_s:.1f} s after the picture")
        if stop_s - self.stop_s >= MIN_MISSING_S:
            parts.append(f"ends {stop_s - self.stop_s:.1f} s before the picture")
        gaps_s = [(max(first, start_s), min(last, stop_s)) for first, last in self.gaps_s]
        gaps_s = [(first, last) for first, last in gaps_s if last > first]
        if gaps_s:
            total_s = sum(last - first for first, last in gaps_s)
            parts.append(f"has {counted(len(gaps_s), 'gap')} ({total_s:.1f} s in all, from {clock(gaps_s[0][0])} on)")
        elif self.n_damaged:
            parts.append(f"has {counted(self.n_damaged, 'damaged packet')}")
        if len(self.rates_hz) > 1:
            parts.append("changes its sampling rate")
        return f"The sound {_listed(parts)}." if parts else ""


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


@dataclass(frozen=True, slots=True, repr=False)
class SoundEnvelope(ReadOnly):
    """Envelope of the sound of a video, over the time of the video.

    Attributes:
        digest: Hexadecimal SHA-256 of the file.
        peaks: (n,) float32, greatest absolute sample of every ``ENVELOPE_BIN_S`` from the first frame on, 0 to 1.
        facts: Facts about the sound, or None for a video without any.
    """

    digest: str
    peaks: Float32Array
    facts: SoundFacts | None

    def missing(self, start_s: float, stop_s: float) -> str:
        """Return in one sentence what is missing between two times of the video, or "" if nothing is."""
        return "This video has no sound." if self.facts is None else self.facts.missing(start_s, stop_s)
