"""Pace of a training: recorded by trainings on this computer, else guessed from the sizes of the head."""

import math
from dataclasses import asdict
from functools import lru_cache

from skillviewer.core.hashing import values_sha256
from skillviewer.engine.runtime.pace import Pace, PaceTimer, pace_of
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.fusion import CellMean
from skillviewer.nets.meta_device import shapes_only
from skillviewer.nets.models import attention_model
from skillviewer.nets.sizes import HeadSizes, map_grid

_S_PER_GMAC = {"float32": 0.036, "bfloat16": 0.024}
"""Processor seconds for 1e9 multiplications of a forward pass, with its gradients."""

_MIN_S = 0.02
"""Processor seconds of a video in a head that multiplies nearly nothing: its frames are still read and scored."""


def _work(model: AttentionModel, precision: str, n_segments: int) -> str:
    sizes = values_sha256(asdict(model.sizes))[:12]
    return f"training {type(model).__name__} {sizes} {precision} {n_segments}"


@lru_cache(maxsize=64)
def _built(name: str, sizes: HeadSizes) -> AttentionModel:
    with shapes_only():
        return attention_model(name).build(sizes)


def record_training(timer: PaceTimer, model: AttentionModel, precision: str, n_segments: int, n_drawn: int) -> None:
    """Record how long a training took in which videos were drawn so many times in all."""
    timer.record(_work(model, precision, n_segments), n_drawn)


def training_pace(name: str, sizes: HeadSizes, precision: str, n_segments: int) -> Pace:
    """Return the pace of a training for a video, each time that it is drawn into a batch.

    Args:
        name: Entry in ATTENTION_MODELS.
        sizes: Sizes of its head.
        precision: Number type of the training.
        n_segments: N, sampled frames of a video.
    """
    model = _built(name, sizes)
    gmac = 0.0
    if not isinstance(model.fusion, CellMean):
        taps = sizes.fusion_kernel**2 * sizes.feature_channels * sizes.fusion_hidden
        gmac = n_segments * math.prod(map_grid(sizes)) * taps / 1e9
    return pace_of(_work(model, precision, n_segments), max(gmac * _S_PER_GMAC.get(precision, 0.036), _MIN_S))
