"""Messages to the user."""

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from skillviewer.core.errors import SkillViewerError

UNEXPECTED = "An unexpected error occurred. The log has the details."


def error_text(error: object) -> str:
    """Return a sentence for the user: that of an error of this program, and no text of a library."""
    return str(error) if isinstance(error, SkillViewerError) else f"{UNEXPECTED} ({type(error).__name__})"


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
    action: str = ""  # name of an action that is offered as a button, or ""


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
            description = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            self.post(Message(UNEXPECTED, Severity.ERROR, details=(description,)))

    def clear(self) -> None:
        """Drop all messages: they are about a study that is no longer open."""
        if self._waiting:
            self._waiting.clear()
            self.changed.emit()

    def dismiss(self) -> None:
        if self._waiting:
            self._waiting.pop()
            self.changed.emit()
