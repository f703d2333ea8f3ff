"""Measures of tracks: gaps, noise, units, two hands, and sentences."""

import math
from dataclasses import replace

import numpy as np
import pytest

from skillviewer.core.arrays import FloatArray
from skillviewer.core.kinematics.measure_text import format_motion, position_of
from skillviewer.core.kinematics.measures import LengthUnit, VideoMeasures, measure_video
from skillviewer.core.kinematics.motion import filter_window, prepare_motion
from skillviewer.core.tracks.hand_points import HAND_POINTS, INDEX_TIP, MIDDLE_KNUCKLE, THUMB_TIP
from skillviewer.core.tracks.reference_path import ReferencePath
from skillviewer.core.tracks.tracks import FrameState, Side, Track, TrackKind, TrackSet

PALM_PX = 40.0
RATE_HZ = 25


def reaches(n_s: float, rate_hz: int = RATE_HZ) -> FloatArray:
    """Return positions of reaches of 100 px in a second, back and forth, with a rest of a second after every one."""
    t = np.arange(round(n_s * rate_hz)) / rate_hz
    s: FloatArray = np.minimum(np.remainder(t, 2), 1)
    step = 10 * s**3 - 15 * s**4 + 6 * s**5
    back: FloatArray = np.remainder(np.floor(t / 2), 2)
    return np.stack([200 + 100 * np.where(back, 1 - step, step), np.full(len(t), 150.0)], axis=1)


def hand(path: FloatArray, name: str = "right hand", side: Side = Side.RIGHT) -> Track:
    """Return a hand of a constant form whose middle knuckle goes along a path; NaN is a gap."""
    xy = np.repeat(path[:, None, :], 21, axis=1).astype(np.float32)
    xy[:, 0, 1] += PALM_PX  # the wrist
    seen = np.asarray(np.isfinite(path).all(axis=1))
    states = np.where(seen, FrameState.FOUND, FrameState.ABSENT).astype(np.uint8)
    presence = np.repeat(seen[:, None], 21, axis=1).astype(np.float32)
    return Track(name, HAND_POINTS, xy, presence, states, TrackKind.HAND, side)


def tracks_of(*tracks: Track, rate_hz: float = RATE_HZ) -> TrackSet:
    n = tracks[0].n_frames
    return TrackSet("0" * 64, 640, 480, n, 0, np.arange(n) / rate_hz, tracks)


def measured(path: FloatArray, rate_hz: float = RATE_HZ) -> VideoMeasures:
    return measure_video(tracks_of(hand(path), rate_hz=rate_hz))


def test_the_filter_has_the_window_of_the_frame_rate() -> None:
    assert [filter_window(rate) for rate in (25, 30, 50, 60, 2)] == [7, 9, 13, 15, 3]


def test_reaches_and_rests_are_measured_in_palm_lengths() -> None:
    found = measured(reaches(16))
    (own,) = found.motions
    assert (found.unit.name, found.unit.px) == ("palm lengths", PALM_PX)
    assert own.point == HAND_POINTS[MIDDLE_KNUCKLE]
    assert own.value("path") == pytest.approx(8 * 100 / PALM_PX, rel=0.01)
    assert own.value("movements") == pytest.approx(0.5, rel=0.01)
    assert len(own.pauses) == 8
    assert own.pauses[0].start_s == pytest.approx(1, abs=0.2)
    assert own.value("ldlj") is None
    assert {one.kind.name for one in own.measures if "weak" in one.note} == {"idle_share", "pauses", "longest_pause"}


@pytest.mark.parametrize("noise_px", [0.3, 1.0])
def test_errors_are_as_large_as_the_deviation_from_the_truth(noise_px: float) -> None:
    path = reaches(30)
    path[:, 1] += 30 * np.sin(path[:, 0] / 20)
    truth = {one.kind.name: one.value or 0.0 for one in measured(path).motions[0].measures}
    rng = np.random.default_rng(1)
    names = ("path", "peak_speed", "sparc", "area", "movements")
    deviations: dict[str, list[float]] = {name: [] for name in names}
    errors: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(6):
        noisy = measured(path + noise_px * rng.standard_normal(path.shape)).motions[0]
        for one in noisy.measures:
            if one.kind.name in names and one.value is not None and one.error is not None:
                deviations[one.kind.name].append(one.value - truth[one.kind.name])
                errors[one.kind.name].append(one.error)
    for name in names:
        rms = math.sqrt(float(np.mean(np.square(deviations[name]))))
        assert np.mean(errors[name]) >= 0.5 * rms, name
    assert np.mean(errors["path"]) < 2 * math.sqrt(float(np.mean(np.square(deviations["path"]))))


def test_no_speed_is_computed_across_a_gap() -> None:
    path = reaches(8)
    path[50:75] += 300  # moved while it was not seen
    path[45:50] = path[75:80] = np.nan
    whole = prepare_motion(np.arange(200) / RATE_HZ, path)
    assert len(whole.pieces) == 1  # five frames are 0.2 s
    path[44] = path[80] = np.nan
    motion = prepare_motion(np.arange(200) / RATE_HZ, path)
    assert len(motion.pieces) == 3
    assert motion.speed.max() < 200
    assert motion.share_seen == pytest.approx(188 / 200)


