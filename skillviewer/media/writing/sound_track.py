"""Sound track of a clip, written along with its pictures: AAC for MP4, Opus for WebM.

The sound is encoded again, so that the cut is exact and no metadata remain.
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
"""Encoder of the sound by the suffix of the clip."""

_SAMPLE_FORMATS = {"aac": "fltp", "libopus": "flt"}
_BLOCK_SAMPLES = 4800  # samples per encoded block: 0.1 s


class SoundTrack:
    """Encoder of the sound of a clip.

    Args:
        stream: Stream of the clip's file.
        sound: The sound.
    """

    def __init__(self, stream: AudioStream, sound: Sound) -> None:
        self._stream = stream
        self._blocks = _equal_blocks(sound.blocks())
        self._n_encoded_samples = 0
        stream.codec_context.rate = SOUND_RATE_HZ
        stream.codec_context.layout = "stereo"
        stream.codec_context.format = _SAMPLE_FORMATS[stream.codec_context.codec.name]
        stream.time_base = Fraction(1, SOUND_RATE_HZ)
        stream.codec_context.time_base = stream.time_base

    def encode_up_to(self, time_s: float) -> "Iterator[Packet[Any]]":
        """Yield packets until the sound reaches a time in the clip."""
        while self._n_encoded_samples < time_s * SOUND_RATE_HZ:
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
        if sample_format == "fltp":
            frame_samples = np.ascontiguousarray(samples)
        else:  # interleaved channels
            frame_samples = np.ascontiguousarray(samples.T).reshape(1, -1)
        frame = AudioFrame.from_ndarray(frame_samples, format=sample_format, layout="stereo")
        frame.sample_rate = SOUND_RATE_HZ
        frame.pts = self._n_encoded_samples
        frame.time_base = Fraction(1, SOUND_RATE_HZ)
        self._n_encoded_samples += samples.shape[1]
        yield from self._stream.encode(frame)


def _equal_blocks(pieces: Iterator[Float32Array]) -> Iterator[Float32Array]:
    """Yield samples in blocks of equal size; only the last may be shorter."""
    pending: list[Float32Array] = []
    n_pending = 0
    for piece in pieces:
        pending.append(piece)
        n_pending += piece.shape[1]
        if n_pending >= _BLOCK_SAMPLES:
            samples = np.concatenate(pending, axis=1)
            n_in_blocks = n_pending // _BLOCK_SAMPLES * _BLOCK_SAMPLES
            for start in range(0, n_in_blocks, _BLOCK_SAMPLES):
                yield samples[:, start : start + _BLOCK_SAMPLES]
            pending = [samples[:, n_in_blocks:]]
            n_pending -= n_in_blocks
    if n_pending:
        yield np.concatenate(pending, axis=1)
