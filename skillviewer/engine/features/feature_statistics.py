"""Statistics of features over videos: means of each video, and the standardisation of a model's inputs."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from skillviewer.core.arrays import Float32Array
from skillviewer.engine.features.feature_store import AveragedStore, FeatureStore
from skillviewer.nets.fusion import CellMean, StandardisingModule

_MIN_SCALE = 1e-3
"""Least standard deviation, so that channels that hardly vary are not amplified."""


def mean_features(store: FeatureStore, names: Sequence[str]) -> Float32Array:
    """Return the mean feature of each video over sampled frames and cells, (n, 2F) float32."""
    means = []
    for name in names:
        features = np.asarray(store[name][0], np.float32)
        means.append(features.mean(axis=(0, 2, 3)))
    return np.stack(means)


def standardise(model: nn.Module, store: FeatureStore, names: Sequence[str]) -> None:
    """Set the input statistics of a new model that standardises its inputs, computed from the training videos."""
    for module in model.modules():
        if isinstance(module, StandardisingModule) and module.standardise:
            inputs = AveragedStore(store) if isinstance(module, CellMean) else store
            mean, scale = channel_statistics(inputs, names)
            module.set_statistics(mean, scale)


def channel_statistics(store: FeatureStore, names: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and standard deviation of every feature channel over videos, (2F,) each.

    One video at a time is in memory.
    """
    total = 0.0
    total_of_squares = 0.0
    n_values = 0
    for name in names:
        features = np.asarray(store[name][0], np.float64)
        n_steps, _, n_rows, n_columns = features.shape
        total = total + features.sum(axis=(0, 2, 3))
        total_of_squares = total_of_squares + (features**2).sum(axis=(0, 2, 3))
        n_values += n_steps * n_rows * n_columns
    mean = np.asarray(total / n_values)
    variance = np.asarray(total_of_squares / n_values) - mean**2
    scale = np.sqrt(np.maximum(variance, _MIN_SCALE**2))
    return torch.from_numpy(mean).float(), torch.from_numpy(scale).float()
