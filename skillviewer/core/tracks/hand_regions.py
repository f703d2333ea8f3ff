"""Square regions of a picture in which a hand is looked for, and the way from the network's numbers back to pixels.

The steps are those of MediaPipe's graphs ``palm_detection_detection_to_roi``, ``hand_landmarks_to_rect_calculator`` and
``rect_transformation`` (google-ai-edge/mediapipe), in pixels.
"""

import math
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray

PALM_SCALE = 2.6
PALM_SHIFT = -0.5
"""Side of the region relative to a palm's box, and its shift in heights of the box, towards the fingers if negative."""

HAND_SCALE = 2.0
HAND_SHIFT = -0.1
"""The same relative to the box of the landmarks below."""

_REGION_POINTS = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)
"""Landmarks whose box makes the next frame's region: the palm, and the first joint of each finger."""

_WRIST = 0
_INDEX_KNUCKLE = 5
_MIDDLE_KNUCKLE = 9
_RING_KNUCKLE = 13


@dataclass(frozen=True, slots=True)
class HandRegion:
    """A rotated square of a picture."""

    x_px: float  # centre
    y_px: float
    side_px: float
    angle_rad: float  # 0: fingers up in the picture; positive: turned clockwise

    def overlap(self, other: "HandRegion") -> float:
        """Return intersection over union of the two squares as if neither were rotated, 0 to 1."""
        intersection = 1.0
        for a, b in ((self.x_px, other.x_px), (self.y_px, other.y_px)):
            low = max(a - self.side_px / 2, b - other.side_px / 2)
            high = min(a + self.side_px / 2, b + other.side_px / 2)
            intersection *= max(high - low, 0.0)
        union = self.side_px**2 + other.side_px**2 - intersection
        return intersection / union if union > 0 else 0.0

    def to_picture(self, points: FloatArray) -> FloatArray:
        """Return (P, 2) pixels of the picture for (P, 2) positions in the region, each coordinate from 0 to 1."""
        cos = math.cos(self.angle_rad)
        sin = math.sin(self.angle_rad)
        rotated_points = (points - 0.5) @ np.array([[cos, sin], [-sin, cos]])
        pixels: FloatArray = np.array([self.x_px, self.y_px]) + self.side_px * rotated_points
        return pixels


def wrap_angle(angle_rad: float) -> float:
    """Return the same angle in -π to π."""
    return angle_rad - 2 * math.pi * math.floor((angle_rad + math.pi) / (2 * math.pi))


def _towards(start: FloatArray, end: FloatArray) -> float:
    """Return the rotation of a region whose upward direction goes from one point to another."""
    return wrap_angle(math.pi / 2 - math.atan2(-(end[1] - start[1]), end[0] - start[0]))


def _square(centre: FloatArray, size: FloatArray, angle_rad: float, scale: float, shift: float) -> HandRegion:
    """Return a box, (width, height), shifted along its own height, scaled and made square."""
    height = float(size[1])
    x_px = float(centre[0]) - height * shift * math.sin(angle_rad)
    y_px = float(centre[1]) + height * shift * math.cos(angle_rad)
    return HandRegion(x_px, y_px, float(size.max()) * scale, angle_rad)


def region_of_palm(box_px: FloatArray, points_px: FloatArray) -> HandRegion:
    """Return the region of a detected palm.

    Args:
        box_px: (4,) left, top, width and height in pixels.
        points_px: (7, 2) points of the palm in pixels; 0 is the wrist, 2 the knuckle of the middle finger.
    """
    angle_rad = _towards(points_px[0], points_px[2])
    return _square(box_px[:2] + box_px[2:] / 2, box_px[2:], angle_rad, PALM_SCALE, PALM_SHIFT)


def region_of_landmarks(landmarks_px: FloatArray) -> HandRegion:
    """Return the region in which the next frame's hand is looked for.

    Args:
        landmarks_px: (21, 2) landmarks in pixels, in the order of ``HAND_POINTS``.
    """
    # the names in MediaPipe's source say PIP joints; its indices, after its choice of landmarks, are the knuckles
    knuckles = (landmarks_px[_INDEX_KNUCKLE] + landmarks_px[_RING_KNUCKLE]) / 2
    angle_rad = _towards(landmarks_px[_WRIST], (knuckles + landmarks_px[_MIDDLE_KNUCKLE]) / 2)
    points = landmarks_px[list(_REGION_POINTS)]
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    cos = math.cos(angle_rad)
    sin = math.sin(angle_rad)
    upright = (points - middle) @ np.array([[cos, -sin], [sin, cos]])
    low = upright.min(axis=0)
    high = upright.max(axis=0)
    centre = middle + (low + high) / 2 @ np.array([[cos, sin], [-sin, cos]])
    return _square(centre, high - low, angle_rad, HAND_SCALE, HAND_SHIFT)


def add_region(regions: list[HandRegion], region: HandRegion, max_overlap: float = 0.5) -> list[HandRegion]:
    """Return the list with a region appended. Regions that it overlaps by more than a share are removed."""
    return [*(other for other in regions if other.overlap(region) <= max_overlap), region]
