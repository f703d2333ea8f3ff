"""Measures equal the values that were computed apart from the program, or follow from a formula."""

import math

import numpy as np
import pytest

from skillviewer.core.arrays import FloatArray
from skillviewer.core.kinematics.area import economy_of_area, economy_of_path, hull_area, working_area
from skillviewer.core.kinematics.motion import path_length, speed_of
from skillviewer.core.kinematics.movements import idle_share, speed_peaks
from skillviewer.core.kinematics.oscillation import band_rms, tapping
from skillviewer.core.kinematics.smoothness import ldlj_v, sparc
from skillviewer.core.tracks.reference_path import ReferencePath


def minimum_jerk(s: FloatArray) -> FloatArray:
    return 100 * (10 * s**3 - 15 * s**4 + 6 * s**5)


def along_x(x: FloatArray) -> FloatArray:
    return np.stack([x, np.zeros_like(x)], axis=1)


def test_a_gaussian_speed_profile_has_the_values_of_the_reference_implementation() -> None:
    speed = np.exp(-5 * np.arange(-1, 1, 0.01) ** 2)
    assert sparc(speed, 100) == pytest.approx(-1.41403, abs=1e-5)
    assert ldlj_v(speed, 100) == pytest.approx(-5.81636, abs=1e-5)


@pytest.mark.parametrize(
    ("rate_hz", "peak", "mean", "arc", "jerk"),
    [(25, 186.10586, 96.21175, -1.40668, -5.24155), (100, 187.45001, 99.01088, -1.40589, -5.30165)],
)
def test_a_minimum_jerk_reach(rate_hz: int, peak: float, mean: float, arc: float, jerk: float) -> None:
    points = along_x(minimum_jerk(np.arange(rate_hz + 1) / rate_hz))
    speed = speed_of(points, rate_hz)
    assert path_length(points) == pytest.approx(100)
    assert (speed.max(), speed.mean()) == (pytest.approx(peak, abs=1e-5), pytest.approx(mean, abs=1e-5))
    assert sparc(speed, rate_hz) == pytest.approx(arc, abs=1e-5)
    assert ldlj_v(speed, rate_hz) == pytest.approx(jerk, abs=1e-5)
    assert len(speed_peaks(speed, 0.1 * speed.max())) == 1
    assert economy_of_path(points, path_length(points)) == pytest.approx(1)


def test_two_movements_with_a_halt() -> None:
    reach = minimum_jerk(np.arange(16) / 15)
    points = along_x(np.concatenate([reach, np.full(5, 100.0), 100 + reach[1:]]))
    speed = speed_of(points, 25)
    assert path_length(points) == pytest.approx(200)
    assert speed.max() == pytest.approx(306.09383, abs=1e-5)
    assert sparc(speed, 25) == pytest.approx(-2.86356, abs=1e-5)
    assert ldlj_v(speed, 25) == pytest.approx(-8.34432, abs=1e-5)
    assert len(speed_peaks(speed, 0.1 * speed.max())) == 2
    assert idle_share(speed, 5) == pytest.approx(0.16667, abs=1e-5)


def test_tapping_slows_down_by_the_slope_of_its_amplitude() -> None:
    t = np.arange(300) / 30
    found = tapping(60 + 20 * (1 - 0.05 * t) * np.cos(2 * np.pi * 3 * t), 30, prominence=5)
    assert found is not None
    assert (found.n_taps, found.n_halts) == (29, 0)
    assert found.frequency_hz == pytest.approx(3)
    assert found.mean_amplitude == pytest.approx(29.83333, abs=1e-5)
    assert found.slope_per_s == pytest.approx(-2, abs=1e-5)
    assert found.relative_slope_per_s == pytest.approx(-0.05021, abs=1e-5)
    assert tapping(np.full(300, 60.0), 30, prominence=5) is None


def test_a_halt_of_tapping_is_counted() -> None:
    t = np.arange(0, 2, 1 / 30)
    taps = np.cos(2 * np.pi * 3 * t)
    found = tapping(np.concatenate([taps, np.full(40, -1.0), taps]), 30, prominence=0.5)
    assert found is not None
    assert found.n_halts == 1


@pytest.mark.parametrize("rate_hz", [25, 60])
def test_tremor_is_the_root_mean_square_of_its_band(rate_hz: int) -> None:
    t = np.arange(10 * rate_hz) / rate_hz
    points = along_x(20 * t + np.sin(2 * np.pi * 6 * t))
    assert band_rms(points, rate_hz) == pytest.approx(0.70711, abs=1e-3)
    assert math.isnan(band_rms(points[: 3 * rate_hz], rate_hz))


def test_a_circle() -> None:
    angle = 2 * np.pi * 0.2 * np.arange(251) / 25
    points = 50 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    length = path_length(points)
    assert length == pytest.approx(628.2524, abs=1e-4)
    assert speed_of(points, 25).mean() == pytest.approx(62.8056, abs=1e-3)
    assert hull_area(points) == pytest.approx(7850.675, abs=1e-3)
    assert economy_of_path(points, length) == pytest.approx(0, abs=1e-9)
    assert economy_of_area(points, length) == pytest.approx(0.159153, abs=1e-6)


def test_one_outlier_does_not_enlarge_the_working_area() -> None:
    square = np.random.default_rng(0).random((500, 2))
    assert working_area(np.concatenate([square, [[30.0, 30.0]]])) < 1.01


def test_distance_from_a_path_is_that_from_its_nearest_place() -> None:
    corner = ReferencePath(np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]]))
    points = np.array([[5.0, 2.0], [12.0, 5.0], [-3.0, -4.0], [10.0, 0.0], [3.0, 10.0]])
    assert corner.distances(points) == pytest.approx([2, 2, 5, 0, 7])
    closed = ReferencePath(corner.points, closed=True)
    assert closed.distances(points)[4] == pytest.approx(7 / math.sqrt(2))
    assert ReferencePath(np.array([[0.0, 0.0]])).distances(points)[2] == pytest.approx(5)
