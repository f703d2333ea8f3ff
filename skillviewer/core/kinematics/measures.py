"""Measures of the motion in a video, each with its error and the share of frames in which the point was seen.

The error of a measure is estimated by simulation, from the changes when the noise of the track is doubled and when the
filter is applied twice (cf. simulation extrapolation, Cook & Stefanski, JASA 89, 1994). It holds for this frame rate
and this noise, and does not include slow drifts of a tracker or motion between two frames.
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

_PALM_PERCENTILE = 90.0  # not the median, since a turned palm looks shorter
_N_NOISE_DRAWS = 12
_SLOWEST_WINDOW_S = 1.0
_TAP_SHARE = 0.15  # least opening of the fingers in a tap, as a share of their usual range


@dataclass(frozen=True, slots=True)
class LengthUnit:
    """Unit in which lengths are measured."""

    name: str  # "palm lengths", "mm" or "picture heights"
    short: str  # symbol in headings: "L", "mm" or "H"
    px: float  # pixels of one unit
    idle_below: float  # speed below which a point is idle, in units a second

    @classmethod
    def millimetres(cls, mm_per_px: float) -> "LengthUnit":
        """Return millimetres, for a plane in which the user marked a known length."""
        return cls("mm", "mm", 1 / mm_per_px, 45.0)

    @classmethod
    def of(cls, tracks: TrackSet) -> "LengthUnit":
        """Return millimetres if a length is marked, else the palm length of the hands or the height of the picture."""
        if tracks.known_length is not None:
            return cls.millimetres(tracks.known_length.mm_per_px)
        palm_px = _palm_length_px(tracks)
        if palm_px > 0:
            return cls("palm lengths", "L", palm_px, 0.5)
        return cls("picture heights", "H", float(tracks.height_px), 0.05)


def _palm_length_px(tracks: TrackSet) -> float:
    """Return the palm length of the hands in pixels, or 0 if no palm was seen."""
    palms = [t.xy_px[t.is_measured, WRIST] - t.xy_px[t.is_measured, MIDDLE_KNUCKLE] for t in tracks.hands]
    if not palms:
        return 0.0
    lengths_px = np.hypot(*np.concatenate(palms).T)
    finite_lengths_px = lengths_px[np.isfinite(lengths_px)]
    return float(np.percentile(finite_lengths_px, _PALM_PERCENTILE)) if len(finite_lengths_px) else 0.0


@dataclass(frozen=True, slots=True)
class MeasureKind:
    """Definition of one measure."""

    name: str
    title: str
    unit: str = ""  # unit, with {} for the unit of length
    min_rate_hz: float = 0.0  # frame rate below which the measure is left out
    weak_below_hz: float = 0.0  # frame rate below which the measure is weak


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
"""All measures, in the order of tables: those of a point, of tapping, and of two hands."""

_COSTLY: dict[str, Callable[[Motion], float]] = {"ldlj": windowed_ldlj, "tremor": tremor}
_KINDS = {kind.name: kind for kind in MEASURES}
_IDLE_MEASURES = {"idle_share", "pauses", "longest_pause", "both_moving"}


@dataclass(frozen=True, slots=True)
class MeasureValue:
    """Value of one measure."""

    kind: MeasureKind
    value: float | None  # None if the measure is left out
    unit: str
    error: float | None  # root mean square error at this frame rate and noise, or None if unknown
    share_seen: float  # share of the frames in which the point was seen, 0 to 1
    note: str = ""  # reason why the measure is left out or weak, or ""


@dataclass(frozen=True, slots=True)
class MotionMeasures:
    """Measures of one point, or of two hands together."""

    track: str  # name of the track, such as "left hand", or "both hands"
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
    rate_hz: float  # searched frames a second
    motions: tuple[MotionMeasures, ...]  # in the order of the tracks; both hands last


def measure_video(
    tracks: TrackSet,
    unit: LengthUnit | None = None,
    reference: ReferencePath | None = None,
    *,
    with_tapping: bool = False,
) -> VideoMeasures:
    """Return the measures of the tracks of a video.

    For a hand they are measures of the middle knuckle, for any other track of every point. Points that were never seen
    for long enough have no measures.

    Args:
        tracks: Tracks of the video; interpolated frames count as unseen.
        unit: Unit of length, or None for ``LengthUnit.of``.
        reference: Reference path in pixels, or None for that of the tracks.
        with_tapping: Whether to measure tapping of thumb and index finger.
    """
    if unit is None:
        unit = LengthUnit.of(tracks)
    reference_px = tracks.reference if reference is None else reference
    reference_in_units = None
    if reference_px is not None:
        reference_in_units = ReferencePath(reference_px.points / unit.px, reference_px.closed)
    all_measures = []
    hands = {}
    rate_hz = 0.0
    for track in tracks.tracks:
        for point in measured_points(track):
            motion = motion_of(tracks, track, point, unit)
            rate_hz = max(rate_hz, motion.rate_hz)
            if not motion.pieces:
                continue
            is_hand = track.kind == TrackKind.HAND
            if is_hand:
                hands[track.side] = motion
            measures = _measure_point(motion, unit, reference_in_units)
            if with_tapping and is_hand:
                tapping_values = _measure_tapping(tracks, track, unit)
                measures = replace(measures, measures=(*measures.measures, *tapping_values))
            all_measures.append(replace(measures, track=track.name, point=track.points[point]))
    if Side.LEFT in hands and Side.RIGHT in hands:
        all_measures += _measure_both_hands(hands[Side.LEFT], hands[Side.RIGHT], tracks.times_s, unit)
    return VideoMeasures(unit, rate_hz, tuple(all_measures))


def motion_of(tracks: TrackSet, track: Track, point: int, unit: LengthUnit) -> Motion:
    """Return the motion of a point of a track in units of length, from the searched frames."""
    rows = track.states != FrameState.UNSEARCHED
    points = track.xy_px[rows, point].astype(np.float64) / unit.px
    points[~track.is_measured[rows]] = np.nan
    return prepare_motion(tracks.times_s[rows], points)


def measured_points(track: Track) -> Sequence[int]:
    """Return the indices of the measured points of a track: the middle knuckle of a hand, else all points."""
    return (MIDDLE_KNUCKLE,) if track.kind == TrackKind.HAND else range(len(track.points))


def _measure_point(motion: Motion, unit: LengthUnit, reference: ReferencePath | None) -> MotionMeasures:
    """Return the measures of a motion, without the names of track and point."""

    def compute(motions: Sequence[Motion]) -> dict[str, float]:
        return motion_values(motions[0], unit.idle_below, reference)

    window_centres_s, window_speeds = _speeds_in_windows(motion)
    slowest_s = float(window_centres_s[np.argmin(window_speeds)]) if len(window_speeds) else None
    farthest_s = None
    if reference is not None:
        farthest_s = float(motion.sample_times_s[np.argmax(reference.distances(motion.points))])
    return MotionMeasures(
        track="",
        point="",
        measures=_with_errors(compute, [motion], unit, motion.share_seen),
        pauses=pauses(motion, unit.idle_below),
        slowest_s=slowest_s,
        farthest_s=farthest_s,
    )


def motion_values(
    motion: Motion, idle_below: float, reference: ReferencePath | None, left_out: Collection[str] = ()
) -> dict[str, float]:
    """Return the measures of a motion by name; NaN for undefined ones.

    Args:
        motion: The motion.
        idle_below: Speed below which the point is idle.
        reference: Reference path in the unit of the motion, or None.
        left_out: Measures among "ldlj" and "tremor" to leave out; they take half of the time.
    """
    points = motion.points
    duration_s = motion.duration_s
    length = sum(path_length(piece.points) for piece in motion.pieces)
    all_pauses = pauses(motion, idle_below)
    values = {
        "time": duration_s,
        "path": length,
        "mean_speed": mean_speed(motion, idle_below),
        "peak_speed": peak_speed(motion),
        "idle_share": idle_share(motion.speed, idle_below),
        "pauses": 60 * len(all_pauses) / duration_s,
        "longest_pause": max((pause.duration_s for pause in all_pauses), default=0.0),
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


def _measure_both_hands(left: Motion, right: Motion, times_s: FloatArray, unit: LengthUnit) -> list[MotionMeasures]:
    """Return the measures of two hands, or an empty list if both are not seen for long enough."""

    def compute(motions: Sequence[Motion]) -> dict[str, float]:
        both_hands = bimanual(motions[0], motions[1], times_s, unit.idle_below)
        if both_hands is None:
            return {}
        return {
            "share_left": both_hands.share_left,
            "correlation": both_hands.correlation,
            "both_moving": both_hands.share_both_moving,
        }

    both = bimanual(left, right, times_s, unit.idle_below)
    if both is None:
        return []
    return [MotionMeasures("both hands", "", _with_errors(compute, [left, right], unit, both.share_seen))]


def finger_opening(tracks: TrackSet, track: Track, unit: LengthUnit) -> tuple[FloatArray, FloatArray]:
    """Return times and distance between the tips of thumb and index finger of a hand, from the searched frames.

    The distance is in units of length, and NaN in frames in which the hand was not seen.
    """
    rows = track.states != FrameState.UNSEARCHED
    points = track.xy_px[rows].astype(np.float64)
    opening = np.hypot(*(points[:, THUMB_TIP] - points[:, INDEX_TIP]).T) / unit.px
    opening[~track.is_measured[rows]] = np.nan
    return tracks.times_s[rows], opening


def _measure_tapping(tracks: TrackSet, track: Track, unit: LengthUnit) -> tuple[MeasureValue, ...]:
    times_s, opening = finger_opening(tracks, track, unit)
    # the opening as both coordinates, so that its noise is estimated and added as that of a position
    motion = prepare_motion(times_s, np.stack([opening, opening], axis=1))
    if not motion.pieces:
        return ()
    longest_piece = max(motion.pieces, key=lambda piece: len(piece.raw_points))
    low, high = np.percentile(longest_piece.raw_points[:, 0], (5, 95))
    min_prominence = _TAP_SHARE * float(high - low)

    def compute(motions: Sequence[Motion]) -> dict[str, float]:
        (piece,) = motions[0].pieces
        taps = tapping(piece.raw_points[:, 0], piece.rate_hz, min_prominence)
        if taps is None:
            return {}
        return {
            "tap_frequency": taps.frequency_hz,
            "tap_amplitude": taps.mean_amplitude,
            "tap_decrement": taps.relative_slope_per_s,
            "tap_halts": taps.n_halts,
        }

    return _with_errors(compute, [replace(motion, pieces=(longest_piece,))], unit, motion.share_seen)


def _with_errors(
    compute: Callable[[Sequence[Motion]], Mapping[str, float]],
    motions: Sequence[Motion],
    unit: LengthUnit,
    share_seen: float,
) -> tuple[MeasureValue, ...]:
    """Return the values of ``compute`` with errors from the frame rate and the noise of the motions."""
    values = compute(motions)
    rng = np.random.default_rng(0)
    noise_sds = [motion.noise for motion in motions]
    noisy_draws = []
    for _ in range(_N_NOISE_DRAWS):
        noisy_motions = [_with_doubled_noise(motion, sd, rng) for motion, sd in zip(motions, noise_sds, strict=True)]
        noisy_draws.append(compute(noisy_motions))
    filtered_values = compute([_filtered_again(motion) for motion in motions])
    rate_hz = min(motion.rate_hz for motion in motions)
    noise_speed = max(_noise_speed(sd, motion.rate_hz, rng) for motion, sd in zip(motions, noise_sds, strict=True))
    measures = []
    for name, value in values.items():
        kind = _KINDS[name]
        note = ""
        is_left_out = not math.isfinite(value)
        if rate_hz < kind.min_rate_hz:
            note = f"left out below {kind.min_rate_hz:g} frames a second: noise would decide it"
            is_left_out = True
        elif name in _IDLE_MEASURES and noise_speed >= unit.idle_below:
            note = "left out: the noise of the track alone moves faster than the limit of a rest"
            is_left_out = True
        elif rate_hz < kind.weak_below_hz:
            note = f"weak at {rate_hz:.3g} frames a second"
        shown_value = None
        error = None
        if not is_left_out:
            shown_value = value
            noisy_values = [draw.get(name, math.nan) for draw in noisy_draws]
            error = _error(value, noisy_values, filtered_values.get(name))
        measures.append(
            MeasureValue(
                kind=kind,
                value=shown_value,
                unit=kind.unit.format(unit.short),
                error=error,
                share_seen=share_seen,
                note=note,
            )
        )
    return tuple(measures)


def _error(value: float, noisy_values: Sequence[float], filtered_value: float | None) -> float | None:
    """Return the root of the sum of the mean squared changes by noise and by the filter, or None if unknown."""
    noise_changes = np.array(noisy_values) - value
    if not np.isfinite(noise_changes).any() or filtered_value is None or not math.isfinite(filtered_value):
        return None
    noise_error = math.sqrt(float(np.nanmean(noise_changes**2)))
    return math.hypot(noise_error, filtered_value - value)


def _with_doubled_noise(motion: Motion, noise_sd: float, rng: np.random.Generator) -> Motion:
    added_sd = math.sqrt(3) * noise_sd  # doubles the standard deviation
    pieces = (
        piece_of(
            piece.raw_points + added_sd * rng.standard_normal(piece.raw_points.shape), piece.start_s, piece.rate_hz
        )
        for piece in motion.pieces
    )
    return replace(motion, pieces=tuple(pieces))


def _filtered_again(motion: Motion) -> Motion:
    pieces = (
        replace(piece_of(piece.points, piece.start_s, piece.rate_hz), raw_points=piece.raw_points)
        for piece in motion.pieces
    )
    return replace(motion, pieces=tuple(pieces))


def _noise_speed(noise_sd: float, rate_hz: float, rng: np.random.Generator) -> float:
    """Return the 95th percentile of the speed of a point at rest with noise."""
    piece = piece_of(noise_sd * rng.standard_normal((500, 2)), 0, rate_hz)
    return float(np.percentile(piece.speed, 95))


def _speeds_in_windows(motion: Motion) -> tuple[FloatArray, FloatArray]:
    """Return centres in seconds and mean speeds of all windows of a second."""
    centres_s = [np.zeros(0)]
    mean_speeds = [np.zeros(0)]
    for piece in motion.pieces:
        length = max(round(_SLOWEST_WINDOW_S * piece.rate_hz), 1)
        if len(piece.speed) >= length:
            cumulative_sum = np.concatenate([[0.0], np.cumsum(piece.speed)])
            means = (cumulative_sum[length:] - cumulative_sum[:-length]) / length
            mean_speeds.append(means)
            centres_s.append(piece.times_s[: len(means)] + (length - 1) / 2 / piece.rate_hz)
    return np.concatenate(centres_s), np.concatenate(mean_speeds)
