"""Training pairs that are in no batch: a batch of videos holds the pairs among them, and some videos never meet."""

import numpy as np
import torch

from skillviewer.core.dataset.pair_graph import similar_for_training
from skillviewer.core.dataset.pairs import Dataset, Fold, Pair
from skillviewer.engine.training.batches import batches
from skillviewer.engine.training.fit_fold import choosing_folds
from skillviewer.engine.training.loop import Select
from skillviewer.engine.training.plan import TrainingPlan
from skillviewer.nets.models import Inputs, attention_model


def unmet_pairs(plan: TrainingPlan, dataset: Dataset, fold: Fold, epochs: int) -> frozenset[Pair]:
    """Return the training pairs that a training never looked at, by drawing its batches once more.

    Args:
        plan: How it was trained.
        dataset: The data set.
        fold: What it was trained on.
        epochs: Epochs until the weights that were kept.
    """
    settings = plan.settings_on(fold).optimiser
    if not settings.batch_videos:
        return frozenset()
    on = fold if plan.refit or plan.select is not Select.INNER else choosing_folds(plan, dataset, fold)[0]
    with torch.device("meta"):
        learns_alike = attention_model(plan.model).build(plan.sizes()).uses_similar
    similar = similar_for_training(dataset, on) if learns_alike else ()
    rng, unmet = np.random.default_rng(plan.seed), set(on.train_pairs)
    n_frames, candidates = plan.preprocessing.n_segments, 1 if plan.inputs is Inputs.TIME else plan.candidates
    for _ in range(epochs):
        for names, places in list(batches(on.train_pairs, settings, rng, similar)):
            unmet -= {Pair(names[better], names[worse]) for better, worse, label in places if label}
            for _ in names:  # the frames of each video are drawn by the same generator
                rng.integers(0, candidates, size=(n_frames,))
        if not unmet:
            break
    return frozenset(unmet)


def said_of_unmet(n_unmet: int, n_pairs: int, *, at_most: bool = False) -> list[str]:
    """Return a sentence about training pairs that are in no batch, none where there are no such pairs.

    Args:
        n_unmet: Such pairs.
        n_pairs: Training pairs.
        at_most: Whether these are the numbers of that one of several trainings which has most of them.
    """
    if not n_unmet:
        return []
    said = (
        f"{n_unmet} of {n_pairs} training pairs were in no batch: a batch is of videos drawn by chance, with the pairs "
        "among them, and theirs never met. Train for more epochs (--epochs), or judge more pairs of the same videos."
    )
    return [f"Up to {said}" if at_most else said]
