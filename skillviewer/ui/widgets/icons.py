"""Icons in the colours of the theme."""

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from skillviewer.core.arrays import RGBImage
from skillviewer.ui.widgets.theme import Theme


def as_image(picture: RGBImage) -> QImage:
    """Return (H, W, 3) uint8 RGB, or (H, W, 4) B, G, R, 255, as a QImage over its memory, which must outlive it."""
    height, width, channels = picture.shape
    form = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_RGB32
    return QImage(picture.data, width, height, picture.strides[0], form)


SIZES_PX = (16, 20, 24, 32, 40, 48)


class Icons:
    """The icons of a folder, as ``NAME.svg``, whose strokes are ``currentColor``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._drawings: dict[str, str] = {}
        self._icons: dict[tuple[str, str, str], QIcon] = {}

    def icon(self, name: str, theme: Theme, colour: str = "") -> QIcon:
        """Return an icon, ``NAME.svg``, in the colour ``#rrggbb``, or "" for that of the theme's text."""
        key = (name, colour or theme.text, theme.muted)
        if key not in self._icons:
            icon = self._icons[key] = QIcon()
            for pixmap in self._draw(name, key[1], *SIZES_PX):
                icon.addPixmap(pixmap, QIcon.Mode.Normal)
            for pixmap in self._draw(name, theme.muted, *SIZES_PX, opacity=0.5):
                icon.addPixmap(pixmap, QIcon.Mode.Disabled)
        return self._icons[key]

    def pixmap(self, name: str, colour: str, size_px: int, ratio: float = 1.0) -> QPixmap:
        """Return a picture of an icon for a screen of that pixel ratio."""
        (pixmap,) = self._draw(name, colour, round(size_px * ratio))
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def _draw(self, name: str, colour: str, *sizes_px: int, opacity: float = 1.0) -> Iterator[QPixmap]:
        text = self._drawings.get(name)
        if text is None:
            text = self._drawings[name] = (self._folder / f"{name}.svg").read_text(encoding="utf-8")
        renderer = QSvgRenderer(QByteArray(text.replace("currentColor", QColor(colour).name()).encode()))
        for size_px in sizes_px:
            pixmap = QPixmap(QSize(size_px, size_px))
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setOpacity(opacity)
            renderer.render(painter, QRectF(0, 0, size_px, size_px))
            painter.end()
            yield pixmap
