"""Caveats that the reader of an evaluation's tables needs with the numbers."""

import math
from collections.abc import Sequence
from dataclasses import replace

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.folds import Folds, FoldUnit
from skillviewer.core.text import percent
from skillviewer.data.formats.published import FOLDS_UNKNOWN, N_FOLDS, SIZES
from skillviewer.engine.evaluation.results import ModelResult
from skillviewer.engine.training.plan import TrainingPlan
from skillviewer.nets.models import TRIVIAL, attention_model


def other_epochs(training: TrainingPlan) -> str:
    """Return a sentence where a model is trained for more or fewer epochs than it was published with, or ""."""
    usual = replace(training, epochs=None).settings().optimiser.epochs
    requested = training.epochs
    if requested is None or not attention_model(training.model).training or usual in {0, requested}:
        return ""
    return f"{training.model} was published with {usual:,} epochs and has {requested:,} here (--epochs)."


def against_trivial(models: Sequence[ModelResult]) -> tuple[str, ...]:
    """Compare the first model with each trivial baseline among the others, one sentence each.

    The pairs are those with both videos held out, or all test pairs where there are none.
    """
    sentences = []
    for other in models[1:]:
        new = models[0].pooled_both_held_out.n_pairs > 0
        estimate, difference = (
            (models[0].pooled_both_held_out, other.difference_both_held_out)
            if new
            else (models[0].pooled, other.difference)
        )
        if other.model not in TRIVIAL or models[0].model in TRIVIAL or difference is None:
            continue
        tested_on = "where both videos are held out" if new else "on the test pairs"
        gain = -difference.value
        low = -difference.high
        high = -difference.low
        span = f"{100 * low:+.1f} to {100 * high:+.1f}" if math.isfinite(low) else "no interval"
        numbers = f"{percent(estimate.value)} against {percent(estimate.value - gain)} % ({span})"
        verb = "exceeds" if low > 0 else "is not shown to exceed"
        if gain <= 0:
            verb = "does not exceed"
        sentences.append(f"{models[0].model} {verb} {other.model} {tested_on}: {numbers}.")
    return tuple(sentences)


def not_comparable(dataset: Dataset, n_videos: int, folds: Folds) -> str:
    """Return why published numbers are not compared with measured ones; "" if they are, or if there are none.

    They hold for the released folds of certain videos and pairs. Where the folds were not released, and the pairs
    depend on a rule that is not known, as many folds of the same videos will do; ``compared_to_published`` says so.

    Args:
        dataset: The evaluated videos: those that could be read.
        n_videos: Videos of the data set.
        folds: Its folds.
    """
    if dataset.published is None:
        return ""
    reasons = []
    counts = (len(dataset.videos), len(dataset.pairs))
    published = SIZES[dataset.published]
    loose = dataset.published in FOLDS_UNKNOWN
    if len(dataset.videos) < n_videos:
        reasons.append(f"{n_videos - len(dataset.videos)} of {n_videos} videos are missing")
    elif counts[0] != published[0] or (counts != published and not loose):
        reasons.append(
            f"there are {counts[0]:,} videos and {counts[1]:,} pairs, and what was published is of {published[0]:,} "
            f"and {published[1]:,}"
        )
    if loose and len(folds.folds) != N_FOLDS:
        reasons.append(f"there are {len(folds.folds)} folds, and what was published is of {N_FOLDS}")
    elif folds.by is not FoldUnit.RELEASED and not loose:
        reasons.append("the folds are not the released ones")
    return f"Published numbers are not quoted: {' and '.join(reasons)}." if reasons else ""


def compared_to_published(dataset: Dataset) -> str:
    """Return a sentence on how published numbers compare with those that were measured, or ""."""
    if dataset.published not in FOLDS_UNKNOWN:
        return ""
    return (
        f"The published numbers are of other folds, which were not released, and of {SIZES[dataset.published][1]:,} "
        f"pairs; these are of {len(dataset.pairs):,}."
    )
