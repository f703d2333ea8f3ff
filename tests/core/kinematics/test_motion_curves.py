"""Curves of motion: the values that measures rest on, gaps as gaps, and positions among other videos."""

import numpy as np
import pytest

from skillviewer.core.kinematics.compared_measures import compare_measures
from skillviewer.core.kinematics.measures import LengthUnit, measure_video
from skillviewer.core.kinematics.motion_curves import motion_curves
from skillviewer.core.tracks.known_length import KnownLength
from skillviewer.core.tracks.tracks import Side, TrackSet
from tests.core.kinematics.test_measures import PALM_PX, RATE_HZ, hand, measured, reaches, tracks_of


def test_curves_have_the_peaks_and_pauses_of_the_measures() -> None:
    path = reaches(8)
    (curve,) = motion_curves(tracks_of(hand(path))).curves
    assert len(curve.peaks_s) == 4
    assert np.allclose(curve.peaks_s, [0.5, 2.5, 4.5, 6.5], atol=0.05)
    assert len(curve.pauses) == len(measured(path).motions[0].pauses)
    assert curve.speed_at(0.5) == pytest.approx(1.875 * 100 / PALM_PX, rel=0.1)
    assert curve.opening_at(1.0) == 0


def test_a_gap_has_no_speed() -> None:
    path = reaches(8)
    path[50:100] = np.nan
    (curve,) = motion_curves(tracks_of(hand(path))).curves
    assert curve.speed_at(3.0) is None
    assert curve.opening_at(3.0) is None
    assert curve.gaps_s == ((50 / RATE_HZ, 99 / RATE_HZ),)
    assert np.isnan(curve.speed).sum() == 1


def test_a_marked_length_makes_millimetres() -> None:
    tracks = tracks_of(hand(reaches(8)))
    known = TrackSet(
        tracks.digest, 640, 480, tracks.n_frames, 0, tracks.times_s, tracks.tracks, KnownLength((0, 0), (30, 40), 25)
    )
    assert LengthUnit.of(known).name == "mm"
    in_palms = measure_video(tracks).motions[0].value("path")
    assert in_palms is not None
    assert measure_video(known).motions[0].value("path") == pytest.approx(in_palms * PALM_PX / 2)
    with pytest.raises(ValueError, match="must be positive"):
        KnownLength((1, 1), (1, 1), 5)


def test_a_measure_has_a_percentile_among_enough_videos_in_the_same_unit() -> None:
    own = measured(reaches(8))
    others = [measured(reaches(8) * [0.5, 1]) for _ in range(20)]
    (compared,) = compare_measures(own, others)
    positions = {one.kind.name: position for one, position in compared.rows}
    assert positions["path"] is not None
    assert positions["path"].percentile == 100
    assert "faster than 100 % of 20" in compared.text
    (few,) = compare_measures(own, others[:19])
    assert not {p.has_percentile for p in few.positions if p is not None} - {False}
    mm = [measure_video(tracks_of(hand(reaches(8))), LengthUnit.millimetres(1)) for _ in range(20)]
    (other_unit,) = compare_measures(own, mm)
    assert {p.n_compared for p in other_unit.positions if p is not None} == {0}


def test_two_hands_have_two_curves() -> None:
    both = tracks_of(hand(reaches(8), "left hand", Side.LEFT), hand(reaches(8)))
    assert [(c.name, c.colour) for c in motion_curves(both).curves] == [("left hand", 0), ("right hand", 1)]
