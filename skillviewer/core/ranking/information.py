"""How much one more vote would tell: the expected information of every pair.

Houlsby, Huszár, Ghahramani and Lengyel, "Bayesian Active Learning for Classification and Preference Learning" (2011),
equations 3 and 4: what the outcome tells of the strengths is the entropy of the outcome, less the entropy that it would
keep if the strengths were known. It is large where the outcome is open because the strengths are not known, and small
where it is open because the two videos are alike.
"""

import numpy as np
from scipy import special

from skillviewer.core.arrays import FloatArray

_LOGIT_IN_PROBIT = 1.702
"""A logistic curve is a normal one of this width within 0.01."""
_WIDTH = np.pi * np.log(2) / 2
"""Squared width of the bell that the entropy of a normal curve's outcome is close to (equation 4)."""


def _entropy(chance: FloatArray) -> FloatArray:
    """Return the entropy in bits of outcomes of these chances."""
    return np.asarray((special.entr(chance) + special.entr(1 - chance)) / np.log(2))


def information(values: FloatArray, covariance: FloatArray) -> FloatArray:
    """Return how many bits a vote on every two videos is expected to tell of their strengths.

    Args:
        values: (n,) float64 mean strengths in logits.
        covariance: (n, n) float64 their covariance.

    Returns:
        (n, n) float64 bits, 0 to 1; symmetric, 0 on the diagonal.
    """
    lead = (values[:, None] - values[None, :]) / _LOGIT_IN_PROBIT
    variance = np.diag(covariance)[:, None] + np.diag(covariance)[None, :] - 2 * covariance
    variance = np.maximum(variance, 0) / _LOGIT_IN_PROBIT**2
    open_ = _entropy(special.ndtr(lead / np.sqrt(1 + variance)))
    alike = np.sqrt(_WIDTH / (_WIDTH + variance)) * np.exp(-(lead**2) / (2 * (_WIDTH + variance)))
    found = np.maximum(open_ - alike, 0)
    np.fill_diagonal(found, 0)
    return np.asarray((found + found.T) / 2)
