"""Strengths on one scale from comparisons: the Bradley-Terry model.

P(i better than j) = 1 / (1 + exp(theta_j - theta_i)) (Bradley and Terry, Biometrika 1952), with independent normal
priors on theta: a data set often has no contradictions, and then the likelihood alone has no finite maximum. "No
difference" counts as half a win for each, which the usual packages do not offer.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray, ReadOnly
from skillviewer.core.dataset.pairs import Judgement, Pair, Verdict
from skillviewer.core.errors import DatasetError

PRIOR_SD = 3.0
"""Standard deviation of the prior, in logits: a video one of these above the mean beats it with probability 95 %."""

LEFT_SHARE = {Verdict.LEFT: 1.0, Verdict.NEITHER: 0.5, Verdict.RIGHT: 0.0}
"""Share of a win that the video on the left gets by a verdict."""


@dataclass(frozen=True, slots=True, repr=False)
class Strengths(ReadOnly):
    """Bradley-Terry strengths."""

    names: tuple[str, ...]  # videos, in alphabetical order
    values: FloatArray  # (n,) float64, maximum a posteriori strengths in logits, with mean 0; larger is better
    # (n, n) float64, covariance of the strengths about their mean in the normal approximation of the posterior (inverse
    # curvature at the maximum)
    covariance: FloatArray

    @property
    def reliability(self) -> float:
        """Proportion of the spread of the strengths that is not error, 0 to 1 (separation reliability of Rasch scales).

        Adaptive selection of informative pairs inflates it (Bramley and Vitello 2019). NaN for fewer than two videos.
        """
        spread = float(np.var(self.values, ddof=1)) if len(self.values) > 1 else float("nan")
        return max(0.0, 1 - float(np.mean(self.standard_errors**2)) / spread) if spread > 0 else float("nan")

    @property
    def standard_errors(self) -> FloatArray:
        """(n,) float64 standard errors in logits."""
        return np.sqrt(np.diag(self.covariance))

    def by_video(self) -> dict[str, float]:
        """Return the strengths by video name."""
        return dict(zip(self.names, self.values.tolist(), strict=True))


def _sides(comparison: Pair | Judgement) -> tuple[str, str, float]:
    """Return (first, second, wins of the first: 0, 0.5 or 1)."""
    if isinstance(comparison, Pair):
        return comparison.better, comparison.worse, 1.0
    return comparison.left, comparison.right, LEFT_SHARE[comparison.verdict]


def bradley_terry(
    comparisons: Sequence[Pair | Judgement], prior_sd: float = PRIOR_SD, names: Collection[str] = ()
) -> Strengths:
    """Fit strengths to comparisons.

    Args:
        comparisons: Ordered pairs, or judgements.
        prior_sd: Standard deviation of the prior in logits; it keeps strengths finite and places videos without a
            connecting chain of comparisons on one scale, about the same mean.
        names: Videos to place on the scale even without comparisons.

    Raises:
        DatasetError: There are no comparisons and no names.
    """
    sides = [_sides(comparison) for comparison in comparisons]
    videos = sorted({name for side in sides for name in side[:2]} | set(names))
    if not sides:
        raise DatasetError("There are no comparisons to compute strengths from.")
    place = {name: i for i, name in enumerate(videos)}
    wins = np.zeros((len(videos), len(videos)))
    for first, second, share in sides:
        wins[place[first], place[second]] += share
        wins[place[second], place[first]] += 1 - share
    return Strengths(tuple(videos), *strengths_from_wins(wins, prior_sd))


def strengths_from_wins(wins: FloatArray, prior_sd: float = PRIOR_SD) -> tuple[FloatArray, FloatArray]:
    """Fit strengths to a table of wins.

    Args:
        wins: (n, n) float64, number of wins of the row's video against the column's; "no difference" is half a win for
            each. All zeros give the prior.
        prior_sd: Standard deviation of the prior in logits.

    Returns:
        (n,) strengths in logits with mean 0, and (n, n) their covariance about their mean.
    """
    values, curvature = _maximise(wins, 1 / prior_sd**2)
    # a common shift of all strengths comes from the prior alone and does not affect their order
    covariance: FloatArray = np.linalg.inv(curvature).astype(np.float64) - prior_sd**2 / len(wins)
    return values - values.mean(), covariance


def _maximise(wins: FloatArray, precision: float) -> tuple[FloatArray, FloatArray]:
    """Return the maximum a posteriori strengths and the curvature (negative Hessian) there, by Newton's method.

    The log posterior is strictly concave; halving a step that does not increase it ensures convergence from 0.

    ``wins`` are (n, n) float64, of the row's video against the column's; ``precision`` is the inverse variance of the
    prior.
    """
    games = wins + wins.T

    def log_posterior(theta: FloatArray) -> float:
        lead = theta[:, None] - theta[None, :]
        return -float((wins * np.logaddexp(0, -lead)).sum() + precision * (theta**2).sum() / 2)

    theta, best = np.zeros(len(wins)), log_posterior(np.zeros(len(wins)))
    while True:
        chance = 1 / (1 + np.exp(theta[None, :] - theta[:, None]))
        slope = (wins - games * chance).sum(axis=1) - precision * theta
        weight = games * chance * chance.T
        curvature = np.diag(weight.sum(axis=1) + precision) - weight
        step = np.linalg.solve(curvature, slope)
        while np.abs(step).max() > 1e-9 and (reached := log_posterior(theta + step)) <= best:
            step = step / 2
        if np.abs(step).max() <= 1e-9:
            return theta, curvature
        theta, best = theta + step, reached
