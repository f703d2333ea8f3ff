"""The frame on which faces are boxed with the mouse or the keys."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.arrays import RGBImage
from skillviewer.core.faces.faces import FaceBox
from skillviewer.ui.widgets.icons import as_image
from skillviewer.ui.widgets.theme import PaintedWidget

MIN_PX = 6  # a shorter drag is a click, in pixels


KEY_STEP = 0.02  # step of an arrow key, as a part of the picture


_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class FaceCanvas(PaintedWidget):
    """Shows a picture and boxes over it."""

    drawn = Signal(object)  # ``FaceBox`` that was drawn
    picked = Signal(object)  # number of the clicked face, or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._boxes: tuple[tuple[int, FaceBox], ...] = ()
        self._doubt: FaceBox | None = None
        self._chosen_face: int | None = None
        self._from: QPointF | None = None
        self._to: QPointF | None = None
        self.setMinimumSize(240, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Frame with face boxes")
        self.setAccessibleDescription(
            "Drag to draw a box; or arrows move one, Shift and arrows size it, Enter draws, Space chooses."
        )

    def set_picture(self, picture: RGBImage | None) -> None:
        """Show a picture, (H, W, 3) uint8 RGB, or none."""
        self._image = as_image(picture).copy() if picture is not None else None
        self.update()

    def set_boxes(
        self, boxes: Sequence[tuple[int, FaceBox]], chosen_number: int | None = None, doubt: FaceBox | None = None
    ) -> None:
        """Show (number, box) of each face, the chosen one brighter, and a doubtful detection."""
        self._boxes = tuple(boxes)
        self._chosen_face = chosen_number
        self._doubt = doubt
        self.update()

    def picture_rect(self) -> QRectF:
        if self._image is None:
            return QRectF(self.rect())
        scale = min(self.width() / self._image.width(), self.height() / self._image.height())
        width, height = self._image.width() * scale, self._image.height() * scale
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)

    def _rect(self, box: FaceBox) -> QRectF:
        picture = self.picture_rect()
        return QRectF(
            QPointF(picture.left() + box.left * picture.width(), picture.top() + box.top * picture.height()),
            QPointF(picture.left() + box.right * picture.width(), picture.top() + box.bottom * picture.height()),
        )

    def _share(self, point: QPointF) -> tuple[float, float]:
        picture = self.picture_rect()
        return (
            min(max((point.x() - picture.left()) / picture.width(), 0.0), 1.0),
            min(max((point.y() - picture.top()) / picture.height(), 0.0), 1.0),
        )

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.stage))
        if self._image is None:
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawImage(self.picture_rect(), self._image)
        for number, box in self._boxes:
            self._draw(painter, self._rect(box), str(number), chosen=number == self._chosen_face)
        if self._doubt is not None:
            painter.setPen(QPen(QColor("white"), 1.5, Qt.PenStyle.DashLine))
            painter.drawRect(self._rect(self._doubt))
        if self._from is not None and self._to is not None:
            painter.setPen(QPen(QColor(self._theme.accent), 2))
            painter.drawRect(QRectF(self._from, self._to).normalized())

    def _draw(self, painter: QPainter, rect: QRectF, message: str, *, chosen: bool) -> None:
        accent = QColor(self._theme.accent)
        # a light line over a dark one is visible on any picture
        painter.setPen(QPen(QColor(0, 0, 0, 180), 4 if chosen else 3))
        painter.drawRect(rect)
        painter.setPen(QPen(accent if chosen else QColor("white"), 2.5 if chosen else 1.5))
        painter.drawRect(rect)
        metrics = painter.fontMetrics()
        label = QRectF(
            rect.left(), rect.top() - metrics.height(), metrics.horizontalAdvance(message) + 8, metrics.height()
        )
        painter.fillRect(label, accent if chosen else QColor(0, 0, 0, 180))
        painter.setPen(QColor("black" if chosen and accent.lightnessF() > 0.6 else "white"))
        painter.drawText(label, Qt.AlignmentFlag.AlignCenter, message)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move a new box with the arrows, size it with Shift and the arrows, draw it with Enter; choose with Space."""
        way = _ARROWS.get(Qt.Key(event.key()))
        if self._image is not None and way is not None:
            picture = self.picture_rect()
            if self._from is None or self._to is None:
                centre = picture.center()
                half = QPointF(picture.height() / 8, picture.height() / 8)
                self._from = centre - half
                self._to = centre + half
            step = QPointF(way[0] * picture.width(), way[1] * picture.height()) * KEY_STEP
            if not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._from += step
            self._to += step
            self.update()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self._from is not None and self._to is not None:
            self._finish(self._to)
        elif event.key() == Qt.Key.Key_Space:
            numbers = [None, *(number for number, _ in self._boxes)]
            before = numbers.index(self._chosen_face) if self._chosen_face in numbers else 0
            self.picked.emit(numbers[(before + 1) % len(numbers)])
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._image is not None:
            self._from = self._to = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is not None:
            self._to = event.position()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Finish: a long drag is a box, a click chooses one."""
        self._finish(event.position())

    def _finish(self, end: QPointF) -> None:
        start = self._from
        self._from = None
        self._to = None
        if start is None:
            return
        self.update()
        if max(abs(end.x() - start.x()), abs(end.y() - start.y())) < MIN_PX:
            hit = [number for number, box in self._boxes if self._rect(box).contains(end)]
            self.picked.emit(hit[-1] if hit else None)
            return
        (x0, y0), (x1, y1) = self._share(start), self._share(end)
        if x0 != x1 and y0 != y1:
            self.drawn.emit(FaceBox(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))
