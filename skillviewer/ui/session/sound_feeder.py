"""Decoding of sound for the sound device, in a worker thread."""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Protocol

import numpy as np

from skillviewer.core.arrays import Float32Array
from skillviewer.core.errors import VideoError
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.core.video.sound import SOUND_RATE_HZ, SoundEnvelope
from skillviewer.ui.session.sound_output import SoundOutput
from skillviewer.ui.session.sound_queue import SoundQueue

AHEAD_S = 1.0  # duration of the sound that is decoded ahead


class SoundSource(Protocol):
    """The sound of one file: ``skillviewer.media.reading.sound_reader.SoundReader``."""

    def blocks(
        self, start_s: float, stop_s: float, speed: float = 1.0, token: CancelToken = NEVER
    ) -> Iterator[Float32Array]:
        """Yield the sound of an interval at a speed, in blocks of (2, n) samples."""
        ...

    def envelope(
        self, digest: str, duration_s: float, token: CancelToken = NEVER, report: Report = silent
    ) -> SoundEnvelope:
        """Read the whole sound and return its envelope."""
        ...


OpenSound = Callable[[Path], SoundSource]


class QueueSlot:
    """Holder of the queue that the sound device plays. Threads may share it, since the queue is replaced atomically."""

    def __init__(self) -> None:
        self.queue: SoundQueue | None = None

    def fill(self, n: int, heard_at_s: float) -> Float32Array:
        """Return the next ``n`` samples for the device, (2, n) float32; silence without a queue."""
        queue = self.queue
        return queue.take(n, heard_at_s) if queue is not None else np.zeros((2, n), np.float32)


class SoundFeeder:
    """Decodes sound for the device: the resource of the worker thread ``sound``."""

    def __init__(self, open_sound: OpenSound, output: SoundOutput, slot: QueueSlot) -> None:
        self._open = open_sound
        self._output = output
        self._slot = slot
        self._path: Path | None = None  # file of ``_source``
        self._source: SoundSource | None = None

    def feed(
        self, path: Path, queue: SoundQueue, part_s: tuple[float, float], token: CancelToken, *, blind: bool = False
    ) -> None:
        """Decode the sound of a run into a queue, until the sound ends or the token is cancelled.

        Args:
            path: The video.
            queue: The queue of the run.
            part_s: Start and end of the part of the file that is heard, in seconds. The run is silent outside.
            token: Stops the decoding.
            blind: Whether errors must not name the video.

        Raises:
            VideoError: The video has no sound, or it cannot be read.
            DeviceError: There is no sound device.
        """
        token.check()
        try:
            self._feed(path, queue, part_s, token)
        except VideoError:
            if blind:
                raise VideoError("This video has no sound that can be read.") from None
            raise
        token.check()

    def _feed(self, path: Path, queue: SoundQueue, part_s: tuple[float, float], token: CancelToken) -> None:
        source = self._open_source(path)
        self._slot.queue = queue
        self._output.start(self._slot.fill)
        run = queue.run
        part_start_s, stop_s = part_s
        start_s = max(run.start_s, part_start_s)
        if start_s >= stop_s:
            return
        silence_before = silence((start_s - run.start_s) / run.speed)
        for samples in chain(silence_before, source.blocks(start_s, stop_s, run.speed, token)):
            queue.put(samples)
            while queue.ahead_s() > AHEAD_S:
                token.check()
                token.wait(0.05)

    def _open_source(self, path: Path) -> SoundSource:
        if self._path != path or self._source is None:
            self._source = self._open(path)
            self._path = path
        return self._source

    def stop(self) -> None:
        """Stop the device."""
        self._output.stop()

    def close(self) -> None:
        """Stop the device and forget the file."""
        self.stop()
        self._path = None
        self._source = None


def silence(seconds: float) -> Iterator[Float32Array]:
    """Yield silence in blocks of (2, n) samples, each of at most one second."""
    n_left = round(seconds * SOUND_RATE_HZ)
    while n_left > 0:
        yield np.zeros((2, min(n_left, SOUND_RATE_HZ)), np.float32)
        n_left -= SOUND_RATE_HZ
