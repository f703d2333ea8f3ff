"""Misfit of raters: distance of a rater's votes from the expectation on the other raters' scale.

Infit and outfit are those of Rasch scales (Wright and Masters, "Rating Scale Analysis", 1982), as comparative judgement
uses them for judges (Pollitt, 2012): 1 is expected by chance, more shows a rater with another order, less a rater more
regular than the model. The scale is that of the other raters and its uncertainty counts, so raters are not compared
with their own votes, and few votes do not look like misfit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.dataset.pairs import Judgement, Verdict
from skillviewer.core.ranking.bradley_terry import Strengths, bradley_terry


@dataclass(frozen=True, slots=True)
class Misfit:
    """Distance of votes from their expectation.

    Attributes:
        infit: Mean squared residual, each vote weighted by its variance; 1 by chance.
        outfit: Unweighted mean square, so that single surprises on clear pairs count heavily.
        z: Infit minus 1, in standard errors.
        n: Number of votes used; "no difference" is left out.
    """

    infit: float
    outfit: float
    z: float
    n: int


def expected_wins(judgements: Sequence[Judgement], strengths: Strengths) -> FloatArray:
    """Return (n,) the probability that the left video wins, given the uncertainty; unknown videos have mean strength.

    The mean of the logistic function over a normal lead is 1 / (1 + exp(-mean / sqrt(1 + pi variance / 8))) within 0.02
    (MacKay, 1992).
    """
    place = {name: i for i, name in enumerate(strengths.names)}
    left, right = (
        np.array([place[getattr(j, side)] for j in judgements], dtype=np.int64) for side in ("left", "right")
    )
    c = strengths.covariance
    variance = c[left, left] + c[right, right] - 2 * c[left, right]
    lead = (strengths.values[left] - strengths.values[right]) / np.sqrt(1 + np.pi * variance / 8)
    return np.asarray(1 / (1 + np.exp(-lead)))


def misfit(won: FloatArray, chance: FloatArray) -> Misfit | None:
    """Return the misfit of outcomes with given probabilities, or None without outcomes.

    Args:
        won: (n,) 1 if the event happened, else 0.
        chance: (n,) its probability, strictly between 0 and 1.
    """
    if len(won) == 0:
        return None
    squared, variance = (won - chance) ** 2, chance * (1 - chance)
    infit = float(squared.sum() / variance.sum())
    # a squared residual has the variance w (1 - 4 w), where w is that of the outcome
    error = float(np.sqrt(max((variance * (1 - 4 * variance)).sum(), 0)) / variance.sum())
    return Misfit(infit, float((squared / variance).mean()), (infit - 1) / error if error > 1e-6 else 0.0, len(won))


def rater_misfit(judgements: Sequence[Judgement], rater: str) -> Misfit | None:
    """Return the misfit of a rater on the scale of the others, or None if there is no such scale."""
    others = [j for j in judgements if j.rater != rater]
    own = [j for j in judgements if j.rater == rater and j.verdict is not Verdict.NEITHER]
    if not others or not own:
        return None
    scale = bradley_terry(others, names={name for j in own for name in (j.left, j.right)})
    won = np.array([float(j.verdict is Verdict.LEFT) for j in own])
    return misfit(won, expected_wins(own, scale))
