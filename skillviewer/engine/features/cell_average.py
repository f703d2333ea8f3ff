"""Features averaged over the cells once per training, for models that average them in every batch."""

import torch

from skillviewer.engine.features.feature_store import AveragedStore, FeatureStore
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.fusion import CellMean
from skillviewer.nets.models import attention_model
from skillviewer.nets.sizes import HeadSizes


def averages(model: str, sizes: HeadSizes) -> bool:
    """Return whether a model averages features over the cells before all else."""
    with torch.device("meta"):
        return isinstance(attention_model(model).build(sizes).fusion, CellMean)


def averaged_once(model: str, sizes: HeadSizes, store: FeatureStore) -> FeatureStore:
    """Return features for training: averaged if the model averages them first, else unchanged."""
    return AveragedStore(store) if averages(model, sizes) else store


def match_inputs(model: AttentionModel, store: FeatureStore) -> AttentionModel:
    """Return a model that reads the features of a store: averages or whole features."""
    model.input_shape = (model.sizes.feature_channels, 1, 1) if isinstance(store, AveragedStore) else None
    return model


def restore_inputs(model: AttentionModel, store: FeatureStore) -> AttentionModel:
    """Return a model trained on a store, in evaluation mode; one that read averages takes whole features again."""
    if isinstance(store, AveragedStore):
        model.input_shape = None
    return model.eval()
