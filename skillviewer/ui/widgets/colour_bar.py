"""Small parts that draw themselves, what plots and bars say aloud: colour bars, signed bars, chips."""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

from PySide6.QtCore import QObject, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAccessibleInterface,
    QColor,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAccessibleWidget, QSizePolicy, QToolButton, QWidget

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.scene import Scene
from skillviewer.core.text import plain
from skillviewer.ui.widgets.theme import PaintedWidget, Theme, as_image


class _SpokenWidget(QAccessibleWidget):
    """The widget as Qt describes it; its description is its ``accessible_text()``, the numbers in words."""

    def text(self, kind: QAccessible.Text) -> str:
        if kind is QAccessible.Text.Description:
            return str(cast("Any", self.object()).accessible_text())
        return super().text(kind)


def _interface(key: str, thing: QObject) -> QAccessibleInterface | None:
    kind = type(thing)
    if key != kind.__name__ or not hasattr(
        kind, "accessible_text"
    ):  # a widget that is being deleted asks by its base class
        return None
    role = QAccessible.Role.Graphic if getattr(kind, "PICTURE", False) else QAccessible.Role.Chart
    return _SpokenWidget(cast("QWidget", thing), role)


@cache
def speak_numbers() -> None:
    """Let screen readers ask widgets with a method ``accessible_text() -> str``; a second call does nothing.

    They call such a widget a chart, or a picture if its class says ``PICTURE = True``.
    """
    QAccessible.installFactory(_interface)


def ask_again(widget: QWidget) -> None:
    """Let Qt ask once more, for a widget whose base class was asked while it was made, as those of plots are."""
    if QAccessible.isActive():
        known = QAccessible.queryAccessibleInterface(widget)
        if not isinstance(known, _SpokenWidget):
            QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(known))


def announce(widget: QWidget, text: Callable[[], str]) -> None:
    """Tell a screen reader about a change in the widget that has the focus; without one, nothing is computed."""
    if QAccessible.isActive() and widget.hasFocus():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text()))


class ColourBar(PaintedWidget):
    """A bar from the lower to the upper limit of the map on screen, with 1× (a uniform map) marked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Scene | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setProperty("letters", "fine")

    def sizeHint(self) -> QSize:
        self.ensurePolished()
        return QSize(200, 12 + self.fontMetrics().height())

    def set_scene(self, scene: Scene | None) -> None:
        shown = scene if scene is not None and scene.values is not None else None
        before, self._scene = self._scene, shown
        if _limits(before) != _limits(shown):
            self.setAccessibleName(self._spoken())
            self.setToolTip(self._spoken())
            self.update()

    def _spoken(self) -> str:
        scene = self._scene
        if scene is None:
            return ""
        text = f"Colours from {plain(scene.low)} to {plain(scene.high)}{' and more' if scene.clipped else ''}"
        if scene.kind is MapKind.DISTRIBUTION:
            text += " times the average of all cells"
        return text

    def paintEvent(self, _event: QPaintEvent) -> None:
        from skillviewer.export.rendering.colour_bar import bar_colours  # it brings OpenCV

        scene = self._scene
        if scene is None:
            return
        painter = QPainter(self)
        bar = QRectF(10, 1, self.width() - 20, 8)
        row = bar_colours(scene)[None]
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(bar, as_image(row), QRectF(0, 0, row.shape[1], 1))
        at_least = "≥ " if scene.clipped else ""
        ends = [(scene.low, plain(scene.low)), (scene.high, f"{at_least}{plain(scene.high)}")]
        if scene.kind is MapKind.SIGNED:
            ends = [(scene.low, plain(scene.low)), (0.0, "0"), (scene.high, f"{at_least}+{plain(scene.high)}")]
        elif scene.unit:  # 1 is a uniform map
            ends[1] = (scene.high, f"{at_least}{plain(scene.high)}×")
            if scene.high > 1:
                ends.insert(1, (1.0, "1×"))
        self._draw_numbers(painter, bar, ends, scene.low, scene.high)
        painter.end()

    def _draw_numbers(
        self, painter: QPainter, bar: QRectF, marks: list[tuple[float, str]], low: float, high: float
    ) -> None:
        metrics = self.fontMetrics()
        painter.setPen(QPen(QColor(self._theme.on_stage), 1))  # the bar lies on the stage
        placed: list[tuple[float, float]] = []
        for value, text in reversed(marks):  # without room for both, the label of 0 gives way to 1×
            x = bar.left() + (value - low) / (high - low) * bar.width()
            painter.drawLine(round(x), round(bar.bottom()), round(x), round(bar.bottom()) + 3)
            width = metrics.horizontalAdvance(text)
            left = min(max(x - width / 2, 0.0), self.width() - width)
            if any(left < right + 4 and start < left + width + 4 for start, right in placed):
                continue
            placed.append((left, left + width))
            top = bar.bottom() + 3
            room = QRectF(left, top, width + 1, self.height() - top)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, text)


def _limits(scene: Scene | None) -> tuple[float, float, str, str, str] | None:
    return (
        None if scene is None else (scene.low, scene.high, scene.kind, scene.map_style.colours, scene.map_style.overlay)
    )


HEIGHT_PX = 8


def sign_colour(value: float, theme: Theme, *, grey: bool = False) -> QColor:
    """Return the colour of a signed amount: an end of the map ``blue-orange``, to be read on the theme's base."""
    if grey or value == 0:
        return QColor(theme.muted)
    if theme.dark:
        return QColor("#f0a060") if value > 0 else QColor("#6fa8e8")
    return QColor("#b0560c") if value > 0 else QColor("#2b6cb8")


class SignedBar(PaintedWidget):
    """One amount as a bar from the middle: to the right where it raises, to the left where it lowers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value, self._limit, self._grey = 0.0, 1.0, False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(40)

    def sizeHint(self) -> QSize:
        return QSize(100, HEIGHT_PX)

    def set_value(self, value: float, limit: float, *, grey: bool = False) -> None:
        """Show an amount; at ``limit`` (positive) the bar reaches the end, and ``grey`` is without colour."""
        self._value, self._limit, self._grey = value, limit, grey
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        middle, height = self.width() / 2, float(self.height())
        painter.fillRect(QRectF(0, height / 2 - 0.5, self.width(), 1), QColor(self._theme.line))
        length = middle * min(abs(self._value) / self._limit, 1.0) if self._limit > 0 else 0.0
        bar = QRectF(middle if self._value > 0 else middle - length, 0, length, height)
        painter.fillRect(bar, sign_colour(self._value, self._theme, grey=self._grey))
        painter.fillRect(QRectF(middle - 0.5, 0, 1, height), QColor(self._theme.muted))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.end()


SIDES_PX, ABOVE_PX = 7, 4


class Chip(QToolButton):
    """A word with a thin border, as narrow as possible."""

    def __init__(self, text: str, parent: QWidget | None = None, *, checkable: bool = False) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setCheckable(checkable)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("chip", True)
        self.setProperty("letters", "chip")

    def sizeHint(self) -> QSize:
        self.ensurePolished()
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 2 * SIDES_PX, metrics.height() + 2 * ABOVE_PX)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()
