"""Scaling of a picture to its width on the screen, before a map is painted over it."""

import cv2
import numpy as np

from skillviewer.core.arrays import RGBImage

MAX_AVERAGED_SCALE = 0.75
"""Number of screen pixels per pixel of a picture below which pixels are averaged: QPainter alone would skip some."""


def drawn_px(full_px: int, width_px: int) -> int:
    """Return the width to scale a picture to before it is drawn.

    Args:
        full_px: Width of the picture in its own pixels.
        width_px: Width of the picture on the screen.

    Returns:
        ``width_px`` if the screen shows the picture much smaller than it is, else ``full_px``.
    """
    return width_px if 1 <= width_px < MAX_AVERAGED_SCALE * full_px else full_px


def shrunk(picture: RGBImage, width_px: int) -> RGBImage:
    """Return a picture, (H, W, 3), scaled to a smaller width, with each pixel the mean of the pixels that it covers."""
    height, width = picture.shape[:2]
    if width == width_px:
        return picture
    size = (width_px, max(1, round(height * width_px / width)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
