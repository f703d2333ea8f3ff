"""Several attempts in one long file: each is a video of its own, and none is taken for another."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from skillviewer.core.video.clips import FrameRange, TimeRange, VideoClip
from skillviewer.data.study import NewVideo, Study
from skillviewer.ui.app import Composition
from skillviewer.ui.comparing.screen import CompareScreen
from skillviewer.ui.exporting.screen import ExportScreen
from skillviewer.ui.shell.recovery import Recovery
from skillviewer.ui.shell.session_recorder import SessionRecorder
from skillviewer.ui.videos.columns import format_part, under_name
from tests.facts import missing
from tests.ui.conftest import MakeWindow
from tests.ui.driving import inspect, open_and_load, states
from tests.ui.fakes import FakeWorld, read_number
from tests.ui.hands import click, key
from tests.ui.inspect_driving import findings_of
from tests.ui.shell.test_recovery import die, noted

CTRL = Qt.KeyboardModifier.ControlModifier
FIRST, SECOND = FrameRange(150, 300), TimeRange(20.0, 24.99)
"""Frames 150 to 299 and 600 to 749 of 900 at 30 Hz."""
RANGES = {"try 1": range(150, 300), "try 2": range(600, 750), "whole": range(90)}


@pytest.fixture
def study(world: FakeWorld, tmp_path: Path) -> Path:
    long, whole = world.touch("long.mp4", "whole.mp4")
    world.n_frames = {"long": 900}
    path = tmp_path / "parts.skillstudy"
    with Study.create(path) as made:
        made.videos.add([NewVideo(long, "try 1", clip_range=FIRST), NewVideo(long, "try 2", clip_range=SECOND)])
        made.videos.add([NewVideo(whole)])
    return path


def opened(qtbot: QtBot, made: Composition, study: Path) -> Composition:
    app_context = made.app_context
    app_context.assessments.set_automatic(on=False)
    app_context.models.refresh()
    app_context.models.choose_default(None)
    app_context.open([study])
    qtbot.waitUntil(lambda: [e.study_name for e in app_context.videos] == ["try 1", "try 2", "whole"])
    qtbot.waitUntil(lambda: app_context.state.model is not None and app_context.playback.video is not None)
    return made


@pytest.fixture
def parts(qtbot: QtBot, window: Composition, study: Path) -> Composition:
    return opened(qtbot, window, study)


def assessed(qtbot: QtBot, made: Composition) -> Composition:
    made.app_context.assessments.ask_all()
    qtbot.waitUntil(lambda: states(made) == ["done"] * 3)
    return made


def part(made: Composition, name: str) -> VideoClip:
    entry = made.app_context.videos.find_by_name(name)
    assert entry is not None
    return entry.clip


def choose_by_hand(qtbot: QtBot, made: Composition, name: str) -> None:
    """Click the row of a video, and wait for its picture."""
    panel = made.window.panel
    row = made.app_context.videos.row(part(made, name))
    assert row is not None
    index = panel.video_filter.mapFromSource(panel.video_table.index(row, 0))
    click(panel.videos_view.viewport(), panel.videos_view.visualRect(index).center())
    qtbot.waitUntil(lambda: made.app_context.state.current_clip == part(made, name))
    qtbot.waitUntil(lambda: made.app_context.playback.video is not None and made.app_context.feed.settled)


def test_each_part_is_listed_played_and_bounded(qtbot: QtBot, parts: Composition) -> None:
    playback, screen = parts.app_context.playback, inspect(parts)
    for name in ("try 2", "try 1"):
        choose_by_hand(qtbot, parts, name)
        frames = RANGES[name]
        assert playback.frames == frames
        assert playback.frame == frames[0]
        canvas = screen.player.canvas
        assert canvas.displayed_frame is not None
        assert read_number(canvas.displayed_frame.picture.pixels) == frames[0]
        canvas.setFocus()
        key(canvas, Qt.Key.Key_End)
        qtbot.waitUntil(lambda: parts.app_context.feed.settled)
        assert read_number(canvas.displayed_frame.picture.pixels) == playback.frame == frames[-1]
        playback.seek(0)
        assert playback.frame == frames[0]
        playback.seek(899)
        assert playback.frame == frames[-1]
        assert name in parts.window.windowTitle()
        assert screen.curve.viewRange()[0] == pytest.approx([frames[0] / 30, frames.stop / 30], abs=0.2)
    assert parts.window.windowTitle().startswith("long.mp4 (try 1)")
    assert parts.window.status_bar._video_label.text() == "long.mp4 (try 1)"


def test_playing_ends_with_the_part_and_loops_within_it(qtbot: QtBot, parts: Composition) -> None:
    choose_by_hand(qtbot, parts, "try 1")
    playback = parts.app_context.playback
    playback.set_speed(4.0)
    playback.seek(290)
    playback.play()
    qtbot.waitUntil(lambda: not playback.playing)
    assert playback.frame == 299
    seen: list[int] = []
    playback.frame_changed.connect(seen.append)
    playback.set_loop(True)
    playback.play()
    qtbot.waitUntil(lambda: 150 <= playback.frame < 200)
    playback.pause()
    assert min(seen) >= 150
    assert max(seen) <= 299


def test_each_part_has_a_score_evidence_and_moments_of_its_own(
    qtbot: QtBot, parts: Composition, world: FakeWorld
) -> None:
    assessed(qtbot, parts)
    assert set(world.looked_at) == {part(parts, name) for name in RANGES}
    scores = {
        entry.study_name: entry.analysis.score for entry in parts.app_context.videos if entry.analysis is not None
    }
    assert len(set(scores.values())) == 3
    for name in ("try 1", "try 2", "try 1"):
        choose_by_hand(qtbot, parts, name)
        found = findings_of(qtbot, parts)
        frames = RANGES[name]
        assert found.name == name
        assert found.analysis.score == scores[name]
        assert found.analysis.frames == frames
        assert found.evidence is not None
        assert found.evidence.belongs_to(found.analysis)
        assert found.evidence.score == scores[name]
        assert found.moments
        assert all(frames.start <= m.start_frame < m.stop_frame <= frames.stop for m in found.moments)
        assert found.position.n_compared == 2, "the other part is a comparable video"
        samples = parts.app_context.playback.sampled_frames
        assert frames.start <= samples.min() < samples.max() < frames.stop
        curve = inspect(parts).curve.curve
        assert curve is not None
        assert curve.boundaries_s.min() > frames.start / 30
        assert curve.boundaries_s.max() < frames.stop / 30
        click(inspect(parts).curve.viewport(), QPoint(200, inspect(parts).curve.height() // 2))
        assert parts.app_context.playback.frame in frames


def test_scores_of_parts_come_back_with_the_study(
    qtbot: QtBot, parts: Composition, make_window: MakeWindow, world: FakeWorld, study: Path
) -> None:
    assessed(qtbot, parts)
    before = {e.study_name: e.analysis.score for e in parts.app_context.videos if e.analysis is not None}
    qtbot.waitUntil(lambda: not parts.app_context.study_worker._tasks)
    parts.app_context.close()
    assert parts.app_context.wait(60_000)
    n = len(world.looked_at)
    again = opened(qtbot, make_window(world.backend()), study)
    qtbot.waitUntil(lambda: states(again) == ["done"] * 3)
    assert {e.study_name: e.analysis.score for e in again.app_context.videos if e.analysis is not None} == before
    assert len(world.looked_at) == n


def test_what_is_written_on_a_part_stays_with_it(qtbot: QtBot, parts: Composition, study: Path) -> None:
    assessed(qtbot, parts)
    choose_by_hand(qtbot, parts, "try 2")
    playback, canvas = parts.app_context.playback, inspect(parts).player.canvas
    canvas.setFocus()
    playback.seek(640)
    key(canvas, Qt.Key.Key_O)  # from the beginning of the part
    key(canvas, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: parts.app_context.undo.undo_text == "moment" and not parts.app_context.study_worker._tasks)
    with Study.open(study, read_only=True) as kept:
        (moment,) = kept.annotations.moments("try 2")
        assert kept.annotations.moments("try 1") == ()
    assert [moment.start_s, moment.stop_s] == pytest.approx([20.0, 641 / 30])
    parts.window.actions_["remove_video"].trigger()
    qtbot.waitUntil(lambda: [e.study_name for e in parts.app_context.videos] == ["try 1", "whole"])
    parts.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: len(parts.app_context.videos) == 3)
    qtbot.waitUntil(lambda: states(parts).count("done") == 3)


def wait_for_models(qtbot: QtBot, screen: CompareScreen, frames: range) -> None:
    qtbot.waitUntil(
        lambda: all(
            row.complete_analysis is not None and row.complete_analysis.frames == frames
            for row in screen.model_set.rows
        )
    )


@pytest.mark.slow
def test_models_are_compared_on_the_part_on_screen(qtbot: QtBot, parts: Composition) -> None:
    app_context = parts.app_context
    app_context.settings.compared_models = tuple(str(entry.folder) for entry in app_context.models.entries)
    choose_by_hand(qtbot, parts, "try 2")
    parts.window.screens.show("compare")
    screen = parts.window.screens.get_page("compare")
    assert isinstance(screen, CompareScreen)
    found = {}
    for name in ("try 2", "try 1"):
        parts.window.panel.show_chosen(part(parts, name))
        wait_for_models(qtbot, screen, RANGES[name])
        found[name] = [
            row.complete_analysis.score for row in screen.model_set.rows if row.complete_analysis is not None
        ]
    assert len(found["try 1"]) == 2
    assert not np.intersect1d(found["try 1"], found["try 2"]).size
    screen.model_set.assess_all()
    qtbot.waitUntil(lambda: not screen.model_set.is_busy)
    assert set(screen.agreement_loader.names.values()) == {"try 1", "try 2", "whole"}
    assert screen.agreement_loader.n_shared == 3


def test_a_part_is_exported_as_that_part(qtbot: QtBot, parts: Composition, world: FakeWorld, tmp_path: Path) -> None:
    app_context = parts.app_context
    app_context.settings.export_folder = str(tmp_path / "out")
    choose_by_hand(qtbot, parts, "try 2")
    parts.window.screens.show("export")
    screen = parts.window.screens.get_page("export")
    assert isinstance(screen, ExportScreen)
    qtbot.waitUntil(lambda: [v.clip for v in screen.source_form.chosen_videos] == [part(parts, "try 2")])
    click(screen.export_button)
    qtbot.waitUntil(lambda: bool(world.exporting.requests))
    (source,) = world.exporting.requests[0].sources  # type: ignore[union-attr]
    assert source.clip == part(parts, "try 2")
    assert source.clip_range == SECOND
    assert world.exporting.requests[0].path.stem == "try 2"


def test_a_session_leads_back_to_the_part(
    qtbot: QtBot, parts: Composition, make_window: MakeWindow, world: FakeWorld, tmp_path: Path
) -> None:
    sessions = tmp_path / "sessions"
    session = SessionRecorder(parts.app_context, parts.window.screens, sessions)
    choose_by_hand(qtbot, parts, "try 2")
    parts.app_context.playback.seek(700)
    session.record()
    qtbot.waitUntil(lambda: noted(sessions).get("frame") == 700)
    die(session)
    parts.app_context.close()
    assert parts.app_context.wait(60_000)
    second = make_window(world.backend())
    second.app_context.assessments.set_automatic(on=False)
    recovery = Recovery(second.app_context, second.window.screens, second.window.start_page)
    recovery.offer(sessions)
    click(second.window.start_page.continue_button)
    qtbot.waitUntil(lambda: second.app_context.playback.frame == 700)
    assert second.app_context.state.current_clip == part(second, "try 2")


def test_a_part_behind_the_end_of_its_file_is_told(
    qtbot: QtBot, window: Composition, world: FakeWorld, tmp_path: Path
) -> None:
    (short,) = world.touch("short.mp4")
    with Study.create(tmp_path / "late.skillstudy") as made:
        made.videos.add([NewVideo(short, "late", clip_range=FrameRange(200, 300)), NewVideo(short, "early")])
    window.app_context.assessments.set_automatic(on=False)
    window.app_context.open([tmp_path / "late.skillstudy"])
    qtbot.waitUntil(lambda: states(window) == ["new", "unreadable"])
    early, late = window.app_context.videos
    assert not missing(late.reason, "90 frames", "frame 200")
    assert "short.mp4" in late.reason
    qtbot.waitUntil(lambda: window.app_context.playback.video is not None)
    window.app_context.state.set_current(late.clip)
    qtbot.waitUntil(lambda: "cannot be read" in inspect(window).score_header.text)
    assert window.app_context.playback.video is None
    window.app_context.state.set_current(early.clip)
    qtbot.waitUntil(lambda: window.app_context.playback.video is not None)


def test_the_list_tells_parts_by_their_times(qtbot: QtBot, parts: Composition) -> None:
    qtbot.waitUntil(lambda: all(e.info is not None and e.thumbnail is not None for e in parts.app_context.videos))
    told_of = [under_name(entry) for entry in parts.app_context.videos]
    assert told_of == ["not assessed · 0:05–0:10", "not assessed · 0:20–0:25", "not assessed"]
    assert [format_part(entry) for entry in parts.app_context.videos] == ["frames 151 to 300", "00:20.0–00:24.9", ""]
    numbers = [read_number(e.thumbnail) for e in parts.app_context.videos if e.thumbnail is not None]
    assert numbers == [150, 600, 0], "small pictures are of the first frame of each part"
    lengths = [entry.length_s for entry in parts.app_context.videos]
    assert lengths == pytest.approx([5.0, 5.0, 3.0])


def test_a_long_recording_is_cut_into_attempts_by_hand(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    (long,) = world.touch("long.mp4")
    world.n_frames = {"long": 900}
    app_context = window.app_context
    app_context.assessments.set_automatic(on=False)
    open_and_load(qtbot, window, [long])
    qtbot.waitUntil(lambda: [e.study_name for e in app_context.videos] == ["long"])
    action, canvas = window.window.actions_["split_off"], inspect(window).player.canvas
    assert not action.isEnabled(), "nothing is selected"
    for first, last in ((150, 299), (600, 749)):
        canvas.setFocus()
        app_context.playback.seek(first)
        key(canvas, Qt.Key.Key_I)
        app_context.playback.seek(last)
        key(canvas, Qt.Key.Key_O)
        assert action.isEnabled()
        action.trigger()
        qtbot.waitUntil(lambda: not app_context.study_worker._tasks)
        assert app_context.playback.marks == (None, None)
        assert app_context.state.current_clip == VideoClip(long), "the next attempt can be marked"
    qtbot.waitUntil(lambda: [e.study_name for e in app_context.videos] == ["long", "long 1", "long 2"])
    assert [e.clip_range for e in app_context.videos] == [None, FrameRange(150, 300), FrameRange(600, 750)]
    choose_by_hand(qtbot, window, "long 2")
    assert app_context.playback.frames == range(600, 750)
    window.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: [e.study_name for e in app_context.videos] == ["long", "long 1"])
    window.window.actions_["redo"].trigger()
    qtbot.waitUntil(lambda: [e.study_name for e in app_context.videos] == ["long", "long 1", "long 2"])
    assert app_context.videos[2].clip_range == FrameRange(600, 750)
