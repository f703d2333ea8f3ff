"""Numbers of a flow stack, such as speed, coherence and acceleration, which replace the features of a network."""

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.arrays import Float32Array

_MOVING_PX = 0.5
_STILL_PX = 0.2
_PEAK_QUANTILE = 0.95


def flow_numbers(flow: NDArray[np.uint8], bound_px: float) -> Float32Array:
    """Return the numbers of a flow stack, (8,) float32 in the order of ``FLOW_NUMBERS``.

    Every second pixel of every second row is used. From the displacements, in pixels per frame, these are computed:

    - speed: mean length of the displacements,
    - spread: standard deviation of the lengths,
    - peak: 95th percentile of the lengths,
    - moving: share of lengths above 0.5 pixels,
    - coherence: mean over the fields of |mean(d)| / mean(|d|), where d are the displacements of a field,
    - acceleration and jerk: mean lengths of the first and second differences of successive fields,
    - still: share of fields with a mean length below 0.2 pixels.

    Args:
        flow: (2L, h, w) uint8, quantised, x and y of every field in turn.
        bound_px: Displacement that is stored as the largest byte; larger ones are clipped.
    """
    px_per_level = np.float32(2 * bound_px / 255)
    displacements = (flow[:, ::2, ::2].astype(np.float32) - 128) * px_per_level  # 128 is no motion
    fields = displacements.reshape(-1, 2, *displacements.shape[1:])
    lengths = _lengths(fields)
    field_lengths = lengths.mean(axis=(1, 2))
    mean_displacements = fields.mean(axis=(2, 3))
    coherence = _lengths(mean_displacements) / np.maximum(field_lengths, 1e-6)
    peak_index = int(_PEAK_QUANTILE * (lengths.size - 1))
    # the 95th percentile, without interpolation and without sorting all lengths
    peak = np.partition(lengths, peak_index, axis=None)[peak_index]
    moving = (lengths > _MOVING_PX).mean()
    still = (field_lengths < _STILL_PX).mean()
    acceleration = _mean_difference_length(fields, 1)
    jerk = _mean_difference_length(fields, 2)
    numbers = (lengths.mean(), lengths.std(), peak, moving, coherence.mean(), acceleration, jerk, still)
    return np.array(numbers, np.float32)


def _mean_difference_length(fields: Float32Array, order: int) -> float:
    """Return the mean length of the first or second differences of successive fields; 0 with too few fields."""
    differences = np.diff(fields, order, axis=0)
    return float(_lengths(differences).mean()) if len(differences) else 0.0


def _lengths(vectors: Float32Array) -> Float32Array:
    """Return the lengths of vectors (n, 2, ...), whose second axis has x and y."""
    lengths: Float32Array = np.hypot(vectors[:, 0], vectors[:, 1])
    return lengths
