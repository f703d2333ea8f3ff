"""The panel of moments that the model found or users kept."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QToolButton, QWidget

from skillviewer.core.analysis.score_text import UNFAMILIAR
from skillviewer.ui.actions.actions import Actions, ActionTip, Handlers
from skillviewer.ui.inspecting.moment_column import MomentColumn
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.insight.why_loader import WhyStage
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import (
    NO_MARGINS,
    GrowingSpace,
    add_all,
    growing,
    horizontal,
    push_button,
    scroll_area,
    set_background,
    tool_button,
    vertical,
)
from skillviewer.ui.widgets.theme import Theme, themed


class MomentsPanel(QWidget):
    """All moments of the video on screen, in order of time."""

    titled = Signal(str)  # title of the panel, with the number of moments
    show_asked = Signal()  # the panel is to be shown in front of others, even if it was closed

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._why_loader = app_context.why_loader
        self._annotations = app_context.annotations
        self.setMinimumWidth(240)
        button_row = FlowLayout()
        button_row.setContentsMargins(8, 0, 8, 4)
        titles = {"previous_moment": "Previous", "next_moment": "Next", "keep_moment": "Keep selection"}
        for name, text in titles.items():
            button_row.addWidget(self._make_button(actions[name], text))
        self.message_label = WrappingLabel(self, muted=True)
        self.message_label.setContentsMargins(12, 4, 12, 8)
        self.reveal_button = push_button("Show moments", self, self._on_reveal)
        self.page = scroll_area(self, "Moments")
        self._body = QWidget(self.page)
        self.moment_column = MomentColumn(app_context, self._body)
        add_all(vertical(self._body, margins=(0, 0, 0, 8)), self.moment_column, GrowingSpace())
        self.page.setWidget(self._body)
        reveal_row = add_all(horizontal(margins=(12, 0, 12, 8)), self.reveal_button, GrowingSpace())
        add_all(
            vertical(self, margins=NO_MARGINS, spacing=0),
            button_row,
            self.message_label,
            reveal_row,
            growing(self.page),
        )
        self.moment_column.editing.connect(self._scroll_to)
        self._why_loader.changed.connect(self._refresh)
        self._refresh()

    def _scroll_to(self, row: QWidget) -> None:
        self.page.ensureWidgetVisible(row)

    def handlers(self, _dialogs: Dialogs) -> Handlers:
        """Return the handlers of the actions on moments."""
        tour = self._app_context.tour
        playback = self._app_context.playback

        def has_moments() -> bool:
            return bool(self._why_loader.cards)

        def can_save_selection() -> bool:
            has_marks = playback.marks != (None, None)
            return has_marks and self._annotations.writable

        return Handlers(
            commands={
                "previous_moment": lambda: tour.step(-1),
                "next_moment": lambda: tour.step(1),
                "keep_moment": self._save_moment,
            },
            conditions={"previous_moment": has_moments, "next_moment": has_moments, "keep_moment": can_save_selection},
            change_signals=(self._why_loader.changed, self._annotations.changed, playback.marks_changed),
        )

    def _save_moment(self) -> None:
        """Save the selection as a moment, and focus the field for its label."""
        selection_s = self._app_context.playback.selection_s
        self.show_asked.emit()
        if selection_s is not None:
            self.moment_column.edit(*selection_s)
        self._app_context.tour.save_moment()

    def _make_button(self, action: QAction, text: str) -> QToolButton:
        button = tool_button(text, self, action.trigger)
        ActionTip(button, action)
        button.setEnabled(action.isEnabled())
        action.enabledChanged.connect(button.setEnabled)
        return button

    @themed
    def on_theme(self, theme: Theme) -> None:
        set_background(theme.base, self, self.page.viewport(), self._body)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.moment_column.refresh()

    def _on_reveal(self) -> None:
        if self._why_loader.findings is not None:
            self._why_loader.reveal_moments(self._why_loader.findings)

    def _refresh(self) -> None:
        why_loader = self._why_loader
        findings = why_loader.findings
        are_hidden = False
        if findings is not None and why_loader.stage is WhyStage.READY:
            are_hidden = why_loader.hides_moments(findings)
        self.reveal_button.setVisible(are_hidden)
        n_moments = len(why_loader.cards)
        message = ""
        if why_loader.entry is None:
            message = "Open a video to see its moments."
        elif are_hidden:
            message = f"{UNFAMILIAR} The moments that it found are hidden."
        elif not n_moments:
            message = "No moments yet. Select a part with I and O, and keep it with Enter."
        if self._annotations.read_only:
            message = f"{message} The study is open for reading only.".strip()
        title = f"Moments ({n_moments})" if n_moments else "Moments"
        self.titled.emit(title)
        self.message_label.set_plain(message)
        self.message_label.setVisible(bool(message))
