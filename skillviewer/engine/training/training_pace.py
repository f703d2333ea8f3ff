"""Pace of a training: recorded by earlier trainings on this computer, or else estimated from the sizes of the head."""

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

_FLOAT32_S_PER_GMAC = 0.036
_S_PER_GMAC = {"float32": _FLOAT32_S_PER_GMAC, "bfloat16": 0.024}
"""Processor seconds for 1e9 multiplications of a forward pass and their gradients, by number type."""

_MIN_VIDEO_S = 0.02
"""Processor seconds of a video in a head with few multiplications: its frames are still read and scored."""


def _pace_name(model: AttentionModel, precision: str, n_segments: int) -> str:
    sizes_digest = values_sha256(asdict(model.sizes))[:12]
    return f"training {type(model).__name__} {sizes_digest} {precision} {n_segments}"


@lru_cache(maxsize=64)
def _model_without_weights(name: str, sizes: HeadSizes) -> AttentionModel:
    with shapes_only():
        return attention_model(name).build(sizes)


def record_training_pace(
    timer: PaceTimer, model: AttentionModel, precision: str, n_segments: int, n_drawn: int
) -> None:
    """Record the pace of a training whose batches had ``n_drawn`` videos in total."""
    timer.record(_pace_name(model, precision, n_segments), n_drawn)


def training_pace(name: str, sizes: HeadSizes, precision: str, n_segments: int) -> Pace:
    """Return the pace of training on one video of a batch.

    Args:
        name: Entry in ATTENTION_MODELS.
        sizes: Sizes of the head.
        precision: Number type of the training.
        n_segments: N, sampled frames of a video.
    """
    model = _model_without_weights(name, sizes)
    giga_multiplications = 0.0
    if not isinstance(model.fusion, CellMean):
        multiplications_per_cell = sizes.fusion_kernel**2 * sizes.feature_channels * sizes.fusion_hidden
        n_cells = n_segments * math.prod(map_grid(sizes))
        giga_multiplications = n_cells * multiplications_per_cell / 1e9
    s_per_gmac = _S_PER_GMAC.get(precision, _FLOAT32_S_PER_GMAC)
    usual_s = max(giga_multiplications * s_per_gmac, _MIN_VIDEO_S)
    return pace_of(_pace_name(model, precision, n_segments), usual_s)
