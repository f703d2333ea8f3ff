"""Metrics of a model on one fold. A new metric is a function and an entry in ``METRICS``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.errors import PluginError
from skillviewer.core.evaluation.accuracy import FoldScores, count_pairs
from skillviewer.core.plugins import report_problem
from skillviewer.core.ranking.bradley_terry import bradley_terry
from skillviewer.core.registry import Registry
from skillviewer.core.text import EQUAL_DECIMALS


@dataclass(frozen=True, slots=True)
class Reference:
    """Reference values of the videos of a data set.

    Attributes:
        strengths: Bradley-Terry strength of every video, from all pairs of the data set.
        subtasks: Sub-task of every video; videos of different sub-tasks are not compared.
    """

    strengths: Mapping[str, float]
    subtasks: Mapping[str, str]


def reference(dataset: Dataset) -> Reference:
    """Return the reference values of a data set.

    Raises:
        DatasetError: The data set has no pairs.
    """
    strengths = bradley_terry(dataset.pairs).by_video()
    # rounded, so that strengths that differ only by rounding errors tie in the rank correlations
    return Reference({video: round(value, EQUAL_DECIMALS) for video, value in strengths.items()}, dataset.subtasks)


@dataclass(frozen=True, slots=True)
class Metric:
    """One number for a model on one fold.

    Attributes:
        name: Name in files and of ``--metrics``.
        title: Name for the user.
        measure: Returns the number for the ``FoldScores`` of one model and the ``Reference`` values of the videos; NaN
            if undefined, for example without pairs or if all scores are equal.
        column: Heading of the column in ``table.md``.
        percent: Whether the table shows a percentage; otherwise a number with two decimals.
    """

    name: str
    title: str
    measure: Callable[[FoldScores, Reference], float]
    column: str
    percent: bool = True

    def value(self, result: FoldScores, reference: Reference) -> float:
        """Return the number; NaN if a plug-in fails, in which case its error is reported."""
        try:
            return float(self.measure(result, reference))
        except PluginError as error:
            report_problem(error)
            return float("nan")


def _accuracy(result: FoldScores, _reference: Reference) -> float:
    return count_pairs(result.tested_pairs(both_held_out=False), result.scores).accuracy


def _both_held_out_accuracy(result: FoldScores, _reference: Reference) -> float:
    return count_pairs(result.tested_pairs(both_held_out=True), result.scores).accuracy


def _tie_share(result: FoldScores, _reference: Reference) -> float:
    counts = count_pairs(result.tested_pairs(both_held_out=False), result.scores)
    return counts.ties / counts.n if counts.n else float("nan")


def _rank_correlation(
    result: FoldScores, reference: Reference, correlation: Literal["kendalltau", "spearmanr"]
) -> float:
    """Return the correlation of scores with strengths of held-out videos, as the mean over sub-tasks."""
    from scipy import stats  # imported late, since it takes a second

    videos_by_subtask: dict[str, list[str]] = {}
    for video in result.fold.held_out_videos:
        if video in reference.strengths and video in result.scores:
            videos_by_subtask.setdefault(reference.subtasks[video], []).append(video)
    correlations = []
    for videos in videos_by_subtask.values():
        scores = np.array([result.scores[video] for video in videos])
        strengths = np.array([reference.strengths[video] for video in videos])
        if len(set(scores)) > 1 and len(set(strengths)) > 1 and np.isfinite(scores).all():
            correlations.append(getattr(stats, correlation)(scores, strengths).statistic)
    return float(np.mean(correlations)) if correlations else float("nan")


METRICS = Registry(
    Metric("accuracy", "Pairwise accuracy, pairs that touch a held-out video", _accuracy, "accuracy"),
    Metric("honest_accuracy", "Pairwise accuracy, both videos held out", _both_held_out_accuracy, "both held out"),
    Metric("ties", "Share of test pairs with exactly equal scores", _tie_share, "ties"),
    Metric(
        "kendall_tau_b",
        "Kendall's tau-b with Bradley-Terry strengths, held-out videos",
        partial(_rank_correlation, correlation="kendalltau"),
        "Kendall",
        percent=False,
    ),
    Metric(
        "spearman",
        "Spearman's rho with Bradley-Terry strengths, held-out videos",
        partial(_rank_correlation, correlation="spearmanr"),
        "Spearman",
        percent=False,
    ),
    group="metrics",
    reserved=(  # --metrics, metrics of ratings, and other columns of table.csv
        "all|official|rating_.*|relative_l2|mae|weighted_kappa|top_1|macro_f1|expected_cost|coverage|width|rejection_.*|"
        "model|sd_.*|(pooled|equal_success|difference|chosen|pointing|energy|accuracy|fifth|weight)(_.*)?|published|"
        "selection|optimistic|parameters|seconds|entropy"
    ),
)
"""All metrics, in the order of tables."""
