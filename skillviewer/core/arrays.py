"""Read-only arrays, which threads and layers may share, and ranks of values."""

from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
Float32Array: TypeAlias = NDArray[np.float32]
IntArray: TypeAlias = NDArray[np.int64]
RGBImage: TypeAlias = NDArray[np.uint8]
"""RGB picture, (H, W, 3), or grey picture, (H, W); uint8."""

ArrayT = TypeVar("ArrayT", bound=NDArray[Any])


def frozen(array: ArrayT) -> ArrayT:
    """Return a contiguous, read-only array: the given one if nothing can write to it, else a copy."""
    if array.flags.c_contiguous and not _can_be_written(array):
        return array
    copied = array.copy(order="C")
    copied.flags.writeable = False
    return copied


def _can_be_written(array: NDArray[Any]) -> bool:
    """Return True if an array, or an array behind this view, is writeable."""
    owner: object = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            return True
        owner = owner.base
    return False


def ranks_of(values: Sequence[float] | FloatArray) -> FloatArray:
    """Return the ranks of values from 1, (N,) float64, as scipy.stats does; ties share the mean of their ranks."""
    _, unique_indices, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    rank_by_unique_value = np.cumsum(counts) - (counts - 1) / 2
    ranks: FloatArray = rank_by_unique_value[unique_indices]
    return ranks


def spearman(first: Sequence[float] | FloatArray, second: Sequence[float] | FloatArray) -> float:
    """Return Spearman's correlation of two series, neither of them constant."""
    return float(np.corrcoef(ranks_of(first), ranks_of(second))[0, 1])


class ReadOnly:
    """Base of frozen dataclasses with read-only arrays, whose repr shows shapes instead of numbers.

    Subclasses are declared with ``repr=False``.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        for name, value in self._items():
            if isinstance(value, np.ndarray):
                object.__setattr__(self, name, frozen(value))

    def __repr__(self) -> str:
        texts = ", ".join(f"{name}={_short_repr(value)}" for name, value in self._items())
        return f"{type(self).__name__}({texts})"

    def _items(self) -> list[tuple[str, object]]:
        return [(name, getattr(self, name)) for name in getattr(self, "__dataclass_fields__", {})]


def _short_repr(value: object) -> str:
    """Return the dtype and shape of an array, or the repr of another value."""
    return f"{value.dtype}{list(value.shape)}" if isinstance(value, np.ndarray) else repr(value)
