"""Evidence of one video: contributions to its score, and a faithfulness test (``core.explanation.evidence``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.explanation.faithfulness import (
    MIN_RANDOM,
    Faithfulness,
    Removal,
    moved_at_random,
    opposite_shares,
    rank_correlations,
    removal_counts,
    removal_rank,
    rounding_of,
    step_distances,
)
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.clips import ClipRange
from skillviewer.engine.features.frame_inputs import sampling_of
from skillviewer.engine.features.source import FeatureSource
from skillviewer.engine.inference.replay import Replay
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention import AttentionModel

STAGE = "weighing evidence"


@dataclass(slots=True)
class _Meter:
    total: int
    token: CancelToken
    report: Report
    n_done: int = 0

    def tick(self, steps: int) -> None:
        self.token.check()
        self.n_done += steps
        self.report(Progress(STAGE, self.n_done, self.total))


def fused_passes(
    reader: VideoReader,
    model: AttentionModel,
    source: FeatureSource,
    n_passes: int,
    token: CancelToken,
    report: Report,
    clip_range: ClipRange | None = None,
) -> Tensor:
    """Return the fused features of a video's passes, (K, N, C, h, w): those that an assessment sees."""
    sampling = sampling_of(reader.describe(token), source.preprocessing, n_passes, clip_range)
    n = sampling.positions.shape[1]
    device = next(model.parameters()).device
    fused = []
    with torch.inference_mode():
        for n_done, features in enumerate(source.steps(reader, sampling, token), start=1):
            fused.append(model.fuse(torch.from_numpy(features).to(device).float()[:, None])[:, 0])
            report(Progress("looking", n_done, n))
    return torch.stack(fused, dim=1)


def _steps(model: AttentionModel, n: int, size: int, n_random: int) -> int:
    """Return the steps that one pass takes: frames times versions of the video."""
    steps = n + n * (1 + n)  # as it is, empty, without each segment
    if size == 1:
        return steps
    early = n * n * size if model.needs.whole_video else size * n * (n - 1) // 2
    steps += n * size + n * size + early  # each cell in all steps, each in one step, what follows it
    if model.map_kind is not MapKind.NONE:
        inner = len(removal_counts(size)) - 2
        steps += n * (2 * (2 + n_random) * inner + n_random + 1)
    return steps


def weigh(
    model: AttentionModel,
    fused: Tensor,
    video_digest: str,
    model_digest: str,
    token: CancelToken,
    report: Report,
    n_random: int = MIN_RANDOM,
    seed: int = 0,
) -> Evidence:
    """Take away segments and cells, and put the attention to the test.

    ``model`` is in evaluation mode, ``fused`` (K, N, C, h, w), the features of a video's passes. The token is checked
    after every batch, and a unit of progress is one frame of one version of the video. There are R = ``n_random``
    random orders and shuffles, at least ``MIN_RANDOM``.
    """
    if n_random < MIN_RANDOM:
        raise ValueError(f"at least {MIN_RANDOM} random orders tell their spread, not {n_random}")
    k, n = fused.shape[:2]
    size = int(np.prod(model.grid))
    if size > 1 and tuple(fused.shape[3:]) != model.grid:
        raise ValueError(f"fused features of {tuple(fused.shape)} do not have the model's grid {model.grid}")
    meter = _Meter(k * _steps(model, n, size, n_random), token, report)
    mean = fused.mean(dim=(0, 1, 3, 4))
    with torch.inference_mode():
        runs = [Replay(model, pass_features, mean, meter.tick) for pass_features in fused]
        score = float(np.mean([run.score for run in runs]))
        empty, segments = _segments(runs)
        cells = _cells(runs, model.grid) if size > 1 else None
        faithfulness = None
        if cells is not None and model.map_kind is not MapKind.NONE:
            chance = n_random, np.random.default_rng(seed)
            faithfulness = _Trial(runs, model.map_kind, score, empty, segments, cells, *chance).result()
    return Evidence(
        video_digest=video_digest,
        model_digest=model_digest,
        map_kind=model.map_kind,
        score=score,
        baseline=float(empty[:, -1].mean()),
        segments=segments,
        cells=cells.always if cells is not None else None,
        cell_steps=cells.once if cells is not None else None,
        faithfulness=faithfulness,
        n_random=n_random,
        seed=seed,
    )


def _segments(runs: Sequence[Replay]) -> tuple[FloatArray, FloatArray]:
    """Return the score curves with everything taken away and the contributions of the segments, (K, N) each."""
    n, size = runs[0].n_steps, runs[0].n_cells
    occluded = torch.cat([torch.ones(1, n, dtype=torch.bool), torch.eye(n, dtype=torch.bool)])
    masks = occluded[:, :, None].expand(-1, -1, size)
    curves = np.stack([run.masked(masks).cpu().numpy() for run in runs])
    scores = np.array([run.score for run in runs])
    return curves[:, 0], scores[:, None] - curves[:, 1:, -1]


