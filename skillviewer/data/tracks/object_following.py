"""Choice of one object in every frame of a file without identities."""

from collections.abc import Sequence

import numpy as np

from skillviewer.core.arrays import FloatArray

FURTHER = "a further object without an identity"


def follow_object(candidates: Sequence[FloatArray], previous: FloatArray | None) -> int:
    """Return the index of the object in a frame that is nearest to the object of the frame before.

    Args:
        candidates: Objects of the frame, each (P, 3) x, y and confidence; at least one.
        previous: The object of the frame before. None in the first frame: the surest object is chosen.
    """
    if previous is None:
        return int(
            np.argmax([np.nansum(np.where(np.isfinite(points[:, 0]), points[:, 2], 0)) for points in candidates])
        )
    distances = []
    for points in candidates:
        in_both = np.isfinite(points[:, 0]) & np.isfinite(previous[:, 0])
        gaps = np.hypot(*(points[in_both, :2] - previous[in_both, :2]).T)
        distances.append(float(gaps.mean()) if len(gaps) else np.inf)
    return int(np.argmin(distances))
