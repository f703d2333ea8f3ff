"""Closed-form fit of a model to all training pairs at once, such as a ridge regression."""

from collections.abc import Sequence
from dataclasses import replace

from skillviewer.core.dataset.pairs import Pair
from skillviewer.engine.features.feature_store import FeatureStore, features_of_first_pass
from skillviewer.engine.training.batches import index_pairs, make_pair_batch
from skillviewer.engine.training.predict import pad_videos
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.losses import margin_ranking_loss
from skillviewer.nets.presets import LossSettings


def solve_all_pairs(
    model: AttentionModel, store: FeatureStore, pairs: Sequence[Pair], progress: float, margin: float
) -> tuple[float, int]:
    """Fit a model to all pairs at once, and return its mean loss of a pair and the number of correctly ordered pairs.

    Args:
        model: A model with a closed-form ``solve``.
        store: Features of the videos.
        pairs: Training pairs.
        progress: Share of the training that is done, 0 in the first epoch to 1 in the last. It sets the penalty of the
            model, or the number of its measures.
        margin: Margin of the ranking loss that is returned.
    """
    names, indices = index_pairs(pairs)
    device = next(model.parameters()).device
    features, lengths = pad_videos([features_of_first_pass(store, name) for name in names])
    batch = replace(make_pair_batch(indices, device), lengths=lengths)
    scores = model.solve(features.to(device), batch, progress)
    loss = margin_ranking_loss(scores, batch, LossSettings(margin))
    is_right = scores[batch.better] > scores[batch.worse]
    return float(loss), int(is_right.sum())
