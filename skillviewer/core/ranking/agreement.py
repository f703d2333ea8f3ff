"""Agreement of raters: Krippendorff's alpha over the pairs with more than one rater.

The computation follows Krippendorff, "Content Analysis" (2018), chapter 12. Units are pairs of videos in alphabetical
order, so that verdicts refer to the same video whichever side it was shown on. If a rater judged a pair twice, the
first judgement counts.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.ranking.votes import VoteColumns, Votes
from skillviewer.core.text import counted, signed

Level = Literal["nominal", "ordinal"]
"""Level of measurement."""

N_DRAWS = 1000
"""Number of bootstrap samples of an interval."""

FEW_PAIRS = 10
"""Number of pairs below which agreement is neither stated in sentences nor interpreted."""

RELIABLE = 0.8
"""Alpha from which data are reliable (Krippendorff's customary limit)."""

TENTATIVE = 0.667
"""Alpha from which data are tentatively usable (Krippendorff's customary limit)."""


@dataclass(frozen=True, slots=True)
class Alpha:
    """Krippendorff's alpha: 1 is perfect agreement, 0 is chance level."""

    value: float  # alpha, at most 1; NaN if all verdicts are the same, since the chance level is then undefined
    # lower end of the 95 % interval; NaN if only one pair has more than one rater, or if all draws give the same value
    low: float
    high: float  # upper end of the interval, or NaN
    n_pairs: int  # number of pairs with more than one rater
    n_raters: int  # number of raters of these pairs
    level: Level  # ordinal in the order second better, no difference, first better

    @property
    def verdict(self) -> str:
        """Interpretation of alpha and of the lower end of its interval."""
        if self.n_pairs < FEW_PAIRS:
            return "too few pairs to tell"
        if np.isnan(self.value):
            return "all verdicts are the same, so the chance level is unknown"
        if np.isnan(self.low):
            return "every draw of pairs gives the same value, so the uncertainty is unknown"
        if min(self.value, self.low) >= RELIABLE:
            return "the raters agree well"
        if self.value >= RELIABLE:
            return "the raters seem to agree well, but the interval reaches lower"
        if self.value >= TENTATIVE:
            return "conclusions are tentative"
        return "the raters agree too little to rely on"

    @property
    def sentence(self) -> str:
        """Alpha with its interval and interpretation, as a sentence; without the number if the pairs are too few."""
        judged_text = f"{counted(self.n_pairs, 'pair')} that at least two of {self.n_raters} raters judged"
        if self.n_pairs < FEW_PAIRS:
            verb = "is" if self.n_pairs == 1 else "are"
            return (
                f"Krippendorff's alpha, {self.level}: {self.verdict}, {FEW_PAIRS} are needed; there {verb} "
                f"{judged_text}."
            )
        value_text = "not defined" if np.isnan(self.value) else signed(self.value)
        if np.isfinite(self.low):
            value_text += f" (95 % interval {signed(self.low)} to {signed(self.high)})"
        return f"Krippendorff's alpha, {self.level}: {value_text}, over {judged_text}: {self.verdict}."


def agreement(votes: Votes, level: Level, seed: int = 0) -> Alpha | None:
    """Return alpha with a 95 % percentile bootstrap interval, or None if no pair has two raters.

    Whole pairs are drawn with all their raters. The bootstrap of Krippendorff (2006) draws single disagreements as if
    they were independent, and its intervals are too narrow with more than two raters (docs/ranking.md).

    Args:
        votes: Votes of all raters.
        level: Level of measurement.
        seed: Seed of the draws.
    """
    first_votes = VoteColumns.of(votes).first_by_rater_and_pair()
    pair_counts = first_votes.counts()
    has_several_raters = pair_counts.counts.sum(axis=1) > 1
    if not has_several_raters.any():
        return None
    n_raters = len(np.unique(first_votes.rater[has_several_raters[pair_counts.pair_of_vote]]))
    counts = pair_counts.counts[has_several_raters]
    n_pairs = len(counts)
    # pairs with equal counts are drawn together
    distinct_counts, n_of_each = np.unique(counts, axis=0, return_counts=True)
    coincidence = coincidences(distinct_counts.astype(np.float64))
    value = float(_alphas(np.tensordot(n_of_each, coincidence, 1), level))
    low = float("nan")
    high = float("nan")
    if n_pairs > 1:
        rng = np.random.default_rng(seed)
        draws = rng.multinomial(n_pairs, n_of_each / n_pairs, size=N_DRAWS).astype(np.float64)
        alphas = _alphas(np.tensordot(draws, coincidence, 1), level)
        finite_alphas = alphas[np.isfinite(alphas)]
        if len(finite_alphas) > N_DRAWS / 2 and np.ptp(finite_alphas) > 0:
            low, high = (float(end) for end in np.percentile(finite_alphas, [2.5, 97.5]))
    return Alpha(value, low, high, n_pairs, n_raters, level)


def coincidences(counts: FloatArray) -> FloatArray:
    """Return (pairs, values, values) coincidences of two values in each pair, whose sum is the coincidence matrix.

    ``counts`` are (pairs, values) numbers of raters, at least two in every row.
    """
    n_raters = counts.sum(axis=1)[:, None, None]
    n_coincidences = counts[:, :, None] * counts[:, None, :] - np.eye(counts.shape[1]) * counts[:, None, :]
    return np.asarray(n_coincidences / (n_raters - 1))


def _alphas(coincidence: FloatArray, level: Level) -> FloatArray:
    """Return alphas of (..., values, values) coincidence matrices; NaN if all values are the same."""
    totals = coincidence.sum(axis=-1)
    n = totals.sum(axis=-1)[..., None, None]
    if level == "nominal":
        distances = np.broadcast_to(1 - np.eye(totals.shape[-1]), coincidence.shape)
    else:
        mean_rank = totals.cumsum(axis=-1) - totals / 2
        distances = (mean_rank[..., :, None] - mean_rank[..., None, :]) ** 2
    # the diagonal would need another formula, but its distance is 0
    chance = totals[..., :, None] * totals[..., None, :] / (n - 1)
    observed = (coincidence * distances).sum(axis=(-2, -1))
    expected_disagreement = (chance * distances).sum(axis=(-2, -1))
    ratio = observed / np.where(expected_disagreement > 0, expected_disagreement, 1)
    return np.asarray(np.where(expected_disagreement > 0, 1 - ratio, np.nan))
