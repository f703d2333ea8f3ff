"""Measurement of the evidence for a score: contributions, and a faithfulness test (``core.explanation.evidence``)."""

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
    OcclusionCurve,
    moved_at_random,
    occlusion_counts,
    occlusion_ranks,
    opposite_shares,
    rank_correlations,
    rounding_of,
    step_distances,
)
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.clips import ClipRange
from skillviewer.engine.features.frame_inputs import sampling_of
from skillviewer.engine.features.frame_sources import FeatureSource
from skillviewer.engine.inference.replay import Replay
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention import AttentionModel

STAGE = "weighing evidence"


@dataclass(slots=True)
class _StepCounter:
    """Counts finished steps, reports them, and stops if the token is cancelled."""

    n_steps: int
    token: CancelToken
    report: Report
    n_done: int = 0

    def add(self, n_steps: int) -> None:
        self.token.check()
        self.n_done += n_steps
        self.report(Progress(STAGE, self.n_done, self.n_steps))


def fused_passes(
    reader: VideoReader,
    model: AttentionModel,
    source: FeatureSource,
    n_passes: int,
    token: CancelToken,
    report: Report,
    clip_range: ClipRange | None = None,
) -> Tensor:
    """Return the fused features of a video's passes, (K, N, C, h, w), as in an assessment."""
    sampling = sampling_of(reader.read_info(token), source.preprocessing, n_passes, clip_range)
    n_steps = sampling.positions.shape[1]
    device = next(model.parameters()).device
    fused = []
    with torch.inference_mode():
        for n_done, features in enumerate(source.steps(reader, sampling, token), start=1):
            inputs = torch.from_numpy(features).to(device).float()
            fused.append(model.fuse(inputs[:, None])[:, 0])
            report(Progress("looking", n_done, n_steps))
    return torch.stack(fused, dim=1)


def _count_steps(model: AttentionModel, n_frames: int, n_cells: int, n_random: int) -> int:
    """Return the number of steps for one pass: frames times versions of the video."""
    unchanged = n_frames
    empty_and_without_segments = n_frames * (1 + n_frames)
    n_steps = unchanged + empty_and_without_segments
    if n_cells == 1:
        return n_steps
    without_cell = n_frames * n_cells
    without_cell_once = n_frames * n_cells
    if model.needs.whole_video:
        other_frames = n_frames * n_frames * n_cells
    else:
        other_frames = n_cells * n_frames * (n_frames - 1) // 2
    n_steps += without_cell + without_cell_once + other_frames
    if model.map_kind is not MapKind.NONE:
        n_counts = len(occlusion_counts(n_cells)) - 2
        n_orders = 2 * (2 + n_random)
        n_replaced_maps = n_random + 1
        n_steps += n_frames * (n_orders * n_counts + n_replaced_maps)
    return n_steps


