"""Features of the videos of a data set by name, as training and evaluation read them."""

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
"""Features of every video by name: K candidate passes, each (N, 2F, h, w); float16, mapped from disk, as a rule.

Snippets for a network that is trained end to end are uint8; everything else is computed with as float32.
"""


def first_pass(store: FeatureStore, name: str) -> torch.Tensor:
    """Return the features of the frames that the test rule samples, (N, 2F, h, w) float32, or uint8 snippets."""
    features = store[name][0]
    return torch.from_numpy(np.array(features, np.uint8 if features.dtype == np.uint8 else np.float32))


@dataclass(frozen=True, slots=True)
class MappedPass:
    """Location of the features of one pass."""

    path: Path  # A file of the cache
    offset: int  # first byte in it
    shape: tuple[int, ...]  # (N, 2F, h, w)
    kind: str  # name of the number type: float16 of features, uint8 of snippets


Reference: TypeAlias = MappedPass | NDArray[Any]
"""Location of features, or the features themselves."""


def reference(features: NDArray[Any]) -> Reference:
    """Return the location of features, or the features themselves if they are in memory alone."""
    if isinstance(features, np.memmap) and features.filename is not None:
        return MappedPass(Path(features.filename), int(features.offset), features.shape, features.dtype.name)
    return features


class MappedStore(Mapping[str, Sequence[NDArray[Any]]]):
    """Features of every video by name, as ``feature_store.FeatureStore`` says, from references of its K passes."""

    def __init__(self, passes: Mapping[str, Sequence[Reference]]) -> None:
        self._passes = {name: tuple(references) for name, references in passes.items()}

    def __getitem__(self, name: str) -> Sequence[NDArray[Any]]:
        """Return the K passes of a video, each (N, 2F, h, w).

        Raises:
            KeyError: There is no such video.
            DatasetError: Its features are no longer in the cache.
        """
        return tuple(_opened(reference, name) for reference in self._passes[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._passes)

    def __len__(self) -> int:
        return len(self._passes)


def _opened(reference: Reference, name: str) -> NDArray[Any]:
    if not isinstance(reference, MappedPass):
        return reference
    try:
        return np.memmap(reference.path, reference.kind, "r", reference.offset, reference.shape)
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"The features of “{name}” are no longer in the cache ({reference.path}): it was emptied, or is too small "
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
    """A store of features averaged over the cells, once, and kept in memory: K passes of (N, 2F, 1, 1) float32."""

    def __init__(self, store: Mapping[str, Sequence[NDArray[Any]]]) -> None:
        super().__init__(store)
        self._averages: dict[str, Sequence[NDArray[Any]]] = {}

    def __getitem__(self, name: str) -> Sequence[NDArray[Any]]:
        if name not in self._averages:
            passes = [np.asarray(features, np.float32) for features in self.store[name]]
            self._averages[name] = [features.mean(axis=(2, 3), keepdims=True) for features in passes]
        return self._averages[name]


class WatchedStore(DerivedStore):
    """A store that records the videos that were read, and so those that a training has used."""

    def __init__(self, store: Mapping[str, Sequence[NDArray[Any]]]) -> None:
        super().__init__(store)
        self.seen: set[str] = set()

    def __getitem__(self, name: str) -> Sequence[NDArray[Any]]:
        self.seen.add(name)
        return self.store[name]


def averages(model: str, sizes: HeadSizes) -> bool:
    """Return True if a model averages features over the cells before all else."""
    with shapes_only():
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
