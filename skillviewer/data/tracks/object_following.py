"""Following of one object through the frames of a file without identities."""

from collections.abc import Sequence

import numpy as np

from skillviewer.core.arrays import FloatArray

OTHER_OBJECT = "a further object without an identity"
"""Reason for which the positions of all other objects are rejected."""


def follow_object(candidates: Sequence[FloatArray], previous: FloatArray | None) -> int:
    """Return the index of the object that is nearest to the object of the frame before.

    Args:
        candidates: Objects of the frame, each (P, 3) x, y and confidence; at least one.
        previous: The object of the frame before, or None. Without one the most certain object is chosen.
    """
    if previous is None:
        certainties = [np.nansum(np.where(np.isfinite(points[:, 0]), points[:, 2], 0)) for points in candidates]
        return int(np.argmax(certainties))
    distances = []
    for points in candidates:
        in_both = np.isfinite(points[:, 0]) & np.isfinite(previous[:, 0])
        point_distances = np.hypot(*(points[in_both, :2] - previous[in_both, :2]).T)
        mean_distance = float(point_distances.mean()) if len(point_distances) else np.inf
        distances.append(mean_distance)
    return int(np.argmin(distances))
