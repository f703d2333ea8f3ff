"""Scores after shares of a video's steps, and shares of the contributions by fifths of the steps."""

import numpy as np

from skillviewer.core.arrays import FloatArray, IntArray

SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Shares of a video's steps after which the score is tested."""

N_FIFTHS = 5


def _n_steps(rows: FloatArray) -> IntArray:
    """Return the number of steps in each row, (V,), without the NaNs at its end."""
    return np.asarray(rows.shape[1] - np.isfinite(rows)[:, ::-1].argmax(axis=1), np.int64)


def scores_at(curves: FloatArray, share: float) -> FloatArray:
    """Return the score of every video, (V,), after a share of its steps, rounded up.

    Args:
        curves: (V, N) scores after every step; the rows of videos with fewer steps end with NaNs.
        share: Share of the steps, above 0.
    """
    exact_steps = np.round(share * _n_steps(curves), 9)
    steps = np.ceil(exact_steps).astype(np.int64)
    return np.asarray(curves[np.arange(len(curves)), steps - 1])


def contribution_shares(contributions: FloatArray) -> FloatArray:
    """Return the shares of the absolute contributions in each fifth of the steps, (5,), as means over the videos.

    Step i of N, from 0, belongs to fifth floor(5 i / N). The shares are NaN without videos.

    Args:
        contributions: (V, N) contributions of every step; the rows of videos with fewer steps end with NaNs. Videos
            with a NaN before, and videos with only zeros, are left out.
    """
    fifths = np.arange(contributions.shape[1]) * N_FIFTHS // np.maximum(_n_steps(contributions), 1)[:, None]
    magnitudes = np.where(fifths < N_FIFTHS, np.abs(contributions), 0.0)
    sums = magnitudes.sum(axis=1)
    is_valid = np.isfinite(sums) & (sums > 0)
    if not is_valid.any():
        return np.full(N_FIFTHS, np.nan)
    shares = magnitudes[is_valid] / sums[is_valid, None]
    shares_by_fifth = [np.where(fifths[is_valid] == fifth, shares, 0.0).sum(axis=1) for fifth in range(N_FIFTHS)]
    return np.array([fifth_shares.mean() for fifth_shares in shares_by_fifth])