def measure_evidence(
    model: AttentionModel,
    fused: Tensor,
    video_digest: str,
    model_digest: str,
    token: CancelToken,
    report: Report,
    n_random: int = MIN_RANDOM,
    seed: int = 0,
) -> Evidence:
    """Measure contributions of segments and cells by occlusion, and test the faithfulness of the attention.

    Args:
        model: Model in evaluation mode.
        fused: (K, N, C, h, w) fused features of the video's passes.
        video_digest: Digest of the video.
        model_digest: Digest of the model.
        token: Checked after every batch.
        report: Receives the number of finished steps; a step is one frame of one version of the video.
        n_random: R, number of random orders and of shuffles, at least ``MIN_RANDOM``.
        seed: Seed of the random orders and shuffles.
    """
    if n_random < MIN_RANDOM:
        raise ValueError(f"{n_random} random orders are too few to show their spread: take at least {MIN_RANDOM}")
    n_passes, n_frames = fused.shape[:2]
    n_cells = int(np.prod(model.grid))
    if n_cells > 1 and tuple(fused.shape[3:]) != model.grid:
        raise ValueError(f"fused features of {tuple(fused.shape)} do not have the model's grid {model.grid}")
    counter = _StepCounter(n_passes * _count_steps(model, n_frames, n_cells, n_random), token, report)
    mean_feature = fused.mean(dim=(0, 1, 3, 4))
    with torch.inference_mode():
        replays = [Replay(model, pass_features, mean_feature, counter.add) for pass_features in fused]
        score = float(np.mean([replay.score for replay in replays]))
        empty_curves, segments = _occlude_segments(replays)
        cells = _occlude_cells(replays, model.grid) if n_cells > 1 else None
        in_all_steps = cells.in_all_steps if cells is not None else None
        in_one_step = cells.in_one_step if cells is not None else None
        faithfulness = None
        if cells is not None and model.map_kind is not MapKind.NONE:
            test = _FaithfulnessTest(
                replays, model.map_kind, score, empty_curves, segments, cells, n_random, np.random.default_rng(seed)
            )
            faithfulness = test.run()
    return Evidence(
        video_digest=video_digest,
        model_digest=model_digest,
        map_kind=model.map_kind,
        score=score,
        baseline=float(empty_curves[:, -1].mean()),
        segments=segments,
        cells=in_all_steps,
        cell_steps=in_one_step,
        faithfulness=faithfulness,
        n_random=n_random,
        seed=seed,
    )


def _occlude_segments(replays: Sequence[Replay]) -> tuple[FloatArray, FloatArray]:
    """Return the score curves with all segments occluded, and the contributions of the segments, (K, N) each."""
    n_steps = replays[0].n_steps
    n_cells = replays[0].n_cells
    occluded = torch.cat([torch.ones(1, n_steps, dtype=torch.bool), torch.eye(n_steps, dtype=torch.bool)])
    masks = occluded[:, :, None].expand(-1, -1, n_cells)
    masked_curves = [replay.masked(masks) for replay in replays]
    curves = np.stack([curve.cpu().numpy() for curve in masked_curves])
    scores = np.array([replay.score for replay in replays])
    return curves[:, 0], scores[:, None] - curves[:, 1:, -1]


class _CellContributions(NamedTuple):
    """Contributions of cells to the score."""

    in_all_steps: FloatArray  # (K, h, w), of a cell that is occluded in all steps
    in_one_step: FloatArray  # (K, N, h, w), of a cell that is occluded in one step
    right_after: FloatArray  # (K, N, h, w), of a cell that is occluded in one step, to the score right after the step


def _occlude_cells(replays: Sequence[Replay], grid: tuple[int, int]) -> _CellContributions:
    n_steps = replays[0].n_steps
    n_cells = replays[0].n_cells
    masks = torch.eye(n_cells, dtype=torch.bool)[:, None].expand(-1, n_steps, -1)
    in_all_steps = []
    in_one_step = []
    right_after = []
    for replay in replays:
        scores_without_cell = replay.masked(masks)[:, -1]
        in_all_steps.append(replay.score - scores_without_cell.cpu().numpy())
        scores_after_step, final_scores = replay.each_cell()
        in_one_step.append(replay.score - final_scores.cpu().numpy())
        right_after.append(replay.curve[:, None] - scores_after_step.cpu().numpy())
    return _CellContributions(
        np.reshape(in_all_steps, (-1, *grid)),
        np.reshape(in_one_step, (-1, n_steps, *grid)),
        np.reshape(right_after, (-1, n_steps, *grid)),
    )


