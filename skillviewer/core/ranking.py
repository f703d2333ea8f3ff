"""Strengths on one scale from comparisons: the Bradley-Terry model.

P(i better than j) = 1 / (1 + exp(theta_j - theta_i)) (Bradley and Terry, 1952). Fitted with I-LSR (Maystre and
Grossglauser, NeurIPS 2015; the package choix).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import choix
import numpy as np

from skillviewer.core.arrays import FloatArray, frozen, shapes
from skillviewer.core.errors import DatasetError
from skillviewer.core.pairs import Judgement, Pair, Verdict

ALPHA = 0.01
"""Share of a win that every video is given over every other: data that one order explains have no finite maximum."""


@dataclass(frozen=True, slots=True, repr=False)
class Strengths:
    """Bradley-Terry strengths.

    Attributes:
        names: Videos, in alphabetical order.
        values: (n,) float64, strengths in logits, with mean 0; larger is better.
        covariance: (n, n) float64, inverse of the observed information on strengths that sum to 0.
    """

    names: tuple[str, ...]
    values: FloatArray
    covariance: FloatArray

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        object.__setattr__(self, "values", frozen(self.values))
        object.__setattr__(self, "covariance", frozen(self.covariance))

    __repr__ = shapes

    @property
    def standard_errors(self) -> FloatArray:
        """(n,) float64 standard errors in logits."""
        return np.sqrt(np.diag(self.covariance))

    def by_video(self) -> dict[str, float]:
        """Return the strengths by name of video."""
        return dict(zip(self.names, self.values.tolist(), strict=True))


def _wins(comparison: Pair | Judgement) -> tuple[str, str, float]:
    """Return (first, second, wins of the first): 1, 0 or a half."""
    if isinstance(comparison, Pair):
        return comparison.better, comparison.worse, 1.0
    return (
        comparison.left,
        comparison.right,
        {Verdict.LEFT: 1.0, Verdict.NEITHER: 0.5, Verdict.RIGHT: 0.0}[comparison.verdict],
    )


def bradley_terry(comparisons: Sequence[Pair | Judgement], alpha: float = ALPHA) -> Strengths:
    """Fit strengths to comparisons.

    Args:
        comparisons: Ordered pairs, or judgements ("no difference" is half a win for each).
        alpha: Share of a win that every video is given over every other, more than 0; it keeps strengths finite and
            ties together videos that no chain of comparisons connects.

    Raises:
        DatasetError: There is nothing to compare, or the fit does not settle.
    """
    names = sorted({name for c in comparisons for name in _wins(c)[:2]})
    if not names:
        raise DatasetError("There are no comparisons to compute strengths from.")
    place = {name: i for i, name in enumerate(names)}
    wins = np.full((len(names), len(names)), alpha)
    np.fill_diagonal(wins, 0.0)
    for comparison in comparisons:
        first, second, share = _wins(comparison)
        wins[place[first], place[second]] += share
        wins[place[second], place[first]] += 1 - share
    try:
        values = choix.ilsr_pairwise_dense(wins, max_iter=10_000, tol=1e-8)
    except RuntimeError as error:
        raise DatasetError(
            f"The strengths of {len(names)} videos do not settle: some win or lose almost every comparison."
        ) from error
    values = values - values.mean()
    better = 1 / (1 + np.exp(values[None, :] - values[:, None]))
    weights = (wins + wins.T) * better * better.T
    information = np.diag(weights.sum(axis=1)) - weights
    return Strengths(tuple(names), values, np.linalg.pinv(information, hermitian=True))
