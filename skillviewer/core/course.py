"""How scores come about along videos: which step tells how much of a video has been seen, and which part decides."""

import numpy as np

from skillviewer.core.arrays import FloatArray

COURSE = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Shares of a video's steps after which its score so far is judged."""

N_PARTS = 5
"""Parts of a video's steps among which contributions are shared out."""


def at_share(curves: FloatArray, share: float) -> FloatArray:
    """Return the scores after a share of the steps.

    Args:
        curves: (V, N) scores after every step.
        share: Above 0, to 1; a part of a step counts as a whole one.

    Returns:
        (V,).
    """
    n = curves.shape[1]
    return curves[:, int(np.ceil(round(share * n, 9))) - 1]


def shares_of_contributions(contributions: FloatArray) -> FloatArray:
    """Return which share of the absolute contributions each fifth of the steps holds, mean over videos.

    Step i of N, from 0, belongs to fifth floor(5 i / N).

    Args:
        contributions: (V, N); a video with one that is not a number, or with zeros alone, is left out.

    Returns:
        (5,), which sum to 1; NaN where no video is left.
    """
    sizes = np.abs(contributions)
    sums = sizes.sum(axis=1)
    known = np.isfinite(sums) & (sums > 0)
    if not known.any():
        return np.full(N_PARTS, np.nan)
    part = np.arange(sizes.shape[1]) * N_PARTS // sizes.shape[1]
    shares = sizes[known] / sums[known, None]
    return np.array([shares[:, part == i].sum(axis=1).mean() for i in range(N_PARTS)])
