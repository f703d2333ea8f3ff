"""Uncaught errors: written to the log and shown in the message bar; the window stays open."""

import logging
import sys
import threading
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Signal

log = logging.getLogger(__name__)

LOG_BYTES = 1_000_000
ExceptHook = Callable[[type[BaseException], BaseException, TracebackType | None], object]


def log_to(folder: Path) -> logging.Handler | None:
    """Write the program's log to ``FOLDER/skillviewer.log``, a few files of limited size.

    Returns:
        The handler, to be taken away again; None where the folder cannot be written: then there is no log.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(folder / "skillviewer.log", maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8")
    except OSError as error:
        log.warning("no log is written: %s", error)
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"))
    logger = logging.getLogger("skillviewer")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return handler


class ExceptionHook(QObject):
    """Replaces ``sys.excepthook``, which gets the errors of slots and event handlers."""

    caught = Signal(object)  # the error; delivered in the window's thread whatever thread it happened in

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._before: ExceptHook | None = None
        self._threads_before: Callable[[threading.ExceptHookArgs], object] | None = None

    def install(self) -> None:
        if self._before is None:
            self._before, self._threads_before = sys.excepthook, threading.excepthook
            sys.excepthook = self._on_error
            threading.excepthook = self._on_thread_error

    def uninstall(self) -> None:
        if self._before is not None and self._threads_before is not None:
            sys.excepthook, threading.excepthook = self._before, self._threads_before
            self._before = self._threads_before = None

    def _on_error(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        log.error("not caught", exc_info=(kind, error, trace))
        self.caught.emit(error)

    def _on_thread_error(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._on_error(args.exc_type, args.exc_value, args.exc_traceback)
