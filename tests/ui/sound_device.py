"""A sound device for tests: it takes samples when the test says so."""

from typing import TYPE_CHECKING

import numpy as np

from skillviewer.core.errors import DeviceError
from skillviewer.core.video.sound import SOUND_RATE_HZ
from skillviewer.ui.session.sound_output import Fill
from skillviewer.ui.session.sound_queue import SoundQueue
from tests.sounds import loud_s

if TYPE_CHECKING:
    from skillviewer.core.arrays import Float32Array


class StandIn:
    """A sound device that takes samples when the test says so, by a clock that may run fast or slow."""

    def __init__(self, works: bool = True) -> None:
        self.fill: Fill | None = None
        self.works = works
        self.heard: list[tuple[float, Float32Array]] = []

    def start(self, fill: Fill) -> None:
        if not self.works:
            raise DeviceError("Videos play without sound: there is no sound device.")
        self.fill = fill

    def stop(self) -> None:
        self.fill = None

    def take(self, n: int, heard_at_s: float) -> None:
        if self.fill is not None:
            self.heard.append((heard_at_s, self.fill(n, heard_at_s)))

    def clicks_s(self, until_s: float) -> list[float]:
        """Return the reading of the clock at which each click was heard, the whole second after ``until_s`` at most."""
        start_s = self.heard[0][0]
        sound = np.zeros(round((until_s - start_s + 1) * SOUND_RATE_HZ), np.float32)
        for heard_at_s, samples in self.heard:
            at = round((heard_at_s - start_s) * SOUND_RATE_HZ)
            sound[at : at + samples.shape[1]] = samples[0]
        return [start_s + at for at in loud_s(sound)]


def is_fed(output: StandIn, queue: SoundQueue, needed_s: float) -> bool:
    """Return True once the device takes samples, and samples for some seconds are at hand."""
    return output.fill is not None and queue.ahead_s() >= needed_s
