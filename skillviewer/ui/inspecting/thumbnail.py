"""A small picture of a moment with its map."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from skillviewer.core.arrays import RGBImage
from skillviewer.ui.widgets.icons import as_image
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed

SIZE = QSize(80, 45)


class Thumbnail(QAbstractButton):
    """A picture with a play mark, pressed by the mouse or by Space."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture: RGBImage | None = None  # (h, w, 3) uint8 RGB
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

    def set_picture(self, picture: RGBImage | None) -> None:
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
            image = as_image(self.picture)
            scale = min(room.width() / image.width(), room.height() / image.height())
            size = (image.width() * scale, image.height() * scale)
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
