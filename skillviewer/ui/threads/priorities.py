"""Priorities of threads: the window's goes before those that compute."""

import os
import sys
import threading

from PySide6.QtCore import QThread

from skillviewer.engine.runtime.threads import settle_threads

SWITCH_S = 0.001  # switch interval of Python's lock; with the default of 5 ms the waits of one event add up
NICENESS = 5
"""Niceness of threads that compute; threads that torch, OpenCV and the encoders start from there inherit it."""


def let_threads_rest() -> None:
    """Let threads pass Python's lock on soon, and those of libraries sleep while they wait; before their import."""
    settle_threads()
    sys.setswitchinterval(SWITCH_S)


def give_way() -> None:
    """Let the calling thread, a QThread, and those that it starts come after the window's."""
    if sys.platform == "linux":  # the usual scheduler ignores priorities of QThread
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
    else:
        QThread.currentThread().setPriority(QThread.Priority.LowPriority)
