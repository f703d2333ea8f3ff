"""The column of moments."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QEnterEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from skillviewer.core.analysis.score_text import score_digits
from skillviewer.ui.inspecting.moment_row import MomentRow
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.layout import NONE, vertical
from skillviewer.ui.widgets.theme import LIGHT, Theme, apply_theme, themed

_Key = tuple[str, float, float, bool]  # name of the video, and identity of a moment of it


class MomentColumn(QWidget):
    """Rows of all moments, or only of those that the model found.

    A row stays, with what is being typed into it, as long as its moment does, and while the user types or plays it.
    When another video comes on screen, unsaved text stays with the video that it belongs to. While the mouse is over
    the rows, or the focus in them, moments that new evidence found wait, so that a click meets the row aimed at.
    """

    editing = Signal(object)  # the row whose field has got the cursor

    def __init__(self, app_context: AppContext, parent: QWidget, *, only_found: bool = False) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._only_found = only_found
        self._why_loader = app_context.why_loader
        self._annotations = app_context.annotations
        self._pictures = app_context.thumbnails
        self._theme: Theme = LIGHT
        self._grey = False
        self._to_edit: tuple[float, float] | None = None  # start and end of the moment whose field is to be edited
        self._back_to: QWidget | None = None  # what had the focus before
        self._rows: dict[_Key, MomentRow] = {}
        self._column = vertical(self, NONE, 0)
        self._why_loader.changed.connect(self.refresh)
        self._annotations.finish_asked.connect(self._finish)
        self._pictures.arrived.connect(self._show_pictures)
        self._outlived = False  # whether a row is shown whose moment is gone
        app_context.tour.here_changed.connect(self._show_here)
        app_context.playback.playing_changed.connect(self._on_playing)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._hold)

    @property
    def rows(self) -> tuple[MomentRow, ...]:
        items = (self._column.itemAt(i) for i in range(self._column.count()))
        return tuple(w for w in (item.widget() for item in items if item is not None) if isinstance(w, MomentRow))

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with the changes that came while the column was hidden."""
        super().showEvent(event)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._hold()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._hold()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hold()

    def _hold(self, *_: object) -> None:
        """Have the list kept as it is while the mouse is over it or the focus in it."""
        focus = QApplication.focusWidget()
        focused = focus is not None and self.isAncestorOf(focus)
        self._why_loader.hold(self, self.isVisible() and (self.underMouse() or focused))

    def set_grey(self, grey: bool) -> None:
        self._grey = grey
        self.refresh()

    def edit(self, start_s: float, stop_s: float) -> None:
        """Put the cursor into the field of a kept moment, once it is listed; Enter there gives the focus back."""
        self._to_edit = (start_s, stop_s)
        self._back_to = QApplication.focusWidget()

    def _begin_edit(self) -> None:
        for row in self._rows.values():
            saved = row.card.saved if row.card is not None and row.card.model_moment is None else None
            if saved is not None and self._to_edit == (saved.start_s, saved.stop_s):
                self._to_edit = None
                row.label.setFocus(Qt.FocusReason.OtherFocusReason)
                self.editing.emit(row)
                return

    def _end_edit(self) -> None:
        back_to = self._back_to
        self._back_to = None
        if back_to is not None and isValid(back_to):
            back_to.setFocus(Qt.FocusReason.OtherFocusReason)

    def refresh(self) -> None:
        """Show the moments as they are now, while the panel is visible."""
        if not self.isVisible():
            return
        video = self._annotations.video
        cards = [card for card in self._why_loader.cards if card.model_moment is not None or not self._only_found]
        cards_by_key = {(video, *card.identity): card for card in cards}
        self._outlived = False
        for key in [key for key in self._rows if key not in cards_by_key]:
            row = self._rows[key]
            # still being typed into or played, although its moment is gone
            if key[0] == video and row.card is not None and (row.busy or self._app_context.tour.is_playing(row.card)):
                cards_by_key[key] = row.card
                self._outlived = True
            else:
                self._drop(key)
        cards_by_key = dict(sorted(cards_by_key.items(), key=lambda item: (item[0][1:3], item[1].model_moment is None)))
        amounts = [abs(card.model_moment.amount) for card in self._why_loader.cards if card.model_moment is not None]
        findings = self._why_loader.listed_findings
        digits = score_digits([findings.analysis]) if findings is not None else 2
        digest = findings.analysis.provenance.model_digest if findings is not None else ""
        writable = self._annotations.writable
        for place, (key, card) in enumerate(cards_by_key.items()):
            row = self._rows.get(key) or self._make(key)
            if self._column.indexOf(row) != place:
                self._column.removeWidget(row)
                self._column.insertWidget(place, row)
            row.set_scale(max(amounts, default=1.0), digits, grey=self._grey)
            row.set_card(card, digest, writable=writable)
        if self._to_edit is not None:
            self._begin_edit()
        self._show_here()
        self._show_pictures()
        entry = self._why_loader.entry
        if entry is not None and cards:
            self._pictures.request(entry.path, [card.key_frame for card in self._why_loader.cards])

    def _on_playing(self, playing: bool) -> None:
        if self._outlived and not playing:
            self.refresh()

    def _drop(self, key: "_Key") -> None:
        row = self._rows[key]
        row.finish()
        row.label.blockSignals(True)  # a field that loses the focus by being hidden would report its text twice
        del self._rows[key]
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _finish(self) -> None:
        for row in self.rows:
            row.finish()

    def _make(self, key: "_Key") -> MomentRow:
        row = self._rows[key] = MomentRow(self._app_context, key[0], self)
        row.label.returnPressed.connect(self._end_edit)
        apply_theme(row, self._theme)
        return row

    def _show_pictures(self) -> None:
        entry = self._why_loader.entry
        for row in self._rows.values():
            if entry is not None and row.card is not None:
                row.picture.set_picture(self._pictures.get(entry.path, row.card.key_frame))

    def _show_here(self) -> None:
        for row in self._rows.values():
            row.set_here(row.card is not None and self._app_context.tour.is_here(row.card))
