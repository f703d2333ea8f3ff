"""What training is fed: one of the candidate frames in every segment, drawn anew for every batch."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


class Draws:
    """Draws one of the candidate frames in every segment, into memory that is kept: fresh memory costs extra time.

    Args:
        bank: Features, see ``train.FeatureBank``.
        rng: Draws.
        device: Where they go.
    """

    def __init__(
        self, bank: Mapping[str, Sequence[NDArray[Any]]], rng: np.random.Generator, device: torch.device
    ) -> None:
        self._bank, self._rng, self._device = bank, rng, device
        self._kept = torch.empty(0)

    def draw(self, names: Sequence[str], share: range | None = None) -> torch.Tensor:
        """Return the features of videos, (B, N, 2F, h, w) float32 or uint8 snippets, good until the next draw.

        Args:
            names: Videos.
            share: Places of those whose features are wanted; all if None. The draws are the same in any case.
        """
        share = range(len(names)) if share is None else share
        one = self._bank[names[share.start]][0]
        shape, kind = one.shape, torch.uint8 if one.dtype == np.uint8 else torch.float32
        if self._kept.shape[1:] != shape or len(self._kept) < len(share) or self._kept.dtype != kind:
            self._kept = torch.empty((len(share), *shape), dtype=kind, device=self._device)
        video = np.empty(shape, one.dtype)  # as it is kept: torch converts several times as fast as numpy
        for place, name in enumerate(names):
            passes = self._bank[name]
            drawn = self._rng.integers(0, len(passes), size=(shape[0],))
            if place in share:
                for segment, k in enumerate(drawn.tolist()):
                    video[segment] = passes[k][segment]
                self._kept[place - share.start].copy_(torch.from_numpy(video))
        return self._kept[: len(share)]
