"""Log files, and the hook for uncaught errors."""

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


MAX_LOG_BYTES = 1_000_000  # of each log file
ExceptHook = Callable[[type[BaseException], BaseException, TracebackType | None], object]


def log_to(folder: Path) -> tuple[logging.Handler, ...]:
    """Write the log to ``FOLDER/skillviewer.log``, and a copy without values for crash reports.

    Each log has at most three files of limited size.

    Returns:
        The handlers of the log. Without a writable folder there are no handlers.
    """
    formatters = {
        "skillviewer.log": logging.Formatter("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"),
        REPORT_LOG_FILE: NamelessFormatter(),
    }
    handlers: list[logging.Handler] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, formatter in formatters.items():
            handler = RotatingFileHandler(folder / name, maxBytes=MAX_LOG_BYTES, backupCount=2, encoding="utf-8")
            handler.setFormatter(formatter)
            handlers.append(handler)
    except OSError as error:
        log.warning("no log is written: %s", error)
        return ()
    logger = logging.getLogger("skillviewer")
    for new_handler in handlers:
        logger.addHandler(new_handler)
    logger.setLevel(logging.INFO)
    return tuple(handlers)


class ExceptionHook(QObject):
    """Replacement of ``sys.excepthook``, which also gets the errors of slots and event handlers."""

    caught = Signal(object)  # the error, from any thread; delivered in the thread of the window

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._previous_hook: ExceptHook | None = None
        self._previous_thread_hook: Callable[[threading.ExceptHookArgs], object] | None = None

    def install(self) -> None:
        if self._previous_hook is None:
            self._previous_hook = sys.excepthook
            self._previous_thread_hook = threading.excepthook
            sys.excepthook = self._on_error
            threading.excepthook = self._on_thread_error

    def uninstall(self) -> None:
        if self._previous_hook is not None and self._previous_thread_hook is not None:
            sys.excepthook = self._previous_hook
            threading.excepthook = self._previous_thread_hook
            self._previous_hook = None
            self._previous_thread_hook = None

    def _on_error(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        log.error("not caught", exc_info=(kind, error, trace))
        self.caught.emit(error)

    def _on_thread_error(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._on_error(args.exc_type, args.exc_value, args.exc_traceback)
