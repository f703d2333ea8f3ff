"""Expected information of a vote on two videos about their strengths.

The formula is that of Bayesian active learning by disagreement (Houlsby et al., arXiv:1112.5745, equation 4).
"""

import numpy as np
from scipy import special

from skillviewer.core.arrays import FloatArray

_LOGISTIC_WIDTH = 1.702
"""Standard deviation of the normal distribution whose curve is within 0.01 of the logistic curve."""

_ENTROPY_VARIANCE = np.pi * np.log(2) / 2
"""Variance of the bell curve that approximates the entropy of a vote as a function of the lead (equation 4)."""


def _entropy(probability: FloatArray) -> FloatArray:
    """Return the entropy in bits of binary outcomes."""
    return np.asarray((special.entr(probability) + special.entr(1 - probability)) / np.log(2))


def information(values: FloatArray, covariance: FloatArray) -> FloatArray:
    """Return the expected information in bits, (n, n), of a vote on every two videos about their strengths.

    Args:
        values: (n,) float64, mean strengths in logits.
        covariance: (n, n) float64, covariance of the strengths.
    """
    lead = (values[:, None] - values[None, :]) / _LOGISTIC_WIDTH
    lead_variance = np.diag(covariance)[:, None] + np.diag(covariance)[None, :] - 2 * covariance
    variance = np.maximum(lead_variance, 0) / _LOGISTIC_WIDTH**2
    vote_entropy = _entropy(special.ndtr(lead / np.sqrt(1 + variance)))
    smoothed_variance = _ENTROPY_VARIANCE + variance
    expected_entropy = np.sqrt(_ENTROPY_VARIANCE / smoothed_variance) * np.exp(-(lead**2) / (2 * smoothed_variance))
    gain = np.maximum(vote_entropy - expected_entropy, 0)
    np.fill_diagonal(gain, 0)
    return np.asarray((gain + gain.T) / 2)
