"""Progress of the score along a video: scores after shares of the steps, and contributions by fifths."""

import numpy as np

from skillviewer.core.arrays import FloatArray, IntArray

SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Shares of a video's steps after which the score so far is tested."""

N_PARTS = 5
"""Parts of a video's steps for the distribution of contributions."""


def _lengths(rows: FloatArray) -> IntArray:
    """Return (V,) how many numbers each row has before its NaNs."""
    return np.asarray(rows.shape[1] - np.isfinite(rows)[:, ::-1].argmax(axis=1), np.int64)


def scores_at(curves: FloatArray, share: float) -> FloatArray:
    """Return (V,) of (V, N) scores, those after a share of the steps, above 0; an incomplete step counts as whole.

    NaNs at the end of a row are no steps of that video.
    """
    steps = np.ceil(np.round(share * _lengths(curves), 9)).astype(np.int64)
    return np.asarray(curves[np.arange(len(curves)), steps - 1])


def contribution_shares(contributions: FloatArray) -> FloatArray:
    """Return (5,) the shares of the absolute contributions in each fifth of the steps, mean over videos, or NaN.

    Step i of N, from 0, belongs to fifth floor(5 i / N).

    Of the (V, N) contributions, NaNs at the end of a row are no steps. Videos with a NaN before, and videos with zeros
    alone, are left out.
    """
    part = np.arange(contributions.shape[1]) * N_PARTS // np.maximum(_lengths(contributions), 1)[:, None]
    sizes = np.where(part < N_PARTS, np.abs(contributions), 0.0)
    sums = sizes.sum(axis=1)
    is_valid = np.isfinite(sums) & (sums > 0)
    if not is_valid.any():
        return np.full(N_PARTS, np.nan)
    shares = sizes[is_valid] / sums[is_valid, None]
    return np.array([np.where(part[is_valid] == i, shares, 0.0).sum(axis=1).mean() for i in range(N_PARTS)])
