"""Artificial evidence with known numbers."""

import threading
from dataclasses import dataclass, field

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.arrays import FloatArray
from skillviewer.core.errors import DeviceError
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.explanation.faithfulness import Faithfulness, OcclusionCurve
from skillviewer.core.progress import CancelToken, Progress, Report

N_BATCHES = 20


@dataclass
class Explaining:
    """Behaviour of the fake explanation.

    Attributes:
        faithful: Value of the faithfulness, 0 to 1; 0 is no better than random.
        held: True to wait half way until ``hold`` is set.
        failing: True to run out of memory.
        asked: Names of the explained videos, in order.
    """

    faithful: float = 0.71
    held: bool = False
    failing: bool = False
    hold: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)


def contributions(n: int) -> FloatArray:
    """Return (N,) contributions: one part lowers the score, one raises it, the rest hardly counts."""
    worth = np.full(n, 0.004)
    worth[4:7] = (-0.05, -0.12, -0.06)
    worth[15:17] = (0.08, 0.11)
    return worth


def _removal(areas: FloatArray) -> OcclusionCurve:
    """Return curves of two points with the given areas."""
    distances = np.stack([np.zeros_like(areas), 2 * areas], axis=-1)
    return OcclusionCurve(np.array([0.0, 1.0]), distances, distances)


def faithfulness(value: float, shape: tuple[int, int], score: float) -> Faithfulness:
    """Return a faithfulness with a given value, 0 to 1; the order by effects is perfect."""
    random = np.where(np.arange(20) % 2, 0.01, -0.01)
    threshold = 2 * float(random.std(ddof=1))
    gain = threshold + value * (1 - threshold) if value > 0 else 0.0
    zeros = np.zeros(20)
    return Faithfulness(
        score=score,
        deletion=_removal(np.array(gain)),
        insertion=_removal(np.array(0.0)),
        deletion_random=_removal(random),
        insertion_random=_removal(zeros),
        deletion_effects=_removal(np.array(1.0)),
        insertion_effects=_removal(np.array(0.0)),
        permuted=np.full(20, score + 0.05),
        uniform=score - 0.03,
        rank_correlation=np.full(shape, 0.4),
        opposite_share=np.full(shape, 0.1),
    )


def make_evidence(analysis: Analysis, value: float = 0.71) -> Evidence:
    """Return evidence for an analysis: segments contribute as in ``contributions``, cells by their position."""
    k, n, h, w = analysis.attention.shape
    cells = np.linspace(-0.02, 0.02, h * w).reshape(h, w)
    mapless = analysis.map_kind is MapKind.NONE
    return Evidence(
        video_digest=analysis.video.digest,
        model_digest=analysis.provenance.model_digest,
        map_kind=analysis.map_kind,
        score=analysis.score,
        baseline=0.125,
        segments=np.tile(contributions(n), (k, 1)),
        cells=None if mapless else np.tile(cells, (k, 1, 1)),
        cell_steps=None if mapless else np.tile(cells, (k, n, 1, 1)),
        faithfulness=None if mapless else faithfulness(value, (k, n), analysis.score),
        n_random=20,
        seed=0,
        clip_range=analysis.clip_range,
    )


def explain(how: Explaining, analysis: Analysis, token: CancelToken, report: Report) -> Evidence:
    how.asked.append(analysis.video.path.stem)
    for done in range(1, N_BATCHES + 1):
        token.check()
        if how.held and done == N_BATCHES // 2:
            report(Progress("weighing evidence", done, N_BATCHES))
            while not how.hold.wait(0.002):
                token.check()
        if how.failing and done == 3:
            raise DeviceError("The GPU ran out of memory. Close other programs that use it.")
        report(Progress("weighing evidence", done, N_BATCHES))
    return make_evidence(analysis, how.faithful)
