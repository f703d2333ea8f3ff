"""Messages to the user, and errors that no code caught."""

import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Signal

from skillviewer.core.errors import SkillViewerError


class Severity(StrEnum):
    """Severity of a message."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Message:
    """A message."""

    text: str  # a sentence
    severity: Severity = Severity.NOTE  # how bad it is
    details: tuple[str, ...] = ()  # more lines, shown on request: one for each file that was not understood, say


class Messages(QObject):
    """Messages that wait to be read, the latest last."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[Message] = []

    @property
    def waiting(self) -> tuple[Message, ...]:
        """Messages not yet dismissed, the latest last."""
        return tuple(self._waiting)

    def post(self, message: Message) -> None:
        """Show a message. The same text twice is shown once."""
        self._waiting = [m for m in self._waiting if m.text != message.text]
        self._waiting.append(message)
        self.changed.emit()

    def note(self, text: str) -> None:
        self.post(Message(text))

    def fail(self, error: BaseException) -> None:
        """Show a failure, in the words of the error where they are fit to be shown."""
        if isinstance(error, SkillViewerError):
            self.post(Message(str(error), Severity.ERROR))
        else:
            what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            text = self.tr("An unexpected error occurred. The log has the details.")
            self.post(Message(text, Severity.ERROR, details=(what,)))

    def dismiss(self) -> None:
        if self._waiting:
            self._waiting.pop()
            self.changed.emit()


log = logging.getLogger(__name__)

LOG_BYTES = 1_000_000
ExceptHook = Callable[[type[BaseException], BaseException, TracebackType | None], object]


def log_to(folder: Path) -> logging.Handler | None:
    """Write the log to ``FOLDER/skillviewer.log``, a few files of limited size; return its handler, or None."""
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
