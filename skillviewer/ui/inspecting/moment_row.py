"""The row of a moment: picture, times, sentence, opinions and notes."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QSizePolicy, QWidget

from skillviewer.core.text import clock, printable, signed
from skillviewer.data.study import Note, Opinion
from skillviewer.ui.inspecting.thumbnail import Thumbnail
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.insight.video_annotations import MomentCard, NewMoment, format_author
from skillviewer.ui.widgets.chip import Chip
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import (
    NO_MARGINS,
    GrowingSpace,
    add_all,
    aligned,
    growing,
    horizontal,
    vertical,
    with_accessible_name,
)
from skillviewer.ui.widgets.signed_bar import SignedBar, sign_colour
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed


class MomentRow(QWidget):
    """A moment that a model found, or that the user kept."""

    def __init__(self, app_context: AppContext, video: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._video_name = video
        self.card: MomentCard | None = None
        self._saved_label = ""  # the label in the study
        self._theme: Theme = LIGHT
        self._max_amount = 1.0  # amount of a bar of full length
        self._digits = 2
        self._is_grey = False
        self._is_current = False
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.thumbnail = Thumbnail(self)
        self.thumbnail.clicked.connect(self._on_play)
        self._times_label = QLabel(self)
        self._times_label.setMinimumWidth(20)
        self._times_label.setWordWrap(True)
        self._times_label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.contribution_bar = SignedBar(self)
        self._contribution_label = QLabel(self)
        self._contribution_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._author_label = WrappingLabel(self, muted=True)
        amount_row = add_all(horizontal(spacing=8), growing(self.contribution_bar), self._contribution_label)
        facts = add_all(vertical(spacing=2), self._times_label, amount_row, self._author_label, GrowingSpace())
        top_left = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
        header = add_all(horizontal(spacing=8), aligned(self.thumbnail, top_left), growing(facts))
        self._sentence_label = WrappingLabel(self)
        self._opinions_label = WrappingLabel(self, muted=True)
        self.label_edit = self._make_field("What happens here?", "Label of the moment")
        self.label_edit.editingFinished.connect(self._on_label)
        buttons = self._make_buttons()
        self._notes_column = vertical(spacing=2)
        self.note_edit = self._make_field("A note on this moment; Enter keeps it", "Note on the moment")
        self.note_edit.returnPressed.connect(self._on_note)
        self.note_edit.hide()
        column = vertical(self, margins=(12, 8, 12, 8), spacing=4)
        add_all(
            column,
            header,
            self._sentence_label,
            self.label_edit,
            self._opinions_label,
            buttons,
            self._notes_column,
            self.note_edit,
        )

    def _make_field(self, hint: str, name: str) -> QLineEdit:
        field = with_accessible_name(QLineEdit(self), name)
        field.setPlaceholderText(hint)
        field.setAcceptDrops(False)  # files dropped here are for the window
        return field

    def _make_buttons(self) -> FlowLayout:
        titles = {Opinion.AGREE: "Agree", Opinion.DISAGREE: "Disagree", Opinion.NOT_RELEVANT: "Not relevant"}
        self.opinion_chips = {opinion: Chip(text, self, checkable=True) for opinion, text in titles.items()}
        for opinion, button in self.opinion_chips.items():
            button.clicked.connect(partial(self._on_opinion, opinion))
        self.delete_button = Chip("Delete", self)
        self.delete_button.clicked.connect(self._on_delete)
        self.note_button = Chip("Note", self, checkable=True)
        self.note_button.toggled.connect(self._on_note_button)
        row = FlowLayout()
        for button in (*self.opinion_chips.values(), self.delete_button, self.note_button):
            row.addWidget(button)
        return row

    @property
    def text(self) -> str:
        parts = (
            self._times_label.text(),
            self._contribution_label.text(),
            self._sentence_label.plain_text,
            self._author_label.plain_text,
            self._opinions_label.plain_text,
        )
        return " ".join(part for part in parts if part)

    @property
    def is_busy(self) -> bool:
        """True while the user types into the row, or an unsaved note is left."""
        return self.note_edit.hasFocus() or self.label_edit.hasFocus() or bool(self.note_edit.text().strip())

    def finish(self) -> None:
        """Save the note and the label as they are typed."""
        self._on_note()
        self._on_label()

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._refresh()

    def set_scale(self, max_amount: float, digits: int, *, grey: bool) -> None:
        """Set the amount of a bar of full length, the decimals of numbers, and whether bars have no colour."""
        if (max_amount, digits, grey) != (self._max_amount, self._digits, self._is_grey):
            self._max_amount = max_amount
            self._digits = digits
            self._is_grey = grey
            self._refresh()

    def set_current(self, is_current: bool) -> None:
        """Emphasize the times while the playhead is in the moment."""
        if is_current != self._is_current:
            self._is_current = is_current
            font = self._times_label.font()
            weight = font.Weight.DemiBold if is_current else font.Weight.Normal
            font.setWeight(weight)
            self._times_label.setFont(font)

    def set_card(self, card: MomentCard, model_digest: str, *, writable: bool) -> None:
        if card is not self.card:
            moment_digest = model_digest if card.model_moment is not None else ""
            self._moment = NewMoment(card.start_s, card.stop_s, moment_digest)
        self.card = card
        self._times_label.setText(f"{clock(card.start_s)} – {clock(card.stop_s)}")
        self.thumbnail.setAccessibleName(f"Play the moment from {clock(card.start_s)} to {clock(card.stop_s)}")
        self.thumbnail.setToolTip("Play from 2 s before")
        is_kept = card.model_moment is None
        self.label_edit.setVisible(is_kept)
        self.label_edit.setReadOnly(not writable)
        if card.saved_moment is not None:
            # with or without the focus: a field of a row that is not shown yet, or just left, has none
            is_being_typed = self.label_edit.isModified() and self.label_edit.text().strip() != self._saved_label
            if not is_being_typed:
                self.label_edit.setText(card.saved_moment.label)
            self._saved_label = card.saved_moment.label
        for opinion, button in self.opinion_chips.items():
            button.setVisible(not is_kept)
            button.setChecked(opinion is card.opinion)
            button.setEnabled(writable)
        self.delete_button.setVisible(is_kept)
        self.delete_button.setEnabled(writable)
        self.note_button.setEnabled(writable)
        self._show_notes(card.notes, writable=writable)
        self._refresh()

    def _refresh(self) -> None:
        card = self.card
        if card is None:
            return
        model_moment = card.model_moment
        self.contribution_bar.setVisible(model_moment is not None)
        self._contribution_label.setVisible(model_moment is not None)
        if model_moment is not None:
            self.contribution_bar.set_value(model_moment.amount, self._max_amount, grey=self._is_grey)
            self._contribution_label.setText(signed(model_moment.amount, self._digits))
            colour = sign_colour(model_moment.amount, self._theme, grey=self._is_grey).name()
            self._contribution_label.setStyleSheet(f"color: {colour}")
            self._sentence_label.set_plain(model_moment.sentence(self._digits))
        self._sentence_label.setVisible(model_moment is not None)
        origin = _format_origin(card)
        self._author_label.set_plain(origin)
        self._author_label.setVisible(bool(origin))
        opinions = [f"{format_author(moment.author)}: {moment.opinion}" for moment in card.opinions]
        self._opinions_label.set_plain(" · ".join(opinions))
        self._opinions_label.setVisible(bool(opinions))

    def _show_notes(self, notes: tuple[Note, ...], *, writable: bool) -> None:
        while self._notes_column.count():
            layout_item = self._notes_column.takeAt(0)
            widget = layout_item.widget() if layout_item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for note in notes:
            self._notes_column.addWidget(self._make_note_line(note, writable=writable))

    def _make_note_line(self, note: Note, *, writable: bool) -> QWidget:
        line = QWidget(self)
        label = WrappingLabel(line)
        author = printable(note.author)
        line_text = f"{author}: {note.text}" if author else note.text
        label.set_plain(line_text)
        remove_button = Chip("×", line)
        remove_button.setAccessibleName("Delete the note")
        remove_button.setToolTip("Delete the note")
        remove_button.setEnabled(writable)
        remove_button.clicked.connect(partial(self._app_context.annotations.remove, note))
        add_all(horizontal(line, margins=NO_MARGINS), growing(label), aligned(remove_button, Qt.AlignmentFlag.AlignTop))
        return line

    def _on_play(self) -> None:
        if self.card is not None:
            self._app_context.tour.play(self.card)

    def _on_opinion(self, opinion: Opinion, *_: object) -> None:
        if self.card is not None:
            new_opinion = opinion if self.opinion_chips[opinion].isChecked() else Opinion.NONE
            self._app_context.annotations.set_opinion(self._moment, new_opinion, self.card.saved_moment)

    def _on_note_button(self, on: bool) -> None:
        self.note_edit.setVisible(on)
        if on:
            self.note_edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_note(self) -> None:
        text = self.note_edit.text().strip()
        if self.card is not None and text:
            self._app_context.annotations.annotate(self._moment, text, self.card.saved_moment, self._video_name)
            self.note_edit.clear()
            self.note_button.setChecked(False)

    def _on_label(self) -> None:
        saved = self.card.saved_moment if self.card is not None else None
        if saved is not None and self.label_edit.text().strip() != saved.label:
            self._app_context.annotations.rename(saved, self.label_edit.text())

    def _on_delete(self) -> None:
        if self.card is not None and self.card.saved_moment is not None:
            self._app_context.annotations.remove(self.card.saved_moment)


def _format_origin(card: MomentCard) -> str:
    """Return who saved a moment, or the opinion on a moment that a model found earlier; "" for the others."""
    saved = card.saved_moment
    if card.model_moment is not None or saved is None:
        return ""
    if saved.model_digest:
        opinion = saved.opinion or "noted"
        if card.of_this_model:  # which lists other moments now
            return f"found by this model earlier: {opinion}"
        return f"found by another model or version: {opinion}"
    author = printable(saved.author)
    text = f"kept by {author}" if author else "kept"
    return f"{text}, tier “{printable(saved.tier)}”" if saved.tier else text
