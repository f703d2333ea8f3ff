"""Reading of a video's sound, in time with its pictures: any interval, at any speed between half and double.

Gaps, a late start, an early end and packets that do not decode become silence, so that all other samples keep their
time.
"""

import math
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
from skillviewer.media.reading.container import NOT_VIDEO, OPEN_OPTIONS
from skillviewer.media.reading.decoder_errors import decoder_errors
from skillviewer.media.reading.movie_boxes import check_edits
from skillviewer.media.reading.time_stretch import SLOW_LEAD_S, TimeStretch

if TYPE_CHECKING:
    from av.packet import Packet

_SEEK_LEAD_S = 1.0  # seek to a point earlier than the start, for codecs that need earlier packets
_MIN_GAP = round(0.03 * SOUND_RATE_HZ)  # samples; smaller differences from the time stamps are rounding
_RESET_JUMP = SOUND_RATE_HZ  # samples by which time stamps jump back at least where a file starts them again
_MAX_COMPARED_S = 1200.0  # longest part that is compared for an offset
_BIN_SAMPLES = round(ENVELOPE_BIN_S * SOUND_RATE_HZ)

PositionedSamples: TypeAlias = tuple[int, Float32Array]
"""Position in samples from the start of an interval, and (2, n) samples, left and right."""


def _open(path: Path) -> InputContainer:
    check_edits(path)
    return av.open(f"file:{path.absolute()}", options=dict(OPEN_OPTIONS), metadata_errors="replace")


def has_sound(path: Path) -> bool:
    """Return True if a video has a decodable sound track; False if it cannot be opened."""
    try:
        with decoder_errors(partial(_sound_error, path)), _open(path) as container:
            return bool(container.streams.audio) and container.streams.audio[0].codec_context is not None
    except VideoError:
        return False


def _sound_error(path: Path, _error: Exception) -> VideoError:
    return VideoError(f"The sound of {path} cannot be read. Go on without it.")


def _first_frame_s(path: Path) -> float:
    """Return the time of the first video frame, on the clock of the container."""
    with _open(path) as container:
        video_streams = [stream for stream in container.streams.video if not stream.disposition & NOT_VIDEO]
        first_stream = video_streams[0]
        for packet in container.demux(first_stream):
            frames = []
            with suppress(VideoError), decoder_errors(partial(_sound_error, path)):
                frames = first_stream.decode(packet)
            for frame in frames:
                if frame.time is not None:
                    return float(frame.time)
    return 0.0


@dataclass(slots=True)
class _DecodingFacts:
    """Facts about a sound, collected while it is decoded."""

    rates_hz: list[int] = field(default_factory=list)  # sample rates, in the order in which they occur
    n_damaged: int = 0  # number of packets and frames that do not decode


