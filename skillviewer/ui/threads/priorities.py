"""Python between the window and its threads: priorities, its lock, and its garbage."""

import gc
import os
import sys
import threading

from PySide6.QtCore import QObject, QThread, QTimer, Slot

from skillviewer.core.system import request_short_time_slices
from skillviewer.engine.runtime.threads import configure_threads

SWITCH_S = 0.001  # switch interval of Python's lock; with the default of 5 ms the waits of one event add up
NICENESS = 5
"""Niceness of threads that compute; threads that torch, OpenCV and the encoders start from there inherit it."""


def let_threads_rest() -> None:
    """Let threads pass Python's lock on soon, and those of libraries sleep while they wait; before their import."""
    configure_threads()
    sys.setswitchinterval(SWITCH_S)
    request_short_time_slices()


def give_way() -> None:
    """Let the calling thread, a QThread, and those that it starts take short turns; else let them come last.

    Coming last, a computation next to two busy programs took twice the time, and held Python's lock for longer.
    """
    if request_short_time_slices():
        return
    if sys.platform == "linux":  # the usual scheduler ignores priorities of QThread
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
    else:
        QThread.currentThread().setPriority(QThread.Priority.LowPriority)


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
        before = self._modules
        self._modules = len(sys.modules)
        if self._modules != before:
            gc.freeze()  # modules were imported: none of them is garbage
            return
        self._rests += 1
        gc.collect(2 if self._rests % WHOLE_EVERY == 0 else 1)
