"""Agreement of raters: Krippendorff's alpha over the pairs with more than one rater.

Krippendorff, "Content Analysis" (2018), chapter 12. Units are pairs of videos in alphabetical order (the verdict refers
to the first name, on whichever side it stood); otherwise +1 and -1 would have no meaning. If a rater judged a pair
twice, the first judgement counts.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.ranking.votes import VoteColumns, Votes
from skillviewer.core.text import signed

Level = Literal["nominal", "ordinal"]
N_DRAWS = 1000
"""Bootstrap samples of an interval."""

FEW_PAIRS = 10
"""Fewer pairs give no estimate of agreement."""
RELIABLE, TENTATIVE = 0.8, 0.667
"""Krippendorff's customary limits: data are reliable above the first, tentatively usable above the second."""


@dataclass(frozen=True, slots=True)
class Alpha:
    """Krippendorff's alpha: 1 is perfect agreement, 0 is chance level."""

    value: float  # alpha, at most 1; NaN if only one verdict was ever given, as the chance level is then undefined
    # lower end of the 95 % interval; NaN if only one pair has more than one rater, or if all draws give the same value
    low: float
    high: float
    n_pairs: int  # number of pairs with more than one rater
    n_raters: int  # number of raters of such pairs
    level: Level  # level of measurement: nominal, or ordinal in the order second better, no difference, first better

    @property
    def verdict(self) -> str:
        """Interpretation of the lower end of the interval."""
        if self.n_pairs < FEW_PAIRS:
            return "too few pairs to tell"
        if np.isnan(self.low):
            same = "all verdicts are the same, so the chance level is unknown"
            return (
                same
                if np.isnan(self.value)
                else "every draw of pairs gives the same value, so the uncertainty is unknown"
            )
        if self.value >= RELIABLE:
            unsure_text = "the raters seem to agree well, but the interval reaches lower"
            return "the raters agree well" if self.low >= RELIABLE else unsure_text
        if self.value >= TENTATIVE:
            return "conclusions are tentative"
        return "the raters agree too little to rely on"

    @property
    def sentence(self) -> str:
        """Alpha in words."""
        interval = f" (95 % interval {signed(self.low)} to {signed(self.high)})" if np.isfinite(self.low) else ""
        pairs = "1 pair" if self.n_pairs == 1 else f"{self.n_pairs} pairs"
        value = "not defined" if np.isnan(self.value) else signed(self.value)
        return (
            f"Krippendorff's alpha, {self.level}: {value}{interval}, over {pairs} that at least two of "
            f"{self.n_raters} raters judged: {self.verdict}."
        )


def agreement(votes: Votes, level: Level, seed: int = 0) -> Alpha | None:
    """Return alpha with a 95 % percentile bootstrap interval, or None if no pair has two raters.

    Whole pairs are drawn, with all their raters. (The bootstrap of Krippendorff (2006) draws single disagreements as if
    they were independent; its intervals are too narrow with more than two raters: docs/ranking.md.)

    Args:
        votes: Votes of all raters.
        level: Level of measurement: nominal or ordinal.
        seed: Seed of the draws.
    """
    first_votes = VoteColumns.of(votes).first_by_rater_and_pair()
    *_, counts, pair_of_vote = first_votes.counts()
    several = counts.sum(axis=1) > 1
    if not several.any():
        return None
    n_raters = len(np.unique(first_votes.rater[several[pair_of_vote]]))
    counts = counts[several]
    kinds, n_of_kind = np.unique(counts, axis=0, return_counts=True)  # pairs with equal counts are drawn together
    coincidence = coincidences(kinds.astype(np.float64))
    value = float(_alphas(np.tensordot(n_of_kind, coincidence, 1), level))
    low = high = float("nan")
    if len(counts) > 1:
        shares = n_of_kind / len(counts)
        times = np.random.default_rng(seed).multinomial(len(counts), shares, size=N_DRAWS).astype(np.float64)
        drawn = _alphas(np.tensordot(times, coincidence, 1), level)
        drawn = drawn[np.isfinite(drawn)]
        if len(drawn) > N_DRAWS / 2 and np.ptp(drawn) > 0:
            low, high = (float(end) for end in np.percentile(drawn, [2.5, 97.5]))
    return Alpha(value, low, high, len(counts), n_raters, level)


def coincidences(counts: FloatArray) -> FloatArray:
    """Return (pairs, values, values) coincidences of two values in each pair; their sum is the coincidence matrix.

    ``counts`` are (pairs, values) numbers of raters, at least two in every row.
    """
    n = counts.sum(axis=1)[:, None, None]
    meet = counts[:, :, None] * counts[:, None, :] - np.eye(counts.shape[1]) * counts[:, None, :]
    return np.asarray(meet / (n - 1))


def _alphas(coincidence: FloatArray, level: Level) -> FloatArray:
    """Return alphas of (..., values, values) coincidence matrices; NaN if only one value was ever given."""
    totals = coincidence.sum(axis=-1)
    n = totals.sum(axis=-1)[..., None, None]
    if level == "nominal":
        distances = np.broadcast_to(1 - np.eye(totals.shape[-1]), coincidence.shape)
    else:
        middle = totals.cumsum(axis=-1) - totals / 2
        distances = (middle[..., :, None] - middle[..., None, :]) ** 2
    chance = totals[..., :, None] * totals[..., None, :] / (n - 1)
    observed = (coincidence * distances).sum(axis=(-2, -1))
    expected = (chance * distances).sum(axis=(-2, -1))  # the diagonal has no weight
    return np.asarray(np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1), np.nan))
