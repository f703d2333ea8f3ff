"""The field of a note, its draft that is saved while it is typed, and the block that shows it."""

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from skillviewer.core.text import clock
from skillviewer.data.study import Note, Study
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.insight.video_annotations import format_author
from skillviewer.ui.session.study_controller import ANNOTATIONS
from skillviewer.ui.session.undo import Command
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.widgets.chip import Chip
from skillviewer.ui.widgets.labels import ElidingLabel
from skillviewer.ui.widgets.layout import add_all, growing, horizontal, vertical, with_accessible_name

MIN_LINES = 1
MAX_LINES = 12
AUTOSAVE_MS = 400


class NoteEdit(QPlainTextEdit):
    """A field for plain text; Ctrl+Enter and leaving the field finish the note, and Tab leaves the field."""

    begun = Signal()  # the field has received the focus
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
        """Return the height of the text, from ``min_lines`` to ``MAX_LINES`` lines."""
        document = self.document()
        n_text_lines = round(document.size().height())
        n_lines = min(max(n_text_lines, self.min_lines), MAX_LINES)
        margins_px = 2 * document.documentMargin() + 2 * self.frameWidth()
        height_px = round(n_lines * self.fontMetrics().lineSpacing() + margins_px) + 10
        return QSize(160, height_px)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.begun.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Finish the note, unless a menu or another window took the focus."""
        super().focusOutEvent(event)
        if event.reason() not in {Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason}:
            self.finished.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.finished.emit()
            event.accept()
        else:
            super().keyPressEvent(event)


class _SavedNote:
    """A note in the study, created when it is first written; used in the study's worker thread."""

    def __init__(self, video: str, author: str, note_id: int | None) -> None:
        self.video = video
        self.author = author
        self.note_id = note_id

    def write(self, study: Study, text: str) -> None:
        if self.note_id is None:
            self.note_id = study.annotations.write_note(text, author=self.author, video=self.video)
        else:
            study.annotations.restore("note", self.note_id)
            study.annotations.change_note(self.note_id, text)

    def remove(self, study: Study) -> None:
        if self.note_id is not None:
            study.annotations.remove("note", self.note_id)

    def set_text(self, study: Study, text: str) -> None:
        """Write a text, or remove the note if the text is empty."""
        if text:
            self.write(study, text)
        else:
            self.remove(study)


class NoteDraft(QObject):
    """The text of one note, new or changed, while it is typed."""

    def __init__(
        self, app_context: AppContext, video: str, author: str, note: Note | None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._studies = app_context.studies
        self._undo = app_context.undo
        text = note.text if note is not None else ""
        self._text_before = text  # at the last step of undo
        self._text = text  # as typed
        self._saved_text = text  # as in the study
        note_id = note.id if note is not None else None
        self._saved_note = _SavedNote(video, author, note_id)
        self._autosave_timer = single_shot(self, AUTOSAVE_MS, self._save)

    @property
    def note_id(self) -> int | None:
        """Number of the note in the study, or None before it was first saved."""
        return self._saved_note.note_id

    def set_text(self, text: str) -> None:
        """Take the text as typed; it is saved soon."""
        self._text = text.strip()
        self._autosave_timer.start()

    def reset(self, text: str) -> None:
        """Continue from the text that an undo restored."""
        self._autosave_timer.stop()
        self._text_before = text
        self._text = text
        self._saved_text = text

    def _save(self) -> None:
        """Save the text to the disk, without a step of undo."""
        text = self._text
        note = self._saved_note
        if text and text != self._saved_text and self._studies.writable:
            self._saved_text = text
            self._studies.submit_write(lambda study: note.write(study, text), ANNOTATIONS)

    def commit(self) -> None:
        """Finish the note: all changes of the text become one step of undo."""
        self._autosave_timer.stop()
        if not self._studies.writable:
            return
        text = self._text
        text_before = self._text_before
        note = self._saved_note
        if text == text_before:
            if self._saved_text != text_before:  # saved meanwhile, and typed back
                self._studies.submit_write(lambda study: note.set_text(study, text_before), ANNOTATIONS)
            return

        def do(study: Study) -> None:
            note.set_text(study, text)

        def undo(study: Study, _result: object) -> None:
            note.set_text(study, text_before)

        self._undo.perform(Command("note", do, undo, (ANNOTATIONS,)))
        self._text_before = text
        self._saved_text = text


class NoteBlock(QWidget):
    """A note: author, date, time in the video, and its text, which can be edited in place."""

    def __init__(self, note: Note, app_context: AppContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self.note = note
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._origin_label = ElidingLabel(self, muted=True)
        self.time_button = Chip("", self)
        self.time_button.setToolTip("Go there")
        self.time_button.clicked.connect(self._on_time)
        self.remove_button = with_accessible_name(Chip("×", self), "Delete the note")
        self.remove_button.setToolTip("Delete the note")
        self.remove_button.clicked.connect(lambda: app_context.annotations.remove(self.note))
        self.note_edit = NoteEdit(self)
        self._saved_text = note.text
        header = add_all(horizontal(spacing=4), growing(self._origin_label), self.time_button, self.remove_button)
        add_all(vertical(self, margins=(12, 4, 12, 4), spacing=2), header, self.note_edit)
        self.show_note(note, writable=True)

    def show_note(self, note: Note, *, writable: bool) -> bool:
        """Show a note, but keep a text that is being typed; return whether the text was replaced."""
        self.note = note
        author = format_author(note.author)
        made_at = note.made_at.astimezone()
        day = f"{made_at:%Y-%m-%d}"
        self._origin_label.set_forms(f"{author} · {day}", day, tip=f"{author} · {made_at:%Y-%m-%d %H:%M}")
        self.time_button.setVisible(note.time_s is not None)
        if note.time_s is not None:
            self.time_button.setText(clock(note.time_s))
        typed_text = self.note_edit.toPlainText()
        is_being_typed = self.note_edit.hasFocus() and typed_text.strip() != self._saved_text
        replaces_text = typed_text != note.text and not is_being_typed
        if replaces_text:
            self.note_edit.setPlainText(note.text)
        self._saved_text = note.text
        self.note_edit.setReadOnly(not writable)
        self.note_edit.setAccessibleName(f"Note by {author}")
        self.remove_button.setEnabled(writable)
        return replaces_text

    def _on_time(self) -> None:
        if self.note.time_s is not None:
            self._app_context.playback.stop_at_time(self.note.time_s)
