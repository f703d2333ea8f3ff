"""Metrics of a model on one fold. A new one is a function and an entry in ``METRICS``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.errors import PluginError
from skillviewer.core.evaluation.accuracy import FoldScores, count_pairs
from skillviewer.core.plugins import tell
from skillviewer.core.ranking.bradley_terry import bradley_terry
from skillviewer.core.registry import Registry
from skillviewer.core.text import EQUAL_DECIMALS


@dataclass(frozen=True, slots=True)
class Reference:
    """Reference values of a data set's videos, besides its pairs.

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
    # round, so that values equal except for rounding tie in the rank correlations
    return Reference({video: round(value, EQUAL_DECIMALS) for video, value in strengths.items()}, dataset.subtasks)


@dataclass(frozen=True, slots=True)
class Metric:
    """One number for a model on one fold.

    Attributes:
        name: Name in files and of ``--metrics``.
        title: Name for the user.
        measure: Computes the number from the ``FoldScores`` of one model and the ``Reference`` of what is known of
            the videos; NaN if it is undefined (no such pair, all scores equal).
        column: Heading of its column in ``table.md``.
        percent: Whether the table shows it in percent, else as a number with two decimals.
    """

    name: str
    title: str
    measure: Callable[[FoldScores, Reference], float]
    column: str
    percent: bool = True

    def value(self, result: FoldScores, reference: Reference) -> float:
        """Return the number; NaN if a plug-in fails, which is reported."""
        try:
            return float(self.measure(result, reference))
        except PluginError as error:
            tell(error)
            return float("nan")


def _headline(result: FoldScores, _reference: Reference) -> float:
    return count_pairs(result.tested(both_held_out=False), result.scores).accuracy


def _both_held_out(result: FoldScores, _reference: Reference) -> float:
    return count_pairs(result.tested(both_held_out=True), result.scores).accuracy


def _ties(result: FoldScores, _reference: Reference) -> float:
    count = count_pairs(result.tested(both_held_out=False), result.scores)
    return count.ties / count.n if count.n else float("nan")


def _rank_correlation(
    result: FoldScores, reference: Reference, correlation: Literal["kendalltau", "spearmanr"]
) -> float:
    """Correlate scores with strengths over the held-out videos of each sub-task; mean over the sub-tasks."""
    from scipy import stats  # late: its import takes a second

    groups: dict[str, list[str]] = {}
    for video in result.fold.held_out_videos:
        if video in reference.strengths and video in result.scores:
            groups.setdefault(reference.subtasks[video], []).append(video)
    correlations = []
    for videos in groups.values():
        scores = np.array([result.scores[v] for v in videos])
        strengths = np.array([reference.strengths[v] for v in videos])
        if len(set(scores)) > 1 and len(set(strengths)) > 1 and np.isfinite(scores).all():
            correlations.append(getattr(stats, correlation)(scores, strengths).statistic)
    return float(np.mean(correlations)) if correlations else float("nan")


METRICS = Registry(
    Metric("accuracy", "Pairwise accuracy, pairs that touch a held-out video", _headline, "accuracy"),
    Metric("honest_accuracy", "Pairwise accuracy, both videos held out", _both_held_out, "both held out"),
    Metric("ties", "Share of test pairs with exactly equal scores", _ties, "ties"),
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
"""Every metric, in the order of tables."""
