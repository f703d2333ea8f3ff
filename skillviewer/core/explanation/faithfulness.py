"""Faithfulness of attention: does occluding the attended regions move the score more than occluding others?

Deletion and insertion: Petsiuk, Das & Saenko, "RISE", BMVC 2018. Shuffled and uniform attention: Jain & Wallace,
"Attention is not Explanation", NAACL 2019; Wiegreffe & Pinter, "Attention is not not Explanation", EMNLP 2019. Sign:
Liu et al., "Rethinking Attention-Model Explainability through Faithfulness Violation Test", ICML 2022.

Cells are occluded with the video's mean feature, the same proportion in every sampled frame, in the order of that
frame's map. The measure is the distance by which the steps of the score curve move: attention has no sign, and
contributions of opposite sign would cancel out in the final score. The *gain* of an order is the area under that
distance during deletion minus the area during insertion: large if the curve departs and returns early, about 0 for an
uninformative order.

The chance level is attention in the wrong place: the maps of the video, shifted over the frame (with wrap-around) and
mirrored at random, in all frames alike. Shuffled cells would be too easy to beat: maps and relevant regions are both
smooth and constant over time, so a map in the wrong place does better or worse than shuffled cells by luck.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.arrays import FloatArray, IntArray, ReadOnly

MIN_RANDOM = 20
"""Fewer random orders do not show their spread."""

SPREAD = 2.0
"""An order must beat the mean gain of the random orders by so many of their standard deviations."""

ROUNDING = 1e-6
"""Effects smaller than this fraction of the score are rounding."""

EVERY_COUNT_TO = 10
"""Largest number of cells for which curves have a point at every count."""

SHARES = (0.0, 0.05, 0.12, 0.25, 0.42)
"""Proportions of the cells at which the curves of larger grids have points; those above one half mirror them."""

PARTLY_FROM, MOSTLY_FROM = 1 / 3, 2 / 3
"""Values from which attention is called partly and mostly faithful; below, it is faithful only weakly."""

TOP_SHARE = 0.1
"""Proportion of cells that count as the most attended."""


def rounding_of(score: float) -> float:
    """Return the size below which effects on a score are rounding."""
    return ROUNDING * (1 + abs(score))


def removal_counts(n_cells: int) -> IntArray:
    """Return the numbers of occluded cells per frame at the points of a curve: (P,) int64 from 0 to L, symmetric.

    With c the result also contains L - c, so that deletion in reverse order equals insertion.
    """
    if n_cells <= EVERY_COUNT_TO:
        return np.arange(n_cells + 1, dtype=np.int64)
    low = np.round(np.array(SHARES) * n_cells).astype(np.int64)
    return np.unique(np.concatenate([low, n_cells - low]))


def removal_rank(magnitudes: NDArray[Any], rng: np.random.Generator) -> IntArray:
    """Return (..., L) int64 the rank of every cell of maps (..., h, w) by falling magnitude; ties in random order."""
    flat = magnitudes.reshape(*magnitudes.shape[:-2], -1)
    order = np.lexsort((rng.random(flat.shape), -flat), axis=-1)
    return np.argsort(order, axis=-1).astype(np.int64)


def moved_at_random(maps: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Return maps (..., h, w) shifted over the frame and mirrored at random, all alike; cells wrap at the edges."""
    h, w = maps.shape[-2:]
    dy = int(rng.integers(h))
    dx = int(rng.integers(w))
    upside_down = int(rng.integers(2))
    mirrored = int(rng.integers(2))
    if upside_down:
        maps = np.flip(maps, axis=-2)
    if mirrored:
        maps = np.flip(maps, axis=-1)
    return np.roll(maps, (dy, dx), axis=(-2, -1))


def step_distances(curves: FloatArray, whole: FloatArray) -> FloatArray:
    """Return the distance of the steps of (..., N) score curves from those of the whole video, (N,) or (..., N).

    Returns:
        (...) float64, mean over the steps of the absolute change of S_t - S_{t-1}, with S_0 = 0.
    """
    moved: FloatArray = np.abs(np.diff(curves - whole, axis=-1, prepend=0.0)).mean(axis=-1)
    return moved


