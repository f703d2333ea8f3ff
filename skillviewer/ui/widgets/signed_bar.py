"""Bar to the left or right of zero."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.ui.widgets.theme import PaintedWidget, Theme

HEIGHT_PX = 8


def sign_colour(value: float, theme: Theme, *, grey: bool = False) -> QColor:
    """Return the colour of a signed amount, orange above 0 and blue below, readable on the theme's base."""
    if grey or value == 0:
        return QColor(theme.muted)
    if theme.dark:
        return QColor("#f0a060") if value > 0 else QColor("#6fa8e8")
    return QColor("#b0560c") if value > 0 else QColor("#2b6cb8")


class SignedBar(PaintedWidget):
    """A signed amount as a bar from the middle, to the right if it is positive and to the left if it is negative."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = 0.0
        self._limit = 1.0
        self._grey = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(40)

    def sizeHint(self) -> QSize:
        return QSize(100, HEIGHT_PX)

    def set_value(self, value: float, limit: float, *, grey: bool = False) -> None:
        """Show an amount. At ``limit`` (positive), the bar reaches the end; ``grey`` shows it without colour."""
        self._value = value
        self._limit = limit
        self._grey = grey
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        middle = self.width() / 2
        height = float(self.height())
        painter.fillRect(QRectF(0, height / 2 - 0.5, self.width(), 1), QColor(self._theme.line))
        share = min(abs(self._value) / self._limit, 1.0) if self._limit > 0 else 0.0
        length = middle * share
        left = middle if self._value > 0 else middle - length
        painter.fillRect(QRectF(left, 0, length, height), sign_colour(self._value, self._theme, grey=self._grey))
        painter.fillRect(QRectF(middle - 0.5, 0, 1, height), QColor(self._theme.muted))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.end()
