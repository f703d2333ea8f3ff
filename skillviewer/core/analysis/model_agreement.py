"""Agreement of models over a study: in the order of their scores, and in their attention."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.map_comparison import (
    compared_frames,
    correlation,
    maps_at,
    mean_defined,
    on_common_grid,
    without_map,
)
from skillviewer.core.arrays import FloatArray, IntArray, ReadOnly, ranks_of, spearman
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent

MIN_VIDEOS = 3
"""Fewer videos have no order to compare."""

ByModel = Mapping[str, Mapping[str, Analysis]]
"""Analyses by model name, then by video name."""


@dataclass(frozen=True, slots=True, repr=False)
class AgreementMatrix(ReadOnly):
    """Agreement of M models with each other over a study."""

    models: tuple[str, ...]  # their names
    # (M, M) float64, Spearman's correlation over the videos that both assessed; NaN with fewer than ``MIN_VIDEOS`` of
    # them, or if one model gives all of them the same score
    scores: FloatArray
    # (M, M) float64, correlation of the maps, averaged over the frames of a video, then over the videos; NaN if one of
    # the models has no map
    maps: FloatArray
    n_videos: IntArray  # (M, M) int64, number of videos that both assessed


def agreement_matrix(analyses: ByModel, token: CancelToken = NEVER, report: Report = silent) -> AgreementMatrix:
    """Return the agreement of models.

    The models need not have assessed the same videos. The token is checked after every pair of models.
    """
    models = tuple(analyses)
    m = len(models)
    scores, maps = np.full((m, m), np.nan), np.full((m, m), np.nan)
    n_videos = np.zeros((m, m), dtype=np.int64)
    pairs = [(i, j) for i in range(m) for j in range(i, m)]
    for n_done, (i, j) in enumerate(pairs, start=1):
        token.check()
        first, second = analyses[models[i]], analyses[models[j]]
        common = [name for name in first if name in second]
        n_videos[i, j] = n_videos[j, i] = len(common)
        own = [first[name].score for name in common]
        other = [second[name].score for name in common]
        scores[i, j] = scores[j, i] = rank_agreement(own, other)
        maps[i, j] = maps[j, i] = mean_defined([map_agreement(first[name], second[name]) for name in common])
        report(Progress("comparing models", n_done, len(pairs)))
    return AgreementMatrix(models, scores, maps, n_videos)


def rank_agreement(first: list[float], second: list[float]) -> float:
    """Return Spearman's correlation of two models' scores of the same videos; NaN if it is undefined."""
    if len(first) < MIN_VIDEOS or len(set(first)) == 1 or len(set(second)) == 1:
        return float("nan")
    return spearman(first, second)


def map_agreement(first: Analysis, second: Analysis) -> float:
    """Return the correlation of two models' maps of one video, mean over its frames; NaN if one has no map."""
    if without_map(first, second):
        return float("nan")
    frames = compared_frames(first, second)
    p, q, common = on_common_grid(maps_at(first, frames), maps_at(second, frames))
    return mean_defined(correlation(p, q, common.areas))


@dataclass(frozen=True, slots=True)
class RankDisagreement:
    """One video and its ranks by several models."""

    video: str  # its name
    # rank by each model, in their order: 1 is the highest score; ties share the mean of their ranks
    ranks: tuple[float, ...]
    n_videos: int  # number of ranked videos

    @property
    def spread(self) -> float:
        """Greatest difference between two ranks."""
        return max(self.ranks) - min(self.ranks)


def disagreements(analyses: ByModel) -> tuple[RankDisagreement, ...]:
    """Return the videos that all models assessed, those with the greatest disagreement first."""
    sides = list(analyses.values())
    common = sorted(name for name in sides[0] if all(name in side for side in sides)) if sides else []
    if not common:
        return ()
    ranks = np.stack([ranks_of([-side[name].score for name in common]) for side in sides], axis=1)
    rank_disagreements = [
        RankDisagreement(name, tuple(row), len(common)) for name, row in zip(common, ranks.tolist(), strict=True)
    ]
    return tuple(sorted(rank_disagreements, key=lambda d: (-d.spread, d.video)))
