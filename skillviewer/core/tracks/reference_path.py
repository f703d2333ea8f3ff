"""Distance of a point from a reference: a target, a line to follow, or an area."""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray, ReadOnly


@dataclass(frozen=True, slots=True, repr=False)
class ReferencePath(ReadOnly):
    """A polyline to follow, or a single target point."""

    points: FloatArray  # (m, 2) corners in the unit of the positions; one for a target
    closed: bool = False  # True if the last corner is joined with the first

    def distances(self, points: FloatArray) -> FloatArray:
        """Return the distance of positions, (n, 2), from the nearest place of the path, (n,)."""
        corners = np.concatenate([self.points, self.points[:1]]) if self.closed else self.points
        starts, ends = (corners, corners) if len(corners) == 1 else (corners[:-1], corners[1:])
        min_distances = np.full(len(points), np.inf)
        for start, end in zip(starts, ends, strict=True):
            direction = end - start
            length = float(direction @ direction)
            share = np.clip((points - start) @ direction / length, 0, 1) if length > 0 else np.zeros(len(points))
            gap = points - (start + share[:, None] * direction)
            np.minimum(min_distances, np.hypot(gap[:, 0], gap[:, 1]), out=min_distances)
        return min_distances
