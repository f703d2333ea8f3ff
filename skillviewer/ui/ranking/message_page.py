"""A page with one message and buttons for the actions that help."""

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NO_MARGINS, GrowingSpace, Spacing, add_all, growing, push_button, vertical
from skillviewer.ui.widgets.text_scaling import scaled_px

COLUMN_PX = 440


class MessagePage(QWidget):
    """A heading, a sentence and buttons; the first button is the main one."""

    def __init__(self, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heading_label = text_label(heading, self, letters="page")
        self._text_label = text_label("", self, wrap=True, muted=True, plain=True)
        self._body_column = vertical(spacing=8)
        self._button_row = FlowLayout(gap_px=8)
        rows = (self._heading_label, self._text_label, Spacing(8), self._body_column, Spacing(8), self._button_row)
        column = QWidget(self)
        column.setMaximumWidth(scaled_px(COLUMN_PX))
        add_all(vertical(column, margins=NO_MARGINS, spacing=8), GrowingSpace(factor=2), *rows, GrowingSpace(factor=3))
        add_all(QHBoxLayout(self), GrowingSpace(), growing(column, factor=1000), GrowingSpace())
        self._main_button: QPushButton | None = None

    @property
    def text(self) -> str:
        return f"{self._heading_label.text()} {self._text_label.text()}"

    def set_message(self, text: str) -> None:
        self._text_label.setText(text)

    def add_button(self, text: str, on_press: Callable[[], object] | None = None) -> QPushButton:
        is_main = self._main_button is None
        button = push_button(text, self, on_press, primary=is_main)
        if is_main:
            self._main_button = button
        self._button_row.addWidget(button)
        return button

    def take_focus(self) -> None:
        """Focus the main button."""
        if self._main_button is not None:
            self._main_button.setFocus()
