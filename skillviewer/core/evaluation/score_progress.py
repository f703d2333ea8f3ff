"""Progress of the score along a video: scores after shares of the steps, and contributions by fifths."""

import numpy as np

from skillviewer.core.arrays import FloatArray

SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Shares of a video's steps after which the score so far is tested."""

N_PARTS = 5
"""Parts of a video's steps for the distribution of contributions."""


def scores_at(curves: FloatArray, share: float) -> FloatArray:
    """Return (V,) of (V, N) scores, those after a share of the steps, above 0; an incomplete step counts as whole."""
    n = curves.shape[1]
    return curves[:, int(np.ceil(round(share * n, 9))) - 1]


def contribution_shares(contributions: FloatArray) -> FloatArray:
    """Return (5,) the shares of the absolute contributions in each fifth of the steps, mean over videos, or NaN.

    Step i of N, from 0, belongs to fifth floor(5 i / N).

    Videos with a NaN, and videos with zeros alone, are left out of the (V, N) contributions.
    """
    sizes = np.abs(contributions)
    sums = sizes.sum(axis=1)
    known = np.isfinite(sums) & (sums > 0)
    if not known.any():
        return np.full(N_PARTS, np.nan)
    part = np.arange(sizes.shape[1]) * N_PARTS // sizes.shape[1]
    shares = sizes[known] / sums[known, None]
    return np.array([shares[:, part == i].sum(axis=1).mean() for i in range(N_PARTS)])
