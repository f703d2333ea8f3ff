"""The split view: two videos on one clock, the parts where one loses, and the way to the Export screen."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from skillviewer.core.video.info import VideoInfo
from skillviewer.data.tracks_file import TrackStore
from skillviewer.ui.app import Composition
from skillviewer.ui.exporting.screen import ExportScreen
from skillviewer.ui.inspecting.motion_view import MotionView
from skillviewer.ui.inspecting.split_screen import SplitScreen
from tests.ui.fake_hands import hands
from tests.ui.fakes import FakeWorld, read_number
from tests.ui.inspect_driving import by_score, choose, lowest, open_assessed


@pytest.fixture
def screen(qtbot: QtBot, window: Composition, world: FakeWorld) -> SplitScreen:
    """The split view of the lowest of six videos, aligned."""
    open_assessed(qtbot, window, world, 6, passes=1)
    lowest(qtbot, window, evidence=False)
    action = window.window.actions_["better_video"]
    qtbot.waitUntil(action.isEnabled)
    action.trigger()
    found = window.window.screens.widget
    assert isinstance(found, SplitScreen)
    qtbot.waitUntil(lambda: bool(window.app_context.reference_loader.gaps))
    qtbot.waitUntil(
        lambda: found.reference_player.canvas.displayed_frame is not None and found.reference_player.feed.settled
    )
    return found


def other_at(screen: SplitScreen, share: float) -> int:
    """Return the frame of the better video at a share of its duration."""
    video = screen.reference_player.playback.video
    assert video is not None
    return video.frame_at(share * video.duration_s)


def test_both_play_on_one_clock_and_show_their_own_frames(
    qtbot: QtBot, window: Composition, screen: SplitScreen
) -> None:
    app_context = window.app_context
    playback, reference = app_context.playback, app_context.reference_loader
    assert playback.video is not None
    assert reference.clip is not None
    assert screen.reference_player.playback.video is not None
    assert screen.reference_player.playback.video.path == reference.clip.path
    assert not any(dock.isVisible() for dock in window.window._docks.values()), "both have the whole window"
    playback.seek(100)
    assert screen.reference_player.playback.frame == other_at(screen, playback.time_s / playback.stop_s)
    qtbot.waitUntil(lambda: screen.reference_player.feed.settled and app_context.feed.settled)
    for canvas, frame in (
        (screen.player.canvas, 100),
        (screen.reference_player.canvas, screen.reference_player.playback.frame),
    ):
        assert canvas.displayed_frame is not None
        assert read_number(canvas.displayed_frame.picture.pixels) == frame
        assert canvas.displayed_frame.scene is not None
        assert canvas.displayed_frame.scene.frame_index == frame
    scene = (
        screen.reference_player.canvas.displayed_frame.scene
        if screen.reference_player.canvas.displayed_frame is not None
        else None
    )
    entry = app_context.videos.get(reference.clip)
    assert scene is not None
    assert entry is not None
    assert entry.analysis is not None
    assert scene.score == pytest.approx(entry.analysis.score_curve[0, scene.step]), "the map is of the better video"
    playback.play()
    qtbot.waitUntil(lambda: playback.frame > 104)
    playback.pause()
    assert screen.reference_player.playback.frame == other_at(screen, playback.time_s / playback.stop_s)
    qtbot.waitUntil(lambda: screen.reference_player.feed.settled)


def test_scrubbing_either_curve_moves_both(window: Composition, screen: SplitScreen) -> None:
    playback = window.app_context.playback
    for curve in (screen.curve, screen.reference_curve):
        video = curve._playback.video
        assert video is not None
        target_s = video.duration_s * 0.6
        at = curve.mapFromScene(curve._box.mapViewToScene(curve._box.viewRect().center()))
        x = curve.mapFromScene(curve._box.mapViewToScene(QPointF(target_s, curve._box.viewRect().center().y()))).x()
        playback.seek(0)
        QTest.mouseClick(curve.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, at.y()))
        assert playback.time_s / playback.stop_s == pytest.approx(0.6, abs=0.02)
        assert screen.reference_player.playback.frame == pytest.approx(other_at(screen, 0.6), abs=4)


def test_parts_are_listed_marked_on_both_and_reached_by_keys(window: Composition, screen: SplitScreen) -> None:
    gaps, playback = window.app_context.reference_loader.gaps, window.app_context.playback
    assert playback.video is not None
    assert screen.gap_list.count() == len(gaps) > 1
    assert screen.curve.parts == tuple((gap.start_s, gap.stop_s) for gap in gaps)
    assert screen.reference_curve.parts == tuple((gap.other_start_s, gap.other_stop_s) for gap in gaps)
    starts = [playback.video.frame_at(gap.start_s) for gap in gaps]
    playback.to_last_frame()
    actions = window.window.actions_
    screen.player.canvas.setFocus()
    for start in reversed([start for start in starts if start < playback.frame]):
        QTest.keyClick(screen.player.canvas, Qt.Key.Key_P)
        assert playback.frame == start
    assert actions["split_next"].isEnabled()
    QTest.keyClick(screen.player.canvas, Qt.Key.Key_N)
    assert playback.frame == starts[1]
    assert screen.gap_list.currentRow() == 1
    screen.play(0)
    assert playback.playing
    assert playback.frame == starts[0]
    playback.pause()
    QTest.keyClick(screen.player.canvas, Qt.Key.Key_Escape)
    assert window.window.screens.current_name == "inspect"
    assert screen.reference_player.playback.video is None, "what is not shown is closed"


def test_the_clip_of_both_is_prepared_on_the_export_screen(window: Composition, screen: SplitScreen) -> None:
    app_context = window.app_context
    app_context.playback.seek(30)
    app_context.playback.mark_in()
    app_context.playback.seek(60)
    app_context.playback.mark_out()
    screen.export_button.click()
    export = window.window.screens.widget
    assert isinstance(export, ExportScreen)
    choices = export.choices
    assert choices.exporter.name == "clip"
    assert [entry.clip for entry in choices.videos] == [
        app_context.state.current_clip,
        app_context.reference_loader.clip,
    ]
    assert (choices.options.align, choices.options.start, choices.options.stop) == (True, 30, 61)


def test_another_video_brings_its_own_better_one(qtbot: QtBot, window: Composition, screen: SplitScreen) -> None:
    reference = window.app_context.reference_loader
    best = by_score(window)[-1]
    choose(qtbot, window, best.path)
    qtbot.waitUntil(lambda: reference.clip is None and window.app_context.why_loader.findings is not None)
    qtbot.waitUntil(lambda: screen.reference_player.playback.video is None)
    assert screen.curve.parts == ()
    assert "no better" in screen.message_label.plain_text


def shown_videos(window: Composition, screen: SplitScreen) -> tuple[VideoInfo, VideoInfo]:
    """Return the video on screen and the better one."""
    own, other = window.app_context.playback.video, screen.reference_player.playback.video
    assert own is not None
    assert other is not None
    return own, other


def last_times(view: MotionView) -> list[float]:
    """Return the times at which the curves of a graph end."""
    assert view.plot.curves is not None
    assert [curve.name for curve in view.plot.curves.curves] == ["left hand", "right hand"]
    return [float(curve.times_s[-1]) for curve in view.plot.curves.curves]


def test_the_motion_of_both_stands_under_their_curves_on_one_scale(
    qtbot: QtBot, window: Composition, screen: SplitScreen
) -> None:
    tracks, playback = window.app_context.tracks, window.app_context.playback
    own, other = shown_videos(window, screen)
    TrackStore().put(hands(own))
    TrackStore().put(hands(other, n_searched=75))
    tracks.refresh()
    qtbot.waitUntil(lambda: {"motion", "reference_motion"} <= vars(screen).keys())
    motion, better = screen.motion, screen.reference_motion
    qtbot.waitUntil(lambda: motion.isVisible() and better.isVisible())
    assert last_times(motion) == pytest.approx([own.times_s[-1]] * 2, abs=0.05)
    assert last_times(better) == pytest.approx([other.times_s[74]] * 2, abs=0.05)
    better_ticks, own_ticks = (view.plot.getAxis("left")._tickLevels for view in (better, motion))
    assert better_ticks == own_ticks, "both have one vertical scale"
    curve = screen.reference_curve
    curve._box.setXRange(1.0, 2.0, padding=0)
    assert better.plot._box.viewRange()[0] == pytest.approx(curve._box.viewRange()[0])
    left, right = (
        [plot.mapToGlobal(plot.mapFromScene(plot._box.mapViewToScene(QPointF(at, 0.5)))).x() for plot in both]
        for at in (1.2, 1.8)
        for both in [(better.plot, curve)]
    )
    assert left[0] == pytest.approx(left[1], abs=1)
    assert right[0] == pytest.approx(right[1], abs=1)
    y = better.plot._box.viewRect().center().y()
    x = better.plot.mapFromScene(better.plot._box.mapViewToScene(QPointF(1.5, y))).x()
    playback.seek(0)
    QTest.mouseClick(better.plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, 20))
    assert screen.reference_player.playback.time_s == pytest.approx(1.5, abs=0.1), (
        "a click in the graph moves both videos"
    )
    assert playback.time_s > 0
    TrackStore().forget(other.digest)
    tracks.refresh()
    qtbot.waitUntil(better.isHidden)
    assert motion.isVisible()
    assert better.plot.curves is None