def test_frames_at_uneven_times_are_measured_by_their_times() -> None:
    rng = np.random.default_rng(2)
    times_s = np.cumsum(rng.uniform(0.03, 0.05, 300))
    motion = prepare_motion(times_s, np.stack([50 * times_s, np.zeros(300)], axis=1))
    assert motion.speed == pytest.approx(50, rel=1e-3)


def test_frames_that_were_not_searched_are_no_gap() -> None:
    track = hand(reaches(16))
    states, xy, presence = track.states.copy(), track.xy_px.copy(), track.presence.copy()
    states[1::2], xy[1::2], presence[1::2] = FrameState.UNSEARCHED, np.nan, 0
    found = measure_video(tracks_of(replace(track, states=states, xy_px=xy, presence=presence)))
    assert found.rate_hz == pytest.approx(12.5)
    assert found.motions[0].measures[0].share_seen == 1
    assert found.motions[0].value("path") == pytest.approx(20, rel=0.02)


def test_interpolated_frames_count_as_unseen() -> None:
    track = hand(reaches(16))
    states = track.states.copy()
    states[100:200] = FrameState.INTERPOLATED
    found = measure_video(tracks_of(replace(track, states=states)))
    assert found.motions[0].measures[0].share_seen == pytest.approx(0.75)


def test_a_hand_that_was_never_seen_has_no_measure() -> None:
    assert measured(np.full((100, 2), np.nan)).motions == ()


def test_rests_are_left_out_where_noise_hides_them() -> None:
    path = reaches(16)
    own = measured(path + 4 * np.random.default_rng(0).standard_normal(path.shape)).motions[0]
    assert own.value("idle_share") is None
    assert any("noise" in one.note for one in own.measures if one.kind.name == "idle_share")


def test_millimetres_replace_palm_lengths() -> None:
    tracks = tracks_of(hand(reaches(16)))
    found = measure_video(tracks, LengthUnit.millimetres(0.5))
    assert found.motions[0].value("path") == pytest.approx(8 * 50, rel=0.01)
    assert {one.unit for one in found.motions[0].measures if one.kind.name == "peak_speed"} == {"mm/s"}


def test_two_hands_are_compared_while_both_are_seen() -> None:
    left = reaches(16)
    left[300:] = np.nan
    right = np.stack([reaches(16)[:, 0] * 3, np.full(400, 300.0)], axis=1)
    found = measure_video(tracks_of(hand(left, "left hand", Side.LEFT), hand(right)))
    both = found.motions[-1]
    assert both.track == "both hands"
    assert both.value("share_left") == pytest.approx(0.25, abs=0.01)
    assert both.value("correlation") == pytest.approx(1, abs=0.01)
    assert both.measures[0].share_seen == pytest.approx(0.75, abs=0.02)


def test_distance_from_a_reference_is_in_the_unit_of_length() -> None:
    path = reaches(16)
    path[130, 1] = path[131, 1] = path[129, 1] = 190
    line = ReferencePath(np.array([[0.0, 110.0], [640.0, 110.0]]))
    own = measure_video(tracks_of(hand(path)), reference=line).motions[0]
    assert own.value("mean_distance") == pytest.approx(1, abs=0.05)
    assert own.farthest_s == pytest.approx(130 / RATE_HZ, abs=0.1)


def test_tapping_is_measured_on_request() -> None:
    n = 10 * 30
    t = np.arange(n) / 30
    track = hand(np.full((n, 2), 200.0))
    xy = track.xy_px.copy()
    xy[:, INDEX_TIP, 0] = xy[:, THUMB_TIP, 0] + 60 + 20 * (1 - 0.05 * t) * np.cos(2 * np.pi * 3 * t)
    tracks = tracks_of(replace(track, xy_px=xy), rate_hz=30)
    own = measure_video(tracks, with_tapping=True).motions[0]
    assert own.value("tap_frequency") == pytest.approx(3, abs=0.01)
    assert own.value("tap_amplitude") == pytest.approx(29.83333 / PALM_PX, rel=1e-3)
    assert own.value("tap_decrement") == pytest.approx(-0.05021, abs=1e-3)
    assert measure_video(tracks).motions[0].value("tap_frequency") is None


def test_the_sentence_names_speed_pauses_and_places_and_no_fault() -> None:
    own = measured(reaches(8)).motions[0]
    speed = next(one for one in own.measures if one.kind.name == "mean_speed")
    assert speed.value is not None
    slow = position_of(speed, [speed.value * (2 if n < 40 else 0.1) for n in range(50)])
    text = format_motion(own, slow)
    assert "slower than 80 % of 50" in text
    assert "four pauses, the longest at 0:" in text
    assert "comparable" not in format_motion(own, position_of(speed, [1.0] * 3))
