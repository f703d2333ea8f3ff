"""Stores of the features of videos by name, which training and evaluation read."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from skillviewer.core.errors import DatasetError
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.fusion import CellMean
from skillviewer.nets.meta_device import shapes_only
from skillviewer.nets.models import attention_model
from skillviewer.nets.sizes import HeadSizes

FeatureStore = Mapping[str, Sequence[NDArray[Any]]]
"""Features of every video by name: a sequence of K passes (samplings) of the video.

Each pass is an array (N, 2F, h, w): N segments, 2F channels, h x w cells. Features are float16, usually in memory maps,
and computations on them are in float32. Snippets, for a network that is trained end to end, are uint8 and stay so.
"""


def features_of_first_pass(store: FeatureStore, name: str) -> torch.Tensor:
    """Return the first pass of a video, (N, 2F, h, w) float32 features or uint8 snippets.

    Evaluation uses the first pass alone; training samples from all passes.
    """
    features = store[name][0]
    dtype = np.uint8 if features.dtype == np.uint8 else np.float32
    return torch.from_numpy(np.array(features, dtype))


@dataclass(frozen=True, slots=True)
class MappedPass:
    """Location of the features of one pass."""

    path: Path  # file of the cache
    offset: int  # first byte of the features in the file
    shape: tuple[int, ...]  # (N, 2F, h, w)
    dtype: str  # name of the number type: float16 for features, uint8 for snippets


PassOrLocation: TypeAlias = MappedPass | NDArray[Any]
"""Location of the features of a pass, or the features themselves."""


def locate_if_mapped(features: NDArray[Any]) -> PassOrLocation:
    """Return the location of memory-mapped features, or the features themselves if they are in memory."""
    if isinstance(features, np.memmap) and features.filename is not None:
        return MappedPass(Path(features.filename), int(features.offset), features.shape, features.dtype.name)
    return features


class MappedStore(Mapping[str, Sequence[NDArray[Any]]]):
    """A ``FeatureStore`` that opens the memory maps of a video when they are read."""

    def __init__(self, passes: Mapping[str, Sequence[PassOrLocation]]) -> None:
        self._passes = {name: tuple(passes_of_video) for name, passes_of_video in passes.items()}

    def __getitem__(self, name: str) -> Sequence[NDArray[Any]]:
        """Return the K passes of a video, each (N, 2F, h, w).

        Raises:
            KeyError: There is no such video.
            DatasetError: The features are no longer in the cache.
        """
        return tuple(_open_pass(pass_or_location, name) for pass_or_location in self._passes[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._passes)

    def __len__(self) -> int:
        return len(self._passes)


def _open_pass(pass_or_location: PassOrLocation, name: str) -> NDArray[Any]:
    if not isinstance(pass_or_location, MappedPass):
        return pass_or_location
    location = pass_or_location
    try:
        return np.memmap(location.path, location.dtype, "r", location.offset, location.shape)
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"The features of “{name}” are no longer in the cache ({location.path}): it was emptied, or is too small "
            "for this study. Run the same again, with a larger cache."
        ) from error


class DerivedStore(Mapping[str, Sequence[NDArray[Any]]], ABC):
    """A store derived from another one, with the same videos."""

    def __init__(self, store: Mapping[str, Sequence[NDArray[Any]]]) -> None:
        self.store = store

    @abstractmethod
    def __getitem__(self, name: str) -> Sequence[NDArray[Any]]:
        """Return the derived passes of a video."""

    def __iter__(self) -> Iterator[str]:
        return iter(self.store)

    def __len__(self) -> int:
        return len(self.store)


class AveragedStore(DerivedStore):
    """A store of features averaged over the cells: K passes, each (N, 2F, 1, 1) float32. Averages stay in memory."""

    def __init__(self, store: Mapping[str, Sequence[NDArray[Any]]]) -> None:
        super().__init__(store)
        self._averages: dict[str, Sequence[NDArray[Any]]] = {}

    def __getitem__(self, name: str) -> Sequence[NDArray[Any]]:
        if name not in self._averages:
            passes = [np.asarray(features, np.float32) for features in self.store[name]]
            self._averages[name] = [features.mean(axis=(2, 3), keepdims=True) for features in passes]
        return self._averages[name]


class WatchedStore(DerivedStore):
    """A store that records the names of the videos that are read, to check which videos a training used."""

    def __init__(self, store: Mapping[str, Sequence[NDArray[Any]]]) -> None:
        super().__init__(store)
        self.names_read: set[str] = set()

    def __getitem__(self, name: str) -> Sequence[NDArray[Any]]:
        self.names_read.add(name)
        return self.store[name]


def _averages_cells(model: str, sizes: HeadSizes) -> bool:
    """Return True if the first layer of a model averages the features over the cells."""
    with shapes_only():
        network = attention_model(model).build(sizes)
    return isinstance(network.fusion, CellMean)


def average_inputs(model: str, sizes: HeadSizes, store: FeatureStore) -> FeatureStore:
    """Return a store of averages over the cells if the first layer of a model takes them, else the store itself."""
    return AveragedStore(store) if _averages_cells(model, sizes) else store


def match_inputs(model: AttentionModel, store: FeatureStore) -> AttentionModel:
    """Set the input shape of a model to averages or whole features, like those of a store, and return the model."""
    averaged_shape = (model.sizes.feature_channels, 1, 1)
    model.input_shape = averaged_shape if isinstance(store, AveragedStore) else None
    return model


def restore_inputs(model: AttentionModel, store: FeatureStore) -> AttentionModel:
    """Set the input shape of a trained model back to whole features, and return it in evaluation mode."""
    if isinstance(store, AveragedStore):
        model.input_shape = None
    return model.eval()
