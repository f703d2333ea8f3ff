"""A small picture that plays its moment when it is pressed."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QImage, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from skillviewer.core.arrays import Picture
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed

SIZE = QSize(80, 45)


class Thumbnail(QAbstractButton):
    """A picture with a play mark, pressed by the mouse or by Space."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture: Picture | None = None  # (h, w, 3) uint8 RGB
        self._theme: Theme = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        return SIZE

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def set_picture(self, picture: Picture | None) -> None:
        """Show a picture; None while it is being made."""
        if picture is not self.picture:
            self.picture = picture
            self.update()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the picture whole, on the stage's colour, with a play mark in the corner."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        room = QRectF(self.rect())
        shape = QPainterPath()
        shape.addRoundedRect(room, 4, 4)
        painter.setClipPath(shape)
        painter.fillRect(room, QColor(self._theme.stage))
        if self.picture is not None:
            height, width = self.picture.shape[:2]
            image = QImage(self.picture.data, width, height, self.picture.strides[0], QImage.Format.Format_RGB888)
            scale = min(room.width() / width, room.height() / height)
            size = (width * scale, height * scale)
            target = QRectF((room.width() - size[0]) / 2, (room.height() - size[1]) / 2, *size)
            painter.drawImage(target, image)
        disc = QPointF(room.left() + 12, room.bottom() - 12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 210 if self.underMouse() else 140))
        painter.drawEllipse(disc, 8, 8)
        painter.setBrush(QColor("white"))
        painter.drawPolygon(QPolygonF([disc + QPointF(-2.5, -4), disc + QPointF(-2.5, 4), disc + QPointF(4.5, 0)]))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._theme.accent), 2))
            painter.drawRoundedRect(room.adjusted(1, 1, -1, -1), 4, 4)
        painter.end()
