"""Choice of one object where a file does not say which is which."""

from collections.abc import Sequence

import numpy as np

from skillviewer.core.arrays import FloatArray

FURTHER = "a further object without an identity"


def follow_one(candidates: Sequence[FloatArray], before: FloatArray | None) -> int:
    """Return the index of the object of a frame that continues the one before.

    Args:
        candidates: Objects of the frame, each (P, 3) x, y and confidence; at least one.
        before: The object chosen in the frame before, or None for the first: then the surest is chosen.
    """
    if before is None:
        return int(
            np.argmax([np.nansum(np.where(np.isfinite(points[:, 0]), points[:, 2], 0)) for points in candidates])
        )
    distances = []
    for points in candidates:
        both = np.isfinite(points[:, 0]) & np.isfinite(before[:, 0])
        gaps = np.hypot(*(points[both, :2] - before[both, :2]).T)
        distances.append(float(gaps.mean()) if len(gaps) else np.inf)
    return int(np.argmin(distances))
