"""Features of the videos of a data set by name, as training and evaluation read them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

FeatureStore = Mapping[str, Sequence[NDArray[Any]]]
"""Features of every video by name: K candidate passes, each (N, 2F, h, w); float16, mapped from disk, as a rule.

Snippets for a network that is trained end to end are uint8; everything else is computed with as float32.
"""


def first_pass(store: FeatureStore, name: str) -> torch.Tensor:
    """Return the features of the frames that the test rule samples, (N, 2F, h, w) float32, or uint8 snippets."""
    features = store[name][0]
    return torch.from_numpy(np.array(features, np.uint8 if features.dtype == np.uint8 else np.float32))
