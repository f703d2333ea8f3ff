"""Batches of pairs with their distinct videos; each video is computed once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skillviewer.core.dataset.pairs import Pair, SimilarPair, videos_of
from skillviewer.nets.losses import PairBatch
from skillviewer.nets.presets import OptimiserSettings

IndexedPairs = tuple[list[str], list[tuple[int, int, int]]]
"""Names of the distinct videos of a batch, and pairs of indices into them: (better, worse, 1) or (first, second, 0)."""


SPARSE_PAIRS = 5
"""If a batch of videos would hold fewer pairs on average, batches are made of pairs instead."""

BATCH_PAIRS = 8
"""Pairs of such a batch: at most 16 videos."""


def for_sparse(settings: OptimiserSettings, n_pairs: int, n_videos: int) -> OptimiserSettings:
    """Return settings with batches of pairs if few pairs of many videos are known, so that every pair is trained on.

    Settings with batches of pairs are unchanged.
    """
    size = settings.batch_videos
    if not size or n_videos < 2 or n_pairs * size * (size - 1) >= SPARSE_PAIRS * n_videos * (n_videos - 1):
        return settings
    return replace(settings, batch_videos=0, batch_pairs=BATCH_PAIRS)


def batches(
    pairs: Sequence[Pair], settings: OptimiserSettings, rng: np.random.Generator, similar: Sequence[SimilarPair] = ()
) -> Iterator[IndexedPairs]:
    """Yield the batches of one epoch, each with its distinct videos once.

    By pairs: shuffled pairs, ``batch_pairs`` at a time, as the released code does; similar pairs are shuffled too and
    dealt out evenly. By videos: ``batch_videos`` at once with every pair among them; an epoch goes over all videos
    ``rounds`` times.
    """
    if not settings.batch_videos:
        order = rng.permutation(len(pairs))
        starts = range(0, len(order), settings.batch_pairs)
        similar_batches = np.array_split(
            rng.permutation(len(similar)) if similar else np.zeros(0, np.int64), len(starts) or 1
        )
        for start, indices in zip(starts, similar_batches, strict=False):
            yield index_pairs(
                [pairs[i] for i in order[start : start + settings.batch_pairs]], [similar[i] for i in indices]
            )
        return
    names = videos_of(pairs)
    n_batches = max(1, round(len(names) / settings.batch_videos))
    for _ in range(settings.rounds):
        for indices_drawn in np.array_split(rng.permutation(len(names)), n_batches):
            names_in_batch = {names[i] for i in indices_drawn}
            trained_pairs = [pair for pair in pairs if pair.within(names_in_batch)]
            if trained_pairs:
                yield index_pairs(trained_pairs, [pair for pair in similar if pair.within(names_in_batch)])


def index_pairs(pairs: Sequence[Pair], similar: Sequence[SimilarPair] = ()) -> IndexedPairs:
    """Return the distinct videos of pairs, and each pair as indices into them."""
    names = videos_of(pairs, similar)
    index_by_name = {name: i for i, name in enumerate(names)}
    indices = [(index_by_name[p.better], index_by_name[p.worse], 1) for p in pairs]
    return names, indices + [(index_by_name[p.first], index_by_name[p.second], 0) for p in similar]


def pair_batch(indices: Sequence[tuple[int, int, int]], device: torch.device | None = None) -> PairBatch:
    """Return the pairs of a batch as tensors."""
    return PairBatch.of([p for p in indices if p[2]], [(a, b) for a, b, label in indices if not label], device)


class FrameDraws:
    """Draws one of the candidate frames of every segment. For speed, draws share one buffer."""

    def __init__(
        self, store: Mapping[str, Sequence[NDArray[Any]]], rng: np.random.Generator, device: torch.device
    ) -> None:
        self._store = store
        self._rng = rng
        self._device = device
        self._buffer = torch.empty(0)
        self._n_steps: dict[str, int] = {}
        self.lengths: tuple[int, ...] | None = None

    def draw(self, names: Sequence[str], share: range | None = None) -> torch.Tensor:
        """Return the features of videos, (B, N, 2F, h, w) float32 or uint8 snippets, valid until the next draw.

        If videos differ in their numbers of steps, ``lengths`` has these. Steps after the end of a video are invalid.

        Args:
            names: Videos.
            share: Indices of the videos to return; None for all. The draws are the same in any case.
        """
        share = range(len(names)) if share is None else share
        self._n_steps |= {name: len(self._store[name][0]) for name in names if name not in self._n_steps}
        n_steps = [self._n_steps[name] for name in names]
        self.lengths = tuple(n_steps[share.start : share.stop]) if len(set(n_steps)) > 1 else None
        first_pass = self._store[names[share.start]][0]
        shape = (max(n_steps), *first_pass.shape[1:])
        kind = torch.uint8 if first_pass.dtype == np.uint8 else torch.float32
        if self._buffer.shape[1:] != shape or len(self._buffer) < len(share) or self._buffer.dtype != kind:
            self._buffer = torch.empty((len(share), *shape), dtype=kind, device=self._device)
        video = np.empty(
            shape, first_pass.dtype
        )  # in its own number type: torch converts several times as fast as numpy
        for index, name in enumerate(names):
            passes = self._store[name]
            candidates_drawn = self._rng.integers(0, len(passes), size=(n_steps[index],))
            if index in share:
                for segment, k in enumerate(candidates_drawn.tolist()):
                    video[segment] = passes[k][segment]
                self._buffer[index - share.start, : len(candidates_drawn)].copy_(
                    torch.from_numpy(video[: len(candidates_drawn)])
                )
        return self._buffer[: len(share)]
