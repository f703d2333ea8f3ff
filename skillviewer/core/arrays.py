"""Read-only arrays, which may cross threads and layers."""

from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
Float32Array: TypeAlias = NDArray[np.float32]
IntArray: TypeAlias = NDArray[np.int64]
Picture: TypeAlias = NDArray[np.uint8]
"""RGB picture, (H, W, 3), or grey picture, (H, W); uint8."""

ArrayT = TypeVar("ArrayT", bound=NDArray[Any])


def frozen(array: ArrayT) -> ArrayT:
    """Return the array, contiguous and read-only; a copy if it could still be written to elsewhere."""
    if array.flags.c_contiguous and not _can_be_written(array):
        return array
    own = array.copy(order="C")
    own.flags.writeable = False
    return own


def _can_be_written(array: NDArray[Any]) -> bool:
    """Return True if an array, or one that it is a view of, is writeable."""
    owner: object = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            return True
        owner = owner.base
    return False


def shapes(value: object) -> str:
    """Return a repr of a dataclass that shows the shape of each array instead of its numbers."""
    parts = []
    for name in getattr(value, "__dataclass_fields__", {}):
        item = getattr(value, name)
        text = f"{item.dtype}{list(item.shape)}" if isinstance(item, np.ndarray) else repr(item)
        parts.append(f"{name}={text}")
    return f"{type(value).__name__}({', '.join(parts)})"
