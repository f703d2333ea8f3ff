"""Measures of the motion in a video, each with its error and the share of frames on which it rests.

The error of a measure is estimated by simulation: its change when the noise of the track is doubled, and when the
filter is applied twice (cf. simulation extrapolation, Cook & Stefanski, JASA 89, 1994). It holds for this frame rate
and this noise; slow drifts of a tracker and what happens between two frames are not in it.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.kinematics.area import economy_of_area, working_area
from skillviewer.core.kinematics.bimanual import bimanual
from skillviewer.core.kinematics.motion import Motion, path_length, piece_of, prepare_motion
from skillviewer.core.kinematics.movements import Pause, idle_share, mean_speed, movements_per_s, pauses, peak_speed
from skillviewer.core.kinematics.oscillation import tapping, tremor
from skillviewer.core.kinematics.smoothness import windowed_ldlj, windowed_sparc
from skillviewer.core.tracks.hand_points import INDEX_TIP, MIDDLE_KNUCKLE, THUMB_TIP, WRIST
from skillviewer.core.tracks.reference_path import ReferencePath
from skillviewer.core.tracks.tracks import FrameState, Side, Track, TrackKind, TrackSet

_PALM_PERCENTILE = 90.0  # a turned palm looks shorter
_DRAWS = 12
_SLOWEST_WINDOW_S = 1.0
_TAP_SHARE = 0.15  # a tap opens the fingers by so much of their usual opening


@dataclass(frozen=True, slots=True)
class LengthUnit:
    """Unit in which lengths are measured."""

    name: str  # "palm lengths", "mm" or "picture heights"
    short: str  # as in a heading: "L", "mm", "H"
    px: float  # pixels of one unit
    idle_below: float  # a point is idle below this speed, in units a second

    @classmethod
    def millimetres(cls, mm_per_px: float) -> "LengthUnit":
        """Return millimetres, for a plane in which the user marked a known length."""
        return cls("mm", "mm", 1 / mm_per_px, 45.0)

    @classmethod
    def of(cls, tracks: TrackSet) -> "LengthUnit":
        """Return millimetres if a length is marked, else the palm length of the hands or the height of the picture."""
        if tracks.known_length is not None:
            return cls.millimetres(tracks.known_length.mm_per_px)
        palms = [t.xy_px[t.is_measured, WRIST] - t.xy_px[t.is_measured, MIDDLE_KNUCKLE] for t in tracks.hands]
        lengths = np.hypot(*np.concatenate(palms).T) if palms else np.zeros(0)
        finite_lengths = lengths[np.isfinite(lengths)]
        if len(finite_lengths) and (length := float(np.percentile(finite_lengths, _PALM_PERCENTILE))) > 0:
            return cls("palm lengths", "L", length, 0.5)
        return cls("picture heights", "H", float(tracks.height_px), 0.05)


@dataclass(frozen=True, slots=True)
class MeasureKind:
    """One measure of the table."""

    name: str
    title: str
    unit: str = ""  # {} stands for the unit of length
    min_rate_hz: float = 0.0  # below this frame rate the measure is left out
    weak_below_hz: float = 0.0  # below this frame rate the measure is weak


MEASURES = (
    MeasureKind("time", "Time seen", "s"),
    MeasureKind("path", "Path length", "{}"),
    MeasureKind("mean_speed", "Mean speed while moving", "{}/s"),
    MeasureKind("peak_speed", "Peak speed (95th percentile)", "{}/s"),
    MeasureKind("idle_share", "Idle share", "", weak_below_hz=50),
    MeasureKind("pauses", "Pauses a minute", "1/min", weak_below_hz=50),
    MeasureKind("longest_pause", "Longest pause", "s", weak_below_hz=50),
    MeasureKind("movements", "Movements a second", "1/s"),
    MeasureKind("sparc", "Smoothness (SPARC, 2 s windows)"),
    MeasureKind("ldlj", "Smoothness (LDLJ-V, 2 s windows)", min_rate_hz=50, weak_below_hz=100),
    MeasureKind("tremor", "Tremor, 3 to 12 Hz", "{}", min_rate_hz=50, weak_below_hz=100),
    MeasureKind("area", "Working area", "{}²"),
    MeasureKind("economy", "Economy of area"),
    MeasureKind("mean_distance", "Mean distance from the reference", "{}"),
    MeasureKind("median_distance", "Median distance from the reference", "{}"),
    MeasureKind("max_distance", "Largest distance from the reference", "{}"),
    MeasureKind("tap_frequency", "Tapping frequency", "Hz"),
    MeasureKind("tap_amplitude", "Tapping amplitude", "{}"),
    MeasureKind("tap_decrement", "Relative change of amplitude a second", "1/s"),
    MeasureKind("tap_halts", "Halts of tapping"),
    MeasureKind("share_left", "Share of the left hand in the path"),
    MeasureKind("correlation", "Correlation of the hands' speeds"),
    MeasureKind("both_moving", "Share of time with both hands moving", weak_below_hz=50),
)
"""All measures, in the order of tables: of a point, of tapping, of two hands."""

_COSTLY: dict[str, Callable[[Motion], float]] = {"ldlj": windowed_ldlj, "tremor": tremor}
_KINDS = {kind.name: kind for kind in MEASURES}
_IDLE = {"idle_share", "pauses", "longest_pause", "both_moving"}


@dataclass(frozen=True, slots=True)
class MeasureValue:
    """Value of one measure."""

    kind: MeasureKind
    value: float | None  # None if it is left out
    unit: str
    error: float | None  # root mean square error at this frame rate and noise; None if the value is left out
    share_seen: float  # share of the frames in which what is measured was seen, 0 to 1
    note: str = ""  # reason why it is left out, or weak


@dataclass(frozen=True, slots=True)
class MotionMeasures:
    """Measures of one point, or of two hands together."""

    track: str  # "left hand", or "both hands"
    point: str  # name of the point; "" for both hands
    measures: tuple[MeasureValue, ...]
    pauses: tuple[Pause, ...] = ()
    slowest_s: float | None = None  # centre of the slowest second
    farthest_s: float | None = None  # time of the largest distance from the reference

    def value(self, name: str) -> float | None:
        """Return the value of a measure, or None."""
        return next((measure.value for measure in self.measures if measure.kind.name == name), None)


@dataclass(frozen=True, slots=True)
class VideoMeasures:
    """All measures of one video."""

    unit: LengthUnit
    rate_hz: float  # frames a second that were searched
    motions: tuple[MotionMeasures, ...]  # by track, in the order of the set; both hands last


def measure_video(
    tracks: TrackSet,
    unit: LengthUnit | None = None,
    reference: ReferencePath | None = None,
    *,
    with_tapping: bool = False,
) -> VideoMeasures:
    """Measure the tracks of a video.

    Of a hand the middle knuckle is measured, of any other track every point. A point that was never seen has no
    measures.

    Args:
        tracks: Tracks of the video; interpolated frames count as unseen.
        unit: Unit of length; None for ``LengthUnit.of`` the tracks.
        reference: Target or path in pixels; None for that of the tracks.
        with_tapping: Whether to measure thumb and index finger as tapping.
    """
    unit = unit or LengthUnit.of(tracks)
    reference = tracks.reference if reference is None else reference
    in_unit = None if reference is None else ReferencePath(reference.points / unit.px, reference.closed)
    measures = []
    hands = {}
    rate_hz = 0.0
    for track in tracks.tracks:
        for point in measured_points(track):
            motion = motion_of(tracks, track, point, unit)
            rate_hz = max(rate_hz, motion.rate_hz)
            if not motion.pieces:
                continue
            if track.kind == TrackKind.HAND:
                hands[track.side] = motion
            motion_measures = _of_point(motion, unit, in_unit)
            extra = _of_tapping(tracks, track, unit) if with_tapping and track.kind == TrackKind.HAND else ()
            measures.append(
                replace(
                    motion_measures,
                    track=track.name,
                    point=track.points[point],
                    measures=(*motion_measures.measures, *extra),
                )
            )
    if Side.LEFT in hands and Side.RIGHT in hands:
        measures += _of_both(hands[Side.LEFT], hands[Side.RIGHT], tracks.times_s, unit)
    return VideoMeasures(unit, rate_hz, tuple(measures))


def motion_of(tracks: TrackSet, track: Track, point: int, unit: LengthUnit) -> Motion:
    """Return the motion of a point of a track, in units; frames that were not searched take no part."""
    rows = track.states != FrameState.UNSEARCHED
    points = track.xy_px[rows, point].astype(np.float64) / unit.px
    points[~track.is_measured[rows]] = np.nan
    return prepare_motion(tracks.times_s[rows], points)


def measured_points(track: Track) -> Sequence[int]:
    """Return the points of a track that are measured: the middle knuckle of a hand, else all."""
    return (MIDDLE_KNUCKLE,) if track.kind == TrackKind.HAND else range(len(track.points))


def _of_point(motion: Motion, unit: LengthUnit, reference: ReferencePath | None) -> MotionMeasures:
    def compute(motions: Sequence[Motion]) -> dict[str, float]:
        return motion_values(motions[0], unit.idle_below, reference)

    centres_s, speeds = _second_means(motion)
    farthest_s = None
    if reference is not None:
        farthest_s = float(motion.sample_times_s[np.argmax(reference.distances(motion.points))])
    return MotionMeasures(
        "",
        "",
        _with_errors(compute, [motion], unit, motion.share_seen),
        pauses(motion, unit.idle_below),
        float(centres_s[np.argmin(speeds)]) if len(speeds) else None,
        farthest_s,
    )


def motion_values(
    motion: Motion, idle_below: float, reference: ReferencePath | None, left_out: Collection[str] = ()
) -> dict[str, float]:
    """Return the measures of a motion by name; NaN where one is undefined. The reference is in the motion's unit.

    The measures in ``left_out``, of "ldlj" and "tremor", take half of the time and are not computed.
    """
    points, time_s = motion.points, motion.time_s
    length = sum(path_length(piece.points) for piece in motion.pieces)
    rests = pauses(motion, idle_below)
    values = {
        "time": time_s,
        "path": length,
        "mean_speed": mean_speed(motion, idle_below),
        "peak_speed": peak_speed(motion),
        "idle_share": idle_share(motion.speed, idle_below),
        "pauses": 60 * len(rests) / time_s,
        "longest_pause": max((pause.duration_s for pause in rests), default=0.0),
        "movements": movements_per_s(motion),
        "sparc": windowed_sparc(motion),
    }
    values |= {name: compute(motion) for name, compute in _COSTLY.items() if name not in left_out}
    values |= {"area": working_area(points), "economy": economy_of_area(points, length)}
    if reference is not None:
        distances = reference.distances(points)
        values |= {
            "mean_distance": float(distances.mean()),
            "median_distance": float(np.median(distances)),
            "max_distance": float(distances.max()),
        }
    return values


def _of_both(left: Motion, right: Motion, times_s: FloatArray, unit: LengthUnit) -> list[MotionMeasures]:
    def compute(motions: Sequence[Motion]) -> dict[str, float]:
        both = bimanual(motions[0], motions[1], times_s, unit.idle_below)
        if both is None:
            return {}
        return {"share_left": both.share_left, "correlation": both.correlation, "both_moving": both.both_moving}

    both = bimanual(left, right, times_s, unit.idle_below)
    if both is None:
        return []
    return [MotionMeasures("both hands", "", _with_errors(compute, [left, right], unit, both.share_seen))]


def _of_tapping(tracks: TrackSet, track: Track, unit: LengthUnit) -> tuple[MeasureValue, ...]:
    rows = track.states != FrameState.UNSEARCHED
    tips = track.xy_px[rows].astype(np.float64)
    opening = np.hypot(*(tips[:, THUMB_TIP] - tips[:, INDEX_TIP]).T) / unit.px
    opening[~track.is_measured[rows]] = np.nan
    # two equal columns: the noise of the opening is estimated and added as that of a position
    motion = prepare_motion(tracks.times_s[rows], np.stack([opening, opening], axis=1))
    if not motion.pieces:
        return ()
    longest = max(motion.pieces, key=lambda piece: len(piece.raw))
    low, high = np.percentile(longest.raw[:, 0], (5, 95))

    def compute(motions: Sequence[Motion]) -> dict[str, float]:
        (piece,) = motions[0].pieces
        taps = tapping(piece.raw[:, 0], piece.rate_hz, _TAP_SHARE * float(high - low))
        if taps is None:
            return {}
        return {
            "tap_frequency": taps.frequency_hz,
            "tap_amplitude": taps.mean_amplitude,
            "tap_decrement": taps.relative_slope_per_s,
            "tap_halts": taps.n_halts,
        }

    return _with_errors(compute, [replace(motion, pieces=(longest,))], unit, motion.share_seen)


def _with_errors(
    compute: Callable[[Sequence[Motion]], Mapping[str, float]],
    motions: Sequence[Motion],
    unit: LengthUnit,
    share_seen: float,
) -> tuple[MeasureValue, ...]:
    """Return the values of ``compute`` with their errors, from the frame rate and the noise of the motions."""
    values = compute(motions)
    rng = np.random.default_rng(0)
    noise = [motion.noise for motion in motions]
    noisy = [
        compute([_noisier(motion, sd, rng) for motion, sd in zip(motions, noise, strict=True)]) for _ in range(_DRAWS)
    ]
    filtered = compute([_filtered_again(motion) for motion in motions])
    rate_hz = min(motion.rate_hz for motion in motions)
    hidden = max(_resting_speed(sd, motion.rate_hz, rng) for motion, sd in zip(motions, noise, strict=True))
    measures = []
    for name, value in values.items():
        kind = _KINDS[name]
        reason = ""
        if rate_hz < kind.min_rate_hz:
            reason = f"left out below {kind.min_rate_hz:g} frames a second: noise would decide it"
        elif name in _IDLE and hidden >= unit.idle_below:
            reason = "left out: the noise of the track alone moves faster than the limit of a rest"
        weak = f"weak at {rate_hz:.3g} frames a second" if rate_hz < kind.weak_below_hz else ""
        is_defined = math.isfinite(value) and not reason
        measures.append(
            MeasureValue(
                kind,
                value if is_defined else None,
                kind.unit.format(unit.short),
                _error(value, [draw.get(name, math.nan) for draw in noisy], filtered.get(name)) if is_defined else None,
                share_seen,
                reason or weak,
            )
        )
    return tuple(measures)


def _error(value: float, noisy: Sequence[float], filtered: float | None) -> float | None:
    """Return the root of the sum of the mean squared changes by noise and by the filter, or None if unknown."""
    changes = np.array(noisy) - value
    if not np.isfinite(changes).any() or filtered is None or not math.isfinite(filtered):
        return None
    return math.hypot(math.sqrt(float(np.nanmean(changes**2))), filtered - value)


def _noisier(motion: Motion, noise: float, rng: np.random.Generator) -> Motion:
    """Return a motion with twice the noise: three times its variance is added."""
    added = math.sqrt(3) * noise
    pieces = (
        piece_of(piece.raw + added * rng.standard_normal(piece.raw.shape), piece.start_s, piece.rate_hz)
        for piece in motion.pieces
    )
    return replace(motion, pieces=tuple(pieces))


def _filtered_again(motion: Motion) -> Motion:
    pieces = (replace(piece_of(piece.points, piece.start_s, piece.rate_hz), raw=piece.raw) for piece in motion.pieces)
    return replace(motion, pieces=tuple(pieces))


def _resting_speed(noise: float, rate_hz: float, rng: np.random.Generator) -> float:
    """Return the 95th percentile of the speed that noise gives a point at rest."""
    return float(np.percentile(piece_of(noise * rng.standard_normal((500, 2)), 0, rate_hz).speed, 95))


def _second_means(motion: Motion) -> tuple[FloatArray, FloatArray]:
    """Return centres and mean speeds of all windows of a second."""
    centres, means = [np.zeros(0)], [np.zeros(0)]
    for piece in motion.pieces:
        length = max(round(_SLOWEST_WINDOW_S * piece.rate_hz), 1)
        if len(piece.speed) >= length:
            total = np.concatenate([[0.0], np.cumsum(piece.speed)])
            means.append((total[length:] - total[:-length]) / length)
            centres.append(piece.times_s[: len(means[-1])] + (length - 1) / 2 / piece.rate_hz)
    return np.concatenate(centres), np.concatenate(means)