def area_under(fractions: FloatArray, curve: FloatArray) -> FloatArray:
    """Return the area under curves, (..., P) over (P,) ascending fractions, by the trapezoidal rule."""
    area: FloatArray = ((curve[..., 1:] + curve[..., :-1]) / 2 * np.diff(fractions)).sum(axis=-1)
    return area


def rank_correlations(attention: NDArray[Any], effects: FloatArray, rounding: float) -> FloatArray:
    """Return Spearman's correlation of attention and size of the effect over the cells of each frame.

    Args:
        attention: (..., h, w) maps; their magnitude counts.
        effects: (..., h, w) change of the score by each cell in its step.
        rounding: Smaller effects count as zero.

    Returns:
        (...) float64; NaN for a frame with a constant map or without effects.
    """
    from scipy import stats  # late: the window is up before it

    a = np.abs(attention).reshape(*attention.shape[:-2], -1).astype(np.float64)
    e = np.abs(effects).reshape(*effects.shape[:-2], -1).astype(np.float64)
    ranks = [stats.rankdata(x, axis=-1) for x in (a, e)]
    centred = [x - x.mean(axis=-1, keepdims=True) for x in ranks]
    products = (centred[0] * centred[1]).sum(axis=-1)
    sizes = np.sqrt((centred[0] ** 2).sum(axis=-1) * (centred[1] ** 2).sum(axis=-1))
    defined = (sizes > 0) & (e.max(axis=-1) > rounding)
    correlations: FloatArray = np.where(defined, products / np.where(sizes > 0, sizes, 1), np.nan)
    return correlations


def opposite_shares(
    attention: NDArray[Any], effects: FloatArray, segments: FloatArray, kind: MapKind, rounding: float
) -> FloatArray:
    """Return the proportion of each frame's most attended cells whose effect has the opposite sign.

    Opposite to the contribution of the whole segment; for signed maps, opposite to the map.

    Args:
        attention: (..., h, w) maps.
        effects: (..., h, w) signed effects of the cells.
        segments: (...) signed contributions of the segments.
        kind: Kind of the maps.
        rounding: Smaller effects have no sign.

    Returns:
        (...) float64, 0 to 1; NaN for a segment without contribution.
    """
    flat = attention.reshape(*attention.shape[:-2], -1).astype(np.float64)
    shares = effects.reshape(flat.shape)
    n_top = max(1, round(TOP_SHARE * flat.shape[-1]))
    top = np.argsort(-np.abs(flat), axis=-1, kind="stable")[..., :n_top]
    top_shares = np.take_along_axis(shares, top, axis=-1)
    expected = np.take_along_axis(flat, top, axis=-1) if kind is MapKind.SIGNED else segments[..., None]
    opposite = (np.sign(top_shares) == -np.sign(expected)) & (np.abs(top_shares) > rounding)
    share: FloatArray = opposite.mean(axis=-1)
    if kind is MapKind.SIGNED:
        return share
    return np.where(np.abs(segments) > rounding, share, np.nan)


@dataclass(frozen=True, slots=True, repr=False)
class Removal(ReadOnly):
    """Scores and distances during deletion or insertion of cells, in one order or in R orders."""

    fractions: FloatArray  # (P,) float64, proportion of the cells of every frame deleted or inserted, from 0 to 1
    scores: FloatArray  # (P,) or (R, P) float64 score, mean over the passes
    # the same shape, distance of the steps of the score curve from those of the whole video (see ``step_distances``),
    # mean over the passes
    distances: FloatArray

    def backwards(self) -> "Removal":
        """Return the same in reverse: inserting in an order undoes a deletion in the reverse order."""
        return Removal(1 - self.fractions[::-1], self.scores[..., ::-1], self.distances[..., ::-1])

    def order(self, index: int) -> "Removal":
        """Return one of several orders."""
        return Removal(self.fractions, self.scores[index], self.distances[index])

    def orders(self, indices: slice) -> "Removal":
        """Return some of several orders."""
        return Removal(self.fractions, self.scores[indices], self.distances[indices])

    @property
    def area(self) -> FloatArray:
        """() or (R,) area under ``distances``, in units of the score."""
        return area_under(self.fractions, self.distances)