class SoundReader:
    """Reader of the sound of one video. No file stays open between calls, so that threads may share the reader.

    Args:
        path: The video.

    Raises:
        VideoError: The video has no sound, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        if not has_sound(path):
            raise VideoError(f"{path} has no sound.")
        self.path = path
        with decoder_errors(partial(_sound_error, path)):
            self._first_frame_s = _first_frame_s(path)

    def blocks(
        self, start_s: float, stop_s: float, speed: float = 1.0, token: CancelToken = NEVER
    ) -> Iterator[Float32Array]:
        """Yield the sound of an interval in order, with silence if samples are missing.

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
        n_samples = round((stop_s - start_s) / speed * SOUND_RATE_HZ)
        lead_s = SLOW_LEAD_S if speed < 1 else 0.0  # see ``TimeStretch``
        pieces = self._read(start_s - lead_s, round((stop_s - start_s + lead_s) * SOUND_RATE_HZ), token)
        if speed != 1:
            pieces = _stretched(pieces, speed)
        n_yielded = 0
        for piece in pieces:
            block = piece[:, : n_samples - n_yielded]
            if block.shape[1]:
                yield block
            n_yielded += block.shape[1]
        yield from _silence(n_samples - n_yielded)

    def envelope(
        self, digest: str, duration_s: float, token: CancelToken = NEVER, report: Report = silent
    ) -> SoundEnvelope:
        """Return the envelope of the whole video, from one pass over its sound.

        Args:
            digest: Digest of the video.
            duration_s: Duration of the video.
            token: Checked after every packet.
            report: Called with the number of seconds that were read.

        Raises:
            VideoError: The file cannot be opened.
        """
        n_bins = math.ceil(round(duration_s * SOUND_RATE_HZ) / _BIN_SAMPLES)
        peaks = np.zeros(max(1, n_bins), np.float32)
        total_s = round(duration_s)
        decoding = _DecodingFacts()
        start: int | None = None
        stop = 0
        gaps: list[tuple[int, int]] = []
        for position, samples in self._decode(0.0, decoding, token):
            if position >= len(peaks) * _BIN_SAMPLES:
                break
            if start is None:
                start = position
            elif position > stop:
                gaps.append((stop, position))
            stop = max(stop, position + samples.shape[1])
            _raise_peaks(peaks, position, np.abs(samples).max(axis=0, initial=0))
            report(Progress("reading the sound", min(stop // SOUND_RATE_HZ, total_s), total_s))
        if start is None:
            start = 0
            stop = 0
        gaps_s = tuple((gap_start / SOUND_RATE_HZ, gap_stop / SOUND_RATE_HZ) for gap_start, gap_stop in gaps)
        sound_facts = SoundFacts(
            start / SOUND_RATE_HZ,
            stop / SOUND_RATE_HZ,
            gaps_s,
            rates_hz=tuple(decoding.rates_hz),
            n_damaged=decoding.n_damaged,
        )
        return SoundEnvelope(digest, peaks, sound_facts)

    def mono(self, stop_s: float, n_averaged: int, token: CancelToken = NEVER) -> Float32Array:
        """Return the mean of both channels from the first frame on, averaged over groups of samples.

        Args:
            stop_s: Greatest duration.
            n_averaged: Number of samples in a group.
            token: Checked after every packet.

        Returns:
            (n,) float32 at 48 kHz / ``n_averaged``, up to the end of the sound or ``stop_s``; silence is 0.

        Raises:
            VideoError: The file cannot be opened.
        """
        n_groups = round(stop_s * SOUND_RATE_HZ) // n_averaged
        averaged_pieces = []
        remainder = np.zeros(0, np.float32)
        for piece in self._read(0.0, n_groups * n_averaged, token):
            samples = np.concatenate([remainder, piece.mean(axis=0)])
            n_in_groups = len(samples) // n_averaged * n_averaged
            averaged_pieces.append(samples[:n_in_groups].reshape(-1, n_averaged).mean(axis=1))
            remainder = samples[n_in_groups:]
        averaged = np.concatenate([*averaged_pieces, np.zeros(0, np.float32)]).astype(np.float32)
        return np.trim_zeros(averaged, "b")

    def _read(self, start_s: float, n_samples: int, token: CancelToken) -> Iterator[Float32Array]:
        """Yield ``n_samples`` samples from a time on, with silence for samples that the file lacks."""
        n_yielded = 0
        for position, samples in self._decode(start_s, _DecodingFacts(), token):
            start = max(position, n_yielded)
            if start >= n_samples:
                break
            piece = samples[:, start - position : n_samples - position]
            if not piece.shape[1]:
                continue
            yield from _silence(start - n_yielded)
            yield piece
            n_yielded = start + piece.shape[1]
        yield from _silence(n_samples - n_yielded)

    def _decode(self, start_s: float, decoding: _DecodingFacts, token: CancelToken) -> Iterator[PositionedSamples]:
        """Yield the samples from a time on, as stored in the file; positions may overlap."""
        with decoder_errors(partial(_sound_error, self.path)), _open(self.path) as container:
            start_stamp_s = self._first_frame_s + start_s
            stream = container.streams.audio[0]
            if start_s > _SEEK_LEAD_S and stream.time_base is not None:
                with suppress(VideoError), decoder_errors(partial(_sound_error, self.path)):
                    container.seek(int((start_stamp_s - _SEEK_LEAD_S) / stream.time_base), stream=stream)
            resampler: AudioResampler | None = None
            position: int | None = None
            shift = 0  # samples to add to a stamped position, after the file has started its time stamps again
            for frame in self._frames(container, stream, decoding, token):
                if resampler is None or frame.sample_rate != decoding.rates_hz[-1]:
                    decoding.rates_hz.append(frame.sample_rate)
                    resampler = AudioResampler(format="fltp", layout="stereo", rate=SOUND_RATE_HZ)
                if frame.time is not None:
                    stamped_position = round((frame.time - start_stamp_s) * SOUND_RATE_HZ) + shift
                    if position is not None and stamped_position < position - _RESET_JUMP:
                        shift += position - stamped_position
                    elif position is None or abs(stamped_position - position) > _MIN_GAP:
                        position = stamped_position
                if position is None:
                    position = 0
                for samples in self._resample(resampler, frame, decoding):
                    yield position, samples
                    position += samples.shape[1]

    def _frames(
        self, container: InputContainer, stream: AudioStream, decoding: _DecodingFacts, token: CancelToken
    ) -> Iterator[AudioFrame]:
        """Yield the frames that decode, up to a packet that cannot be read."""
        packets = container.demux(stream)
        while True:
            token.check()
            try:
                with decoder_errors(partial(_sound_error, self.path)):
                    packet: Packet[AudioStream] | None = next(packets, None)
            except VideoError:
                decoding.n_damaged += 1
                return
            if packet is None:
                return
            frames: list[AudioFrame] = []
            try:
                with decoder_errors(partial(_sound_error, self.path)):
                    frames = packet.decode()
            except VideoError:
                decoding.n_damaged += 1
            yield from frames

    def _resample(self, resampler: AudioResampler, frame: AudioFrame, decoding: _DecodingFacts) -> list[Float32Array]:
        try:
            with decoder_errors(partial(_sound_error, self.path)):
                pieces = [piece.to_ndarray().astype(np.float32, copy=False) for piece in resampler.resample(frame)]
        except VideoError:  # the layout changed without the rate, or the frame is damaged
            decoding.n_damaged += 1
            return []
        return [np.nan_to_num(piece, copy=False, posinf=0.0, neginf=0.0).clip(-1, 1) for piece in pieces]


def _raise_peaks(peaks: Float32Array, position: int, amplitudes: Float32Array) -> None:
    """Raise the bins of an envelope to the amplitudes of samples.

    Args:
        peaks: The envelope; changed in place.
        position: Position of the first sample, which may be negative.
        amplitudes: (n,) absolute samples.
    """
    start = max(position, 0)
    stop = min(position + len(amplitudes), len(peaks) * _BIN_SAMPLES)
    if start >= stop:
        return
    first_bin = start // _BIN_SAMPLES
    last_bin = (stop - 1) // _BIN_SAMPLES
    bins = np.arange(first_bin, last_bin + 1)
    amplitudes_inside = amplitudes[start - position : stop - position]
    bin_starts = np.maximum(bins * _BIN_SAMPLES - start, 0)
    bin_maxima = np.maximum.reduceat(amplitudes_inside, bin_starts)
    peaks[bins] = np.maximum(peaks[bins], bin_maxima)


def _stretched(pieces: Iterator[Float32Array], speed: float) -> Iterator[Float32Array]:
    stretch = TimeStretch(speed)
    for piece in pieces:
        yield from stretch.feed(piece)
    yield from stretch.flush()


def _silence(n_samples: int) -> Iterator[Float32Array]:
    while n_samples > 0:
        yield np.zeros((2, min(n_samples, SOUND_RATE_HZ)), np.float32)
        n_samples -= SOUND_RATE_HZ


class Sound:
    """Sound of a part of a video at a speed; its start and end are in seconds from the first frame.

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
        """Yield ``n_samples`` samples in order, in blocks of (2, n) float32.

        Raises:
            VideoError: The sound cannot be read.
        """
        yield from self._reader.blocks(self.start_s, self.stop_s, self.speed)


def offset_by_sound(assessed: Path, other: Path, token: CancelToken = NEVER) -> SoundOffset:
    """Find the offset between two recordings of a scene by the first 20 minutes of their sound.

    Args:
        assessed: The assessed video.
        other: Video of the other camera. The offset is time in ``other`` minus time in ``assessed``.
        token: Checked after every packet.

    Raises:
        VideoError: One of the videos has no sound, or cannot be read.
    """
    n_averaged = SOUND_RATE_HZ // OFFSET_RATE_HZ
    assessed_sound = SoundReader(assessed).mono(_MAX_COMPARED_S, n_averaged, token)
    other_sound = SoundReader(other).mono(_MAX_COMPARED_S, n_averaged, token)
    return find_offset(assessed_sound, other_sound)
