"""Parts of pictures."""

import cv2
import numpy as np

from skillviewer.core.analysis.analysis import MapRect
from skillviewer.core.arrays import RGBImage


def cut(picture: RGBImage, rect: MapRect) -> RGBImage:
    """Return a part of a picture, (h, w, ...), of whole pixels: its edges are rounded to the nearest ones."""
    height, width = picture.shape[:2]
    left, right = round(rect.left * width), round(rect.right * width)
    top, bottom = round(rect.top * height), round(rect.bottom * height)
    return picture[top : max(bottom, top + 1), left : max(right, left + 1)]


def cut_to(picture: RGBImage, rect: MapRect, size: tuple[int, int]) -> RGBImage:
    """Return a part of a picture, (h, w, 3), squashed or enlarged to (width_px, height_px)."""
    part = cut(picture, rect)
    shrinks = part.shape[1] >= size[0] and part.shape[0] >= size[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(np.ascontiguousarray(part), size, interpolation=way), dtype=np.uint8)
