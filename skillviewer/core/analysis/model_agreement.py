"""Agreement of models over a study, in the order of their scores and in their attention."""

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
"""Fewest videos for a rank correlation."""

AnalysesByModel = Mapping[str, Mapping[str, Analysis]]
"""Analyses by name of the model, then by name of the video."""


@dataclass(frozen=True, slots=True, repr=False)
class AgreementMatrix(ReadOnly):
    """Agreement of M models with each other over a study."""

    models: tuple[str, ...]  # names of the models
    # (M, M) float64, Spearman's correlation of scores over the videos that both models assessed; NaN if these are fewer
    # than ``MIN_VIDEOS`` or all have the same score
    scores: FloatArray
    # (M, M) float64, correlation of maps, averaged over the frames of a video, then over the videos; NaN if one of the
    # models has no map
    maps: FloatArray
    n_videos: IntArray  # (M, M) int64, number of videos that both models assessed


def agreement_matrix(analyses: AnalysesByModel, token: CancelToken = NEVER, report: Report = silent) -> AgreementMatrix:
    """Return the agreement of models, which may have assessed different videos.

    The token is checked before every pair of models.
    """
    models = tuple(analyses)
    n_models = len(models)
    scores = np.full((n_models, n_models), np.nan)
    maps = np.full((n_models, n_models), np.nan)
    n_videos = np.zeros((n_models, n_models), dtype=np.int64)
    pairs = [(i, j) for i in range(n_models) for j in range(i, n_models)]
    for n_done, (i, j) in enumerate(pairs, start=1):
        token.check()
        first = analyses[models[i]]
        second = analyses[models[j]]
        common_names = [name for name in first if name in second]
        n_videos[[i, j], [j, i]] = len(common_names)
        scores[[i, j], [j, i]] = rank_agreement(
            [first[name].score for name in common_names], [second[name].score for name in common_names]
        )
        maps[[i, j], [j, i]] = mean_defined([map_agreement(first[name], second[name]) for name in common_names])
        report(Progress("comparing models", n_done, len(pairs)))
    return AgreementMatrix(models, scores, maps, n_videos)


def rank_agreement(first: list[float], second: list[float]) -> float:
    """Return Spearman's correlation of two models' scores of the same videos; NaN if it is undefined."""
    if len(first) < MIN_VIDEOS or len(set(first)) == 1 or len(set(second)) == 1:
        return float("nan")
    return spearman(first, second)


def map_agreement(first: Analysis, second: Analysis) -> float:
    """Return the mean correlation of two models' maps over the frames of a video; NaN if a model has no map."""
    if without_map(first, second):
        return float("nan")
    frames = compared_frames(first, second)
    p, q, common_partition = on_common_grid(maps_at(first, frames), maps_at(second, frames))
    return mean_defined(correlation(p, q, common_partition.areas))


@dataclass(frozen=True, slots=True)
class RankDisagreement:
    """One video and its ranks by several models."""

    video: str  # name of the video
    ranks: tuple[float, ...]  # rank by each model; 1 is the highest score, and ties share the mean of their ranks
    n_videos: int  # number of ranked videos

    @property
    def spread(self) -> float:
        """Greatest difference between two ranks."""
        return max(self.ranks) - min(self.ranks)


def disagreements(analyses: AnalysesByModel) -> tuple[RankDisagreement, ...]:
    """Return the videos that all models assessed, the greatest disagreement first."""
    if not analyses:
        return ()
    common_names = sorted(set.intersection(*(set(by_video) for by_video in analyses.values())))
    if not common_names:
        return ()
    ranks_by_model = [ranks_of([-by_video[name].score for name in common_names]) for by_video in analyses.values()]
    ranks_by_video = np.stack(ranks_by_model, axis=1).tolist()
    rank_disagreements = [
        RankDisagreement(name, tuple(ranks), len(common_names))
        for name, ranks in zip(common_names, ranks_by_video, strict=True)
    ]

    def sort_key(disagreement: RankDisagreement) -> tuple[float, str]:
        return -disagreement.spread, disagreement.video

    return tuple(sorted(rank_disagreements, key=sort_key))
