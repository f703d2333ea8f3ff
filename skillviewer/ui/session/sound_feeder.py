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

AHEAD_S = 1.0  # sound that is decoded ahead


class SoundSource(Protocol):
    """The sound of one file: ``skillviewer.media.reading.sound_reader.SoundReader``."""

    def blocks(
        self, start_s: float, stop_s: float, speed: float = 1.0, token: CancelToken = NEVER
    ) -> Iterator[Float32Array]: ...

    def envelope(
        self, digest: str, duration_s: float, token: CancelToken = NEVER, report: Report = silent
    ) -> SoundEnvelope: ...


OpenSound = Callable[[Path], SoundSource]


class QueueSlot:
    """The queue that the device takes from; replaced whole, so that threads may share it."""

    def __init__(self) -> None:
        self.queue: SoundQueue | None = None

    def fill(self, n: int, heard_at_s: float) -> Float32Array:
        """Return the next samples for the device, silent without a queue."""
        queue = self.queue
        return queue.take(n, heard_at_s) if queue is not None else np.zeros((2, n), np.float32)


class SoundFeeder:
    """Decodes sound for the device: the resource of the worker thread ``sound``."""

    def __init__(self, open_sound: OpenSound, output: SoundOutput, slot: QueueSlot) -> None:
        self._open = open_sound
        self._output = output
        self._slot = slot
        self._source: tuple[Path, SoundSource] | None = None

    def feed(
        self, path: Path, queue: SoundQueue, part_s: tuple[float, float], token: CancelToken, *, blind: bool = False
    ) -> None:
        """Decode a run until it ends or the token is raised; outside ``part_s``, start and end in seconds, is silence.

        Where ``blind``, no error names the video.

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
        if self._source is None or self._source[0] != path:
            self._source = path, self._open(path)
        self._slot.queue = queue
        self._output.start(self._slot.fill)
        run = queue.run
        start_s = max(run.start_s, part_s[0])
        stop_s = part_s[1]
        if start_s >= stop_s:
            return
        before = silence((start_s - run.start_s) / run.speed)
        for samples in chain(before, self._source[1].blocks(start_s, stop_s, run.speed, token)):
            queue.put(samples)
            while queue.ahead_s() > AHEAD_S:
                token.check()
                token.wait(0.05)

    def stop(self) -> None:
        """Stop the device."""
        self._output.stop()

    def close(self) -> None:
        """Stop the device and forget the file."""
        self.stop()
        self._source = None


def silence(seconds: float) -> Iterator[Float32Array]:
    """Yield (2, n) silent samples, at most one second each."""
    left = round(seconds * SOUND_RATE_HZ)
    while left > 0:
        yield np.zeros((2, min(left, SOUND_RATE_HZ)), np.float32)
        left -= SOUND_RATE_HZ
