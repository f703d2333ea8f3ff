"""The epoch of a ridge regression: all training pairs at once."""

from collections.abc import Sequence
from dataclasses import replace

from skillviewer.core.dataset.pairs import Pair
from skillviewer.engine.features.feature_store import FeatureStore, first_pass
from skillviewer.engine.training.batches import pair_batch, placed
from skillviewer.engine.training.predict import batch_of
from skillviewer.nets.attention_models.ridge_model import RidgeModel
from skillviewer.nets.losses import margin_ranking_loss
from skillviewer.nets.presets import LossSettings


def solve_ridge(
    model: RidgeModel, store: FeatureStore, pairs: Sequence[Pair], share: float, margin: float
) -> tuple[float, int]:
    """Give a model the weights of a ridge on all pairs, and return its mean loss of a pair and the pairs it orders.

    ``share`` is the share of the course, 0 to 1, that decides the penalty or the number of measures.
    """
    names, places = placed(pairs)
    device = next(model.parameters()).device
    features, lengths = batch_of([first_pass(store, name) for name in names])
    batch = replace(pair_batch(places, device), lengths=lengths)
    score = model.solve(features.to(device), batch, share)
    loss = margin_ranking_loss(score, batch, LossSettings(margin))
    return float(loss), int((score[batch.better] > score[batch.worse]).sum())
