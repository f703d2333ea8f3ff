"""Sound of a video on the clock of its pictures: any interval, at any speed between half and double.

Gaps, a late start, an early end and packets that do not decode become silence, so that the rest stays in its place.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from skillviewer.core.arrays import Float32Array
from skillviewer.core.errors import VideoError
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.video.sound import ENVELOPE_BIN_S, SOUND_RATE_HZ, SoundEnvelope, SoundFacts
from skillviewer.core.video.sound_offset import OFFSET_RATE_HZ, SoundOffset, find_offset
from skillviewer.media.reading.container import NO_VIDEO, OPEN_OPTIONS
from skillviewer.media.reading.decoder_errors import decoder_errors
from skillviewer.media.reading.movie_boxes import check_edits
from skillviewer.media.reading.time_stretch import SLOW_LEAD_S, TimeStretch

if TYPE_CHECKING:
    from av.packet import Packet

_EARLY_S = 1.0  # seek so much before the start, for codecs that need a run-up
_GAP = round(0.03 * SOUND_RATE_HZ)  # smaller differences between time stamps and samples are rounding
_RESET = SOUND_RATE_HZ  # a time stamp that jumps back further starts another clock
_COMPARED_S = 1200.0  # longest part that is compared for an offset
_BIN = round(ENVELOPE_BIN_S * SOUND_RATE_HZ)

Placed: TypeAlias = tuple[int, Float32Array]
"""Position in samples from the start of an interval, and (2, n) samples, left and right."""


def _open(path: Path) -> InputContainer:
    check_edits(path)
    return av.open(f"file:{path.absolute()}", options=dict(OPEN_OPTIONS), metadata_errors="replace")


def has_sound(path: Path) -> bool:
    """Return True if a video has a decodable sound track; False if it cannot be opened."""
    with suppress(VideoError), decoder_errors(partial(_unheard, path)), _open(path) as container:
        return bool(container.streams.audio) and container.streams.audio[0].codec_context is not None
    return False


def _unheard(path: Path, _error: Exception) -> VideoError:
    return VideoError(f"The sound of {path} cannot be read. Go on without it.")


def _first_shown_s(path: Path) -> float:
    """Return the time of the first video frame, on the clock of the container."""
    with _open(path) as container:
        stream = next(s for s in container.streams.video if not s.disposition & NO_VIDEO)
        for packet in container.demux(stream):
            frames = []
            with suppress(VideoError), decoder_errors(partial(_unheard, path)):
                frames = stream.decode(packet)
            for frame in frames:
                if frame.time is not None:
                    return float(frame.time)
    return 0.0


@dataclass(slots=True)
class _DecodingFacts:
    """Facts about a sound, collected while it is decoded."""

    rates_hz: list[int] = field(default_factory=list)
    n_damaged: int = 0


class SoundReader:
    """Sound of one video. No file stays open between calls, so that threads may share it.

    Args:
        path: The video.

    Raises:
        VideoError: The video has no sound, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        if not has_sound(path):
            raise VideoError(f"{path} has no sound.")
        self.path = path
        with decoder_errors(partial(_unheard, path)):
            self._first_s = _first_shown_s(path)

    def blocks(
        self, start_s: float, stop_s: float, speed: float = 1.0, token: CancelToken = NEVER
    ) -> Iterator[Float32Array]:
        """Yield the sound of an interval in order, silent where there is none.

        Args:
            start_s: Start in seconds from the first frame.
            stop_s: End in seconds from the first frame.
            speed: Seconds of video per second of sound, 0.5 to 2; the pitch is kept.
            token: Checked after every packet.

        Yields:
            (2, n) float32 at 48 kHz, left and right; round((stop_s - start_s) / speed · 48000) samples in all.

        Raises:
            VideoError: The file cannot be opened.
        """
        total = round((stop_s - start_s) / speed * SOUND_RATE_HZ)
        early_s = SLOW_LEAD_S if speed < 1 else 0.0
        pieces = self._filled(start_s - early_s, round((stop_s - start_s + early_s) * SOUND_RATE_HZ), token)
        n_given = 0
        for piece in pieces if speed == 1 else _stretched(pieces, speed):
            cut = piece[:, : total - n_given]
            if cut.shape[1]:
                yield cut
            n_given += cut.shape[1]
        yield from _silence(total - n_given)

    def envelope(
        self, digest: str, duration_s: float, token: CancelToken = NEVER, report: Report = silent
    ) -> SoundEnvelope:
        """Return the envelope of the whole video, from one pass over its sound.

        Args:
            digest: Digest of the video.
            duration_s: Duration of the video.
            token: Checked after every packet.
            report: Called with the seconds done.

        Raises:
            VideoError: The file cannot be opened.
        """
        peaks = np.zeros(max(1, -(-round(duration_s * SOUND_RATE_HZ) // _BIN)), np.float32)
        whole_s = round(duration_s)
        decoding_facts = _DecodingFacts()
        first: int | None = None
        last = 0
        gaps: list[tuple[int, int]] = []
        for position, samples in self._decoded(0.0, decoding_facts, token):
            if position >= len(peaks) * _BIN:
                break
            if first is None:
                first = position
            elif position > last:
                gaps.append((last, position))
            last = max(last, position + samples.shape[1])
            _raise_peaks(peaks, position, np.abs(samples).max(axis=0, initial=0))
            report(Progress("reading the sound", min(last // SOUND_RATE_HZ, whole_s), whole_s))
        if first is None:
            return SoundEnvelope(
                digest, peaks, SoundFacts(0.0, 0.0, (), tuple(decoding_facts.rates_hz), decoding_facts.n_damaged)
            )
        gaps_s = tuple((start / SOUND_RATE_HZ, stop / SOUND_RATE_HZ) for start, stop in gaps)
        rates_hz = tuple(decoding_facts.rates_hz)
        facts = SoundFacts(first / SOUND_RATE_HZ, last / SOUND_RATE_HZ, gaps_s, rates_hz, decoding_facts.n_damaged)
        return SoundEnvelope(digest, peaks, facts)

    def mono(self, stop_s: float, every: int, token: CancelToken = NEVER) -> Float32Array:
        """Return the mean of both channels from the first frame on, averaged over ``every`` samples.

        Returns:
            (n,) float32 at 48 kHz / ``every``, silent where there is no sound, to its end or to ``stop_s``.

        Raises:
            VideoError: The file cannot be opened.
        """
        n = round(stop_s * SOUND_RATE_HZ) // every
        pieces = []
        remainder = np.zeros(0, np.float32)
        for piece in self._filled(0.0, n * every, token):
            joined = np.concatenate([remainder, piece.mean(axis=0)])
            n_joined = len(joined) // every * every
            pieces.append(joined[:n_joined].reshape(-1, every).mean(axis=1))
            remainder = joined[n_joined:]
        averaged = np.concatenate([*pieces, np.zeros(0, np.float32)]).astype(np.float32)
        return np.trim_zeros(averaged, "b")

    def _filled(self, start_s: float, total: int, token: CancelToken) -> Iterator[Float32Array]:
        """Yield ``total`` samples from a time on, with silence where the file has none."""
        n_given = 0
        for start, samples in self._decoded(start_s, _DecodingFacts(), token):
            begin = max(start, n_given)
            if begin >= total:
                break
            piece = samples[:, begin - start : total - start]
            if not piece.shape[1]:
                continue
            yield from _silence(begin - n_given)
            yield piece
            n_given = begin + piece.shape[1]
        yield from _silence(total - n_given)

    def _decoded(self, start_s: float, facts: _DecodingFacts, token: CancelToken) -> Iterator[Placed]:
        """Yield (position in samples from the start, samples) as stored in the file; positions may overlap."""
        with decoder_errors(partial(_unheard, self.path)), _open(self.path) as container:
            zero_s = self._first_s + start_s
            stream = container.streams.audio[0]
            if start_s > _EARLY_S and stream.time_base is not None:
                with suppress(VideoError), decoder_errors(partial(_unheard, self.path)):
                    container.seek(int((zero_s - _EARLY_S) / stream.time_base), stream=stream)
            resampler: AudioResampler | None = None
            position: int | None = None
            shift = 0  # from the clock of the time stamps to the clock of the samples
            for frame in self._frames(container, stream, facts, token):
                if frame.sample_rate not in facts.rates_hz[-1:] or resampler is None:
                    facts.rates_hz.append(frame.sample_rate)
                    resampler = AudioResampler(format="fltp", layout="stereo", rate=SOUND_RATE_HZ)
                if frame.time is not None:
                    stamped = round((frame.time - zero_s) * SOUND_RATE_HZ) + shift
                    if position is not None and stamped < position - _RESET:
                        shift += position - stamped
                    elif position is None or abs(stamped - position) > _GAP:
                        position = stamped
                position = 0 if position is None else position
                for samples in self._resampled(resampler, frame, facts):
                    yield position, samples
                    position += samples.shape[1]

    def _frames(
        self, container: InputContainer, stream: AudioStream, facts: _DecodingFacts, token: CancelToken
    ) -> Iterator[AudioFrame]:
        """Yield the frames that decode; a file that ends in the middle of a packet ends there."""
        packets = container.demux(stream)
        while True:
            token.check()
            try:
                with decoder_errors(partial(_unheard, self.path)):
                    packet: Packet[AudioStream] | None = next(packets, None)
            except VideoError:
                facts.n_damaged += 1
                return
            if packet is None:
                return
            frames: list[AudioFrame] = []
            try:
                with decoder_errors(partial(_unheard, self.path)):
                    frames = packet.decode()
            except VideoError:
                facts.n_damaged += 1
            yield from frames

    def _resampled(self, resampler: AudioResampler, frame: AudioFrame, facts: _DecodingFacts) -> list[Float32Array]:
        try:
            with decoder_errors(partial(_unheard, self.path)):
                pieces = [piece.to_ndarray().astype(np.float32, copy=False) for piece in resampler.resample(frame)]
        except VideoError:  # the layout changed without the rate, or the frame is damaged
            facts.n_damaged += 1
            return []
        return [np.nan_to_num(piece, copy=False, posinf=0.0, neginf=0.0).clip(-1, 1) for piece in pieces]


def _raise_peaks(peaks: Float32Array, start: int, loudness: Float32Array) -> None:
    """Raise the elements of an envelope to the samples from position ``start`` on, which may be negative."""
    loudness = loudness[max(0, -start) : len(peaks) * _BIN - start]
    start = max(start, 0)
    if len(loudness):
        bins = np.arange(start // _BIN, (start + len(loudness) - 1) // _BIN + 1)
        starts = np.maximum(bins * _BIN - start, 0)
        peaks[bins] = np.maximum(peaks[bins], np.maximum.reduceat(loudness, starts))


def _stretched(pieces: Iterator[Float32Array], speed: float) -> Iterator[Float32Array]:
    stretch = TimeStretch(speed)
    for piece in pieces:
        yield from stretch.feed(piece)
    yield from stretch.flush()


def _silence(n: int) -> Iterator[Float32Array]:
    while n > 0:
        yield np.zeros((2, min(n, SOUND_RATE_HZ)), np.float32)
        n -= SOUND_RATE_HZ


class Sound:
    """Sound of an interval of a video at a speed, in seconds from the first frame.

    Raises:
        VideoError: The video has no sound, or cannot be read.
    """

    def __init__(self, path: Path, start_s: float, stop_s: float, speed: float = 1.0) -> None:
        self._reader = SoundReader(path)
        self.path = path
        self.start_s = start_s
        self.stop_s = stop_s
        self.speed = speed

    @property
    def n_samples(self) -> int:
        """Number of samples per channel."""
        return round((self.stop_s - self.start_s) / self.speed * SOUND_RATE_HZ)

    def blocks(self) -> Iterator[Float32Array]:
        """Yield the samples, (2, n) float32, in order; ``n_samples`` in total. A VideoError if it cannot be read."""
        yield from self._reader.blocks(self.start_s, self.stop_s, self.speed)


def offset_by_sound(assessed: Path, other: Path, token: CancelToken = NEVER) -> SoundOffset:
    """Find the offset between two recordings of a scene by the first 20 minutes of their sound.

    Args:
        assessed: The assessed video.
        other: The other camera; the offset is its time minus that of ``assessed``.
        token: Checked after every packet.

    Raises:
        VideoError: One of them has no sound, or cannot be read.
    """
    every = SOUND_RATE_HZ // OFFSET_RATE_HZ
    sounds = [SoundReader(path).mono(_COMPARED_S, every, token) for path in (assessed, other)]
    return find_offset(*sounds)
