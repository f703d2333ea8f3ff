"""Accuracies of trivial baselines next to that of a model, on the same pairs."""

from collections.abc import Mapping, Sequence

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.evaluation.accuracy import FoldScores, pooled_accuracy, pooled_difference
from skillviewer.core.evaluation.model_choice import BaselineAccuracy
from skillviewer.nets.models import attention_model


def baseline_accuracies(
    model_scores: Sequence[FoldScores],
    scores_by_baseline: Mapping[str, Sequence[FoldScores]],
    dataset: Dataset,
    *,
    on_new_people: bool,
) -> tuple[BaselineAccuracy, ...]:
    """Return the accuracy of each baseline, and the lead of the model over it.

    Args:
        model_scores: Scores by the model, of each fold.
        scores_by_baseline: Scores by each baseline, of the same folds in the same order.
        dataset: Data set of the folds.
        on_new_people: Whether only pairs with both videos held out count.
    """
    baselines = []
    for name, scores in scores_by_baseline.items():
        accuracy = pooled_accuracy(scores, dataset, both_held_out=on_new_people)
        lead = pooled_difference(model_scores, scores, dataset, both_held_out=on_new_people)
        baselines.append(BaselineAccuracy(name, attention_model(name).title, accuracy, lead))
    return tuple(baselines)
