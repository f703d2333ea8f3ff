"""The graph of motion is drawn again, not made anew, while a search goes on."""

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from skillviewer.core.kinematics.motion_curves import motion_curves
from skillviewer.core.tracks.tracks import Side
from skillviewer.ui.player.motion_plot import OPENING_LANE, SPEED_LANE, MotionPlot
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
    (curve,), (items,) = whole.curves, plot._items
    x, y = items.speed.getData()
    assert np.array_equal(x, curve.times_s)
    highest = SPEED_LANE[0] + (SPEED_LANE[1] - SPEED_LANE[0]) * curve.speed.max() / plot.heights[0]
    assert y.max() == pytest.approx(highest)
    times_s, at_peaks = items.peaks.getData()
    assert times_s.tolist() == curve.peaks_s.tolist()
    assert at_peaks == pytest.approx([y[np.argmin(np.abs(x - time_s))] for time_s in curve.peaks_s])


def test_a_curve_that_goes_is_hidden_and_one_that_comes_is_drawn(qtbot: QtBot) -> None:
    plot = MotionPlot(Playback())
    qtbot.addWidget(plot)
    right = hand(reaches(8))
    both = motion_curves(tracks_of(hand(reaches(8), "left hand", Side.LEFT), right))
    plot.set_curves(both)
    assert [items.speed.isVisible() for items in plot._items] == [True, True]
    assert plot._items[0].speed.opts["pen"].color() == plot.colour_of(both.curves[0])
    alone = motion_curves(tracks_of(right))
    plot.set_curves(alone)
    assert [items.speed.isVisible() for items in plot._items] == [True, False]
    assert plot._items[0].speed.opts["pen"].color() == plot.colour_of(alone.curves[0])
    plot.set_curves(None)
    assert [items.speed.isVisible() for items in plot._items] == [False, False]


def test_two_plots_can_share_their_heights(qtbot: QtBot) -> None:
    plot = MotionPlot(Playback())
    qtbot.addWidget(plot)
    (curve,) = (curves := motion_curves(tracks_of(hand(reaches(8))))).curves
    plot.set_curves(curves)
    plot.set_heights((100.0, 7.0))
    y = plot._items[0].speed.getData()[1]
    assert y.max() == pytest.approx(SPEED_LANE[0] + (SPEED_LANE[1] - SPEED_LANE[0]) * curve.speed.max() / 100)
    assert plot._items[0].opening.getData()[1][0] == pytest.approx(OPENING_LANE[0])  # closed in this hand
    labels = [text for level in plot.getAxis("left")._tickLevels for _, text in level]
    assert labels[0].startswith("100 ")
    assert labels[1].startswith("7 ")
