"""Area in which a point moves, and economy of the path of the point."""

import math

import numpy as np

from skillviewer.core.arrays import FloatArray

_OUTLIER_PERCENT = 2.0


def hull_area(points: FloatArray) -> float:
    """Return the area of the convex hull of positions, (n, 2); 0 if they lie on a line."""
    from scipy.spatial import ConvexHull, QhullError

    if len(points) < 3:
        return 0.0
    try:
        return float(ConvexHull(points).volume)  # in the plane, Qhull's volume is the area
    except QhullError:
        return 0.0


def working_area(points: FloatArray) -> float:
    """Return the area of the convex hull of positions without outliers; NaN without positions.

    The 2 % of the positions that lie farthest from the median are left out.
    """
    if not len(points):
        return math.nan
    offsets = points - np.median(points, axis=0)
    distances = np.linalg.norm(offsets, axis=1)
    is_inlier = distances <= np.percentile(distances, 100 - _OUTLIER_PERCENT)
    return hull_area(points[is_inlier])


def economy_of_path(points: FloatArray, length: float) -> float:
    """Return the distance between both ends of a path divided by its length, 0 to 1; NaN without a path."""
    if not len(points) or not length > 0:
        return math.nan
    return math.dist(points[0], points[-1]) / length


def economy_of_area(points: FloatArray, length: float) -> float:
    """Return √(width × height) of the box around positions divided by the length of their path; NaN without a path.

    A larger value is more economical (EVA, Oropesa et al. 2013).
    """
    if not len(points) or not length > 0:
        return math.nan
    box_area = float(np.prod(np.ptp(points, axis=0)))
    return math.sqrt(box_area) / length
