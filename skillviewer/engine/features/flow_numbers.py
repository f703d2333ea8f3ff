"""Numbers of the flow stacks of sampled frames: the input of ``motion``."""

import numpy as np

from skillviewer.core.arrays import Float32Array, Picture
from skillviewer.engine.features.frame_inputs import SampledInput
from skillviewer.engine.features.source import Configuration, Features, FeatureSource
from skillviewer.nets.attention_models.motion import FLOW_NUMBERS

_VERSION = 1
"""Raised whenever the same flow gives other numbers."""
_MOVING_PX, _STILL_PX, _PEAK = 0.5, 0.2, 0.95


def flow_numbers(flow: Picture, bound_px: float) -> Float32Array:
    """Return the numbers of a flow stack, (8,) float32 in the order of ``FLOW_NUMBERS``.

    Displacements are in pixels per frame, of every second pixel of every second row. Speed is their mean length, spread
    the standard deviation and peak the 95th percentile of the lengths; moving is the share above 0.5 pixels. Coherence
    is the length of the mean displacement of a field divided by the mean length, mean over the fields. Acceleration and
    jerk are the mean lengths of the first and second differences of successive fields, and still is the share of fields
    with a mean length below 0.2 pixels.

    Args:
        flow: (2L, h, w) uint8, quantised, x and y of every field in turn.
        bound_px: Displacement that saturates.
    """
    moved = (flow[:, ::2, ::2].astype(np.float32) - 128) * np.float32(2 * bound_px / 255)  # 128 is no motion
    fields = moved.reshape(-1, 2, *moved.shape[1:])
    lengths = np.hypot(fields[:, 0], fields[:, 1])
    by_field, mean = lengths.mean(axis=(1, 2)), fields.mean(axis=(2, 3))
    coherence = np.hypot(mean[:, 0], mean[:, 1]) / np.maximum(by_field, 1e-6)
    differences = [np.diff(fields, n, axis=0) for n in (1, 2)]
    rough = [np.hypot(d[:, 0], d[:, 1]).mean() if len(d) else 0.0 for d in differences]
    at = int(_PEAK * (lengths.size - 1))
    peak, moving = np.partition(lengths, at, axis=None)[at], (lengths > _MOVING_PX).mean()
    found = (lengths.mean(), lengths.std(), peak, moving, coherence.mean(), *rough, (by_field < _STILL_PX).mean())
    return np.array(found, np.float32)


class FlowSource(FeatureSource):
    """Source of the numbers of flow stacks in place of features, (8, 1, 1) float16 per sampled frame."""

    @property
    def configuration(self) -> Configuration:
        """Everything that decides the numbers besides the sampled frames."""
        flow = [(name, value) for name, value in super().configuration if name.startswith(("flow", "rate"))]
        return ("flow numbers", _VERSION), *flow

    @property
    def frame_shape(self) -> tuple[int, int, int]:
        """(8, 1, 1)."""
        return len(FLOW_NUMBERS), 1, 1

    def of_frame(self, item: SampledInput) -> Features:
        """Return the numbers of one sampled frame."""
        return flow_numbers(item.flow, self.preprocessing.flow.bound_px)[:, None, None].astype(np.float16)