@dataclass(frozen=True, slots=True, repr=False)
class Faithfulness(ReadOnly):
    """Effects on the score of deleting cells and changing the maps. R random orders; means over passes."""

    score: float  # score of the whole video
    deletion: Removal  # cells deleted, most attended first
    insertion: Removal  # cells inserted into the empty video, most attended first
    deletion_random: Removal  # cells deleted in the order of R shifted maps
    insertion_random: Removal  # cells inserted in the order of R shifted maps
    # cells deleted in the order of each cell's measured effect on the score right after its step: the best possible
    # order of an unsigned map
    deletion_effects: Removal
    insertion_effects: Removal  # cells inserted in that order
    permuted: FloatArray  # (R,) score with the values of each map shuffled over its cells
    uniform: float  # score with each map replaced by its mean in every cell
    # (K, N) Spearman's rho of attention and size of effect over the cells of a frame; NaN if undefined
    rank_correlation: FloatArray
    # (K, N) proportion of the most attended tenth of cells whose effect is opposite in sign to the segment's
    # contribution (to the map, if maps are signed); NaN if that is zero
    opposite_share: FloatArray

    @property
    def gain(self) -> float:
        """Gain of attention: area of deletion minus area of insertion, in units of the score."""
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
        """Gain to beat: mean of the random orders plus ``SPREAD`` standard deviations and rounding."""
        gains = self.random_gains
        return float(gains.mean() + SPREAD * gains.std(ddof=1)) + rounding_of(self.score)

    @property
    def value(self) -> float:
        """Faithfulness, 0 to 1.

        0: no better than random orders, that is, not above ``threshold``. 1: at least as good as the order by measured
        effects. Between them it is linear.
        """
        above = self.gain - self.threshold
        if above <= 0:
            return 0.0
        return float(above / (max(self.gain, self.effects_gain) - self.threshold))

    @property
    def faithful(self) -> bool:
        """True if attention is better than random orders by more than their spread."""
        return self.value > 0

    @property
    def decidable(self) -> bool:
        """True if any order beats chance; otherwise no map could have passed."""
        return max(self.gain, self.effects_gain) > self.threshold

    @property
    def permuted_change(self) -> float:
        """Mean distance of the score under shuffled maps from the score."""
        return float(np.abs(self.permuted - self.score).mean())

    @property
    def uniform_change(self) -> float:
        """Change of the score under uniform maps."""
        return self.uniform - self.score

    @property
    def degree(self) -> str:
        """Degree to which attention that beats chance is faithful: weakly, partly or mostly."""
        if self.value >= MOSTLY_FROM:
            return "mostly"
        return "partly" if self.value >= PARTLY_FROM else "weakly"

    @property
    def label(self) -> str:
        """The verdict in a few words."""
        if self.faithful:
            return f"{self.degree} faithful to the model: {self.value:.2f} of 1"
        return "no better than random" if self.decidable else "faithfulness cannot be told"

    @property
    def sentence(self) -> str:
        """The verdict as a sentence for the user."""
        if self.faithful:
            limit = {
                "mostly": "nearly as much as occluding the regions that move it most.",
                "partly": "but clearly less than occluding the regions that move it most.",
                "weakly": "but far less than occluding the regions that move it most: do not read the map as the "
                "reason for the score.",
            }[self.degree]
            return (
                f"Attention is {self.degree} faithful to the model for this video, {self.value:.2f} of 1: occluding "
                f"the attended regions moves the score more than occluding such regions elsewhere, {limit}"
            )
        if self.decidable:
            return (
                "Attention is no better than random for this video: occluding the attended regions moves the score no "
                "more than occluding such regions elsewhere. The map shows where the model looked, not why it scored "
                "so."
            )
        return (
            "The faithfulness of attention cannot be told for this video: whatever is occluded first, the score moves "
            "no more than by chance."
        )
