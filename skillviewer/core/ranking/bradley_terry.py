"""Strengths on one scale from comparisons: the Bradley-Terry model.

P(i better than j) = 1 / (1 + exp(theta_j - theta_i)) (Bradley and Terry, Biometrika 1952), with independent normal
priors on theta: a data set often has no contradictions, and then the likelihood alone has no finite maximum. "No
difference" counts as half a win for each, which the usual packages do not offer.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skillviewer.core.arrays import FloatArray, IntArray, ReadOnly
from skillviewer.core.errors import DatasetError
from skillviewer.core.ranking.votes import VoteColumns, Votes

PRIOR_SD = 3.0
"""Standard deviation of the prior, in logits: a video one of these above the mean beats it with probability 95 %."""

MAX_EXACT_VIDEOS = 500
"""With more videos equations are solved by iterations, and variances come from draws of the posterior."""
N_DRAWS = 100
"""Number of these draws; docs/ranking.md states their accuracy."""


class Curvature(NamedTuple):
    """Negative Hessian of the log posterior of strengths."""

    diagonal: FloatArray  # (n,) float64, its diagonal
    links: sparse.csr_array  # (n, n), the other entries, with the opposite sign

    def inverse(self) -> FloatArray:
        """Return (n, n) the covariance of the normal approximation of the posterior."""
        return np.asarray(np.linalg.inv(np.diag(self.diagonal) - self.links.toarray()))

    def solved(self, right: FloatArray, tolerance: float) -> FloatArray:
        """Solve the linear system of the Hessian for (n, s) right sides.

        Systems of more than ``MAX_EXACT_VIDEOS`` videos are solved by conjugate gradients with the diagonal as
        preconditioner, to a relative tolerance.
        """
        if len(right) <= MAX_EXACT_VIDEOS:
            return np.linalg.solve(np.diag(self.diagonal) - self.links.toarray(), right)
        diagonal = self.diagonal[:, None]
        tiny = np.finfo(float).tiny
        solution = np.zeros_like(right)
        residual = right.copy()
        direction = residual / diagonal
        norm = (residual * direction).sum(axis=0)
        target_norm = tolerance**2 * norm
        while (norm > target_norm).any():
            image = diagonal * direction - self.links @ direction
            step = norm / np.maximum((direction * image).sum(axis=0), tiny)
            solution += step * direction
            residual -= step * image
            preconditioned = residual / diagonal
            previous_norm = norm
            norm = (residual * preconditioned).sum(axis=0)
            direction = preconditioned + norm / np.maximum(previous_norm, tiny) * direction
        return solution

    def draws(self, precision: float, n: int) -> FloatArray:
        """Return (n_videos, n) draws from the normal approximation, about its mean.

        A draw solves the system for a random right side whose covariance is the Hessian.
        """
        rng = np.random.default_rng(0)
        links = sparse.triu(self.links).tocoo()
        shape = (len(self.diagonal), links.nnz)
        ones = np.ones(links.nnz)
        columns = np.arange(links.nnz)
        incidence = sparse.csr_array((ones, (links.row, columns)), shape) - sparse.csr_array(
            (ones, (links.col, columns)), shape
        )
        noise = np.sqrt(links.data)[:, None] * rng.standard_normal((links.nnz, n))
        prior_noise = np.sqrt(precision) * rng.standard_normal((len(self.diagonal), n))
        return self.solved(incidence @ noise + prior_noise, 1e-3)


@dataclass(frozen=True, slots=True, repr=False)
class DrawnPosterior(ReadOnly):
    """Normal approximation of the posterior of many strengths.

    A variance is that given all other strengths, plus the variance over the draws of the mean given all others
    (Rao-Blackwell): the noise of the draws affects the second part alone.
    """

    curvature: Curvature
    draws: FloatArray  # (n, s) float64, about the mean
    shared: float  # variance of the mean of all strengths, which the prior alone decides

    def variances(self) -> FloatArray:
        """Return (n,) the variances of the strengths about their mean."""
        diagonal, links = self.curvature
        expected = (links @ self.draws) / diagonal[:, None]
        return np.asarray(1 / diagonal + (expected**2).mean(axis=1) - self.shared)

    def lead_variances(self, left: IntArray, right: IntArray) -> FloatArray:
        """Return (m,) the variances of the differences of strengths."""
        diagonal, links = self.curvature
        pull = links @ self.draws
        joint = np.asarray(links[left, right]).ravel()
        left_rest = diagonal[left] - joint
        right_rest = diagonal[right] - joint
        left_pull = pull[left] - joint[:, None] * self.draws[right]
        right_pull = pull[right] - joint[:, None] * self.draws[left]
        determinant = (diagonal[left] * diagonal[right] - joint**2)[:, None]
        expected = (right_rest[:, None] * left_pull - left_rest[:, None] * right_pull) / determinant
        return np.asarray((left_rest + right_rest) / determinant[:, 0] + (expected**2).mean(axis=1))


@dataclass(frozen=True, slots=True, repr=False)
class Strengths(ReadOnly):
    """Bradley-Terry strengths."""

    names: tuple[str, ...]  # videos, in alphabetical order
    values: FloatArray  # (n,) float64, maximum a posteriori strengths in logits, with mean 0; larger is better
    # (n, n) float64, covariance of the strengths about their mean in the normal approximation of the posterior (inverse
    # curvature at the maximum); of more than MAX_EXACT_VIDEOS videos, draws of it
    covariance: FloatArray | DrawnPosterior

    @property
    def standard_errors(self) -> FloatArray:
        """(n,) float64 standard errors in logits."""
        covariance = self.covariance
        return np.sqrt(covariance.variances() if isinstance(covariance, DrawnPosterior) else np.diag(covariance))

    def lead_variances(self, left: IntArray, right: IntArray) -> FloatArray:
        """Return (m,) the variances of the leads of videos over others, given by their positions in ``names``."""
        covariance = self.covariance
        if isinstance(covariance, DrawnPosterior):
            return covariance.lead_variances(left, right)
        return np.asarray(covariance[left, left] + covariance[right, right] - 2 * covariance[left, right])

    def by_video(self) -> dict[str, float]:
        """Return the strengths by video name."""
        return dict(zip(self.names, self.values.tolist(), strict=True))


@dataclass(frozen=True, slots=True, repr=False)
class Comparisons(ReadOnly):
    """Comparisons of numbered videos: m numbers of the first and of the second ones, and the wins of each."""

    first: IntArray
    second: IntArray
    won: FloatArray  # "no difference" is half a win for each
    lost: FloatArray

    @classmethod
    def of(cls, votes: VoteColumns) -> Self:
        """Return the comparisons of votes, with the numbers of their videos."""
        won: FloatArray = (1 + votes.verdict) / 2
        return cls(votes.first, votes.second, won, 1 - won)

    def only(self, mask: NDArray[np.bool_]) -> Self:
        """Return the chosen comparisons."""
        return type(self)(self.first[mask], self.second[mask], self.won[mask], self.lost[mask])

    def numbered_anew(self) -> tuple[IntArray, Self]:
        """Return the numbers of the compared videos, (n,) ascending, and the comparisons with these counted from 0."""
        videos, new = np.unique(np.stack([self.first, self.second]), return_inverse=True)
        first, second = new.reshape(2, -1)
        return videos, type(self)(first, second, self.won, self.lost)

    def strengths(
        self, names: Sequence[str], prior_sd: float = PRIOR_SD, n_draws: int = N_DRAWS, start: FloatArray | None = None
    ) -> Strengths:
        """Fit strengths of the videos with these names; for many videos, variances are estimated from draws."""
        values, curvature = self.maximise(len(names), 1 / prior_sd**2, start)
        mean_variance = prior_sd**2 / len(names)
        # a common shift of all strengths comes from the prior alone and does not affect their order
        if len(names) <= MAX_EXACT_VIDEOS:
            return Strengths(tuple(names), values - values.mean(), curvature.inverse() - mean_variance)
        drawn = DrawnPosterior(curvature, curvature.draws(1 / prior_sd**2, n_draws), mean_variance)
        return Strengths(tuple(names), values - values.mean(), drawn)

    def maximise(
        self, n: int, precision: float, start: FloatArray | None = None, close: float = 1e-6
    ) -> tuple[FloatArray, Curvature]:
        """Return the maximum a posteriori strengths of n videos and the curvature there, by Newton's method.

        The log posterior is strictly concave; halving a step that does not increase it ensures convergence.

        ``precision`` is the inverse variance of the prior, and ``start`` are strengths to start from. No other step
        follows one below ``close`` logits; the error is about its square.
        """
        is_swapped = self.first > self.second
        pairs = np.where(is_swapped, self.second * n + self.first, self.first * n + self.second)
        pairs, place = np.unique(pairs, return_inverse=True)
        i, j = np.divmod(pairs, n)
        wins = np.bincount(place, np.where(is_swapped, self.lost, self.won), len(pairs))
        games = np.bincount(place, self.won + self.lost, len(pairs))
        both = np.append(i, j), np.append(j, i)
        links = sparse.csr_array((np.arange(2 * len(pairs)), both), (n, n))
        order = links.data

        def log_posterior(theta: FloatArray) -> float:
            lead = theta[i] - theta[j]
            return float((wins * lead - games * np.logaddexp(0, lead)).sum() - precision * (theta**2).sum() / 2)

        theta = np.zeros(n) if start is None else start
        best = log_posterior(theta)
        while True:
            chance = 1 / (1 + np.exp(theta[j] - theta[i]))
            surplus = wins - games * chance
            weight = games * chance * (1 - chance)
            slope = np.bincount(i, surplus, n) - np.bincount(j, surplus, n) - precision * theta
            links.data = np.tile(weight, 2)[order]
            diagonal: FloatArray = np.bincount(i, weight, n) + np.bincount(j, weight, n) + np.float64(precision)
            curvature = Curvature(diagonal, links)
            step = curvature.solved(slope[:, None], close)[:, 0]
            if np.abs(step).max() <= close:
                return theta + step, curvature
            while (converged := log_posterior(theta + step)) <= best and np.abs(step).max() > close:
                step = step / 2
            theta = theta + step
            best = converged


def bradley_terry(comparisons: Votes, prior_sd: float = PRIOR_SD, names: Collection[str] = ()) -> Strengths:
    """Fit strengths to comparisons, also of videos in ``names`` without any.

    The prior keeps strengths finite and places videos without a connecting chain of comparisons on one scale, about the
    same mean; ``prior_sd`` is its standard deviation in logits.

    Raises:
        DatasetError: There are no comparisons.
    """
    if not len(comparisons):
        raise DatasetError("There are no comparisons to compute strengths from.")
    columns = VoteColumns.of(comparisons, names)
    return Comparisons.of(columns).strengths(columns.videos, prior_sd)


def strengths_from_wins(wins: FloatArray, prior_sd: float = PRIOR_SD) -> tuple[FloatArray, FloatArray]:
    """Fit strengths, (n,) in logits with mean 0, and their (n, n) covariance, to wins of the rows' videos, (n, n)."""
    i, j = np.nonzero(wins)
    values, curvature = Comparisons(i, j, wins[i, j], np.zeros(len(i))).maximise(len(wins), 1 / prior_sd**2)
    return values - values.mean(), curvature.inverse() - prior_sd**2 / len(wins)
