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

IndexedBatch = tuple[list[str], list[tuple[int, int, int]]]
"""Names of the distinct videos of a batch, and its pairs as indices into the names.

A pair is (better, worse, 1), or (first, second, 0) if its videos are of similar skill.
"""

SPARSE_PAIRS = 5
"""Pairs are sparse if a batch of videos has fewer pairs on average; batches are then made of pairs instead."""

SPARSE_BATCH_PAIRS = 8
"""Number of pairs in a batch of sparse pairs, which has at most 16 videos."""


def adapt_to_sparse_pairs(settings: OptimiserSettings, n_pairs: int, n_videos: int) -> OptimiserSettings:
    """Return settings with batches of pairs instead of videos if few pairs of many videos are known.

    A batch of videos holds the pairs among them; with sparse pairs, many would never be in a batch. Settings that have
    batches of pairs already are unchanged.
    """
    batch_videos = settings.batch_videos
    if not batch_videos or n_videos < 2:
        return settings
    n_combinations_in_batch = batch_videos * (batch_videos - 1) // 2
    n_combinations = n_videos * (n_videos - 1) // 2
    is_sparse = n_pairs * n_combinations_in_batch < SPARSE_PAIRS * n_combinations
    return replace(settings, batch_videos=0, batch_pairs=SPARSE_BATCH_PAIRS) if is_sparse else settings


def draw_batches(
    pairs: Sequence[Pair], settings: OptimiserSettings, rng: np.random.Generator, similar: Sequence[SimilarPair] = ()
) -> Iterator[IndexedBatch]:
    """Yield the batches of one epoch.

    If the settings have ``batch_videos``, a batch has that many videos and every pair among them. An epoch then goes
    over all videos ``rounds`` times. Otherwise a batch has ``batch_pairs`` of the shuffled pairs, as in the released
    code, and an equal share of the shuffled similar pairs.
    """
    if settings.batch_videos:
        yield from _batches_of_videos(pairs, settings, rng, similar)
    else:
        yield from _batches_of_pairs(pairs, settings, rng, similar)


def _batches_of_pairs(
    pairs: Sequence[Pair], settings: OptimiserSettings, rng: np.random.Generator, similar: Sequence[SimilarPair]
) -> Iterator[IndexedBatch]:
    order = rng.permutation(len(pairs))
    similar_order = rng.permutation(len(similar)) if similar else np.zeros(0, np.int64)
    starts = range(0, len(order), settings.batch_pairs)
    similar_batches = np.array_split(similar_order, max(len(starts), 1))
    for start, similar_indices in zip(starts, similar_batches, strict=False):
        indices = order[start : start + settings.batch_pairs]
        batch_pairs = [pairs[index] for index in indices]
        batch_similar = [similar[index] for index in similar_indices]
        yield index_pairs(batch_pairs, batch_similar)


def _batches_of_videos(
    pairs: Sequence[Pair], settings: OptimiserSettings, rng: np.random.Generator, similar: Sequence[SimilarPair]
) -> Iterator[IndexedBatch]:
    names = videos_of(pairs)
    n_batches = max(1, round(len(names) / settings.batch_videos))
    for _ in range(settings.rounds):
        order = rng.permutation(len(names))
        for indices in np.array_split(order, n_batches):
            batch_names = {names[index] for index in indices}
            batch_pairs = [pair for pair in pairs if pair.within(batch_names)]
            batch_similar = [pair for pair in similar if pair.within(batch_names)]
            if batch_pairs:
                yield index_pairs(batch_pairs, batch_similar)


def index_pairs(pairs: Sequence[Pair], similar: Sequence[SimilarPair] = ()) -> IndexedBatch:
    """Return the distinct videos of pairs, and each pair as indices into them."""
    names = videos_of(pairs, similar)
    index_by_name = {name: index for index, name in enumerate(names)}
    ordered = [(index_by_name[pair.better], index_by_name[pair.worse], 1) for pair in pairs]
    unordered = [(index_by_name[pair.first], index_by_name[pair.second], 0) for pair in similar]
    return names, ordered + unordered


def make_pair_batch(indices: Sequence[tuple[int, int, int]], device: torch.device | None = None) -> PairBatch:
    """Return the pairs of a batch as tensors."""
    ordered = [(better, worse, label) for better, worse, label in indices if label]
    unordered = [(first, second) for first, second, label in indices if not label]
    return PairBatch.of(ordered, unordered, device)


class FrameSampler:
    """Draws one of the candidate frames of every segment. For speed, all draws use one buffer.

    Args:
        store: Features of the videos.
        rng: Generator of the draws.
        device: Device of the drawn features.

    Attributes:
        lengths: Numbers of steps of the videos of the last draw; None if they are equal.
    """

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

        The tensor is valid until the next draw. Steps after the end of a video are undefined.

        Args:
            names: Videos.
            share: Indices of the videos to return; None for all. Frames are drawn for all videos in any case, so that
                the processes of a training draw the same frames.
        """
        share = range(len(names)) if share is None else share
        for name in names:
            if name not in self._n_steps:
                self._n_steps[name] = len(self._store[name][0])
        n_steps = [self._n_steps[name] for name in names]
        has_equal_lengths = len(set(n_steps)) == 1
        self.lengths = None if has_equal_lengths else tuple(n_steps[share.start : share.stop])
        example = self._store[names[share.start]][0]
        video_shape = (max(n_steps), *example.shape[1:])
        number_type = torch.uint8 if example.dtype == np.uint8 else torch.float32
        self._reserve(len(share), video_shape, number_type)
        # in the number type of the features: torch converts several times as fast as numpy
        drawn_video = np.empty(video_shape, example.dtype)
        for index, name in enumerate(names):
            passes = self._store[name]
            drawn_passes = self._rng.integers(0, len(passes), size=(n_steps[index],))
            if index not in share:
                continue
            for step, pass_index in enumerate(drawn_passes.tolist()):
                drawn_video[step] = passes[pass_index][step]
            drawn_steps = torch.from_numpy(drawn_video[: n_steps[index]])
            self._buffer[index - share.start, : n_steps[index]].copy_(drawn_steps)
        return self._buffer[: len(share)]

    def _reserve(self, n_videos: int, shape: tuple[int, ...], dtype: torch.dtype) -> None:
        """Replace the buffer if it has another shape or number type, or is too short."""
        holds_such_videos = self._buffer.shape[1:] == shape and self._buffer.dtype == dtype
        if not holds_such_videos or len(self._buffer) < n_videos:
            self._buffer = torch.empty((n_videos, *shape), dtype=dtype, device=self._device)
