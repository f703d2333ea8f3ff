"""Conversion of pictures to Qt images."""

from PySide6.QtGui import QImage

from skillviewer.core.arrays import Picture


def as_image(picture: Picture) -> QImage:
    """Return a picture as a QImage over the same memory, which must outlive it.

    Args:
        picture: (H, W, 3) uint8 RGB, or (H, W, 4) uint8 with the bytes B, G, R, 255.
    """
    height, width, channels = picture.shape
    form = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_RGB32
    return QImage(picture.data, width, height, picture.strides[0], form)
