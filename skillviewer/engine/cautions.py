"""What the reader of an evaluation's tables has to be told beside the numbers."""

from dataclasses import replace

from skillviewer.core.folds import Folds, FoldsBy
from skillviewer.core.pairs import Dataset
from skillviewer.data.published import SIZES
from skillviewer.engine.plan import TrainingPlan
from skillviewer.nets.models import attention_model


def shortened(training: TrainingPlan) -> str:
    """Return a sentence where a model's own course is made shorter, or longer, than it was published, or ""."""
    usual, asked = replace(training, epochs=None).settings().optimiser.epochs, training.epochs
    if asked is None or not attention_model(training.model).training or usual in {0, asked}:
        return ""
    return f"{training.model} was published with {usual:,} epochs and has {asked:,} here (--epochs)."


def withheld(dataset: Dataset, n_videos: int, folds: Folds) -> str:
    """Return why published numbers do not stand beside those that were measured, or "" where they do or there are none.

    They are of the released folds of certain videos and pairs, and say nothing of others.

    Args:
        dataset: What was evaluated: the videos that could be read.
        n_videos: Videos of the data set.
        folds: On what.
    """
    if dataset.published is None:
        return ""
    why = []
    counts, published = (len(dataset.videos), len(dataset.pairs)), SIZES[dataset.published]
    if len(dataset.videos) < n_videos:
        why.append(f"{n_videos - len(dataset.videos)} of {n_videos} videos are missing")
    elif counts != published:
        why.append(
            f"there are {counts[0]:,} videos and {counts[1]:,} pairs, and what was published is of {published[0]:,} "
            f"and {published[1]:,}"
        )
    if folds.by is not FoldsBy.RELEASED:
        why.append("the folds are not the released ones")
    return f"Published numbers are not quoted beside these: {' and '.join(why)}." if why else ""
