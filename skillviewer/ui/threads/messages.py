"""Messages to the user."""

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from skillviewer.core.errors import SkillViewerError

UNEXPECTED = "An unexpected error occurred. The log has the details."


def error_text(error: object) -> str:
    """Return a sentence for the user: the text of an error of this program, but no text of a library."""
    return str(error) if isinstance(error, SkillViewerError) else f"{UNEXPECTED} ({type(error).__name__})"


class Severity(StrEnum):
    """Severity of a message."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Message:
    """A message to the user."""

    text: str  # one sentence
    severity: Severity = Severity.NOTE
    details: tuple[str, ...] = ()  # further lines that are shown on request, such as one for each refused file
    action: str = ""  # name of an action that is offered as a button, or ""


class Messages(QObject):
    """Messages that the user has not dismissed."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[Message] = []

    @property
    def waiting(self) -> tuple[Message, ...]:
        """Messages not yet dismissed, the latest last."""
        return tuple(self._waiting)

    def post(self, message: Message) -> None:
        """Show a message. An earlier message with the same text is replaced."""
        self._waiting = [earlier for earlier in self._waiting if earlier.text != message.text]
        self._waiting.append(message)
        self.changed.emit()

    def note(self, text: str) -> None:
        self.post(Message(text))

    def fail(self, error: BaseException) -> None:
        """Show a failure: the sentence of a SkillViewerError, or a general sentence with another error as a detail."""
        if isinstance(error, SkillViewerError):
            self.post(Message(str(error), Severity.ERROR))
        else:
            description = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            self.post(Message(UNEXPECTED, Severity.ERROR, details=(description,)))

    def clear(self) -> None:
        """Drop all messages, since they are about a study that is no longer open."""
        if self._waiting:
            self._waiting.clear()
            self.changed.emit()

    def dismiss(self) -> None:
        if self._waiting:
            self._waiting.pop()
            self.changed.emit()
