"""Contributions to the score of one video, measured by occlusion.

A segment or cell is occluded by replacing its features with the video's mean feature, which is the mean of the fused
features over all sampled frames and cells. Its contribution is the score minus the score under this occlusion, which is
positive if it raised the score. The baseline is the score with everything occluded. The remainder is the score minus
the baseline and the sum of the contributions. Since parts interact, the remainder is not zero, and it is shown
separately.
"""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.arrays import FloatArray, ReadOnly
from skillviewer.core.explanation.faithfulness import Faithfulness
from skillviewer.core.video.clips import ClipRange


@dataclass(frozen=True, slots=True, repr=False)
class Evidence(ReadOnly):
    """Contributions to the score of one video, with K passes, N segments and grid (h, w).

    Attributes:
        video_digest: SHA-256 of the video.
        model_digest: SHA-256 of the model's configuration and weights.
        map_kind: Kind of the model's maps.
        score: Score of the video, mean over the passes.
        baseline: Score with every cell of every frame occluded.
        segments: (K, N) float64, contribution of each segment in each pass.
        cells: (K, h, w) float64, contribution of each cell of the grid, occluded in all segments at once; None for a
            model that sees the picture as one cell.
        cell_steps: (K, N, h, w) float64, contribution of each cell in each segment, occluded in that segment only; None
            for a model that sees the picture as one cell.
        faithfulness: Faithfulness of the attention; None for a model without a map.
        n_random: R, number of random occlusion orders and of shuffled maps with which the attention is compared.
        seed: Seed of the random orders and the shuffles.
        clip_range: Analysed range of the video, or None for the whole video.
    """

    video_digest: str
    model_digest: str
    map_kind: MapKind
    score: float
    baseline: float
    segments: FloatArray
    cells: FloatArray | None
    cell_steps: FloatArray | None
    faithfulness: Faithfulness | None
    n_random: int
    seed: int
    clip_range: ClipRange | None = None

    def __post_init__(self) -> None:
        ReadOnly.__post_init__(self)
        k, n = self.segments.shape
        if (self.cells is None) != (self.cell_steps is None):
            raise ValueError("cells and cell_steps belong together")
        if self.cells is not None and self.cell_steps is not None:
            h, w = self.cells.shape[1:]
            if len(self.cells) != k or self.cell_steps.shape != (k, n, h, w):
                raise ValueError(f"shapes do not agree: {self!r}")

    @property
    def contributions(self) -> FloatArray:
        """(N,) contribution of each segment, mean over the passes."""
        return np.asarray(self.segments.mean(axis=0))

    @property
    def remainder(self) -> float:
        """Score minus the baseline and the contributions of all segments."""
        return self.score - self.baseline - float(self.contributions.sum())

    @property
    def cell_contributions(self) -> FloatArray | None:
        """(h, w) contribution of each cell in all segments, mean over the passes; None if ``cells`` is None."""
        return None if self.cells is None else np.asarray(self.cells.mean(axis=0))

    @property
    def cell_remainder(self) -> float:
        """Score minus the baseline and the contributions of all cells; NaN without cells."""
        contributions = self.cell_contributions
        if contributions is None:
            return float("nan")
        return self.score - self.baseline - float(contributions.sum())

    @property
    def faithful(self) -> bool | None:
        """True if the attention is better than random regions; None if unknown or undecidable."""
        faithfulness = self.faithfulness
        if faithfulness is None:
            return None
        if faithfulness.faithful:
            return True
        return False if faithfulness.decidable else None

    @property
    def faithfulness_sentence(self) -> str:
        """Sentence on the faithfulness of the attention, for the Why panel."""
        if self.faithfulness is None:
            return "This model has no map, so there is no attention whose faithfulness could be tested."
        return self.faithfulness.sentence

    @property
    def faithfulness_label(self) -> str:
        """Faithfulness of the attention in a few words."""
        return "no map" if self.faithfulness is None else self.faithfulness.label

    def belongs_to(self, analysis: Analysis) -> bool:
        """Return True if clip, model, passes and segments are those of an analysis."""
        return (
            (self.video_digest, self.clip_range) == analysis.clip_id
            and self.model_digest == analysis.provenance.model_digest
            and self.segments.shape == analysis.score_curve.shape
        )
