"""The field of a note, saved while it is typed."""

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from skillviewer.core.text import clock, printable
from skillviewer.data.study import Note, Study
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.study_controller import ANNOTATIONS
from skillviewer.ui.session.undo import Command
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.widgets.chip import Chip
from skillviewer.ui.widgets.labels import ElidingLabel
from skillviewer.ui.widgets.layout import add_all, horizontal, vertical, with_accessible_name

MIN_LINES, MAX_LINES = 1, 12


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
        self.min_lines = MIN_LINES
        self.document().documentLayout().documentSizeChanged.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        """Return the height of the text, within limits."""
        lines = round(self.document().size().height())
        n_lines = min(max(lines, self.min_lines), MAX_LINES)
        margins = 2 * self.document().documentMargin() + 2 * self.frameWidth()
        return QSize(160, round(n_lines * self.fontMetrics().lineSpacing() + margins) + 10)

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
        self.video = video
        self.author = author
        self.number = number

    def write(self, study: Study, text: str) -> None:
        if self.number is None:
            self.number = study.annotations.write_note(text, author=self.author, video=self.video)
        else:
            study.annotations.restore("note", self.number)
            study.annotations.change_note(self.number, text)

    def remove(self, study: Study) -> None:
        if self.number is not None:
            study.annotations.remove("note", self.number)


class NoteDraft(QObject):
    """The text of one note while it is typed: of one that is changed, or of a new one."""

    def __init__(
        self, app_context: AppContext, video: str, author: str, note: Note | None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._studies = app_context.studies
        self._undo = app_context.undo
        self._before = note.text if note is not None else ""
        self._row = _Row(video, author, note.id if note is not None else None)
        self._text = self._saved = self._before
        self._pause = single_shot(self, AUTOSAVE_MS, self._save)

    @property
    def number(self) -> int | None:
        return self._row.number

    def set_text(self, text: str) -> None:
        self._text = text.strip()
        self._pause.start()

    def reset(self, text: str) -> None:
        """Go on from another text, which an undo brought."""
        self._pause.stop()
        self._before = self._text = self._saved = text

    def _save(self) -> None:
        """Save it to the disk, without a step of undo."""
        text, row = self._text, self._row
        if text and text != self._saved and self._studies.writable:
            self._saved = text
            self._studies.submit_write(lambda study: row.write(study, text), ANNOTATIONS)

    def commit(self) -> None:
        """Finish: the whole text becomes one step of undo."""
        self._pause.stop()
        text, before, row = self._text, self._before, self._row
        if not self._studies.writable:
            return
        if text == before:
            if not before and self._saved:
                self._studies.submit_write(row.remove, ANNOTATIONS)  # written, and deleted again
            elif self._saved != before:
                self._studies.submit_write(lambda study: row.write(study, before), ANNOTATIONS)
            return
        title = "note"

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

        self._undo.perform(Command(title, do, undo, (ANNOTATIONS,)))
        self._before = self._saved = text


class NoteBlock(QWidget):
    """A note: author, date, time in the video, and its text, which can be edited in place."""

    def __init__(self, note: Note, app_context: AppContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self.note = note
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._about = ElidingLabel(self, muted=True)
        self.time = Chip("", self)
        self.time.setToolTip("Go there")
        self.time.clicked.connect(self._on_time)
        self.remove = with_accessible_name(Chip("×", self), "Delete the note")
        self.remove.setToolTip("Delete the note")
        self.remove.clicked.connect(lambda: app_context.annotations.remove(self.note))
        self.edit = NoteEdit(self)
        self._saved_text = note.text
        row = add_all(horizontal(spacing=4), (self._about, 1), self.time, self.remove)
        add_all(vertical(self, (12, 4, 12, 4), 2), row, self.edit)
        self.show_note(note, writable=True)

    def show_note(self, note: Note, *, writable: bool) -> bool:
        """Show a note, not over what is being typed; return True if its text is another one now."""
        self.note = note
        author = printable(note.author) or "unnamed"
        made_at = note.made_at.astimezone()
        day = f"{made_at:%Y-%m-%d}"
        self._about.set_forms(f"{author} · {day}", day, tip=f"{author} · {made_at:%Y-%m-%d %H:%M}")
        self.time.setVisible(note.time_s is not None)
        if note.time_s is not None:
            self.time.setText(clock(note.time_s))
        typed = self.edit.toPlainText()
        replaced = typed != note.text and (not self.edit.hasFocus() or typed.strip() == self._saved_text)
        if replaced:
            self.edit.setPlainText(note.text)
        self._saved_text = note.text
        self.edit.setReadOnly(not writable)
        self.edit.setAccessibleName(f"Note by {author}")
        self.remove.setEnabled(writable)
        return replaced

    def _on_time(self) -> None:
        if self.note.time_s is not None:
            self._app_context.playback.stop_at_time(self.note.time_s)
