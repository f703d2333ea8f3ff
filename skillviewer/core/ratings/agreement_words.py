"""Words for coefficients of agreement.

The words for intraclass correlations are those of Koo and Li, "A guideline of selecting and reporting intraclass
correlation coefficients", Journal of Chiropractic Medicine 15 (2016) 155. The words for kappa are those of Landis and
Koch, "The measurement of observer agreement for categorical data", Biometrics 33 (1977) 159. An ICC of 0.90, and kappas
of 0.80, 0.60, 0.40 and 0.20, belong to the lower class.
"""

import math


def _above(value: float) -> float:
    """Return the next larger floating-point number."""
    return math.nextafter(value, math.inf)


ICC_WORDS = ((_above(0.9), "excellent"), (0.75, "good"), (0.5, "moderate"), (-math.inf, "poor"))
KAPPA_WORDS = (
    (_above(0.8), "almost perfect"),
    (_above(0.6), "substantial"),
    (_above(0.4), "moderate"),
    (_above(0.2), "fair"),
    (0.0, "slight"),
    (-math.inf, "poor"),
)

SOURCES = "Words after Koo and Li (2016) for the correlation, Landis and Koch (1977) for kappa."


def word_for_icc(value: float) -> str:
    """Return the word for an intraclass correlation, or "" if it is undefined."""
    return _word(value, ICC_WORDS)


def word_for_kappa(value: float) -> str:
    """Return the word for a kappa, or "" if it is undefined."""
    return _word(value, KAPPA_WORDS)


def _word(value: float, words: tuple[tuple[float, str], ...]) -> str:
    if not math.isfinite(value):
        return ""
    return next(word for lower_limit, word in words if value >= lower_limit)
