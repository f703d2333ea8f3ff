"""A sound track written with the pictures of a clip: AAC for MP4, Opus for WebM.

Encoding anew makes the cut exact and removes all metadata.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from skillviewer.core.arrays import Float32Array
from skillviewer.core.video.sound import SOUND_RATE_HZ
from skillviewer.media.reading.sound_reader import Sound

if TYPE_CHECKING:
    from av.packet import Packet

ENCODERS = {".mp4": "aac", ".m4v": "aac", ".mov": "aac", ".webm": "libopus"}
_FORMATS = {"aac": "fltp", "libopus": "flt"}
_BLOCK = 4800  # samples per encoded block: 0.1 s


class SoundTrack:
    """A sound track being written with the pictures of a clip."""

    def __init__(self, stream: AudioStream, sound: Sound) -> None:
        self._stream = stream
        self._blocks = _equal_blocks(sound.blocks())
        self._n_encoded = 0
        stream.codec_context.rate = SOUND_RATE_HZ
        stream.codec_context.layout = "stereo"
        stream.codec_context.format = _FORMATS[stream.codec_context.codec.name]
        stream.codec_context.time_base = stream.time_base = Fraction(1, SOUND_RATE_HZ)

    def up_to(self, time_s: float) -> "Iterator[Packet[Any]]":
        """Yield packets until the sound reaches a time in the clip."""
        while self._n_encoded < time_s * SOUND_RATE_HZ:
            samples = next(self._blocks, None)
            if samples is None:
                return
            yield from self._encode(samples)

    def flush(self) -> "Iterator[Packet[Any]]":
        """Yield the remaining packets."""
        for samples in self._blocks:
            yield from self._encode(samples)
        yield from self._stream.encode(None)

    def _encode(self, samples: Float32Array) -> "Iterator[Packet[Any]]":
        sample_format = self._stream.codec_context.format.name
        if sample_format != "fltp":  # one channel after another, where this encoder takes them in turn
            samples_of_frame = np.ascontiguousarray(samples.T).reshape(1, -1)
        else:
            samples_of_frame = np.ascontiguousarray(samples)
        frame = AudioFrame.from_ndarray(samples_of_frame, format=sample_format, layout="stereo")
        frame.sample_rate = SOUND_RATE_HZ
        frame.pts = self._n_encoded
        frame.time_base = Fraction(1, SOUND_RATE_HZ)
        self._n_encoded += samples.shape[1]
        yield from self._stream.encode(frame)


def _equal_blocks(pieces: Iterator[Float32Array]) -> Iterator[Float32Array]:
    """Yield samples in blocks of equal size; only the last is shorter."""
    waiting: list[Float32Array] = []
    n = 0
    for piece in pieces:
        waiting.append(piece)
        n += piece.shape[1]
        if n >= _BLOCK:
            joined = np.concatenate(waiting, axis=1)
            whole = n // _BLOCK * _BLOCK
            for start in range(0, whole, _BLOCK):
                yield joined[:, start : start + _BLOCK]
            waiting = [joined[:, whole:]]
            n = n - whole
    if n:
        yield np.concatenate(waiting, axis=1)
