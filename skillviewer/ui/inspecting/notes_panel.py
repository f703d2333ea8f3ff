"""The panel of notes on the video on screen."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.text import clock, printable
from skillviewer.data.study import Note
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.inspecting.note_editor import NoteDraft, NoteEdit
from skillviewer.ui.session.program import Program
from skillviewer.ui.widgets.chip import Chip
from skillviewer.ui.widgets.layout import (
    NONE,
    Wrapped,
    add_all,
    as_tip,
    fill_ground,
    horizontal,
    scroll_area,
    text_label,
    vertical,
)
from skillviewer.ui.widgets.theme import Theme, themed


class NoteBlock(QWidget):
    """A note: author, date, time in the video, and its text, which can be edited in place."""

    def __init__(self, note: Note, program: Program, parent: QWidget) -> None:
        super().__init__(parent)
        self._program, self.note = program, note
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._about = text_label("", self, muted=True, plain=True)
        self._about.setMinimumWidth(40)
        self.time = Chip("", self)
        self.time.setToolTip(self.tr("Go there"))
        self.time.clicked.connect(self._on_time)
        self.remove = Chip("×", self)
        self.remove.setToolTip(self.tr("Delete the note"))
        self.remove.setAccessibleName(self.tr("Delete the note"))
        self.remove.clicked.connect(lambda: program.remarks.remove(self.note))
        self.edit = NoteEdit(self)
        row = add_all(horizontal(spacing=4), (self._about, 1), self.time, self.remove)
        add_all(vertical(self, (12, 4, 12, 4), 2), row, self.edit)
        self.show_note(note, writable=True)

    def show_note(self, note: Note, *, writable: bool) -> None:
        """Show a note; not over what is being typed."""
        self.note = note
        author = printable(note.author) or self.tr("unnamed")
        when = note.made_at.astimezone()
        self._about.setText(f"{author} · {when:%Y-%m-%d}")
        self._about.setToolTip(as_tip(f"{author} · {when:%Y-%m-%d %H:%M}"))
        self.time.setVisible(note.time_s is not None)
        if note.time_s is not None:
            self.time.setText(clock(note.time_s))
        if not self.edit.hasFocus() and self.edit.toPlainText() != note.text:
            self.edit.setPlainText(note.text)
        self.edit.setReadOnly(not writable)
        self.edit.setAccessibleName(self.tr("Note by {}").format(author))
        self.remove.setEnabled(writable)

    @Slot()
    def _on_time(self) -> None:
        if self.note.time_s is not None:
            self._program.playback.stop_at_time(self.note.time_s)


class NotesPanel(QWidget):
    """Notes of the video on screen, and a field for the next."""

    titled = Signal(str)  # title of the panel, with the number of notes

    def __init__(self, program: Program, _actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._program, self._remarks = program, program.remarks
        self._blocks: dict[int, NoteBlock] = {}
        self._drafts: dict[NoteEdit, NoteDraft] = {}
        self.setMinimumWidth(240)
        self.words = Wrapped(self, muted=True)
        self.words.setContentsMargins(12, 4, 12, 8)
        self.page = scroll_area(self, self.tr("Notes"))
        self._body = QWidget(self.page)
        holder = QWidget(self._body)
        self.fresh = NoteEdit(holder)
        self.fresh.least_lines = 2
        self.fresh.setPlaceholderText(self.tr("A note on this video"))
        self.fresh.setAccessibleName(self.tr("New note"))
        add_all(vertical(holder, (12, 4, 12, 4)), self.fresh)
        self._column = add_all(vertical(self._body, NONE, 4), holder, 1)
        self.page.setWidget(self._body)
        add_all(vertical(self, (0, 0, 0, 8), 0), self.words, (self.page, 1))
        self._tie(self.fresh)
        self._remarks.changed.connect(self.refresh)
        self._remarks.finish_asked.connect(self._leave_all)
        program.state.current_changed.connect(self._finish_all)
        program.studies.opened.connect(self.refresh)
        self.refresh()

    def _tie(self, edit: NoteEdit, block: NoteBlock | None = None) -> None:
        edit.begun.connect(lambda: self._begin(edit, block.note if block is not None else None))
        edit.textChanged.connect(lambda: self._on_text(edit))
        edit.finished.connect(lambda: self._finish(edit))

    @property
    def blocks(self) -> tuple[NoteBlock, ...]:
        """The notes that are shown, the oldest first."""
        return tuple(self._blocks.values())

    @themed
    def on_theme(self, theme: Theme) -> None:
        fill_ground(theme.base, self, self.page.viewport(), self._body)

    @Slot()
    def refresh(self, *_: object) -> None:
        fresh = self._drafts.get(self.fresh)
        hidden = fresh.number if fresh is not None else None
        notes = {note.id: note for note in self._remarks.notes if note.moment is None and note.id != hidden}
        for number in [number for number in self._blocks if number not in notes]:
            block = self._blocks.pop(number)
            self._drafts.pop(block.edit, None)
            self._column.removeWidget(block)
            block.hide()
            block.deleteLater()
        writable = self._remarks.writable
        for place, note in enumerate(notes.values()):
            if note.id not in self._blocks:
                self._blocks[note.id] = block = NoteBlock(note, self._program, self._body)
                self._tie(block.edit, block)
                self._column.insertWidget(place, block)
            self._blocks[note.id].show_note(note, writable=writable)
        self.fresh.setEnabled(writable)
        self.titled.emit(self.tr("Notes ({})").format(len(notes)) if notes else self.tr("Notes"))
        self._show_message()

    def _show_message(self) -> None:
        words = ""
        if not self._remarks.video:
            words = self.tr("Open a video to write notes on it.")
        elif self._remarks.read_only:
            words = self.tr("The study is open for reading only.")
        self.words.set_plain(words)
        self.words.setVisible(bool(words))
        self.fresh.setVisible(not words)

    def _begin(self, edit: NoteEdit, note: Note | None) -> None:
        if edit not in self._drafts and self._remarks.writable and not edit.isReadOnly():
            self._drafts[edit] = NoteDraft(self._program, self._remarks.video, self._remarks.author, note, self)

    def _on_text(self, edit: NoteEdit) -> None:
        if edit in self._drafts and edit.hasFocus():
            self._drafts[edit].set_text(edit.toPlainText())

    def _finish(self, edit: NoteEdit) -> None:
        draft = self._drafts.pop(edit, None)
        if draft is None:
            return
        draft.commit()
        draft.deleteLater()
        if edit is self.fresh:
            edit.clear()
        if edit.hasFocus():  # the user goes on with another note, or with this one
            edit.begun.emit()

    @Slot()
    def _leave_all(self) -> None:
        """Finish the text that is being typed, before another study or user comes."""
        for edit in tuple(self._drafts):
            edit.clearFocus()
        self._finish_all()

    @Slot()
    def _finish_all(self, *_: object) -> None:
        for edit in tuple(self._drafts):
            self._finish(edit)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._finish_all()
