"""Icons in the colours of the theme."""

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from skillviewer.core.arrays import RGBImage
from skillviewer.ui.widgets.theme import Theme


def as_image(picture: RGBImage) -> QImage:
    """Return a picture, (H, W, 3) uint8 RGB or (H, W, 4) uint8 BGR and 255, as a QImage that shares its memory."""
    height, width, channels = picture.shape
    image_format = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_RGB32
    return QImage(picture.data, width, height, picture.strides[0], image_format)


SIZES_PX = (16, 20, 24, 32, 40, 48)


class Icons:
    """The icons of a folder, ``NAME.svg``, drawn in ``currentColor``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._svg_texts: dict[str, str] = {}  # by name
        self._icons: dict[tuple[str, str, str], QIcon] = {}  # by name, colour and colour of the disabled icon

    def icon(self, name: str, theme: Theme, colour: str = "") -> QIcon:
        """Return an icon in a colour (``#rrggbb``; "" for the colour of text)."""
        if not colour:
            colour = theme.text
        key = (name, colour, theme.muted)
        if key not in self._icons:
            icon = QIcon()
            for pixmap in self._draw(name, colour, *SIZES_PX):
                icon.addPixmap(pixmap, QIcon.Mode.Normal)
            for pixmap in self._draw(name, theme.muted, *SIZES_PX, opacity=0.5):
                icon.addPixmap(pixmap, QIcon.Mode.Disabled)
            self._icons[key] = icon
        return self._icons[key]

    def pixmap(self, name: str, colour: str, size_px: int, ratio: float = 1.0) -> QPixmap:
        """Return an icon as a pixmap for a screen with this ratio of device pixels."""
        (pixmap,) = self._draw(name, colour, round(size_px * ratio))
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def _draw(self, name: str, colour: str, *sizes_px: int, opacity: float = 1.0) -> Iterator[QPixmap]:
        if name not in self._svg_texts:
            self._svg_texts[name] = (self._folder / f"{name}.svg").read_text(encoding="utf-8")
        svg = self._svg_texts[name].replace("currentColor", QColor(colour).name())
        renderer = QSvgRenderer(QByteArray(svg.encode()))
        for size_px in sizes_px:
            pixmap = QPixmap(QSize(size_px, size_px))
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setOpacity(opacity)
            renderer.render(painter, QRectF(0, 0, size_px, size_px))
            painter.end()
            yield pixmap
