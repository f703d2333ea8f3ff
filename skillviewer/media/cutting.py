"""Cutting of rotated squares from pictures, as inputs of networks."""

from typing import Literal

import cv2
import numpy as np

from skillviewer.core.arrays import RGBImage

_BORDERS = {"black": cv2.BORDER_CONSTANT, "nearest": cv2.BORDER_REPLICATE}


def cut_square(
    picture: RGBImage,
    centre_px: tuple[float, float],
    side_px: float,
    angle_rad: float,
    size_px: int,
    border: Literal["black", "nearest"],
) -> RGBImage:
    """Return a rotated square of a picture, resampled linearly, as MediaPipe's ``ImageToTensorCalculator`` does.

    Args:
        picture: (H, W, 3) uint8.
        centre_px: Centre of the square in the picture, x and y.
        side_px: Side of the square in the picture.
        angle_rad: Rotation of the square, clockwise on the screen.
        size_px: Side of the returned square, S.
        border: Colour beyond the picture: black, or the colour of the nearest pixel.

    Returns:
        (S, S, 3) uint8.
    """
    corners = cv2.boxPoints((centre_px, (side_px, side_px), float(np.degrees(angle_rad))))
    size = float(size_px)
    target_corners = np.array([[0, size], [0, 0], [size, 0], [size, size]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target_corners)
    square = cv2.warpPerspective(
        picture, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR, borderMode=_BORDERS[border]
    )
    return np.asarray(square, dtype=np.uint8)