@dataclass(eq=False, repr=False)
class _FaithfulnessTest:
    """Test of the attention by deletion, insertion and replacement of maps."""

    _replays: Sequence[Replay]
    _map_kind: MapKind
    _score: float
    _empty_curves: FloatArray
    _segments: FloatArray
    _cells: _CellContributions
    _n_random: int
    _rng: np.random.Generator

    def __post_init__(self) -> None:
        maps = [replay.attention.double().cpu().numpy() for replay in self._replays]
        self._maps: NDArray[np.float64] = np.stack(maps)
        self._counts = occlusion_counts(self._replays[0].n_cells)

    def run(self) -> Faithfulness:
        magnitudes = np.abs(self._maps)
        moved_magnitudes = [moved_at_random(magnitudes, self._rng) for _ in range(self._n_random)]
        deletion, insertion = self._remove_cells([magnitudes, np.abs(self._cells.right_after), *moved_magnitudes])
        moved_orders = slice(2, None)
        shuffled_maps = [self._shuffle_maps() for _ in range(self._n_random)]
        uniform_maps = np.broadcast_to(self._maps.mean(axis=(2, 3), keepdims=True), self._maps.shape)
        rounding = rounding_of(self._score)
        contributions = self._cells.in_one_step
        return Faithfulness(
            score=self._score,
            deletion=deletion.select_order(0),
            insertion=insertion.select_order(0),
            deletion_random=deletion.select_orders(moved_orders),
            insertion_random=insertion.select_orders(moved_orders),
            deletion_effects=deletion.select_order(1),
            insertion_effects=insertion.select_order(1),
            permuted=self._scores_with_maps(shuffled_maps),
            uniform=float(self._scores_with_maps([uniform_maps])[0]),
            rank_correlation=rank_correlations(self._maps, contributions, rounding),
            opposite_share=opposite_shares(self._maps, contributions, self._segments, self._map_kind, rounding),
        )

    def _remove_cells(self, magnitudes: Sequence[FloatArray]) -> tuple[OcclusionCurve, OcclusionCurve]:
        """Return deletion and insertion in the orders of V magnitudes, (K, N, h, w) each."""
        ranks = np.stack([occlusion_ranks(values, self._rng) for values in magnitudes])
        n_orders = len(ranks)
        reversed_ranks = self._counts[-1] - 1 - ranks
        curves_of_orders = self._delete_cells(np.concatenate([ranks, reversed_ranks]))
        deletion = curves_of_orders.select_orders(slice(n_orders))
        insertion = curves_of_orders.select_orders(slice(n_orders, None)).reversed()
        return deletion, insertion

    def _delete_cells(self, ranks: IntArray) -> OcclusionCurve:
        """Delete the cells with (V, K, N, L) ranks below each count."""
        n_orders = len(ranks)
        inner_counts = self._counts[1:-1, None, None]
        scores = []
        distances = []
        for replay, empty_curve, pass_ranks in zip(
            self._replays, self._empty_curves, ranks.swapaxes(0, 1), strict=True
        ):
            masks = torch.from_numpy(pass_ranks[:, None] < inner_counts).flatten(0, 1)
            inner_curves = replay.masked(masks).cpu().numpy().reshape(n_orders, -1, replay.n_steps)
            full = np.broadcast_to(replay.curve, (n_orders, 1, replay.n_steps))
            empty = np.broadcast_to(empty_curve, (n_orders, 1, replay.n_steps))
            curves = np.concatenate([full, inner_curves, empty], axis=1)
            scores.append(curves[..., -1])
            distances.append(step_distances(curves, replay.curve))
        fractions = self._counts / self._counts[-1]
        return OcclusionCurve(fractions, np.mean(scores, axis=0), np.mean(distances, axis=0))

    def _shuffle_maps(self) -> NDArray[np.float64]:
        flat_maps = self._maps.reshape(*self._maps.shape[:2], -1)
        return self._rng.permuted(flat_maps, axis=-1).reshape(self._maps.shape)

    def _scores_with_maps(self, versions: Sequence[NDArray[np.float64]]) -> FloatArray:
        """Return the scores, (V,), with the maps replaced by V versions, (K, N, h, w) each."""
        maps = torch.from_numpy(np.stack(versions, axis=1))
        scores = []
        for replay, pass_maps in zip(self._replays, maps, strict=True):
            scores_of_pass = replay.with_attention(pass_maps)
            scores.append(scores_of_pass.cpu().numpy())
        return np.asarray(np.mean(scores, axis=0))
