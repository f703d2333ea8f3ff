"""Strengths on one scale from comparisons, by the Bradley-Terry model.

The model is P(i better than j) = 1 / (1 + exp(theta_j - theta_i)) (Bradley and Terry, Biometrika 1952), with
independent normal priors on theta. Without the priors, the likelihood of votes without contradictions has no finite
maximum. "No difference" counts as half a win for each video.
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
"""Standard deviation of the prior, in logits. A video at one of these beats a mean video with a probability of 95 %."""

MAX_EXACT_VIDEOS = 500
"""Most videos for exact solutions; for more, equations are solved iteratively and variances estimated from draws."""

N_DRAWS = 100
"""Number of draws of the posterior; docs/ranking.md states their accuracy."""


class Curvature(NamedTuple):
    """Negative Hessian of the log posterior of strengths."""

    diagonal: FloatArray  # (n,) float64, diagonal entries
    links: sparse.csr_array  # (n, n), negative of the other entries

    def inverse(self) -> FloatArray:
        """Return the covariance, (n, n), of the normal approximation of the posterior."""
        return np.asarray(np.linalg.inv(np.diag(self.diagonal) - self.links.toarray()))

    def solve(self, right_sides: FloatArray, tolerance: float) -> FloatArray:
        """Return the solutions of the linear system for (n, s) right sides.

        Systems of more than ``MAX_EXACT_VIDEOS`` videos are solved by conjugate gradients with the diagonal as
        preconditioner, to a relative tolerance.
        """
        if len(right_sides) <= MAX_EXACT_VIDEOS:
            return np.linalg.solve(np.diag(self.diagonal) - self.links.toarray(), right_sides)
        diagonal = self.diagonal[:, None]
        tiny = np.finfo(float).tiny
        solution = np.zeros_like(right_sides)
        residual = right_sides.copy()
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
        """Return draws, (n_videos, n), from the normal approximation minus its mean.

        A draw is the solution for a random right side whose covariance is the Hessian.
        """
        rng = np.random.default_rng(0)
        links = sparse.triu(self.links).tocoo()
        shape = (len(self.diagonal), links.nnz)
        ones = np.ones(links.nnz)
        columns = np.arange(links.nnz)
        first_ends = sparse.csr_array((ones, (links.row, columns)), shape)
        second_ends = sparse.csr_array((ones, (links.col, columns)), shape)
        link_noise = np.sqrt(links.data)[:, None] * rng.standard_normal((links.nnz, n))
        prior_noise = np.sqrt(precision) * rng.standard_normal((len(self.diagonal), n))
        return self.solve((first_ends - second_ends) @ link_noise + prior_noise, 1e-3)


@dataclass(frozen=True, slots=True, repr=False)
class DrawnPosterior(ReadOnly):
    """Normal approximation of the posterior of many strengths.

    A variance is the conditional variance given all other strengths, plus the variance over the draws of the
    conditional mean (Rao-Blackwell). Only the second term has noise from the draws.
    """

    curvature: Curvature
    draws: FloatArray  # (n, s) float64, minus the mean
    mean_variance: float  # variance of the mean of all strengths, which comes from the prior

    def variances(self) -> FloatArray:
        """Return the variances of the strengths about their mean, (n,)."""
        diagonal, links = self.curvature
        conditional_means = (links @ self.draws) / diagonal[:, None]
        return np.asarray(1 / diagonal + (conditional_means**2).mean(axis=1) - self.mean_variance)

    def lead_variances(self, left: IntArray, right: IntArray) -> FloatArray:
        """Return the variances of the differences of strengths, (m,)."""
        diagonal, links = self.curvature
        all_pulls = links @ self.draws
        link = np.asarray(links[left, right]).ravel()
        # the two-by-two system of both strengths given all others, whose difference is wanted
        left_weight = diagonal[left] - link
        right_weight = diagonal[right] - link
        left_pull = all_pulls[left] - link[:, None] * self.draws[right]
        right_pull = all_pulls[right] - link[:, None] * self.draws[left]
        determinant = (diagonal[left] * diagonal[right] - link**2)[:, None]
        conditional_means = (right_weight[:, None] * left_pull - left_weight[:, None] * right_pull) / determinant
        conditional_variances = (left_weight + right_weight) / determinant[:, 0]
        return np.asarray(conditional_variances + (conditional_means**2).mean(axis=1))


@dataclass(frozen=True, slots=True, repr=False)
class Strengths(ReadOnly):
    """Bradley-Terry strengths."""

    names: tuple[str, ...]  # names of the videos, sorted
    values: FloatArray  # (n,) float64, maximum a posteriori strengths in logits, with mean 0; larger is better
    # (n, n) float64, covariance of the strengths about their mean in the normal approximation of the posterior; for
    # more than ``MAX_EXACT_VIDEOS`` videos, draws from the approximation
    covariance: FloatArray | DrawnPosterior

    @property
    def standard_errors(self) -> FloatArray:
        """(n,) float64, standard errors in logits."""
        covariance = self.covariance
        if isinstance(covariance, DrawnPosterior):
            return np.sqrt(covariance.variances())
        return np.sqrt(np.diag(covariance))

    def lead_variances(self, left: IntArray, right: IntArray) -> FloatArray:
        """Return the variances of the leads of videos over others, (m,), given by indices in ``names``."""
        covariance = self.covariance
        if isinstance(covariance, DrawnPosterior):
            return covariance.lead_variances(left, right)
        return np.asarray(covariance[left, left] + covariance[right, right] - 2 * covariance[left, right])

    def by_video(self) -> dict[str, float]:
        """Return the strengths by video name."""
        return dict(zip(self.names, self.values.tolist(), strict=True))


@dataclass(frozen=True, slots=True, repr=False)
class Comparisons(ReadOnly):
    """m comparisons of numbered videos."""

    first: IntArray  # (m,) number of the first video
    second: IntArray  # (m,) number of the second video
    won: FloatArray  # (m,) wins of the first video; half a win for "no difference"
    lost: FloatArray  # (m,) wins of the second video

    @classmethod
    def of(cls, votes: VoteColumns) -> Self:
        """Return votes as comparisons, with the videos numbered as in the votes."""
        won: FloatArray = (1 + votes.verdict) / 2
        return cls(votes.first, votes.second, won, 1 - won)

    def select(self, mask: NDArray[np.bool_]) -> Self:
        """Return the comparisons for which a mask is True."""
        return type(self)(self.first[mask], self.second[mask], self.won[mask], self.lost[mask])

    def renumber(self) -> tuple[IntArray, Self]:
        """Return the ascending numbers of the compared videos, (n,), and the comparisons with indices into these."""
        videos, indices = np.unique(np.stack([self.first, self.second]), return_inverse=True)
        first, second = indices.reshape(2, -1)
        return videos, type(self)(first, second, self.won, self.lost)

    def strengths(
        self, names: Sequence[str], prior_sd: float = PRIOR_SD, n_draws: int = N_DRAWS, start: FloatArray | None = None
    ) -> Strengths:
        """Return the fitted strengths of the videos with these names.

        Args:
            names: Name of every numbered video.
            prior_sd: Standard deviation of the prior.
            n_draws: Number of draws from which the variances of many videos are estimated.
            start: Strengths to start from, or None.
        """
        values, curvature = self.maximise(len(names), 1 / prior_sd**2, start)
        centred_values = values - values.mean()
        # a common shift of all strengths comes from the prior alone and does not affect their order
        mean_variance = prior_sd**2 / len(names)
        if len(names) <= MAX_EXACT_VIDEOS:
            return Strengths(tuple(names), centred_values, curvature.inverse() - mean_variance)
        draws = curvature.draws(1 / prior_sd**2, n_draws)
        return Strengths(tuple(names), centred_values, DrawnPosterior(curvature, draws, mean_variance))

    def maximise(
        self, n_videos: int, precision: float, start: FloatArray | None = None, tolerance: float = 1e-6
    ) -> tuple[FloatArray, Curvature]:
        """Return the maximum a posteriori strengths and the curvature at the maximum, by Newton's method.

        The log posterior is strictly concave. A step that does not increase it is halved, which ensures convergence.

        Args:
            n_videos: Number of videos.
            precision: Inverse variance of the prior.
            start: Strengths to start from, or None.
            tolerance: Length in logits of the last step; the error is about its square.
        """
        is_swapped = self.first > self.second
        low = np.where(is_swapped, self.second, self.first)
        high = np.where(is_swapped, self.first, self.second)
        pairs, pair_index = np.unique(low * n_videos + high, return_inverse=True)
        i, j = np.divmod(pairs, n_videos)
        wins = np.bincount(pair_index, np.where(is_swapped, self.lost, self.won), len(pairs))
        games = np.bincount(pair_index, self.won + self.lost, len(pairs))
        both_directions = np.append(i, j), np.append(j, i)
        links = sparse.csr_array((np.arange(2 * len(pairs)), both_directions), (n_videos, n_videos))
        storage_order = links.data  # index in ``both_directions`` of every stored entry

        def log_posterior(theta: FloatArray) -> float:
            lead = theta[i] - theta[j]
            return float((wins * lead - games * np.logaddexp(0, lead)).sum() - precision * (theta**2).sum() / 2)

        theta = np.zeros(n_videos) if start is None else start
        best = log_posterior(theta)
        while True:
            chance = 1 / (1 + np.exp(theta[j] - theta[i]))
            surplus = wins - games * chance
            weight = games * chance * (1 - chance)
            gradient = np.bincount(i, surplus, n_videos) - np.bincount(j, surplus, n_videos) - precision * theta
            links.data = np.tile(weight, 2)[storage_order]
            weight_sums = np.bincount(i, weight, n_videos) + np.bincount(j, weight, n_videos)
            diagonal: FloatArray = weight_sums + np.float64(precision)
            curvature = Curvature(diagonal, links)
            step = curvature.solve(gradient[:, None], tolerance)[:, 0]
            if np.abs(step).max() <= tolerance:
                return theta + step, curvature
            value = log_posterior(theta + step)
            while value <= best and np.abs(step).max() > tolerance:
                step = step / 2
                value = log_posterior(theta + step)
            theta = theta + step
            best = value


def bradley_terry(comparisons: Votes, prior_sd: float = PRIOR_SD, names: Collection[str] = ()) -> Strengths:
    """Return the strengths of the compared videos and of those in ``names``.

    The prior keeps strengths finite. It also places videos that no chain of comparisons connects on one scale, around
    the same mean. ``prior_sd`` is its standard deviation in logits.

    Raises:
        DatasetError: There are no comparisons.
    """
    if not len(comparisons):
        raise DatasetError("There are no comparisons to compute strengths from.")
    columns = VoteColumns.of(comparisons, names)
    return Comparisons.of(columns).strengths(columns.videos, prior_sd)


def strengths_from_wins(wins: FloatArray, prior_sd: float = PRIOR_SD) -> tuple[FloatArray, FloatArray]:
    """Return strengths in logits with mean 0, (n,), and their covariance, (n, n).

    ``wins`` are the numbers of wins of the videos of the rows over those of the columns, (n, n).
    """
    i, j = np.nonzero(wins)
    comparisons = Comparisons(i, j, wins[i, j], np.zeros(len(i)))
    values, curvature = comparisons.maximise(len(wins), 1 / prior_sd**2)
    return values - values.mean(), curvature.inverse() - prior_sd**2 / len(wins)
