"""Batches of pairs, each with its distinct videos, so that a video is computed once in a batch."""

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
"""Names of the distinct videos of a batch, and its pairs as indices into the names.

A pair is (better, worse, 1), or (first, second, 0) if its videos are of similar skill.
"""

SPARSE_PAIRS = 5
"""Mean number of pairs in a batch of videos, below which batches are made of pairs instead."""

BATCH_PAIRS = 8
"""Number of pairs in a batch of sparse pairs: at most 16 videos."""


def adapt_to_sparse_pairs(settings: OptimiserSettings, n_pairs: int, n_videos: int) -> OptimiserSettings:
    """Return settings with batches of pairs instead of videos if few pairs of many videos are known.

    A batch of videos holds the pairs among them; with sparse pairs, many would never be in a batch. Settings that have
    batches of pairs already are unchanged.
    """
    batch_videos = settings.batch_videos
    if not batch_videos or n_videos < 2:
        return settings
    batch_combinations = batch_videos * (batch_videos - 1) // 2
    all_combinations = n_videos * (n_videos - 1) // 2
    if n_pairs * batch_combinations >= SPARSE_PAIRS * all_combinations:
        return settings
    return replace(settings, batch_videos=0, batch_pairs=BATCH_PAIRS)


def batches(
    pairs: Sequence[Pair], settings: OptimiserSettings, rng: np.random.Generator, similar: Sequence[SimilarPair] = ()
) -> Iterator[IndexedPairs]:
    """Yield the batches of one epoch.

    With ``batch_videos`` a batch has that many videos and every pair among them, and an epoch goes over all videos
    ``rounds`` times. Without, a batch has ``batch_pairs`` of the shuffled pairs, as in the released code, and an equal
    share of the shuffled similar pairs.
    """
    if settings.batch_videos:
        yield from _batches_of_videos(pairs, settings, rng, similar)
    else:
        yield from _batches_of_pairs(pairs, settings, rng, similar)


def _batches_of_pairs(
    pairs: Sequence[Pair], settings: OptimiserSettings, rng: np.random.Generator, similar: Sequence[SimilarPair]
) -> Iterator[IndexedPairs]:
    order = rng.permutation(len(pairs))
    similar_order = rng.permutation(len(similar)) if similar else np.zeros(0, np.int64)
    starts = range(0, len(order), settings.batch_pairs)
    similar_batches = np.array_split(similar_order, len(starts) or 1)
    for start, similar_indices in zip(starts, similar_batches, strict=False):
        batch_pairs = [pairs[i] for i in order[start : start + settings.batch_pairs]]
        yield index_pairs(batch_pairs, [similar[i] for i in similar_indices])


def _batches_of_videos(
    pairs: Sequence[Pair], settings: OptimiserSettings, rng: np.random.Generator, similar: Sequence[SimilarPair]
) -> Iterator[IndexedPairs]:
    names = videos_of(pairs)
    n_batches = max(1, round(len(names) / settings.batch_videos))
    for _ in range(settings.rounds):
        for indices in np.array_split(rng.permutation(len(names)), n_batches):
            batch_names = {names[i] for i in indices}
            batch_pairs = [pair for pair in pairs if pair.within(batch_names)]
            if batch_pairs:
                yield index_pairs(batch_pairs, [pair for pair in similar if pair.within(batch_names)])


def index_pairs(pairs: Sequence[Pair], similar: Sequence[SimilarPair] = ()) -> IndexedPairs:
    """Return the distinct videos of pairs, and each pair as indices into them."""
    names = videos_of(pairs, similar)
    index_by_name = {name: i for i, name in enumerate(names)}
    ordered = [(index_by_name[pair.better], index_by_name[pair.worse], 1) for pair in pairs]
    unordered = [(index_by_name[pair.first], index_by_name[pair.second], 0) for pair in similar]
    return names, ordered + unordered


def pair_batch(indices: Sequence[tuple[int, int, int]], device: torch.device | None = None) -> PairBatch:
    """Return the pairs of a batch as tensors."""
    ordered = [pair for pair in indices if pair[2]]
    unordered = [(first, second) for first, second, label in indices if not label]
    return PairBatch.of(ordered, unordered, device)


class FrameDraws:
    """Draws one of the candidate frames of every segment. For speed, all draws use one buffer."""

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
        """Draw frames and return their features, (B, N, 2F, h, w) float32, or uint8 snippets.

        The tensor is valid until the next draw. If the numbers of steps of the videos differ, ``lengths`` has them.
        Steps after the end of a video are undefined.

        Args:
            names: Videos.
            share: Indices of the videos to return; None for all. Frames are drawn for all videos in any case, so that
                the processes of a training draw the same frames.
        """
        share = range(len(names)) if share is None else share
        self._n_steps |= {name: len(self._store[name][0]) for name in names if name not in self._n_steps}
        n_steps = [self._n_steps[name] for name in names]
        self.lengths = tuple(n_steps[share.start : share.stop]) if len(set(n_steps)) > 1 else None
        first_pass = self._store[names[share.start]][0]
        shape = (max(n_steps), *first_pass.shape[1:])
        self._reserve(len(share), shape, torch.uint8 if first_pass.dtype == np.uint8 else torch.float32)
        # in the number type of the features: torch converts several times as fast as numpy
        video = np.empty(shape, first_pass.dtype)
        for index, name in enumerate(names):
            passes = self._store[name]
            drawn_passes = self._rng.integers(0, len(passes), size=(n_steps[index],))
            if index not in share:
                continue
            for segment, k in enumerate(drawn_passes.tolist()):
                video[segment] = passes[k][segment]
            drawn = torch.from_numpy(video[: len(drawn_passes)])
            self._buffer[index - share.start, : len(drawn_passes)].copy_(drawn)
        return self._buffer[: len(share)]

    def _reserve(self, n_videos: int, shape: tuple[int, ...], dtype: torch.dtype) -> None:
        """Replace the buffer if it has another shape or number type, or is too short."""
        fits = self._buffer.shape[1:] == shape and self._buffer.dtype == dtype and len(self._buffer) >= n_videos
        if not fits:
            self._buffer = torch.empty((n_videos, *shape), dtype=dtype, device=self._device)
