"""The panel of notes on the video on screen."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QWidget

from skillviewer.data.study import Note
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.inspecting.note_edit import NoteBlock, NoteDraft, NoteEdit
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import (
    NO_MARGINS,
    GrowingSpace,
    add_all,
    growing,
    scroll_area,
    set_background,
    vertical,
)
from skillviewer.ui.widgets.theme import Theme, themed


class NotesPanel(QWidget):
    """Notes of the video on screen, and a field for a new note."""

    titled = Signal(str)  # title of the panel, with the number of notes

    def __init__(self, app_context: AppContext, _actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._annotations = app_context.annotations
        self._blocks: dict[int, NoteBlock] = {}
        self._drafts: dict[NoteEdit, NoteDraft] = {}
        self.setMinimumWidth(240)
        self.message_label = WrappingLabel(self, muted=True)
        self.message_label.setContentsMargins(12, 4, 12, 8)
        self.page = scroll_area(self, "Notes")
        self._body = QWidget(self.page)
        new_note_area = QWidget(self._body)
        self.new_note = NoteEdit(new_note_area)
        self.new_note.min_lines = 2
        self.new_note.setPlaceholderText("A note on this video")
        self.new_note.setAccessibleName("New note")
        add_all(vertical(new_note_area, margins=(12, 4, 12, 4)), self.new_note)
        self._column = add_all(vertical(self._body, margins=NO_MARGINS, spacing=4), new_note_area, GrowingSpace())
        self.page.setWidget(self._body)
        add_all(vertical(self, margins=(0, 0, 0, 8), spacing=0), self.message_label, growing(self.page))
        self._connect_edit(self.new_note)
        self._annotations.changed.connect(self.refresh)
        self._annotations.finish_asked.connect(self._finish_and_leave)
        app_context.state.current_changed.connect(self._finish_all)
        app_context.studies.opened.connect(self.refresh)
        self.refresh()

    def _connect_edit(self, edit: NoteEdit, block: NoteBlock | None = None) -> None:
        def on_begun() -> None:
            note = block.note if block is not None else None
            self._begin(edit, note)

        edit.begun.connect(on_begun)
        edit.textChanged.connect(lambda: self._on_text(edit))
        edit.finished.connect(lambda: self._finish(edit))

    @property
    def blocks(self) -> tuple[NoteBlock, ...]:
        return tuple(self._blocks.values())

    @themed
    def on_theme(self, theme: Theme) -> None:
        set_background(theme.base, self, self.page.viewport(), self._body)

    def refresh(self, *_: object) -> None:
        """Show the notes of the video; the new note has its own field while it is typed."""
        draft = self._drafts.get(self.new_note)
        new_note_id = draft.note_id if draft is not None else None
        notes = {note.id: note for note in self._annotations.notes if note.moment is None and note.id != new_note_id}
        for note_id in [note_id for note_id in self._blocks if note_id not in notes]:
            self._remove_block(note_id)
        writable = self._annotations.writable
        for index, note in enumerate(notes.values()):
            if note.id not in self._blocks:
                self._insert_block(index, note)
            block = self._blocks[note.id]
            is_text_replaced = block.show_note(note, writable=writable)
            if is_text_replaced and block.note_edit in self._drafts:
                self._drafts[block.note_edit].reset(note.text)
        self.new_note.setEnabled(writable)
        title = f"Notes ({len(notes)})" if notes else "Notes"
        self.titled.emit(title)
        self._show_message()

    def _insert_block(self, index: int, note: Note) -> None:
        block = NoteBlock(note, self._app_context, self._body)
        self._connect_edit(block.note_edit, block)
        self._column.insertWidget(index, block)
        self._blocks[note.id] = block

    def _remove_block(self, note_id: int) -> None:
        block = self._blocks.pop(note_id)
        self._drafts.pop(block.note_edit, None)
        self._column.removeWidget(block)
        block.hide()
        block.deleteLater()

    def _show_message(self) -> None:
        message = ""
        if not self._annotations.video:
            message = "Open a video to write notes on it."
        elif self._annotations.read_only:
            message = "The study is open for reading only."
        self.message_label.set_plain(message)
        self.message_label.setVisible(bool(message))
        self.new_note.setVisible(not message)

    def _begin(self, edit: NoteEdit, note: Note | None) -> None:
        if edit not in self._drafts and self._annotations.writable and not edit.isReadOnly():
            self._drafts[edit] = NoteDraft(
                self._app_context, self._annotations.video, self._annotations.author, note, parent=self
            )

    def _on_text(self, edit: NoteEdit) -> None:
        if edit in self._drafts and edit.hasFocus():
            self._drafts[edit].set_text(edit.toPlainText())

    def _finish(self, edit: NoteEdit) -> None:
        draft = self._drafts.get(edit)
        if draft is None:
            return
        draft.commit()
        if edit is not self.new_note and edit.hasFocus():
            return  # the user may type on
        del self._drafts[edit]
        draft.deleteLater()
        if edit is self.new_note:
            edit.clear()
        if edit.hasFocus():  # the user may type another note
            edit.begun.emit()

    def _finish_and_leave(self) -> None:
        """Finish the texts that are being typed, before another study opens or the user changes."""
        for edit in tuple(self._drafts):
            edit.clearFocus()
        self._finish_all()

    def _finish_all(self, *_: object) -> None:
        for edit in tuple(self._drafts):
            self._finish(edit)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._finish_all()
