"""Cropping of pictures."""

import cv2
import numpy as np

from skillviewer.core.analysis.analysis import MapRect
from skillviewer.core.arrays import RGBImage


def crop_picture(picture: RGBImage, rect: MapRect) -> RGBImage:
    """Return a view of a part of a picture, (h, w, ...); the edges are rounded to whole pixels."""
    height, width = picture.shape[:2]
    left = round(rect.left * width)
    right = round(rect.right * width)
    top = round(rect.top * height)
    bottom = round(rect.bottom * height)
    return picture[top : max(bottom, top + 1), left : max(right, left + 1)]


def crop_and_scale(picture: RGBImage, rect: MapRect, size: tuple[int, int]) -> RGBImage:
    """Return a part of a picture, (h, w, 3), scaled to ``size``, (width_px, height_px), in each direction."""
    part = crop_picture(picture, rect)
    is_shrunk = part.shape[1] >= size[0] and part.shape[0] >= size[1]
    interpolation = cv2.INTER_AREA if is_shrunk else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(np.ascontiguousarray(part), size, interpolation=interpolation), dtype=np.uint8)
