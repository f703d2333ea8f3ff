"""Annotating is quick: a selection asks at once what happens, and ends of bars are dragged."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from skillviewer.data.study import SavedMoment
from skillviewer.ui.app import Composition
from skillviewer.ui.inspecting.moment_timeline import MomentTimeline
from tests.ui.driving import inspect, open_and_load
from tests.ui.fakes import FakeWorld
from tests.ui.inspect_driving import moments_of


@pytest.fixture
def annotated(qtbot: QtBot, window: Composition, world: FakeWorld) -> Composition:
    """A video of 5 s in a study, without a model's moments."""
    files = world.touch("a.mp4")
    world.n_frames = {"a": 150}
    window.app_context.assessments.set_automatic(on=False)
    open_and_load(qtbot, window, files)
    qtbot.waitUntil(lambda: window.app_context.annotations.writable)
    return window


def kept(made: Composition) -> list[SavedMoment]:
    return list(made.app_context.annotations.moments)


def select(made: Composition, first: int, last: int) -> None:
    canvas, playback = inspect(made).player.canvas, made.app_context.playback
    canvas.setFocus()
    playback.seek(first)
    QTest.keyClick(canvas, Qt.Key.Key_I)
    playback.seek(last)
    QTest.keyClick(canvas, Qt.Key.Key_O)


def test_enter_asks_at_once_what_happens_and_gives_the_picture_back(qtbot: QtBot, annotated: Composition) -> None:
    canvas, playback = inspect(annotated).player.canvas, annotated.app_context.playback
    select(annotated, 30, 60)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    panel = moments_of(annotated)
    qtbot.waitUntil(lambda: any(row.label_edit.hasFocus() for row in panel.moment_column.rows))
    row = next(row for row in panel.moment_column.rows if row.label_edit.hasFocus())
    typed = "ioklhjtgnp[],.+-?mfd1 x"
    QTest.keyClicks(row.label_edit, typed)
    assert row.label_edit.text() == typed, "no key does anything else while text is typed"
    assert (playback.frame, playback.playing, playback.marks) == (60, False, (None, None))
    QTest.keyClick(row.label_edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [moment.label for moment in kept(annotated)] == [typed])
    assert canvas.hasFocus()


def bar_ends(timeline: MomentTimeline, made: Composition) -> tuple[QPoint, QPoint]:
    """Return where the ends of the only kept bar are on the timeline."""
    (bar,) = (bar for bar in timeline.bars if bar.saved_moment is not None)
    found = [
        timeline.mapFromScene(timeline._box.mapViewToScene(QPointF(time_s, -bar.row)))
        for time_s in (bar.start_s, bar.stop_s)
    ]
    assert made.app_context.playback.video is not None
    return QPoint(round(found[0].x()), round(found[0].y())), QPoint(round(found[1].x()), round(found[1].y()))


def test_ends_of_ones_own_bars_can_be_dragged_and_undone(qtbot: QtBot, annotated: Composition) -> None:
    app_context, timeline = annotated.app_context, inspect(annotated).moment_timeline
    assert timeline.isHidden(), "without moments it takes no room"
    app_context.annotations.save_moment(1.0, 2.0, "Slip")
    qtbot.waitUntil(lambda: bool(timeline.bars) and timeline.isVisible())
    qtbot.wait(20)
    assert timeline.rows[0] == "model"
    start, stop = bar_ends(timeline, annotated)
    to = QPoint(stop.x() + (stop.x() - start.x()) // 2, stop.y())
    QTest.mousePress(timeline.viewport(), Qt.MouseButton.LeftButton, pos=stop)
    QTest.mouseMove(timeline.viewport(), to)
    QTest.mouseRelease(timeline.viewport(), Qt.MouseButton.LeftButton, pos=to)
    qtbot.waitUntil(lambda: kept(annotated)[0].stop_s > 2.1)
    (moment,) = kept(annotated)
    assert moment.start_s == pytest.approx(1.0)
    assert moment.stop_s == pytest.approx(2.5, abs=0.1)
    assert (moment.stop_s * 30) == pytest.approx(round(moment.stop_s * 30)), "it ends with a frame"
    app_context.undo.undo()
    qtbot.waitUntil(lambda: kept(annotated)[0].stop_s == pytest.approx(2.0))


def shown_names(timeline: MomentTimeline) -> list[str]:
    """Return the names of the rows as they are written."""
    return [name for level in timeline.getAxis("left")._tickLevels for _, name in level]


def test_names_of_rows_are_written_whole(qtbot: QtBot, annotated: Composition) -> None:
    app_context, timeline = annotated.app_context, inspect(annotated).moment_timeline
    annotated.window.resize(1440, 900)
    qtbot.waitUntil(lambda: inspect(annotated).curve.width() > 400)
    usual_px = inspect(annotated).curve.getAxis("left").width()
    app_context.annotations.set_author("Ann Example")
    app_context.annotations.save_moment(1.0, 2.0, "Slip")
    qtbot.waitUntil(lambda: timeline.isVisible() and shown_names(timeline) == ["model", "Ann Example"])
    assert timeline.getAxis("left").width() == inspect(annotated).curve.getAxis("left").width() > usual_px
    app_context.undo.undo()
    qtbot.waitUntil(timeline.isHidden)
    qtbot.waitUntil(lambda: inspect(annotated).curve.getAxis("left").width() == usual_px)
