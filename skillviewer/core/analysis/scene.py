"""One frame of an analysis resolved to values and colour limits, without pixels.

``resolve(analysis, frame_index, map_style)`` is pure. The player, the exporters and the command line paint its result.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind, MapRect
from skillviewer.core.analysis.map_style import ColourLimits, MapInterpolation, MapStyle
from skillviewer.core.arrays import Float32Array, ReadOnly

FLAT_BELOW = 1.5
"""Multiple of the uniform value that no cell of a flat map reaches."""

EVEN_SCALE = 5.0
"""End of the colours of evenly spread maps, as a multiple of their largest value, so that they look flat."""


class MapSource(StrEnum):
    """Origin of the map on screen."""

    OWN = "own"  # the frame on screen was sampled
    HELD = "held"  # map of the last sampled frame
    INTERPOLATED = "interpolated"  # between the maps of two sampled frames
    NOTHING = "none"  # no map, before the first sampled frame or for a model without a map


@dataclass(frozen=True, slots=True, repr=False)
class Scene(ReadOnly):
    """One frame of an analysis, resolved to values and colour limits."""

    frame_index: int  # frame on screen, from 0
    time_s: float  # presentation time of the frame
    values: Float32Array | None  # (h, w) float32, the map in display units (``unit``), or None if there is no map
    low: float  # value at the lower end of the colour bar
    high: float  # value at the upper end of the colour bar; greater than ``low``
    kind: MapKind
    unit: str  # ``"× uniform"`` for distributions, else ``""``
    rect: MapRect  # part of the picture that the map covers
    map_style: MapStyle
    source: MapSource
    sample: int  # index of the last sampled frame, among those of all passes in time order, or -1 if there is none yet
    n_samples: int  # number of sampled frames in all passes so far
    sample_frame: int  # the last sampled frame, or -1
    age_s: float  # time since the last sampled frame, in seconds; 0 if it is on screen
    step: int  # step of the model (segment) at the last sampled frame, or -1
    score: float  # score after that step in its pass, or NaN
    is_spread_evenly: bool = False  # whether the maps of the video are spread evenly and therefore say little
    is_flat: bool = False  # whether no cell of this map reaches ``FLAT_BELOW`` times the uniform value

    @property
    def clipped(self) -> bool:
        """True if values may lie beyond the ends of the scale, where they have the colours of the ends."""
        if self.kind is MapKind.GATE:
            return False
        if self.map_style.scale is ColourLimits.COMMON:
            return True
        return self.map_style.scale is ColourLimits.CLIPPED and not self.is_spread_evenly


def display_values(attention: Float32Array, kind: MapKind) -> Float32Array:
    """Return maps in display units, which are multiples of the uniform value for distributions."""
    if kind is MapKind.DISTRIBUTION:
        return attention * np.float32(attention.shape[-1] * attention.shape[-2])
    return attention


def display_limit(analysis: Analysis) -> float:
    """Return the upper end of one scale per video, in display units.

    It is the largest magnitude; for evenly spread maps ``EVEN_SCALE`` times that, since a full range of colours would
    exaggerate their structure.
    """
    if analysis.map_kind is MapKind.NONE:
        return 1.0
    magnitudes = np.abs(display_values(analysis.attention, analysis.map_kind))
    largest_magnitude = float(np.max(magnitudes, initial=0.0))
    return EVEN_SCALE * largest_magnitude if analysis.spread_evenly else largest_magnitude


def clipped_limit(analysis: Analysis) -> float:
    """Return the upper end of a clipped scale over a video, in display units.

    For a distribution it is at least ``FLAT_BELOW`` times the uniform value, so that flat maps look flat. The scale of
    evenly spread maps is not clipped.
    """
    if analysis.map_kind is MapKind.DISTRIBUTION:
        if analysis.spread_evenly:
            return display_limit(analysis)
        height, width = analysis.attention.shape[-2:]
        return max(analysis.clipping_limit * float(height * width), FLAT_BELOW)
    return analysis.clipping_limit or display_limit(analysis)


def _limits(values: Float32Array, analysis: Analysis, map_style: MapStyle) -> tuple[float, float]:
    """Return the values at both ends of the colour bar."""
    limit = _upper_limit(values, analysis, map_style)
    high = limit if limit > 0 else 1.0
    return (-high, high) if analysis.map_kind is MapKind.SIGNED else (0.0, high)


def _upper_limit(values: Float32Array, analysis: Analysis, map_style: MapStyle) -> float:
    if map_style.scale is ColourLimits.FRAME and not analysis.spread_evenly:
        return float(np.max(np.abs(values), initial=0.0))
    if map_style.scale is ColourLimits.COMMON:
        return map_style.common_limit
    if analysis.map_kind is MapKind.GATE:
        return 1.0
    if map_style.scale is ColourLimits.CLIPPED:
        return clipped_limit(analysis)
    return display_limit(analysis)


def _interpolated(analysis: Analysis, row: int, time_s: float) -> Float32Array:
    """Return the map between the sampled frames of a row of ``Analysis.in_time_order`` and the next, at a time."""
    frame, pass_index, step = (int(number) for number in analysis.in_time_order[row])
    next_frame, next_pass, next_step = (int(number) for number in analysis.in_time_order[row + 1])
    values = display_values(analysis.attention[pass_index, step], analysis.map_kind)
    next_values = display_values(analysis.attention[next_pass, next_step], analysis.map_kind)
    start_s = float(analysis.video.times_s[frame])
    stop_s = float(analysis.video.times_s[next_frame])
    weight = np.float32((time_s - start_s) / max(stop_s - start_s, 1e-9))
    interpolated: Float32Array = values * (1 - weight) + next_values * weight
    return interpolated


def resolve(analysis: Analysis, frame_index: int, map_style: MapStyle) -> Scene:
    """Return the scene at a frame.

    Its ``values`` are None before the first sampled frame and for models without a map.
    """
    video = analysis.video
    if not 0 <= frame_index < video.n_frames:
        raise ValueError(f"frame {frame_index} lies outside 0 to {video.n_frames - 1}")
    rows = analysis.in_time_order
    row = int(np.searchsorted(rows[:, 0], frame_index, side="right")) - 1
    time_s = float(video.times_s[frame_index])
    values: Float32Array | None = None
    source = MapSource.NOTHING
    low = 0.0
    high = 1.0
    is_flat = False
    sample_frame = -1
    age_s = 0.0
    step = -1
    score = float("nan")
    if row >= 0:
        sample_frame, pass_index, step = (int(number) for number in rows[row])
        age_s = time_s - float(video.times_s[sample_frame])
        score = float(analysis.score_curve[pass_index, step])
        if analysis.map_kind is not MapKind.NONE:
            can_interpolate = map_style.between is MapInterpolation.INTERPOLATED and row + 1 < len(rows)
            if sample_frame != frame_index and can_interpolate:
                source = MapSource.INTERPOLATED
                values = _interpolated(analysis, row, time_s)
            else:
                source = MapSource.OWN if sample_frame == frame_index else MapSource.HELD
                values = display_values(analysis.attention[pass_index, step], analysis.map_kind)
            low, high = _limits(values, analysis, map_style)
            is_flat = analysis.map_kind is MapKind.DISTRIBUTION and float(values.max()) < FLAT_BELOW
    unit = "× uniform" if analysis.map_kind is MapKind.DISTRIBUTION else ""
    return Scene(
        frame_index=frame_index,
        time_s=time_s,
        values=values,
        low=low,
        high=high,
        kind=analysis.map_kind,
        unit=unit,
        rect=analysis.map_rect,
        map_style=map_style,
        source=source,
        sample=row,
        n_samples=len(rows),
        sample_frame=sample_frame,
        age_s=age_s,
        step=step,
        score=score,
        is_spread_evenly=analysis.spread_evenly,
        is_flat=is_flat,
    )
