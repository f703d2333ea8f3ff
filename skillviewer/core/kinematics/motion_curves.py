"""Curves of motion over the time of a video: speed, and the opening between thumb and index finger."""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray, ReadOnly
from skillviewer.core.kinematics.measures import LengthUnit, finger_opening, measured_points, motion_of
from skillviewer.core.kinematics.motion import Motion
from skillviewer.core.kinematics.movements import Pause, movement_peaks_s, pauses
from skillviewer.core.tracks.hand_points import HAND_POINTS
from skillviewer.core.tracks.track_drawing import colour_indices_of
from skillviewer.core.tracks.tracks import Track, TrackSet, gaps

MAX_CURVES = 6
"""Most curves that can be told apart."""


@dataclass(frozen=True, slots=True, repr=False)
class MotionCurve(ReadOnly):
    """Motion of one point.

    Attributes:
        name: Name of the track, with the name of the point if the track has several measured points.
        colour: Index in ``track_drawing.COLOURS``.
        times_s: (n,) float64, times in seconds from the file's first frame, ascending.
        speed: (n,) float64, units a second, with one NaN between two pieces.
        opening_times_s: (m,) float64, times of the opening.
        opening: (m,) float64, distance between the tips of thumb and index finger in units, NaN in gaps; (0,) for
            tracks other than hands.
        pauses: Pauses of the point.
        peaks_s: (k,) float64, times of the speed peaks.
        gaps_s: Start and stop of every gap, in seconds.
    """

    name: str
    colour: int
    times_s: FloatArray
    speed: FloatArray
    opening_times_s: FloatArray
    opening: FloatArray
    pauses: tuple[Pause, ...]
    peaks_s: FloatArray
    gaps_s: tuple[tuple[float, float], ...]

    def speed_at(self, time_s: float) -> float | None:
        """Return the speed at a time, or None if the point was not seen."""
        return _value_at(self.times_s, self.speed, time_s)

    def opening_at(self, time_s: float) -> float | None:
        """Return the opening at a time, or None if it was not seen."""
        return _value_at(self.opening_times_s, self.opening, time_s)


@dataclass(frozen=True, slots=True)
class MotionCurves:
    """Curves of all tracks of a video."""

    unit: LengthUnit
    curves: tuple[MotionCurve, ...]  # at most ``MAX_CURVES``
    n_left_out: int = 0  # number of points with a motion but without a curve


def _value_at(times_s: FloatArray, values: FloatArray, time_s: float) -> float | None:
    """Return the value nearest to a time; None if the value is NaN, or all values are far from the time."""
    if not len(times_s):
        return None
    right = min(int(np.searchsorted(times_s, time_s)), len(times_s) - 1)
    left = max(right - 1, 0)
    nearest_index = left if abs(times_s[left] - time_s) <= abs(times_s[right] - time_s) else right
    neighbouring_times_s = times_s[max(nearest_index - 1, 0) : nearest_index + 2]
    step_s = float(np.diff(neighbouring_times_s).min(initial=np.inf))
    max_distance_s = 0.05
    if np.isfinite(step_s):
        max_distance_s = max(2 * step_s, max_distance_s)
    if abs(times_s[nearest_index] - time_s) > max_distance_s or not np.isfinite(values[nearest_index]):
        return None
    return float(values[nearest_index])


def motion_curves(tracks: TrackSet, unit: LengthUnit | None = None) -> MotionCurves:
    """Return the curves of every measured point that was seen for long enough."""
    if unit is None:
        unit = LengthUnit.of(tracks)
    colours = colour_indices_of(tracks)
    curves = []
    for track in tracks.tracks:
        points = measured_points(track)
        for point in points:
            motion = motion_of(tracks, track, point, unit)
            if not motion.pieces:
                continue
            times_s, speed = _speed_curve(motion)
            opening_times_s = np.zeros(0)
            opening = np.zeros(0)
            if track.points == HAND_POINTS:
                opening_times_s, opening = finger_opening(tracks, track, unit)
            name = track.name if len(points) == 1 else f"{track.name}, {track.points[point]}"
            curve = MotionCurve(
                name=name,
                colour=colours[track.name][point],
                times_s=times_s,
                speed=speed,
                opening_times_s=opening_times_s,
                opening=opening,
                pauses=pauses(motion, unit.idle_below),
                peaks_s=movement_peaks_s(motion),
                gaps_s=_gaps_s(tracks, track),
            )
            curves.append(curve)
    return MotionCurves(unit, tuple(curves[:MAX_CURVES]), max(len(curves) - MAX_CURVES, 0))


def _speed_curve(motion: Motion) -> tuple[FloatArray, FloatArray]:
    """Return times and speeds of all pieces, with a NaN between two pieces."""
    times_s: list[FloatArray] = []
    speeds: list[FloatArray] = []
    for piece in motion.pieces:
        if times_s:
            times_s.append(np.array([(times_s[-1][-1] + piece.start_s) / 2]))
            speeds.append(np.array([np.nan]))
        times_s.append(piece.times_s)
        speeds.append(piece.speed)
    return np.concatenate(times_s), np.concatenate(speeds)


def _gaps_s(tracks: TrackSet, track: Track) -> tuple[tuple[float, float], ...]:
    return tuple((float(tracks.times_s[run.start]), float(tracks.times_s[run.stop - 1])) for run in gaps(track))
