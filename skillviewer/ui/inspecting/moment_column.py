"""A column with a row for every moment."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QEnterEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from skillviewer.core.analysis.score_text import score_decimals
from skillviewer.ui.inspecting.moment_row import MomentRow
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.layout import NO_MARGINS, vertical
from skillviewer.ui.widgets.theme import LIGHT, Theme, apply_theme, themed

if TYPE_CHECKING:
    from skillviewer.ui.session.insight.video_annotations import MomentCard

_RowKey = tuple[str, float, float, bool]
"""Name of a video, and the identity of one of its moments (``MomentCard.identity``)."""


class MomentColumn(QWidget):
    """Rows of all moments, or only of the moments that the model found.

    A row with the text being typed into it stays as long as its moment exists, and while the user types into it or
    plays it. When another video comes on screen, unsaved text is saved for its own video. While the mouse is over the
    rows, or the focus in them, new moments wait, so that a click hits the intended row.
    """

    editing = Signal(object)  # the row whose field has received the focus

    def __init__(self, app_context: AppContext, parent: QWidget, *, model_moments_only: bool = False) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._model_moments_only = model_moments_only
        self._why_loader = app_context.why_loader
        self._annotations = app_context.annotations
        self._pictures = app_context.thumbnails
        self._theme: Theme = LIGHT
        self._grey = False
        self._interval_to_edit: tuple[float, float] | None = None  # start and end of the moment to edit once listed
        self._previous_focus: QWidget | None = None  # widget that gets the focus after the edit
        self._rows: dict[_RowKey, MomentRow] = {}
        self._column = vertical(self, margins=NO_MARGINS, spacing=0)
        self._why_loader.changed.connect(self.refresh)
        self._annotations.finish_asked.connect(self._finish_rows)
        self._pictures.arrived.connect(self._show_pictures)
        self._has_outdated_row = False  # true if a row is shown whose moment no longer exists
        app_context.tour.here_changed.connect(self._mark_current)
        app_context.playback.playing_changed.connect(self._on_playing)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._update_hold)

    @property
    def rows(self) -> tuple[MomentRow, ...]:
        """The rows from top to bottom."""
        return tuple(sorted(self._rows.values(), key=self._column.indexOf))

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme

    def showEvent(self, event: QShowEvent) -> None:
        """Show the changes since the column was hidden."""
        super().showEvent(event)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._update_hold()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._update_hold()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._update_hold()

    def _update_hold(self, *_: object) -> None:
        """Keep the list of moments unchanged while the mouse is over it or the focus in it."""
        focus = QApplication.focusWidget()
        has_focus = focus is not None and self.isAncestorOf(focus)
        is_in_use = self.underMouse() or has_focus
        self._why_loader.hold(self, self.isVisible() and is_in_use)

    def set_grey(self, grey: bool) -> None:
        self._grey = grey
        self.refresh()

    def edit(self, start_s: float, stop_s: float) -> None:
        """Focus the label of a kept moment as soon as the moment is listed; Enter then restores the focus."""
        self._interval_to_edit = (start_s, stop_s)
        self._previous_focus = QApplication.focusWidget()

    def _focus_edited_field(self) -> None:
        for row in self._rows.values():
            if row.card is None or row.card.model_moment is not None:
                continue
            saved = row.card.saved_moment
            if saved is not None and self._interval_to_edit == (saved.start_s, saved.stop_s):
                self._interval_to_edit = None
                row.label_edit.setFocus(Qt.FocusReason.OtherFocusReason)
                self.editing.emit(row)
                return

    def _restore_focus(self) -> None:
        previous_focus = self._previous_focus
        self._previous_focus = None
        if previous_focus is not None and isValid(previous_focus):
            previous_focus.setFocus(Qt.FocusReason.OtherFocusReason)

    def refresh(self) -> None:
        """Update the rows, if the column is visible."""
        if not self.isVisible():
            return
        cards_by_key = self._collect_cards()
        self._update_rows(cards_by_key)
        if self._interval_to_edit is not None:
            self._focus_edited_field()
        self._mark_current()
        self._show_pictures()
        entry = self._why_loader.entry
        key_frames = [card.key_frame for card in self._why_loader.cards]
        if entry is not None and cards_by_key and key_frames:
            self._pictures.request(entry.path, key_frames)

    def _collect_cards(self) -> "dict[_RowKey, MomentCard]":
        """Return the cards to show, by start, and remove the rows of others."""
        video = self._annotations.video
        cards: dict[_RowKey, MomentCard] = {}
        for card in self._why_loader.cards:
            if card.model_moment is not None or not self._model_moments_only:
                cards[video, *card.identity] = card
        self._has_outdated_row = False
        for key in [key for key in self._rows if key not in cards]:
            row = self._rows[key]
            if key[0] == video and row.card is not None and self._is_in_use(row, row.card):
                cards[key] = row.card
                self._has_outdated_row = True
            else:
                self._remove_row(key)
        return dict(sorted(cards.items(), key=_sort_key))

    def _is_in_use(self, row: MomentRow, card: "MomentCard") -> bool:
        return row.is_busy or self._app_context.tour.is_playing(card)

    def _update_rows(self, cards_by_key: "dict[_RowKey, MomentCard]") -> None:
        amounts = [abs(card.model_moment.amount) for card in self._why_loader.cards if card.model_moment is not None]
        max_amount = max(amounts, default=1.0)
        findings = self._why_loader.listed_findings
        digits = score_decimals([findings.analysis]) if findings is not None else 2
        digest = findings.analysis.provenance.model_digest if findings is not None else ""
        writable = self._annotations.writable
        for index, (key, card) in enumerate(cards_by_key.items()):
            if key not in self._rows:
                self._rows[key] = self._make_row(key)
            row = self._rows[key]
            if self._column.indexOf(row) != index:
                self._column.removeWidget(row)
                self._column.insertWidget(index, row)
            row.set_scale(max_amount, digits, grey=self._grey)
            row.set_card(card, digest, writable=writable)

    def _on_playing(self, playing: bool) -> None:
        if self._has_outdated_row and not playing:
            self.refresh()

    def _remove_row(self, key: "_RowKey") -> None:
        row = self._rows[key]
        row.finish()
        row.label_edit.blockSignals(True)  # a field that loses the focus when hidden would emit its text twice
        del self._rows[key]
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _finish_rows(self) -> None:
        for row in self.rows:
            row.finish()

    def _make_row(self, key: "_RowKey") -> MomentRow:
        row = MomentRow(self._app_context, key[0], self)
        row.label_edit.returnPressed.connect(self._restore_focus)
        apply_theme(row, self._theme)
        return row

    def _show_pictures(self) -> None:
        entry = self._why_loader.entry
        for row in self._rows.values():
            if entry is not None and row.card is not None:
                row.thumbnail.set_picture(self._pictures.get(entry.path, row.card.key_frame))

    def _mark_current(self) -> None:
        for row in self._rows.values():
            row.set_current(row.card is not None and self._app_context.tour.is_here(row.card))


def _sort_key(item: "tuple[_RowKey, MomentCard]") -> tuple[float, float, bool]:
    """Return the key by which rows are sorted: start and end, the moments of the model first."""
    (_, start_s, stop_s, _), card = item
    return start_s, stop_s, card.model_moment is None
