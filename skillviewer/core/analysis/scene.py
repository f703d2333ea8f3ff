"""One moment of an analysed video as values and colour limits, without pixels.

``resolve(analysis, frame_index, map_style)`` is pure; the player, the exporters and the command line paint its result.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind, MapRect
from skillviewer.core.analysis.map_style import ColourLimits, MapInterpolation, MapStyle
from skillviewer.core.arrays import Float32Array, ReadOnly

FLAT_BELOW = 1.5
"""A map whose largest value is less than this multiple of the uniform value is flat."""

EVEN_SCALE = 5.0
"""The colours of evenly spread maps end at this multiple of their largest value, so that they look flat."""


class MapSource(StrEnum):
    """Origin of the map on screen."""

    OWN = "own"  # the model looked at this very frame
    HELD = "held"  # the last sampled frame's map
    INTERPOLATED = "interpolated"  # between two sampled frames
    NOTHING = "none"  # before the first sampled frame, or the model has no map


@dataclass(frozen=True, slots=True, repr=False)
class Scene(ReadOnly):
    """One moment, resolved."""

    frame_index: int  # frame on screen, from 0
    time_s: float  # its presentation time
    values: Float32Array | None  # (h, w) float32 in display units (``unit``), or None if there is no map
    low: float  # value at the lower end of the colour bar
    high: float  # value at its upper end; greater than ``low``
    kind: MapKind
    unit: str  # ``"× uniform"`` for distributions, else ``""``
    rect: MapRect  # part of the picture that the map covers
    map_style: MapStyle
    source: MapSource
    # index of the sampled frame that the map (or the earlier one of two) belongs to, among the frames of all passes in
    # time order, or -1
    sample: int
    n_samples: int  # number of sampled frames in all passes so far
    sample_frame: int  # frame index of that sampled frame, or -1
    age_s: float  # time since that sampled frame in seconds; 0 if the map is the frame's own
    step: int  # step of the model (segment) of that sampled frame, or -1
    score: float  # score after that step in that pass, or NaN before the first
    even: bool = False  # True if the maps of the video are spread evenly, and so say little
    flat: bool = False  # True if this very map is: no cell has ``FLAT_BELOW`` times the uniform value

    @property
    def clipped(self) -> bool:
        """True if values beyond the ends of the scale share the colours of its ends."""
        may_be = self.map_style.scale is ColourLimits.COMMON or (
            self.map_style.scale is ColourLimits.CLIPPED and not self.even
        )
        return may_be and self.kind is not MapKind.GATE


def display_values(attention: Float32Array, kind: MapKind) -> Float32Array:
    """Return maps in display units: distributions as multiples of uniform, others unchanged."""
    if kind is MapKind.DISTRIBUTION:
        return attention * np.float32(attention.shape[-1] * attention.shape[-2])
    return attention


def display_limit(analysis: Analysis) -> float:
    """Return the upper end of one scale per video, in display units.

    It is the largest magnitude, or ``EVEN_SCALE`` times that for evenly spread maps: colours between the least and the
    largest value would show structure where there is hardly any.
    """
    if analysis.map_kind is MapKind.NONE:
        return 1.0
    largest = float(np.max(np.abs(display_values(analysis.attention, analysis.map_kind)), initial=0.0))
    return EVEN_SCALE * largest if analysis.spread_evenly else largest


def clipped_limit(analysis: Analysis) -> float:
    """Return the upper end of a clipped scale over a video, in display units.

    The scale of a distribution ends at ``FLAT_BELOW`` times the uniform value at least, so that flat maps look flat;
    that of evenly spread maps is not clipped.
    """
    if analysis.map_kind is MapKind.DISTRIBUTION:
        if analysis.spread_evenly:
            return display_limit(analysis)
        height, width = analysis.attention.shape[-2:]
        return max(analysis.clipping_limit * float(height * width), FLAT_BELOW)
    return analysis.clipping_limit or display_limit(analysis)


def _limits(values: Float32Array, analysis: Analysis, map_style: MapStyle) -> tuple[float, float]:
    if map_style.scale is ColourLimits.FRAME and not analysis.spread_evenly:
        high = float(np.max(np.abs(values), initial=0.0))
    elif map_style.scale is ColourLimits.COMMON:
        high = map_style.common_limit
    elif analysis.map_kind is MapKind.GATE:
        high = 1.0
    elif map_style.scale is ColourLimits.CLIPPED:
        high = clipped_limit(analysis)
    else:
        high = display_limit(analysis)
    high = high if high > 0 else 1.0
    return (-high, high) if analysis.map_kind is MapKind.SIGNED else (0.0, high)


def resolve(analysis: Analysis, frame_index: int, map_style: MapStyle) -> Scene:
    """Resolve the scene at a frame.

    Returns:
        The scene; ``values`` is None before the first sampled frame and for models without a map.
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
    flat = False
    sample_frame = -1
    age_s = 0.0
    step = -1
    score = float("nan")
    if row >= 0:
        sample_frame, in_pass, step = (int(x) for x in rows[row])
        age_s = time_s - float(video.times_s[sample_frame])
        score = float(analysis.score_curve[in_pass, step])
        if analysis.map_kind is not MapKind.NONE:
            values = display_values(analysis.attention[in_pass, step], analysis.map_kind)
            source = MapSource.OWN if sample_frame == frame_index else MapSource.HELD
            if source is MapSource.HELD and map_style.between is MapInterpolation.INTERPOLATED and row + 1 < len(rows):
                after, pass_after, step_after = (int(x) for x in rows[row + 1])
                later = display_values(analysis.attention[pass_after, step_after], analysis.map_kind)
                start_s, stop_s = float(video.times_s[sample_frame]), float(video.times_s[after])
                weight = np.float32((time_s - start_s) / max(stop_s - start_s, 1e-9))
                values = values * (1 - weight) + later * weight
                source = MapSource.INTERPOLATED
            low, high = _limits(values, analysis, map_style)
            flat = analysis.map_kind is MapKind.DISTRIBUTION and float(values.max()) < FLAT_BELOW
    return Scene(
        frame_index=frame_index,
        time_s=time_s,
        values=values,
        low=low,
        high=high,
        kind=analysis.map_kind,
        unit="× uniform" if analysis.map_kind is MapKind.DISTRIBUTION else "",
        rect=analysis.map_rect,
        map_style=map_style,
        source=source,
        sample=row,
        n_samples=len(rows),
        sample_frame=sample_frame,
        age_s=age_s,
        step=step,
        score=score,
        even=analysis.spread_evenly,
        flat=flat,
    )
