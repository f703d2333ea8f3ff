"""The log, and errors that no code caught."""

import logging
import sys
import threading
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Signal

from skillviewer.core.crash_report import REPORT_LOG_FILE, NamelessFormatter

log = logging.getLogger(__name__)


LOG_BYTES = 1_000_000


ExceptHook = Callable[[type[BaseException], BaseException, TracebackType | None], object]


def log_to(folder: Path) -> tuple[logging.Handler, ...]:
    """Write the log to ``FOLDER/skillviewer.log``, and once more without values for reports of crashes.

    Each has a few files of limited size. The handlers are returned, none if the folder cannot be written.
    """
    formatters = {
        "skillviewer.log": logging.Formatter("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"),
        REPORT_LOG_FILE: NamelessFormatter(),
    }
    handlers: list[logging.Handler] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, formatter in formatters.items():
            handlers.append(RotatingFileHandler(folder / name, maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8"))
            handlers[-1].setFormatter(formatter)
    except OSError as error:
        log.warning("no log is written: %s", error)
        return ()
    logger = logging.getLogger("skillviewer")
    for handler in handlers:
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return tuple(handlers)


class ExceptionHook(QObject):
    """Replaces ``sys.excepthook``, which gets the errors of slots and event handlers."""

    caught = Signal(object)  # the error; delivered in the window's thread whatever thread it happened in

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._before: ExceptHook | None = None
        self._threads_before: Callable[[threading.ExceptHookArgs], object] | None = None

    def install(self) -> None:
        if self._before is None:
            self._before = sys.excepthook
            self._threads_before = threading.excepthook
            sys.excepthook = self._on_error
            threading.excepthook = self._on_thread_error

    def uninstall(self) -> None:
        if self._before is not None and self._threads_before is not None:
            sys.excepthook = self._before
            threading.excepthook = self._threads_before
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
