"""Facts about the sound of a video: its times on the video's clock, its gaps, and its envelope."""

from dataclasses import dataclass

from skillviewer.core.arrays import Float32Array, ReadOnly
from skillviewer.core.text import clock, counted

SOUND_RATE_HZ = 48000
"""Sampling rate at which sound is played, written and measured; the highest rate of Opus."""

MIN_SPEED = 0.5
MAX_SPEED = 2.0
"""Range of speeds at which sound is played, at its original pitch."""

ENVELOPE_BIN_S = 0.01
"""Duration of an element of an envelope in seconds."""

MIN_MISSING_S = 0.1
"""Shortest missing part at the start or end of a sound that is reported; encoders leave shorter ones."""


def plays_sound(speed: float) -> bool:
    """Return True if sound is played at a speed, in seconds of video per second."""
    return MIN_SPEED <= speed <= MAX_SPEED


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """Facts about the first sound track of a video. Times are in seconds from the first frame of the video."""

    start_s: float  # time of the first sample; negative if the sound starts before the picture
    stop_s: float  # end of the last sample
    gaps_s: tuple[tuple[float, float], ...] = ()  # start and stop of every gap in the sound
    rates_hz: tuple[int, ...] = ()  # sampling rates in order; more than one if the rate changes in the file
    n_damaged: int = 0  # number of packets that do not decode

    def describe_missing(self, start_s: float, stop_s: float) -> str:
        """Return a sentence on the sound that is missing between two times of the video, or ""."""
        if self.stop_s <= start_s or self.start_s >= stop_s:
            return "There is no sound in this part of the video."
        statements = []
        if self.start_s - start_s >= MIN_MISSING_S:
            statements.append(f"starts {self.start_s - start_s:.1f} s after the picture")
        if stop_s - self.stop_s >= MIN_MISSING_S:
            statements.append(f"ends {stop_s - self.stop_s:.1f} s before the picture")
        clipped_gaps_s = [(max(gap_start, start_s), min(gap_stop, stop_s)) for gap_start, gap_stop in self.gaps_s]
        gaps_s = [(gap_start, gap_stop) for gap_start, gap_stop in clipped_gaps_s if gap_stop > gap_start]
        if gaps_s:
            n_gaps = counted(len(gaps_s), "gap")
            total_s = sum(gap_stop - gap_start for gap_start, gap_stop in gaps_s)
            statements.append(f"has {n_gaps} ({total_s:.1f} s in all, from {clock(gaps_s[0][0])} on)")
        elif self.n_damaged:
            statements.append(f"has {counted(self.n_damaged, 'damaged packet')}")
        if len(self.rates_hz) > 1:
            statements.append("changes its sampling rate")
        return f"The sound {_join_statements(statements)}." if statements else ""


def _join_statements(statements: list[str]) -> str:
    if len(statements) < 2:
        return "".join(statements)
    return f"{', '.join(statements[:-1])} and {statements[-1]}"


@dataclass(frozen=True, slots=True, repr=False)
class SoundEnvelope(ReadOnly):
    """Envelope of the sound of a video on the video's clock.

    Attributes:
        digest: Hexadecimal SHA-256 of the file.
        peaks: (n,) float32, greatest absolute sample of every ``ENVELOPE_BIN_S`` from the first frame on, 0 to 1.
        facts: Facts about the sound, or None for a video without sound.
    """

    digest: str
    peaks: Float32Array
    facts: SoundFacts | None

    def describe_missing(self, start_s: float, stop_s: float) -> str:
        """Return a sentence on the sound that is missing between two times of the video, or ""."""
        if self.facts is None:
            return "This video has no sound."
        return self.facts.describe_missing(start_s, stop_s)