class _Cells(NamedTuple):
    """Contributions of cells."""

    always: FloatArray  # (K, h, w), taken away in all steps
    once: FloatArray  # (K, N, h, w), in one step alone
    at_once: FloatArray  # (K, N, h, w), the same to the score right after that step


def _cells(runs: Sequence[Replay], grid: tuple[int, int]) -> _Cells:
    n, size = runs[0].n_steps, runs[0].n_cells
    masks = torch.eye(size, dtype=torch.bool)[:, None].expand(-1, n, -1)
    always = np.stack([run.score - run.masked(masks)[:, -1].cpu().numpy() for run in runs])
    at_once, in_one_step = [], []
    for run in runs:
        at_this_step, later = (scores.cpu().numpy() for scores in run.each_cell())
        at_once.append(run.curve[:, None] - at_this_step)
        in_one_step.append(run.score - later)
    return _Cells(always.reshape(-1, *grid), *(np.reshape(x, (-1, n, *grid)) for x in (in_one_step, at_once)))


@dataclass(eq=False, repr=False)
class _Trial:
    _runs: Sequence[Replay]
    _kind: MapKind
    _score: float
    _empty: FloatArray
    _segments: FloatArray
    _cells: _Cells
    _n_random: int
    _rng: np.random.Generator

    def __post_init__(self) -> None:
        self._maps: NDArray[np.float64] = np.stack([run.attention.double().cpu().numpy() for run in self._runs])
        self._counts = removal_counts(self._runs[0].n_cells)

    def result(self) -> Faithfulness:
        """Run everything."""
        magnitudes = np.abs(self._maps)
        placed = [moved_at_random(magnitudes, self._rng) for _ in range(self._n_random)]
        deletion, insertion = self._curves([magnitudes, np.abs(self._cells.at_once), *placed])
        rounding = rounding_of(self._score)
        moved_rows = slice(2, None)
        uniform = np.broadcast_to(self._maps.mean(axis=(2, 3), keepdims=True), self._maps.shape)
        return Faithfulness(
            score=self._score,
            deletion=deletion.order(0),
            insertion=insertion.order(0),
            deletion_random=deletion.orders(moved_rows),
            insertion_random=insertion.orders(moved_rows),
            deletion_effects=deletion.order(1),
            insertion_effects=insertion.order(1),
            permuted=self._with_maps([self._shuffled() for _ in range(self._n_random)]),
            uniform=float(self._with_maps([uniform])[0]),
            rank_correlation=rank_correlations(self._maps, self._cells.once, rounding),
            opposite_share=opposite_shares(self._maps, self._cells.once, self._segments, self._kind, rounding),
        )

    def _curves(self, magnitudes: Sequence[FloatArray]) -> tuple[Removal, Removal]:
        """Return deletion and insertion in the orders of V magnitudes, (K, N, h, w) each."""
        ranks = np.stack([removal_rank(values, self._rng) for values in magnitudes])
        v = len(ranks)
        both = self._deletion(np.concatenate([ranks, self._counts[-1] - 1 - ranks]))
        return both.orders(slice(v)), both.orders(slice(v, None)).backwards()

    def _deletion(self, ranks: IntArray) -> Removal:
        """Delete the cells of (V, K, N, L) ranks below each count."""
        inner = self._counts[1:-1, None, None]
        scores, distances = [], []
        for run, empty, ranks_of_run in zip(self._runs, self._empty, ranks.swapaxes(0, 1), strict=True):
            masks = torch.from_numpy(ranks_of_run[:, None] < inner).flatten(0, 1)
            curves = run.masked(masks).cpu().numpy().reshape(len(ranks), -1, run.n_steps)
            ends = [np.broadcast_to(end, (len(ranks), 1, run.n_steps)) for end in (run.curve, empty)]
            curves = np.concatenate([ends[0], curves, ends[1]], axis=1)
            scores.append(curves[..., -1])
            distances.append(step_distances(curves, run.curve))
        fractions = self._counts / self._counts[-1]
        return Removal(fractions, np.mean(scores, axis=0), np.mean(distances, axis=0))

    def _shuffled(self) -> NDArray[np.float64]:
        flat = self._maps.reshape(*self._maps.shape[:2], -1)
        return self._rng.permuted(flat, axis=-1).reshape(self._maps.shape)

    def _with_maps(self, versions: Sequence[NDArray[np.float64]]) -> FloatArray:
        """Return the scores, (V,), under V versions of the maps, (K, N, h, w) each."""
        maps = torch.from_numpy(np.stack(versions, axis=1))
        scores = [
            run.with_attention(maps_of_run).cpu().numpy() for run, maps_of_run in zip(self._runs, maps, strict=True)
        ]
        return np.asarray(np.mean(scores, axis=0))
