"""Sentences that qualify the numbers in the tables of an evaluation."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.folds import Folds, FoldUnit
from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.text import percent
from skillviewer.data.formats.published import FOLDS_UNKNOWN, N_FOLDS, SIZES
from skillviewer.engine.evaluation.results import ModelResult
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.models import TRIVIAL, attention_model


class LeadOf(Protocol):
    """Function that returns the lead of a model over a baseline."""

    def __call__(self, model: str, baseline: str, *, both_held_out: bool) -> PooledEstimate:
        """Return the accuracy of a model minus that of a baseline, both by name, with the interval over people."""


def epochs_caveat(training: TrainingPlan) -> str:
    """Return a sentence if a model is trained for more or fewer epochs than it was published with, else ""."""
    published = replace(training, epochs=None).settings().optimiser.epochs
    requested = training.epochs
    if requested is None or not attention_model(training.model).training or published in {0, requested}:
        return ""
    return f"{training.model} was published with {published:,} epochs and has {requested:,} here (--epochs)."


def compare_with_trivial(models: Sequence[ModelResult], lead_of: LeadOf) -> tuple[str, ...]:
    """Return a sentence for each model and each trivial baseline, which says if the model exceeds the baseline.

    The accuracies are over the pairs with both videos held out, or over all test pairs if there are no such pairs.

    Args:
        models: Results of all models and baselines.
        lead_of: Returns the lead of a model over a baseline; see ``LeadOf``.
    """
    baselines = [result for result in models if result.model in TRIVIAL]
    others = [result for result in models if result.model not in TRIVIAL]
    return tuple(_comparison_sentence(result, baseline, lead_of) for result in others for baseline in baselines)


def _comparison_sentence(result: ModelResult, baseline: ModelResult, lead_of: LeadOf) -> str:
    has_new_pairs = result.pooled_both_held_out.n_pairs > 0
    pooled = result.pooled_both_held_out if has_new_pairs else result.pooled
    accuracy = pooled.value
    lead = lead_of(result.model, baseline.model, both_held_out=has_new_pairs)
    tested_on = "where both videos are held out" if has_new_pairs else "on the test pairs"
    interval = f"{100 * lead.low:+.1f} to {100 * lead.high:+.1f}" if math.isfinite(lead.low) else "no interval"
    numbers = f"{percent(accuracy)} against {percent(accuracy - lead.value)} % ({interval})"
    if lead.value <= 0:
        verb = "does not exceed"
    elif lead.low > 0:
        verb = "exceeds"
    else:
        verb = "is not shown to exceed"
    title = f"{attention_model(result.model).title} ({result.model})"
    return f"{title} {verb} the baseline {baseline.model} {tested_on}: {numbers}."


def why_not_quoted(dataset: Dataset, n_videos: int, folds: Folds) -> str:
    """Return why published numbers are not quoted; "" if they are quoted, or if there are none.

    Published numbers belong to the released folds of certain videos and pairs. If the folds were not released, the
    same number of folds of the same videos is enough; ``published_folds_caveat`` then says so.

    Args:
        dataset: The evaluated videos: those that could be read.
        n_videos: Number of videos of the data set, also those that cannot be read.
        folds: Folds of the evaluation.
    """
    if dataset.published is None:
        return ""
    reasons = []
    n_evaluated = len(dataset.videos)
    n_pairs = len(dataset.pairs)
    n_published, n_published_pairs = SIZES[dataset.published]
    folds_unknown = dataset.published in FOLDS_UNKNOWN
    pairs_differ = n_pairs != n_published_pairs and not folds_unknown
    if n_evaluated < n_videos:
        reasons.append(f"{n_videos - n_evaluated} of {n_videos} videos are missing")
    elif n_evaluated != n_published or pairs_differ:
        reasons.append(
            f"there are {n_evaluated:,} videos and {n_pairs:,} pairs, and what was published is of {n_published:,} "
            f"and {n_published_pairs:,}"
        )
    if folds_unknown and len(folds.folds) != N_FOLDS:
        reasons.append(f"there are {len(folds.folds)} folds, and what was published is of {N_FOLDS}")
    elif folds.fold_unit is not FoldUnit.RELEASED and not folds_unknown:
        reasons.append("the folds are not the released ones")
    return f"Published numbers are not quoted: {' and '.join(reasons)}." if reasons else ""


def published_folds_caveat(dataset: Dataset) -> str:
    """Return a sentence if the published numbers are of folds that were not released, else ""."""
    if dataset.published not in FOLDS_UNKNOWN:
        return ""
    _, n_published_pairs = SIZES[dataset.published]
    return (
        f"The published numbers are of other folds, which were not released, and of {n_published_pairs:,} pairs; "
        f"these are of {len(dataset.pairs):,}."
    )
