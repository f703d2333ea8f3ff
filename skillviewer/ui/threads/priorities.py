"""Sharing of the processor and of Python's lock between the window and its threads; garbage collection."""

import gc
import os
import sys
import threading

from PySide6.QtCore import QObject, QThread, QTimer, Slot

from skillviewer.core.os_differences import request_short_time_slices
from skillviewer.engine.runtime.threads import configure_threads

SWITCH_INTERVAL_S = 0.001  # switch interval of Python's lock; with Python's default of 5 ms, events wait too long
NICENESS = 5  # of computing threads, which threads of torch, OpenCV and the encoders inherit


def configure_process() -> None:
    """Make threads release Python's lock early, and threads of libraries sleep while they wait.

    Call this before torch, OpenCV and numba are imported.
    """
    configure_threads()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    request_short_time_slices()


def give_way() -> None:
    """Make the calling QThread, and the threads that it starts, take short turns, or lower their priority.

    A lower priority is the second choice: next to two busy programs, a computation took twice the time, and held
    Python's lock for longer.
    """
    if request_short_time_slices():
        return
    if sys.platform == "linux":  # Linux's default scheduler ignores priorities of QThread
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
    else:
        QThread.currentThread().setPriority(QThread.Priority.LowPriority)


COLLECTION_INTERVAL_MS = 500
TICKS_PER_FULL_COLLECTION = 120  # the other collections look at new objects only


class Collector(QObject):
    """Garbage collection in the window's thread, instead of Python's automatic collection.

    Python's collector runs in whichever thread makes an object, and holds Python's lock: for 85 ms at a time while
    torch is imported, and for 125 ms whenever it looks at all objects of torch and numba (measured). It may also delete
    a widget in a thread that must not touch widgets.

    Objects made by importing modules are never garbage, so they are excluded from collection after each import.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._n_modules = len(sys.modules)
        self._n_ticks = 0
        self._was_enabled = gc.isenabled()
        self._timer = QTimer(self)
        self._timer.setInterval(COLLECTION_INTERVAL_MS)
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
        n_modules = len(sys.modules)
        if n_modules != self._n_modules:
            self._n_modules = n_modules
            gc.freeze()  # excludes the objects of the imported modules
            return
        self._n_ticks += 1
        is_full = self._n_ticks % TICKS_PER_FULL_COLLECTION == 0
        generation = 2 if is_full else 1
        gc.collect(generation)
