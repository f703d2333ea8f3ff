"""Area in which a point moves, and economy of its path."""

import math

import numpy as np

from skillviewer.core.arrays import FloatArray

_DROPPED_PERCENT = 2.0


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
    """Return the area of the convex hull without the 2 % of positions that lie farthest from the median; NaN of none.

    One outlier of a track would enlarge the hull of all positions.
    """
    if not len(points):
        return math.nan
    distances = np.hypot(*(points - np.median(points, axis=0)).T)
    return hull_area(points[distances <= np.percentile(distances, 100 - _DROPPED_PERCENT)])


def economy_of_path(points: FloatArray, length: float) -> float:
    """Return the distance of the ends of a single reach over the length of its path, 0 to 1; NaN without a path."""
    return float(np.hypot(*(points[-1] - points[0]))) / length if len(points) and length > 0 else math.nan


def economy_of_area(points: FloatArray, length: float) -> float:
    """Return √(width × height) of the box around positions over the length of their path; NaN without a path.

    Source: Oropesa et al. 2013 (EVA). Larger is more economical.
    """
    if not len(points) or not length > 0:
        return math.nan
    return math.sqrt(float(np.prod(np.ptp(points, axis=0)))) / length
