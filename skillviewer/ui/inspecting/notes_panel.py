"""The panel of notes on the video on screen."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QWidget

from skillviewer.data.study import Note
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.inspecting.note_edit import NoteBlock, NoteDraft, NoteEdit
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import NONE, add_all, scroll_area, set_background, vertical
from skillviewer.ui.widgets.theme import Theme, themed


class NotesPanel(QWidget):
    """Notes of the video on screen, and a field for the next."""

    titled = Signal(str)  # title of the panel, with the number of notes

    def __init__(self, app_context: AppContext, _actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._annotations = app_context.annotations
        self._blocks: dict[int, NoteBlock] = {}
        self._drafts: dict[NoteEdit, NoteDraft] = {}
        self.setMinimumWidth(240)
        self.message = WrappingLabel(self, muted=True)
        self.message.setContentsMargins(12, 4, 12, 8)
        self.page = scroll_area(self, "Notes")
        self._body = QWidget(self.page)
        holder = QWidget(self._body)
        self.fresh = NoteEdit(holder)
        self.fresh.min_lines = 2
        self.fresh.setPlaceholderText("A note on this video")
        self.fresh.setAccessibleName("New note")
        add_all(vertical(holder, (12, 4, 12, 4)), self.fresh)
        self._column = add_all(vertical(self._body, NONE, 4), holder, 1)
        self.page.setWidget(self._body)
        add_all(vertical(self, (0, 0, 0, 8), 0), self.message, (self.page, 1))
        self._tie(self.fresh)
        self._annotations.changed.connect(self.refresh)
        self._annotations.finish_asked.connect(self._leave_all)
        app_context.state.current_changed.connect(self._finish_all)
        app_context.studies.opened.connect(self.refresh)
        self.refresh()

    def _tie(self, edit: NoteEdit, block: NoteBlock | None = None) -> None:
        edit.begun.connect(lambda: self._begin(edit, block.note if block is not None else None))
        edit.textChanged.connect(lambda: self._on_text(edit))
        edit.finished.connect(lambda: self._finish(edit))

    @property
    def blocks(self) -> tuple[NoteBlock, ...]:
        return tuple(self._blocks.values())

    @themed
    def on_theme(self, theme: Theme) -> None:
        set_background(theme.base, self, self.page.viewport(), self._body)

    def refresh(self, *_: object) -> None:
        draft = self._drafts.get(self.fresh)
        hidden = draft.number if draft is not None else None
        notes = {note.id: note for note in self._annotations.notes if note.moment is None and note.id != hidden}
        for number in [number for number in self._blocks if number not in notes]:
            block = self._blocks.pop(number)
            self._drafts.pop(block.edit, None)
            self._column.removeWidget(block)
            block.hide()
            block.deleteLater()
        writable = self._annotations.writable
        for place, note in enumerate(notes.values()):
            if note.id not in self._blocks:
                self._blocks[note.id] = block = NoteBlock(note, self._app_context, self._body)
                self._tie(block.edit, block)
                self._column.insertWidget(place, block)
            edit = self._blocks[note.id].edit
            if self._blocks[note.id].show_note(note, writable=writable) and edit in self._drafts:
                self._drafts[edit].reset(note.text)
        self.fresh.setEnabled(writable)
        self.titled.emit(f"Notes ({len(notes)})" if notes else "Notes")
        self._show_message()

    def _show_message(self) -> None:
        message = ""
        if not self._annotations.video:
            message = "Open a video to write notes on it."
        elif self._annotations.read_only:
            message = "The study is open for reading only."
        self.message.set_plain(message)
        self.message.setVisible(bool(message))
        self.fresh.setVisible(not message)

    def _begin(self, edit: NoteEdit, note: Note | None) -> None:
        if edit not in self._drafts and self._annotations.writable and not edit.isReadOnly():
            self._drafts[edit] = NoteDraft(
                self._app_context, self._annotations.video, self._annotations.author, note, self
            )

    def _on_text(self, edit: NoteEdit) -> None:
        if edit in self._drafts and edit.hasFocus():
            self._drafts[edit].set_text(edit.toPlainText())

    def _finish(self, edit: NoteEdit) -> None:
        draft = self._drafts.get(edit)
        if draft is None:
            return
        draft.commit()
        if edit is not self.fresh and edit.hasFocus():
            return  # the user goes on with this note
        del self._drafts[edit]
        draft.deleteLater()
        if edit is self.fresh:
            edit.clear()
        if edit.hasFocus():  # the user goes on with another one
            edit.begun.emit()

    def _leave_all(self) -> None:
        """Finish the text that is being typed, before another study or user comes."""
        for edit in tuple(self._drafts):
            edit.clearFocus()
        self._finish_all()

    def _finish_all(self, *_: object) -> None:
        for edit in tuple(self._drafts):
            self._finish(edit)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._finish_all()
