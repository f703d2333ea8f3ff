"""Expected information of a vote on two videos about their strengths.

Bayesian active learning by disagreement (Houlsby et al., arXiv:1112.5745, equation 4), for normal strengths.
"""

import numpy as np
from scipy import special

from skillviewer.core.arrays import FloatArray

_LOGIT_IN_PROBIT = 1.702
"""A logistic curve is within 0.01 of a normal one of this width."""
_WIDTH = np.pi * np.log(2) / 2
"""Squared width of the bell curve that approximates the entropy of a normal curve's outcome (equation 4)."""


def _entropy(chance: FloatArray) -> FloatArray:
    """Return the entropy in bits of binary outcomes with these probabilities."""
    return np.asarray((special.entr(chance) + special.entr(1 - chance)) / np.log(2))


def information(values: FloatArray, covariance: FloatArray) -> FloatArray:
    """Return (n, n) the expected information, in bits, of a vote on every two videos about their strengths.

    Args:
        values: (n,) float64 mean strengths in logits.
        covariance: (n, n) float64 their covariance.
    """
    lead = (values[:, None] - values[None, :]) / _LOGIT_IN_PROBIT
    variance = np.diag(covariance)[:, None] + np.diag(covariance)[None, :] - 2 * covariance
    variance = np.maximum(variance, 0) / _LOGIT_IN_PROBIT**2
    open_ = _entropy(special.ndtr(lead / np.sqrt(1 + variance)))
    expected_entropy = np.sqrt(_WIDTH / (_WIDTH + variance)) * np.exp(-(lead**2) / (2 * (_WIDTH + variance)))
    gain = np.maximum(open_ - expected_entropy, 0)
    np.fill_diagonal(gain, 0)
    return np.asarray((gain + gain.T) / 2)
