"""The graph of motion is drawn again, not made anew, while a search goes on."""

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from skillviewer.core.kinematics.motion_curves import motion_curves
from skillviewer.core.tracks.tracks import Side
from skillviewer.ui.player.motion_plot import MIN_MARK_GAP_PX, OPENING_LANE, SPEED_LANE, MotionPlot, spaced
from skillviewer.ui.session.playback import Playback
from tests.core.kinematics.test_measures import hand, reaches, tracks_of


def test_curves_that_grow_are_drawn_by_the_same_items(qtbot: QtBot) -> None:
    plot = MotionPlot(Playback())
    qtbot.addWidget(plot)
    path = reaches(8)
    short = path.copy()
    short[100:] = np.nan
    plot.set_curves(motion_curves(tracks_of(hand(short))))
    before = list(plot.getPlotItem().items)
    whole = motion_curves(tracks_of(hand(path)))
    plot.set_curves(whole)
    assert list(plot.getPlotItem().items) == before
    (curve,), (items,) = whole.curves, plot._curve_items
    x, y = items.speed_curve.getData()
    assert np.array_equal(x, curve.times_s)
    highest = SPEED_LANE[0] + (SPEED_LANE[1] - SPEED_LANE[0]) * curve.speed.max() / plot.heights[0]
    assert y.max() == pytest.approx(highest)
    times_s, at_peaks = items.peak_points.getData()
    assert times_s.tolist() == curve.peaks_s.tolist()
    assert at_peaks == pytest.approx([y[np.argmin(np.abs(x - time_s))] for time_s in curve.peaks_s])


def test_a_curve_that_goes_is_hidden_and_one_that_comes_is_drawn(qtbot: QtBot) -> None:
    plot = MotionPlot(Playback())
    qtbot.addWidget(plot)
    right = hand(reaches(8))
    both = motion_curves(tracks_of(hand(reaches(8), "left hand", Side.LEFT), right))
    plot.set_curves(both)
    assert [items.speed_curve.isVisible() for items in plot._curve_items] == [True, True]
    assert plot._curve_items[0].speed_curve.opts["pen"].color() == plot.colour_of(both.curves[0])
    alone = motion_curves(tracks_of(right))
    plot.set_curves(alone)
    assert [items.speed_curve.isVisible() for items in plot._curve_items] == [True, False]
    assert plot._curve_items[0].speed_curve.opts["pen"].color() == plot.colour_of(alone.curves[0])
    plot.set_curves(None)
    assert [items.speed_curve.isVisible() for items in plot._curve_items] == [False, False]


def test_two_plots_can_share_their_heights(qtbot: QtBot) -> None:
    plot = MotionPlot(Playback())
    qtbot.addWidget(plot)
    (curve,) = (curves := motion_curves(tracks_of(hand(reaches(8))))).curves
    plot.set_curves(curves)
    plot.set_heights((100.0, 7.0))
    y = plot._curve_items[0].speed_curve.getData()[1]
    assert y.max() == pytest.approx(SPEED_LANE[0] + (SPEED_LANE[1] - SPEED_LANE[0]) * curve.speed.max() / 100)
    assert plot._curve_items[0].opening_curve.getData()[1][0] == pytest.approx(OPENING_LANE[0])  # closed in this hand
    labels = [text for level in plot.getAxis("left")._tickLevels for _, text in level]
    assert labels[0].startswith("100 ")
    assert labels[1].startswith("7 ")


def test_marks_that_would_crowd_are_left_out_until_there_is_room(qtbot: QtBot) -> None:
    plot = MotionPlot(Playback())
    qtbot.addWidget(plot)
    plot.resize(300, 120)
    plot.show()
    (curve,) = (curves := motion_curves(tracks_of(hand(reaches(40))))).curves
    assert len(curve.peaks_s) == 20
    plot.set_curves(curves)
    (items,) = plot._curve_items
    box = plot.getPlotItem().getViewBox()
    box.setLimits(xMin=None, xMax=None, minXRange=None)
    last_s = float(curve.times_s[-1])
    box.setXRange(0, 20 * last_s, padding=0)  # as if the clip were twenty times as long
    shown_s, heights = items.peak_points.getData()
    gap_s = box.viewPixelSize()[0] * MIN_MARK_GAP_PX
    assert 0 < len(shown_s) < len(curve.peaks_s)
    assert np.diff(shown_s).min() >= gap_s
    highest = SPEED_LANE[0] + (SPEED_LANE[1] - SPEED_LANE[0]) * min(1.0, curve.speed.max() / plot.heights[0])
    assert heights.max() == pytest.approx(highest), "the highest stays"
    starts_s, stops_s = items.pauses_curve.getData()[0][::2], items.pauses_curve.getData()[0][1::2]
    assert (starts_s[1:] - stops_s[:-1] >= gap_s).all()
    box.setXRange(0, last_s / 8, padding=0)
    assert items.peak_points.getData()[0].tolist() == curve.peaks_s.tolist()


def test_of_close_intervals_the_largest_remain() -> None:
    starts_s, stops_s = np.array([0.0, 1.5, 4.0, 9.0]), np.array([1.0, 3.0, 4.5, 9.1])
    assert spaced(starts_s, stops_s, stops_s - starts_s, 0.4).tolist() == [0, 1, 2, 3]
    assert spaced(starts_s, stops_s, stops_s - starts_s, 0.8).tolist() == [1, 2, 3]
    assert spaced(starts_s, stops_s, stops_s - starts_s, 2.0).tolist() == [1, 3]
    assert spaced(np.zeros(0), np.zeros(0), np.zeros(0), 1.0).tolist() == []
