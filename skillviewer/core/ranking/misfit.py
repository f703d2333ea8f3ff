"""Does a rater see another order than the others: how far the votes lie from what the others' scale expects.

Infit and outfit are those of Rasch scales (Wright and Masters, "Rating Scale Analysis", 1982), as comparative judgement
uses them for judges (Pollitt, 2012): 1 is what chance alone would give, more is a rater of another mind, less one who
is more regular than the model. The scale is that of the other raters, and what is not known of it counts: so nobody is
held against votes of their own, and few votes do not look like misfit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.dataset.pairs import Judgement, Verdict
from skillviewer.core.ranking.bradley_terry import Strengths, bradley_terry


@dataclass(frozen=True, slots=True)
class Misfit:
    """How far votes lie from what is expected of them.

    Attributes:
        infit: Mean squared residual, each vote weighted by how open it was; 1 by chance.
        outfit: The same unweighted, so that single surprises among clear pairs count heavily.
        z: Infit less 1, in standard errors.
        n: Votes it is computed from; "no difference" is left out.
    """

    infit: float
    outfit: float
    z: float
    n: int


def expected_wins(judgements: Sequence[Judgement], strengths: Strengths) -> FloatArray:
    """Return (n,) the chance that the left video wins, given what is known of both; strangers are of mean strength.

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
    """Return how far outcomes lie from their chances, or None without outcomes.

    Args:
        won: (n,) 1 where it happened, else 0.
        chance: (n,) its chance, strictly between 0 and 1.
    """
    if len(won) == 0:
        return None
    squared, variance = (won - chance) ** 2, chance * (1 - chance)
    infit = float(squared.sum() / variance.sum())
    # a squared residual has the variance w (1 - 4 w), where w is that of the outcome
    error = float(np.sqrt(max((variance * (1 - 4 * variance)).sum(), 0)) / variance.sum())
    return Misfit(infit, float((squared / variance).mean()), (infit - 1) / error if error > 1e-6 else 0.0, len(won))


def rater_misfit(judgements: Sequence[Judgement], rater: str) -> Misfit | None:
    """Return the misfit of a rater against the scale of the others, or None where there is nothing to hold against."""
    others = [j for j in judgements if j.rater != rater]
    own = [j for j in judgements if j.rater == rater and j.verdict is not Verdict.NEITHER]
    if not others or not own:
        return None
    scale = bradley_terry(others, names={name for j in own for name in (j.left, j.right)})
    won = np.array([float(j.verdict is Verdict.LEFT) for j in own])
    return misfit(won, expected_wins(own, scale))
