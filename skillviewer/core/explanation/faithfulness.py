"""Faithfulness of attention: whether occluding the attended regions moves the score more than occluding others.

Sources:

* deletion and insertion: Petsiuk, Das & Saenko, "RISE", BMVC 2018
* shuffled and uniform attention: Jain & Wallace, "Attention is not Explanation", NAACL 2019, and Wiegreffe & Pinter,
  "Attention is not not Explanation", EMNLP 2019
* the sign: Liu et al., "Rethinking Attention-Model Explainability through Faithfulness Violation Test", ICML 2022

Cells are occluded with the video's mean feature. The same proportion of cells is occluded in every sampled frame, and
each frame's map gives the order of its cells. The effect is the mean over the steps t of |ΔS'_t - ΔS_t|, with the step
ΔS_t = S_t - S_{t-1} of the score curve of the whole video and ΔS'_t of that with occluded cells. The final score alone
would not do: attention has no sign, and contributions of opposite sign would cancel out.

The *gain* of an order is the area under this effect during deletion minus the area during insertion. It is large if
deletion changes the curve early and insertion restores it early, and about 0 for an uninformative order.

The chance level is attention in the wrong place. The maps of the video are shifted over the frame (with wrap-around)
and mirrored at random, equally in all frames. Shuffled cells would be too easy to beat, because maps and relevant
regions are both smooth and constant over time.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.arrays import FloatArray, IntArray, ReadOnly

MIN_RANDOM = 20
"""Fewest random orders for an estimate of their standard deviation."""

THRESHOLD_SDS = 2.0
"""Number of standard deviations in the threshold: mean gain of the random orders + number · standard deviation."""

ROUNDING = 1e-6
"""Size of rounding errors of effects, as a fraction of the score."""

MAX_CELLS_WITH_ALL_COUNTS = 10
"""Largest number of cells for which curves have a point at every count."""

SHARES = (0.0, 0.05, 0.12, 0.25, 0.42)
"""Proportions of the cells at which the curves of larger grids have points; they are mirrored at one half."""

PARTLY_FROM = 1 / 3
"""Value from which attention is partly faithful; below, it is weakly faithful."""

MOSTLY_FROM = 2 / 3
"""Value from which attention is mostly faithful."""

_COMPARISONS = {
    "mostly": "nearly as much as occluding the regions that move it most.",
    "partly": "but clearly less than occluding the regions that move it most.",
    "weakly": (
        "but far less than occluding the regions that move it most: do not read the map as the reason for the score."
    ),
}
"""End of the sentence on faithful attention, by ``degree_word``."""

TOP_SHARE = 0.1
"""Proportion of cells that count as the most attended."""


def rounding_of(score: float) -> float:
    """Return the size below which effects on a score are rounding errors."""
    return ROUNDING * (1 + abs(score))


def occlusion_counts(n_cells: int) -> IntArray:
    """Return the numbers of occluded cells per frame at the points of a curve, (P,) int64 from 0 to L.

    If the numbers contain c, they also contain L - c, so that deletion in reverse order equals insertion.
    """
    if n_cells <= MAX_CELLS_WITH_ALL_COUNTS:
        return np.arange(n_cells + 1, dtype=np.int64)
    low_counts = np.round(np.array(SHARES) * n_cells).astype(np.int64)
    return np.unique(np.concatenate([low_counts, n_cells - low_counts]))


def occlusion_ranks(magnitudes: NDArray[Any], rng: np.random.Generator) -> IntArray:
    """Return the rank, (..., L) int64, of every cell of (..., h, w) maps by descending magnitude; ties at random."""
    flat_magnitudes = magnitudes.reshape(*magnitudes.shape[:-2], -1)
    tie_breakers = rng.random(flat_magnitudes.shape)
    order = np.lexsort((tie_breakers, -flat_magnitudes), axis=-1)  # the last key is the first criterion
    return np.argsort(order, axis=-1).astype(np.int64)


def moved_at_random(maps: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Return (..., h, w) maps shifted and mirrored at random, all in the same way; cells wrap at the edges."""
    h, w = maps.shape[-2:]
    dy = int(rng.integers(h))
    dx = int(rng.integers(w))
    is_flipped = bool(rng.integers(2))
    is_mirrored = bool(rng.integers(2))
    if is_flipped:
        maps = np.flip(maps, axis=-2)
    if is_mirrored:
        maps = np.flip(maps, axis=-1)
    return np.roll(maps, (dy, dx), axis=(-2, -1))


