"""Seconds of a training epoch: recorded by trainings on this computer, else guessed from the sizes of the head."""

import math
from dataclasses import asdict
from functools import lru_cache

import torch

from skillviewer.core.hashing import values_sha256
from skillviewer.engine.runtime.pace import pace_s, record_pace
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.fusion import CellMean
from skillviewer.nets.models import attention_model
from skillviewer.nets.sizes import HeadSizes, map_grid

_UNITS_PER_GMAC = {"float32": 3.0, "bfloat16": 0.8}
"""Units of work (``engine.runtime.pace``) for 1e9 multiplications of a forward pass, with its gradients."""

_MIN_UNITS = 0.4
"""Units of a video in a head that multiplies nearly nothing: its frames are still read and scored."""


def _work(model: AttentionModel, precision: str, n_segments: int) -> str:
    sizes = values_sha256(asdict(model.sizes))[:12]
    return f"epoch {type(model).__name__} {sizes} {precision} {n_segments}"


@lru_cache(maxsize=64)
def _built(name: str, sizes: HeadSizes) -> AttentionModel:
    with torch.device("meta"):
        return attention_model(name).build(sizes)


def record_epochs(model: AttentionModel, precision: str, n_segments: int, n_videos: int, seconds: float) -> None:
    """Record how long an epoch on some videos took, on average."""
    record_pace(_work(model, precision, n_segments), seconds / max(n_videos, 1))


def epoch_s(name: str, sizes: HeadSizes, precision: str, n_segments: int, n_videos: int, n_drawn: int) -> float:
    """Return the seconds of an epoch, with its look at the videos.

    Args:
        name: Entry in ATTENTION_MODELS.
        sizes: Sizes of its head.
        precision: Number type of the training.
        n_segments: N, sampled frames of a video.
        n_videos: Training videos.
        n_drawn: Videos computed in an epoch, each as often as it is drawn.
    """
    model = _built(name, sizes)
    gmac = 0.0
    if not isinstance(model.fusion, CellMean):
        taps = sizes.fusion_kernel**2 * sizes.feature_channels * sizes.fusion_hidden
        gmac = n_segments * math.prod(map_grid(sizes)) * taps / 1e9
    units = max(gmac * _UNITS_PER_GMAC.get(precision, 3.0), _MIN_UNITS) * max(n_drawn / max(n_videos, 1), 1)
    return n_videos * pace_s(_work(model, precision, n_segments), units)
