"""Garbage collection by the window's thread, between events, and never while others import."""

import gc
import sys

from PySide6.QtCore import QObject, QTimer, Slot

TICK_MS = 500
WHOLE_EVERY = 120  # a full collection is made at every so many pauses; else only new objects are collected


class Collector(QObject):
    """Replaces Python's automatic collector while it lives.

    Left alone, the collector runs in whichever thread happens to make an object. It then holds Python's lock for as
    long as it takes: 85 ms at a time while torch is imported, and 125 ms for every look at all that torch and numba
    brought (measured). It may also delete a widget in a thread that must not touch one.

    What modules bring stays as long as the program does, so it is set aside once they are imported; what is left to be
    looked at is small.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._modules = len(sys.modules)
        self._rests = 0
        self._was_enabled = gc.isenabled()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        """Turn Python's collector on again."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()

    @Slot()
    def _tick(self) -> None:
        before, self._modules = self._modules, len(sys.modules)
        if self._modules != before:
            gc.freeze()  # modules were imported: none of them is garbage
            return
        self._rests += 1
        gc.collect(2 if self._rests % WHOLE_EVERY == 0 else 1)
