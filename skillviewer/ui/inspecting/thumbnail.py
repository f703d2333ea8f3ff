"""A small picture of a moment with its map."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from skillviewer.core.arrays import RGBImage
from skillviewer.ui.widgets.icons import as_image
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed

SIZE_PX = QSize(80, 45)


class Thumbnail(QAbstractButton):
    """A button that shows a picture with a play mark."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture: RGBImage | None = None  # (h, w, 3) uint8 RGB
        self._theme: Theme = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        return SIZE_PX

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
        """Draw all of the picture on a dark ground, with a play mark in the corner."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        area = QRectF(self.rect())
        outline = QPainterPath()
        outline.addRoundedRect(area, 4, 4)
        painter.setClipPath(outline)
        painter.fillRect(area, QColor(self._theme.stage))
        if self.picture is not None:
            image = as_image(self.picture)
            scale = min(area.width() / image.width(), area.height() / image.height())
            width = image.width() * scale
            height = image.height() * scale
            target = QRectF((area.width() - width) / 2, (area.height() - height) / 2, width, height)
            painter.drawImage(target, image)
        self._draw_play_mark(painter, QPointF(area.left() + 12, area.bottom() - 12))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._theme.accent), 2))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 4, 4)
        painter.end()

    def _draw_play_mark(self, painter: QPainter, centre: QPointF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        opacity = 210 if self.underMouse() else 140  # of 255
        painter.setBrush(QColor(0, 0, 0, opacity))
        painter.drawEllipse(centre, 8, 8)
        painter.setBrush(QColor("white"))
        corners = (QPointF(-2.5, -4), QPointF(-2.5, 4), QPointF(4.5, 0))
        painter.drawPolygon(QPolygonF([centre + corner for corner in corners]))