def step_distances(curves: FloatArray, whole_curve: FloatArray) -> FloatArray:
    """Return the distance of the steps of (..., N) score curves from those of the whole video, (N,) or (..., N).

    Returns:
        (...) float64, mean over the steps of the absolute change of S_t - S_{t-1}, with S_0 = 0.
    """
    step_changes = np.diff(curves - whole_curve, axis=-1, prepend=0.0)
    distances: FloatArray = np.abs(step_changes).mean(axis=-1)
    return distances


def area_under(fractions: FloatArray, curve: FloatArray) -> FloatArray:
    """Return the area under (..., P) curves over (P,) ascending fractions, by the trapezoidal rule."""
    area: FloatArray = ((curve[..., 1:] + curve[..., :-1]) / 2 * np.diff(fractions)).sum(axis=-1)
    return area


def rank_correlations(attention: NDArray[Any], effects: FloatArray, rounding: float) -> FloatArray:
    """Return Spearman's correlation of attention and size of the effect over the cells of each frame.

    Args:
        attention: (..., h, w) maps; their magnitudes count.
        effects: (..., h, w) change of the score by each cell in its step.
        rounding: Size below which effects count as zero.

    Returns:
        (...) float64; NaN for a frame with a constant map or without effects.
    """
    from scipy import stats  # imported late, so that the window shows first

    magnitudes = np.abs(attention).reshape(*attention.shape[:-2], -1).astype(np.float64)
    effect_sizes = np.abs(effects).reshape(*effects.shape[:-2], -1).astype(np.float64)
    map_ranks = _centred(stats.rankdata(magnitudes, axis=-1))
    effect_ranks = _centred(stats.rankdata(effect_sizes, axis=-1))
    covariance = (map_ranks * effect_ranks).sum(axis=-1)
    norm = np.sqrt((map_ranks**2).sum(axis=-1) * (effect_ranks**2).sum(axis=-1))
    safe_norm = np.where(norm > 0, norm, 1)
    is_defined = (norm > 0) & (effect_sizes.max(axis=-1) > rounding)
    correlations: FloatArray = np.where(is_defined, covariance / safe_norm, np.nan)
    return correlations


def _centred(values: FloatArray) -> FloatArray:
    return np.asarray(values - values.mean(axis=-1, keepdims=True))


def opposite_shares(
    attention: NDArray[Any], effects: FloatArray, segment_contributions: FloatArray, kind: MapKind, rounding: float
) -> FloatArray:
    """Return the proportion of each frame's most attended cells whose effect has the opposite sign.

    The sign of an effect is compared with the sign of the segment's contribution. For signed maps, it is compared with
    the sign of the map at the cell.

    Args:
        attention: (..., h, w) maps.
        effects: (..., h, w) signed effects of the cells.
        segment_contributions: (...) signed contributions of the segments.
        kind: Kind of the maps.
        rounding: Size below which effects have no sign.

    Returns:
        (...) float64, 0 to 1; NaN for a segment without contribution.
    """
    flat_maps = attention.reshape(*attention.shape[:-2], -1).astype(np.float64)
    flat_effects = effects.reshape(flat_maps.shape)
    n_top = max(1, round(TOP_SHARE * flat_maps.shape[-1]))
    top_cells = np.argsort(-np.abs(flat_maps), axis=-1, kind="stable")[..., :n_top]
    top_effects = np.take_along_axis(flat_effects, top_cells, axis=-1)
    if kind is MapKind.SIGNED:
        expected_values = np.take_along_axis(flat_maps, top_cells, axis=-1)
    else:
        expected_values = segment_contributions[..., None]
    is_opposite = (np.sign(top_effects) == -np.sign(expected_values)) & (np.abs(top_effects) > rounding)
    shares: FloatArray = is_opposite.mean(axis=-1)
    if kind is MapKind.SIGNED:
        return shares
    return np.where(np.abs(segment_contributions) > rounding, shares, np.nan)


@dataclass(frozen=True, slots=True, repr=False)
class OcclusionCurve(ReadOnly):
    """Course of the score during deletion or insertion of cells, in one order or in R orders."""

    fractions: FloatArray  # (P,) float64, proportion of the cells of every frame deleted or inserted, from 0 to 1
    scores: FloatArray  # (P,) or (R, P) float64, score, mean over the passes
    distances: FloatArray  # (P,) or (R, P) float64, distance (``step_distances``), mean over the passes

    def reversed(self) -> "OcclusionCurve":
        """Return the curve read backwards: a deletion becomes an insertion in the reverse order."""
        return OcclusionCurve(1 - self.fractions[::-1], self.scores[..., ::-1], self.distances[..., ::-1])

    def select_order(self, index: int) -> "OcclusionCurve":
        """Return the curve of one of the R orders."""
        return OcclusionCurve(self.fractions, self.scores[index], self.distances[index])

    def select_orders(self, indices: slice) -> "OcclusionCurve":
        """Return the curves of some of the R orders."""
        return OcclusionCurve(self.fractions, self.scores[indices], self.distances[indices])

    @property
    def area(self) -> FloatArray:
        """() or (R,) area under ``distances``, in units of the score."""
        return area_under(self.fractions, self.distances)


