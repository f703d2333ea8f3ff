"""Measures of tracks up to given frames, as inputs of a model."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.kinematics.bimanual import bimanual
from skillviewer.core.kinematics.measures import LengthUnit, measured_points, motion_of, motion_values
from skillviewer.core.tracks.reference_path import ReferencePath
from skillviewer.core.tracks.tracks import Side, TrackKind, TrackSet

if TYPE_CHECKING:
    from skillviewer.core.kinematics.motion import Motion

LOGARITHMIC = {"time", "path", "mean_speed", "peak_speed", "area", "mean_distance", "median_distance", "max_distance"}
"""Measures that are given as logarithms, since their ratios are more informative than their differences."""

_LEFT_OUT = {"ldlj", "tremor"}  # measures that are weak at usual frame rates
_MIN_VALUE = 1e-6


def motion_numbers(
    tracks: TrackSet, frames: Sequence[int], reference: ReferencePath | None = None
) -> dict[str, FloatArray]:
    """Return the measures of every point and of two hands up to each of some frames.

    Args:
        tracks: Tracks of a video or clip.
        frames: N frames of the file, ascending.
        reference: Reference path in pixels, or None.

    Returns:
        (N,) float64 by "track, point: measure"; NaN at frames up to which the measure is unknown.
    """
    unit = LengthUnit.of(tracks)
    reference_in_units = None
    if reference is not None:
        reference_in_units = ReferencePath(reference.points / unit.px, reference.closed)
    numbers: dict[str, FloatArray] = {}
    for index, frame in enumerate(frames):
        stop = min(frame + 1, tracks.frames.stop)
        tracks_so_far = tracks.within(range(tracks.start_frame, max(stop, tracks.start_frame + 1)))
        for name, value in _numbers(tracks_so_far, unit, reference_in_units).items():
            if name not in numbers:
                numbers[name] = np.full(len(frames), math.nan)
            numbers[name][index] = value
    return numbers


def _numbers(tracks: TrackSet, unit: LengthUnit, reference: ReferencePath | None) -> dict[str, float]:
    values: dict[str, float] = {}
    hands: dict[Side, Motion] = {}
    for track in tracks.tracks:
        for point in measured_points(track):
            motion = motion_of(tracks, track, point, unit)
            if not motion.pieces:
                continue
            if track.kind == TrackKind.HAND:
                hands[track.side] = motion
            for name, value in motion_values(motion, unit.idle_below, reference, _LEFT_OUT).items():
                number = math.log(max(value, _MIN_VALUE)) if name in LOGARITHMIC else value
                values[f"{track.name}, {track.points[point]}: {name}"] = number
    if Side.LEFT in hands and Side.RIGHT in hands:
        both_hands = bimanual(hands[Side.LEFT], hands[Side.RIGHT], tracks.times_s, unit.idle_below)
        if both_hands is not None:
            values["both hands: share_left"] = both_hands.share_left
            values["both hands: correlation"] = both_hands.correlation
            values["both hands: both_moving"] = both_hands.share_both_moving
    return values
