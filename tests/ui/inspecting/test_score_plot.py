from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from skillviewer.ui.inspecting.score_plot import ScorePlot
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.widgets.theme import DARK, LIGHT
from tests.ui.fakes import make_analysis, video_info
from tests.ui.hands import click, move, press, release, wheel

VIDEO = video_info(Path("a.mp4"), 300)


@pytest.fixture
def playback(qapp: QApplication) -> Playback:  # noqa: ARG001
    made = Playback()
    made.open(VIDEO)
    return made


@pytest.fixture
def state(qapp: QApplication) -> ViewerState:  # noqa: ARG001
    return ViewerState()


@pytest.fixture
def plot(qtbot: QtBot, playback: Playback, state: ViewerState) -> Iterator[ScorePlot]:
    made = ScorePlot(state, playback)
    made.on_theme(LIGHT)
    made.resize(700, 200)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.hide()


def place(plot: ScorePlot, time_s: float) -> QPoint:
    """Return where a time lies in the plot's viewport."""
    box = plot.getPlotItem().getViewBox()
    at: QPoint = plot.mapFromScene(box.mapViewToScene(QPointF(time_s, box.viewRange()[1][0])))
    return at - QPoint(0, 50)


def times(plot: ScorePlot) -> tuple[float, float]:
    start, stop = plot.getPlotItem().getViewBox().viewRange()[0]
    return start, stop


def test_the_whole_video_is_in_sight(plot: ScorePlot) -> None:
    start, stop = times(plot)
    assert start <= 0
    assert VIDEO.duration_s <= stop < VIDEO.duration_s * 1.05


def test_the_cursor_follows_the_playhead(plot: ScorePlot, playback: Playback) -> None:
    for frame in (0, 150, 299):
        playback.seek(frame)
        assert plot.cursor_s == VIDEO.times_s[frame]


def test_a_click_goes_there(plot: ScorePlot, playback: Playback) -> None:
    click(plot.viewport(), place(plot, 4.2))
    assert playback.time_s == pytest.approx(4.2, abs=0.05)
    assert plot.cursor_s == playback.time_s


def test_a_click_on_a_frame_s_time_is_that_frame_where_times_are_uneven(plot: ScorePlot, playback: Playback) -> None:
    """Zoomed in so far that the closest frames lie apart, every click must come back to its frame."""
    steps_s = np.array([1, 3, 1, 1, 2, 5]) / 30
    times_s = np.concatenate([[0.0], np.cumsum(np.resize(steps_s, 119))])
    uneven = replace(VIDEO, times_s=times_s, duration_s=float(times_s[-1]) + 1 / 30)
    playback.open(uneven)
    width_s = 3.0
    for start in np.arange(0.0, uneven.duration_s, width_s):
        plot.getPlotItem().getViewBox().setXRange(start, start + width_s, padding=0)
        for frame in np.flatnonzero((times_s >= start) & (times_s < start + width_s)).tolist():
            playback.seek((frame + 40) % 120)
            click(plot.viewport(), place(plot, float(times_s[frame])))
            assert playback.frame == frame
            assert plot.cursor_s == times_s[frame]


def test_dragging_scrubs_all_the_way(qtbot: QtBot, plot: ScorePlot, playback: Playback) -> None:
    seen: list[int] = []
    playback.frame_changed.connect(seen.append)
    press(plot.viewport(), place(plot, 1.0))
    for time_s in np.arange(1.5, 8.1, 0.5):
        move(plot.viewport(), place(plot, float(time_s)))
        qtbot.wait(1)
    release(plot.viewport(), place(plot, 8.0))
    assert len(seen) >= 10
    assert playback.time_s == pytest.approx(8.0, abs=0.05)
    press(plot.viewport(), place(plot, 8.0))
    for time_s in (6.0, 3.0, -5.0):
        move(plot.viewport(), place(plot, time_s))
        qtbot.wait(1)
    release(plot.viewport(), place(plot, -5.0))
    assert playback.frame == 0, "beyond the end is the end"


def test_the_middle_button_moves_the_stretch_in_sight(plot: ScorePlot, playback: Playback) -> None:
    plot.getPlotItem().getViewBox().setXRange(4, 6, padding=0)
    press(plot.viewport(), place(plot, 5.0), Qt.MouseButton.MiddleButton)
    move(plot.viewport(), place(plot, 4.5))
    release(plot.viewport(), place(plot, 4.5), Qt.MouseButton.MiddleButton)
    assert times(plot) == pytest.approx((4.5, 6.5), abs=0.02)
    assert playback.frame == 0