@dataclass(frozen=True, slots=True, repr=False)
class Faithfulness(ReadOnly):
    """Changes of the score if cells are deleted or maps changed, means over passes, with R random orders."""

    score: float  # score of the whole video
    deletion: OcclusionCurve  # cells deleted, the most attended first
    insertion: OcclusionCurve  # cells inserted into the empty video, the most attended first
    deletion_random: OcclusionCurve  # cells deleted in the order of R shifted maps
    insertion_random: OcclusionCurve  # cells inserted in the order of R shifted maps
    # cells deleted in the order of the effect of each cell on the score right after its own step; no unsigned map can
    # have a better order
    deletion_effects: OcclusionCurve
    insertion_effects: OcclusionCurve  # cells inserted in the same order
    permuted: FloatArray  # (R,) score with the values of each map shuffled over the cells
    uniform: float  # score with each map replaced by its mean in every cell
    # (K, N) Spearman's rho of attention and size of effect over the cells of a frame; NaN if undefined
    rank_correlation: FloatArray
    # (K, N) proportion of the most attended tenth of cells whose effect is opposite in sign to the segment's
    # contribution (to the map, if maps are signed); NaN if the contribution is zero
    opposite_share: FloatArray

    @property
    def gain(self) -> float:
        """Gain of attention, which is the area of deletion minus the area of insertion, in units of the score."""
        return float(self.deletion.area - self.insertion.area)

    @property
    def random_gains(self) -> FloatArray:
        """(R,) gains of the random orders."""
        return np.asarray(self.deletion_random.area - self.insertion_random.area)

    @property
    def effects_gain(self) -> float:
        """Gain of the order by measured effects."""
        return float(self.deletion_effects.area - self.insertion_effects.area)

    @property
    def threshold(self) -> float:
        """Gain to exceed: mean of the random orders plus ``THRESHOLD_SDS`` standard deviations and rounding errors."""
        gains = self.random_gains
        return float(gains.mean() + THRESHOLD_SDS * gains.std(ddof=1)) + rounding_of(self.score)

    @property
    def value(self) -> float:
        """Faithfulness, 0 to 1.

        The value is linear in the gain, from 0 at ``threshold`` to 1 at the gain of the order by measured effects.
        """
        excess = self.gain - self.threshold
        if excess <= 0:
            return 0.0
        return float(excess / (max(self.gain, self.effects_gain) - self.threshold))

    @property
    def faithful(self) -> bool:
        """True if the gain of attention exceeds ``threshold``."""
        return self.value > 0

    @property
    def decidable(self) -> bool:
        """True if any order exceeds ``threshold``; otherwise no map could have passed."""
        return max(self.gain, self.effects_gain) > self.threshold

    @property
    def permuted_change(self) -> float:
        """Mean absolute change of the score under shuffled maps."""
        return float(np.abs(self.permuted - self.score).mean())

    @property
    def uniform_change(self) -> float:
        """Change of the score under uniform maps."""
        return self.uniform - self.score

    @property
    def degree_word(self) -> str:
        """Degree of faithfulness: "weakly", "partly" or "mostly"."""
        if self.value >= MOSTLY_FROM:
            return "mostly"
        return "partly" if self.value >= PARTLY_FROM else "weakly"

    @property
    def label(self) -> str:
        """Verdict in a few words."""
        if self.faithful:
            return f"{self.degree_word} faithful to the model: {self.value:.2f} of 1"
        return "no better than random" if self.decidable else "faithfulness cannot be told"

    @property
    def sentence(self) -> str:
        """Verdict as a sentence for the user."""
        if self.faithful:
            return (
                f"Attention is {self.degree_word} faithful to the model for this video, {self.value:.2f} of 1: "
                "occluding the attended regions moves the score more than occluding regions of the same shape "
                f"elsewhere, {_COMPARISONS[self.degree_word]}"
            )
        if self.decidable:
            return (
                "Attention is no better than random for this video: occluding the attended regions moves the score no "
                "more than occluding regions of the same shape elsewhere. The map shows where the model looked, not "
                "why it scored so."
            )
        return (
            "The faithfulness of attention cannot be told for this video: whatever is occluded first, the score moves "
            "no more than by chance."
        )
