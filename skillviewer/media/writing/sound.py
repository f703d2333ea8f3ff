"""Sound of an interval of a video, cut to the sample and encoded anew: AAC for MP4, Opus for WebM.

Encoding anew makes the cut exact and removes all metadata. Gaps, a late start or an early end of the old sound become
silence.
"""

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from skillviewer.core.errors import VideoError
from skillviewer.media.reading.container import OPEN_OPTIONS
from skillviewer.media.reading.decoder_errors import decoder_errors
from skillviewer.media.reading.movie_boxes import check_edits

if TYPE_CHECKING:
    from av.packet import Packet

RATE_HZ = 48000
"""Sampling rate of the output; Opus has no other rate of that quality."""

ENCODERS = {".mp4": "aac", ".m4v": "aac", ".mov": "aac", ".webm": "libopus"}
_FORMATS = {"aac": "fltp", "libopus": "flt"}
_BLOCK = 4800  # samples per encoded block: 0.1 s
_EARLY_S = 1.0  # seek so much before the cut, for codecs that need a run-up

Samples: TypeAlias = NDArray[np.float32]


def _open(path: Path) -> InputContainer:
    check_edits(path)
    return av.open(f"file:{path.absolute()}", options=dict(OPEN_OPTIONS), metadata_errors="replace")


def has_sound(path: Path) -> bool:
    """Return True if a video has a decodable sound track; False if it cannot be opened."""
    with suppress(VideoError), decoder_errors(partial(_unheard, path)), _open(path) as container:
        return bool(container.streams.audio) and container.streams.audio[0].codec_context is not None
    return False


def _unheard(path: Path, _error: Exception) -> VideoError:
    return VideoError(f"The sound of {path} cannot be read. Export without it.")


def _first_shown_s(path: Path) -> float:
    """Return the time of the first video frame, on the clock of the container."""
    with _open(path) as container:
        for frame in container.decode(video=0):
            if frame.time is not None:
                return float(frame.time)
    return 0.0


class Sound:
    """Sound of an interval of a video, as samples in blocks. The interval is in seconds from the first frame.

    Raises:
        VideoError: The video has no sound, or cannot be read.
    """

    def __init__(self, path: Path, start_s: float, stop_s: float) -> None:
        if not has_sound(path):
            raise VideoError(f"{path} has no sound.")
        self.path, self.start_s, self.stop_s = path, start_s, stop_s

    @property
    def n_samples(self) -> int:
        """Number of samples per channel."""
        return round((self.stop_s - self.start_s) * RATE_HZ)

    def blocks(self) -> Iterator[Samples]:
        """Yield the samples, (2, n) float32, left and right, in order; ``n_samples`` in total.

        Raises:
            VideoError: The file cannot be read.
        """
        given, total = 0, self.n_samples
        for at, samples in self._decoded():
            begin = max(at, given)
            if begin >= total:
                break
            piece = samples[:, begin - at : total - at]
            if not piece.shape[1]:
                continue
            if begin > given:
                yield from _silence(begin - given)
            yield piece
            given = begin + piece.shape[1]
        yield from _silence(total - given)

    def _decoded(self) -> Iterator[tuple[int, Samples]]:
        """Yield (position in samples from the start of the interval, samples) as stored in the file."""
        with decoder_errors(partial(_unheard, self.path)):
            zero_s = _first_shown_s(self.path) + self.start_s
            with _open(self.path) as container:
                stream = container.streams.audio[0]
                if zero_s > _EARLY_S and stream.time_base is not None:
                    container.seek(int((zero_s - _EARLY_S) / stream.time_base), stream=stream)
                resampler = AudioResampler(format="fltp", layout="stereo", rate=RATE_HZ)
                place: int | None = None
                for frame in container.decode(stream):
                    if place is None:
                        place = round(((frame.time or 0.0) - zero_s) * RATE_HZ)
                    else:
                        heard = round(((frame.time or 0.0) - zero_s) * RATE_HZ)
                        if heard - place > RATE_HZ // 20:  # a gap in the sound; smaller ones are rounding
                            place = heard
                    for resampled in resampler.resample(frame):
                        samples = resampled.to_ndarray().astype(np.float32, copy=False)
                        yield place, samples
                        place += samples.shape[1]


def _silence(n: int) -> Iterator[Samples]:
    while n > 0:
        yield np.zeros((2, min(n, RATE_HZ)), np.float32)
        n -= RATE_HZ


class SoundTrack:
    """A sound track being written with the pictures of a clip."""

    def __init__(self, stream: AudioStream, sound: Sound) -> None:
        self._stream = stream
        self._blocks = _even(sound.blocks())
        self._given = 0
        stream.codec_context.rate = RATE_HZ
        stream.codec_context.layout = "stereo"
        stream.codec_context.format = _FORMATS[stream.codec_context.codec.name]
        stream.codec_context.time_base = stream.time_base = Fraction(1, RATE_HZ)

    def up_to(self, time_s: float) -> "Iterator[Packet[Any]]":
        """Yield packets until the sound reaches a time in the clip."""
        while self._given < time_s * RATE_HZ:
            samples = next(self._blocks, None)
            if samples is None:
                return
            yield from self._encode(samples)

    def rest(self) -> "Iterator[Packet[Any]]":
        """Yield the remaining packets."""
        for samples in self._blocks:
            yield from self._encode(samples)
        yield from self._stream.encode(None)

    def _encode(self, samples: Samples) -> "Iterator[Packet[Any]]":
        packed = self._stream.codec_context.format.name
        array = samples if packed == "fltp" else np.ascontiguousarray(samples.T).reshape(1, -1)
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(array), format=packed, layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, self._given, Fraction(1, RATE_HZ)
        self._given += samples.shape[1]
        yield from self._stream.encode(frame)


def _even(pieces: Iterator[Samples]) -> Iterator[Samples]:
    """Yield samples in blocks of equal size; only the last is shorter."""
    waiting: list[Samples] = []
    n = 0
    for piece in pieces:
        waiting.append(piece)
        n += piece.shape[1]
        if n >= _BLOCK:
            joined = np.concatenate(waiting, axis=1)
            whole = n // _BLOCK * _BLOCK
            for at in range(0, whole, _BLOCK):
                yield joined[:, at : at + _BLOCK]
            waiting, n = [joined[:, whole:]], n - whole
    if n:
        yield np.concatenate(waiting, axis=1)
