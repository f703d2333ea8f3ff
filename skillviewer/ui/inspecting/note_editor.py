"""The editor of a note: the field, and the draft that is saved while the user writes."""

from PySide6.QtCore import QCoreApplication, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from skillviewer.data.study import Note, Study
from skillviewer.ui.session.program import Program
from skillviewer.ui.session.studies import REMARKS
from skillviewer.ui.session.undo import Command
from skillviewer.ui.threads.throttle import single_shot

LEAST_LINES, MOST_LINES = 1, 12


class NoteEdit(QPlainTextEdit):
    """A field for plain text. Ctrl+Enter and leaving the field finish the note; Tab goes on to the next field."""

    begun = Signal()
    finished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.setAcceptDrops(False)  # files dropped here are for the window
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.least_lines = LEAST_LINES
        self.document().documentLayout().documentSizeChanged.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        """Return the height of the text, within limits."""
        lines = round(self.document().size().height())
        shown = min(max(lines, self.least_lines), MOST_LINES)
        margins = 2 * self.document().documentMargin() + 2 * self.frameWidth()
        return QSize(160, round(shown * self.fontMetrics().lineSpacing() + margins) + 10)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.begun.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Finish, unless a menu or another window came over it."""
        super().focusOutEvent(event)
        if event.reason() not in {Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason}:
            self.finished.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.finished.emit()
            event.accept()
        else:
            super().keyPressEvent(event)


AUTOSAVE_MS = 400


class _Row:
    """The row of a note in the study; made when there is something to write. Used in the study's worker thread."""

    def __init__(self, video: str, author: str, number: int | None) -> None:
        self.video, self.author, self.number = video, author, number

    def write(self, study: Study, text: str) -> None:
        if self.number is None:
            self.number = study.remarks.write_note(text, author=self.author, video=self.video)
        else:
            study.remarks.bring_back("note", self.number)
            study.remarks.change_note(self.number, text)

    def remove(self, study: Study) -> None:
        if self.number is not None:
            study.remarks.remove("note", self.number)


class NoteDraft(QObject):
    """The text of one note while it is typed: of one that is changed, or of a new one."""

    def __init__(
        self, program: Program, video: str, author: str, note: Note | None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._studies, self._undo = program.studies, program.undo
        self._before = note.text if note is not None else ""
        self._row = _Row(video, author, note.id if note is not None else None)
        self._text = self._saved = self._before
        self._pause = single_shot(self, AUTOSAVE_MS, self._save)

    @property
    def number(self) -> int | None:
        """Number of the note in the study, once it has one."""
        return self._row.number

    def set_text(self, text: str) -> None:
        self._text = text.strip()
        self._pause.start()

    @Slot()
    def _save(self) -> None:
        """Save it to the disk, without a step of undo."""
        text, row = self._text, self._row
        if text and text != self._saved and self._studies.writable:
            self._saved = text
            self._studies.act(lambda study: row.write(study, text), REMARKS)

    def commit(self) -> None:
        """Finish: the whole text becomes one step of undo."""
        self._pause.stop()
        text, before, row = self._text, self._before, self._row
        if not self._studies.writable:
            return
        if text == before:
            if not before and self._saved:
                self._studies.act(row.remove, REMARKS)  # written, and deleted again
            elif self._saved != before:
                self._studies.act(lambda study: row.write(study, before), REMARKS)
            return
        words = QCoreApplication.translate("Remarks", "note")

        def do(study: Study) -> None:
            if text:
                row.write(study, text)
            else:
                row.remove(study)

        def undo(study: Study, _result: object) -> None:
            if before:
                row.write(study, before)
            else:
                row.remove(study)

        self._undo.perform(Command(words, do, undo, (REMARKS,)))
        self._before = self._saved = text