def test_the_wheel_zooms_time_about_the_mouse_and_keeps_the_scores(plot: ScorePlot, state: ViewerState) -> None:
    state.set_analysis(make_analysis(VIDEO))
    scores = plot.getPlotItem().getViewBox().viewRange()[1]
    for _ in range(4):
        wheel(plot.viewport(), place(plot, 5.0), 1)
    start, stop = times(plot)
    assert stop - start == pytest.approx(VIDEO.duration_s / 1.25**4, rel=0.05)
    assert (5.0 - start) / (stop - start) == pytest.approx(0.5, abs=0.03)
    assert plot.getPlotItem().getViewBox().viewRange()[1] == scores
    plot.fit()
    assert times(plot)[1] >= VIDEO.duration_s


def test_it_grows_with_the_analysis(plot: ScorePlot, state: ViewerState) -> None:
    for steps in (1, 5, 25):
        state.set_analysis(make_analysis(VIDEO, passes=2, steps=steps))
        assert plot.curve is not None
        assert len(plot.curve.mean) == steps
        assert plot._analysed_line.isVisible() == (steps < 25)
    state.set_analysis(None)
    assert not plot._mean.isVisible()


def test_the_band_and_the_passes_are_there_with_several_passes_only(plot: ScorePlot, state: ViewerState) -> None:
    state.set_analysis(make_analysis(VIDEO, passes=4))
    assert plot._band.isVisible()
    assert plot._pass_curves.isVisible()
    state.set_analysis(make_analysis(VIDEO))
    assert not plot._band.isVisible()
    assert not plot._pass_curves.isVisible()


def test_an_analysis_of_another_video_is_not_drawn(plot: ScorePlot, state: ViewerState) -> None:
    state.set_analysis(make_analysis(video_info(Path("b.mp4"), 300)))
    assert plot.curve is None


def test_the_selection_is_shown(plot: ScorePlot, playback: Playback) -> None:
    playback.seek(30)
    playback.mark_in()
    playback.seek(59)
    playback.mark_out()
    assert plot._selection.isVisible()
    assert plot._selection.getRegion() == pytest.approx((1.0, 2.0))
    playback.clear_marks()
    assert not plot._selection.isVisible()


def test_playing_out_of_sight_brings_the_view_along(plot: ScorePlot, playback: Playback) -> None:
    plot.getPlotItem().getViewBox().setXRange(0, 1, padding=0)
    playback.play()
    playback.seek(200)
    playback.pause()
    start, stop = times(plot)
    assert start <= playback.time_s <= stop
    assert stop - start == pytest.approx(1.0)


def test_it_takes_the_colours_of_the_theme(plot: ScorePlot, state: ViewerState) -> None:
    state.set_analysis(make_analysis(VIDEO))
    light = plot.grab().toImage().pixelColor(350, 6).name()
    plot.on_theme(DARK)
    dark = plot.grab().toImage().pixelColor(350, 6).name()
    assert (light, dark) == (LIGHT.base, DARK.base)


def test_times_on_the_axis_are_minutes_and_seconds(plot: ScorePlot) -> None:
    axis = plot.getAxis("bottom")
    assert axis.tickStrings([0, 61, 600], 1, 1) == ["0:00", "1:01", "10:00"]
    assert axis.tickStrings([59.95, 60.0], 1, 0.05) == ["0:59.95", "1:00.00"]
    assert plot.getAxis("left").tickStrings([-0.5, 0.5], 1, 0.5) == ["−0.5", "0.5"]


def test_the_kept_picture_of_the_plot_is_as_one_drawn_anew(
    plot: ScorePlot, state: ViewerState, playback: Playback, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.set_analysis(make_analysis(VIDEO, 2))
    n_drawn = 0
    draw = plot._draw_items

    def counted(ratio: float) -> QPixmap:
        nonlocal n_drawn
        n_drawn += 1
        return draw(ratio)

    monkeypatch.setattr(plot, "_draw_items", counted)
    for _ in range(5):
        QApplication.processEvents()
    before = n_drawn
    assert before > 0
    for frame in (30, 200, 70, 210):
        playback.seek(frame)
        QApplication.processEvents()
    assert n_drawn == before, "a new frame draws no item"
    assert plot.points
    on_screen = plot.screen().grabWindow(plot.winId()).toImage().convertToFormat(QImage.Format.Format_RGB32)
    plot._on_items_changed()
    anew = plot.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    assert n_drawn == before + 1
    assert on_screen == anew, "nothing is left of the cursor of earlier frames"
    plot.getPlotItem().getViewBox().setXRange(1.0, 5.0)
    QApplication.processEvents()
    assert n_drawn > before + 1, "another range is drawn"
