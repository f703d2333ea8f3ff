"""Canvas that shows a frame with face boxes, on which boxes are drawn with the mouse or the keys."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.arrays import RGBImage
from skillviewer.core.faces.faces import FaceBox
from skillviewer.ui.widgets.icons import as_image
from skillviewer.ui.widgets.theme import PaintedWidget

MIN_DRAG_PX = 6  # a shorter drag is a click
KEY_STEP = 0.02  # step of an arrow key, as a fraction of the picture
_DIRECTIONS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class FaceCanvas(PaintedWidget):
    """Canvas with a picture and the boxes of faces."""

    drawn = Signal(object)  # the new ``FaceBox``
    picked = Signal(object)  # number of the clicked face, or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._boxes: tuple[tuple[int, FaceBox], ...] = ()
        self._doubtful_box: FaceBox | None = None
        self._chosen_face: int | None = None
        # opposite corners of the box that is being drawn
        self._drag_start: QPointF | None = None
        self._end: QPointF | None = None
        self.setMinimumSize(240, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Frame with face boxes")
        self.setAccessibleDescription(
            "Drag to draw a box; or arrows move one, Shift and arrows size it, Enter draws, Space chooses."
        )

    def set_picture(self, picture: RGBImage | None) -> None:
        """Show a picture, (H, W, 3) uint8 RGB, or nothing for None."""
        self._image = as_image(picture).copy() if picture is not None else None
        self.update()

    def set_boxes(
        self,
        boxes: Sequence[tuple[int, FaceBox]],
        chosen_number: int | None = None,
        doubtful_box: FaceBox | None = None,
    ) -> None:
        """Show the boxes of faces, given as (number, box), the chosen one brighter, and a doubtful box dashed."""
        self._boxes = tuple(boxes)
        self._chosen_face = chosen_number
        self._doubtful_box = doubtful_box
        self.update()

    def picture_rect(self) -> QRectF:
        """Return the rectangle of the picture in the widget."""
        if self._image is None:
            return QRectF(self.rect())
        scale = min(self.width() / self._image.width(), self.height() / self._image.height())
        width = self._image.width() * scale
        height = self._image.height() * scale
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)

    def _to_widget(self, box: FaceBox) -> QRectF:
        picture = self.picture_rect()
        return QRectF(
            QPointF(picture.left() + box.left * picture.width(), picture.top() + box.top * picture.height()),
            QPointF(picture.left() + box.right * picture.width(), picture.top() + box.bottom * picture.height()),
        )

    def _to_picture(self, point: QPointF) -> tuple[float, float]:
        """Return a point of the widget in fractions of the picture, clamped to it."""
        picture = self.picture_rect()
        x = (point.x() - picture.left()) / picture.width()
        y = (point.y() - picture.top()) / picture.height()
        return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.stage))
        if self._image is None:
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawImage(self.picture_rect(), self._image)
        for number, box in self._boxes:
            self._paint_box(painter, self._to_widget(box), str(number), chosen=number == self._chosen_face)
        if self._doubtful_box is not None:
            painter.setPen(QPen(QColor("white"), 1.5, Qt.PenStyle.DashLine))
            painter.drawRect(self._to_widget(self._doubtful_box))
        if self._drag_start is not None and self._end is not None:
            painter.setPen(QPen(QColor(self._theme.accent), 2))
            painter.drawRect(QRectF(self._drag_start, self._end).normalized())

    def _paint_box(self, painter: QPainter, rect: QRectF, label: str, *, chosen: bool) -> None:
        accent = QColor(self._theme.accent)
        shade = QColor(0, 0, 0, 180)
        line_colour = accent if chosen else QColor("white")
        line_width_px = 2.5 if chosen else 1.5
        # a light line on a dark one is visible on any picture
        painter.setPen(QPen(shade, line_width_px + 1.5))
        painter.drawRect(rect)
        painter.setPen(QPen(line_colour, line_width_px))
        painter.drawRect(rect)
        metrics = painter.fontMetrics()
        label_width = metrics.horizontalAdvance(label) + 8
        label_rect = QRectF(rect.left(), rect.top() - metrics.height(), label_width, metrics.height())
        label_colour = accent if chosen else shade
        has_light_label = chosen and accent.lightnessF() > 0.6
        text_colour = "black" if has_light_label else "white"
        painter.fillRect(label_rect, label_colour)
        painter.setPen(QColor(text_colour))
        painter.drawText(label_rect, Qt.AlignmentFlag.AlignCenter, label)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move a new box with the arrows, size it with Shift and the arrows, draw it with Enter; choose with Space."""
        direction = _DIRECTIONS.get(Qt.Key(event.key()))
        is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if self._image is not None and direction is not None:
            is_shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._move_new_box(*direction, resize=is_shifted)
        elif is_enter and self._drag_start is not None and self._end is not None:
            self._finish(self._end)
        elif event.key() == Qt.Key.Key_Space:
            self._pick_next()
        else:
            super().keyPressEvent(event)

    def _move_new_box(self, horizontal: int, vertical: int, *, resize: bool) -> None:
        """Move the new box, or with ``resize`` its second corner, by a step. Without a new box, begin a box."""
        picture = self.picture_rect()
        if self._drag_start is None or self._end is None:
            half_size = QPointF(picture.height() / 8, picture.height() / 8)
            self._drag_start = picture.center() - half_size
            self._end = picture.center() + half_size
        step = QPointF(horizontal * picture.width(), vertical * picture.height()) * KEY_STEP
        if not resize:
            self._drag_start += step
        self._end += step
        self.update()

    def _pick_next(self) -> None:
        numbers = [None, *(number for number, _ in self._boxes)]
        index = numbers.index(self._chosen_face) if self._chosen_face in numbers else 0
        self.picked.emit(numbers[(index + 1) % len(numbers)])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._image is not None:
            self._drag_start = event.position()
            self._end = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag_start is not None:
            self._end = event.position()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Finish the drag: a long one draws a box, a click chooses one."""
        self._finish(event.position())

    def _finish(self, end: QPointF) -> None:
        start = self._drag_start
        self._drag_start = None
        self._end = None
        if start is None:
            return
        self.update()
        if max(abs(end.x() - start.x()), abs(end.y() - start.y())) < MIN_DRAG_PX:
            numbers = [number for number, box in self._boxes if self._to_widget(box).contains(end)]
            picked_number = numbers[-1] if numbers else None
            self.picked.emit(picked_number)
            return
        x0, y0 = self._to_picture(start)
        x1, y1 = self._to_picture(end)
        if x0 != x1 and y0 != y1:
            self.drawn.emit(FaceBox(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))
