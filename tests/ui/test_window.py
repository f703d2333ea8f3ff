"""The window, driven as a user would."""

import logging
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis import Analysis
from skillviewer.core.job import CancelToken
from skillviewer.ui.app import Composition
from skillviewer.ui.crash import ExceptionHook
from skillviewer.ui.go_to import GoTo
from skillviewer.ui.inspect_screen import InspectScreen
from skillviewer.ui.palette import KeySheet, Palette
from skillviewer.ui.settings import Settings
from skillviewer.ui.video_list import VideoState
from tests.ui.conftest import MakeWindow
from tests.ui.fakes import N_SEGMENTS, FakeAssessor, FakeDialogs, FakeWorld
from tests.ui.hands import click, key, type_text


def inspect(made: Composition) -> InspectScreen:
    screen = made.window.screen_named("inspect")
    assert isinstance(screen, InspectScreen)
    return screen


def open_and_load(qtbot: QtBot, made: Composition, paths: list[Path]) -> None:
    made.program.models.choose_default(None)
    made.program.open(paths)
    qtbot.waitUntil(lambda: made.program.playback.video is not None and made.program.feed.settled)


def states(made: Composition) -> list[str]:
    return [str(entry.state) for entry in made.program.videos]


def drop(made: Composition, paths: list[Path]) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    actions, button, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), actions, data, button, none)
    made.window.dragEnterEvent(enter)
    assert enter.isAccepted()
    made.window.dropEvent(QDropEvent(QPointF(50, 50), actions, data, button, none))


def test_it_opens_at_once_and_shows_what_to_do(window: Composition) -> None:
    shown = window.window
    assert shown.pages.currentWidget() is shown.start
    assert shown.start.videos_button.isVisible()
    assert not shown.panel.isVisible()
    assert "no model" in shown.status.text


def test_open_look_assess_and_read_the_score(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    files = world.touch("P07.mp4", "P12.mp4")
    open_and_load(qtbot, window, files)
    program, shown = window.program, window.window
    assert shown.pages.currentWidget() is inspect(window)
    assert "P07.mp4" in shown.windowTitle()
    qtbot.waitUntil(lambda: program.state.analysis is not None and program.state.analysis.complete)
    analysis = program.state.analysis
    assert analysis is not None
    assert f"{abs(analysis.score):.2f}" in inspect(window).header.text
    assert states(window) == ["done", "new"], "only the video on screen is assessed unasked"
    program.playback.seek(int(analysis.samples[0, 11]))
    qtbot.waitUntil(lambda: program.feed.settled)
    assert inspect(window).player.caption.text == "sampled frame 12 of 25"
    program.playback.step(1)
    qtbot.waitUntil(lambda: program.feed.settled)
    assert inspect(window).player.caption.text == "map of sampled frame 12 of 25, held for 0.03 s"
    text = shown.status.text
    for part in ("P07.mp4", "25/25 sampled", "30.00 fps", "1×", "model alpha", "cpu"):
        assert part in text
    number = program.playback.frame + 1
    assert f"frame {number}/90" in text, "frames count from 1 for people"


def test_the_curve_and_the_status_grow_while_the_model_works(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    world.held = True
    open_and_load(qtbot, window, world.touch("a.mp4"))
    program = window.program
    qtbot.waitUntil(lambda: program.state.analysis is not None and program.state.analysis.n_samples == 12)
    curve = inspect(window).curve.curve
    assert curve is not None
    assert len(curve.mean) == 12
    assert "so far, after 12 of 25 sampled frames" in inspect(window).header.text
    assert "12/25 sampled" in window.window.status.text
    assert "1 job 48 %" in window.window.status.text
    assert window.window.panel.table.index(0, 3).data() == "12 of 25"
    assert window.window.actions_["stop"].isEnabled()
    world.hold.set()
    qtbot.waitUntil(lambda: not program.assessments.busy)
    assert "job" not in window.window.status.text
    assert states(window) == ["done"]


def test_stopping_leaves_no_trace(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.held = True
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4"))
    program = window.program
    qtbot.waitUntil(lambda: program.state.analysis is not None and program.state.analysis.n_samples == 12)
    program.assessments.ask_all()
    assert states(window) == ["working", "waiting"]
    window.window.actions_["stop"].trigger()
    qtbot.waitUntil(lambda: not program.assessments.busy)
    assert states(window) == ["new", "new"]
    assert program.state.analysis is None
    assert inspect(window).curve.curve is None
    assert not program.jobs.running
    assert "not assessed yet" in inspect(window).header.text
    button = next(b for b in inspect(window).header.findChildren(QPushButton) if b.text() == "Assess")
    assert button.isVisible()
    world.held = False
    click(button)
    qtbot.waitUntil(lambda: states(window)[0] == "done")


def test_everything_is_assessed_one_after_the_other(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    names = [f"{i}.mp4" for i in range(6)]
    window.program.assessments.set_automatic(on=False)
    open_and_load(qtbot, window, world.touch(*names))
    qtbot.waitUntil(lambda: window.program.state.model is not None)
    window.program.state.set_current(window.program.videos[3].path)
    window.window.actions_["assess_all"].trigger()
    qtbot.waitUntil(lambda: not window.program.assessments.busy)
    assert states(window) == ["done"] * 6
    assert [stem for _, stem, _ in world.assessed] == ["3", "0", "1", "2", "4", "5"], "the one on screen first"


def test_files_are_dropped_and_what_is_not_understood_is_listed(
    qtbot: QtBot, window: Composition, world: FakeWorld, tmp_path: Path
) -> None:
    good = world.touch("a.mp4", "b.mkv")
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "c.mov").touch()
    (folder / "notes.txt").touch()
    empty = tmp_path / "empty folder"
    empty.mkdir()
    world.broken = {"letter"}
    letter = tmp_path / "letter.docx"
    letter.touch()
    drop(window, [*good, folder, empty, letter, tmp_path / "gone.mp4"])
    qtbot.waitUntil(lambda: len(window.program.videos) == 3)
    assert [entry.path.name for entry in window.program.videos] == ["a.mp4", "b.mkv", "c.mov"]
    bar = window.window.messages
    qtbot.waitUntil(bar.isVisible)
    assert bar.text == "3 things were not opened."
    assert bar.details.splitlines() == [
        "empty folder: holds no videos", "letter.docx is not a video.", "gone.mp4: is not there",
    ]  # fmt: skip
    qtbot.waitUntil(lambda: window.program.feed.settled)


def test_a_checkpoint_is_dropped(qtbot: QtBot, window: Composition, tmp_path: Path) -> None:
    checkpoint = tmp_path / "my model"
    checkpoint.mkdir()
    (checkpoint / "config.json").touch()
    drop(window, [checkpoint])
    qtbot.waitUntil(lambda: window.program.state.model is not None)
    assert window.program.state.model is not None
    assert window.program.state.model.name == "my model"
    assert "model my model" in window.window.status.text


def test_a_broken_video_stops_nobody(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.broken = {"b"}
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4", "c.mp4"))
    qtbot.waitUntil(window.window.messages.isVisible)
    assert window.window.messages.text == "b.mp4 is not a video."
    assert states(window)[1] == "unreadable"
    bad = window.program.videos[1].path
    window.program.state.set_current(bad)
    qtbot.waitUntil(lambda: "cannot be read" in inspect(window).header.text)
    assert inspect(window).player.canvas.moment is None
    window.window.actions_["assess_all"].trigger()
    qtbot.waitUntil(lambda: not window.program.assessments.busy)
    assert states(window) == ["done", "unreadable", "done"]


def test_a_model_that_fails_says_so_and_goes_on(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.failing = {"a"}
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4"))
    qtbot.waitUntil(lambda: window.program.state.model is not None)
    window.program.assessments.ask_all()
    qtbot.waitUntil(lambda: not window.program.assessments.busy)
    assert states(window) == ["failed", "done"]
    assert "ran out of memory" in window.window.messages.text
    assert "could not be assessed" in inspect(window).header.text
    assert window.program.state.analysis is None, "half an analysis is not shown as one"
    close = window.window.messages.findChildren(QToolButton)[-1]
    click(close)
    assert not window.window.messages.isVisible()


def test_a_checkpoint_that_cannot_be_loaded(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    window.program.models.choose(world.folder / "broken model")
    qtbot.waitUntil(window.window.messages.isVisible)
    assert window.window.messages.text == "broken model is not a checkpoint."
    assert "no model" in window.window.status.text
    window.program.models.choose_default("beta")
    qtbot.waitUntil(lambda: window.program.state.model is not None)


def test_switching_models_while_working(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.held = True
    open_and_load(qtbot, window, world.touch("a.mp4"))
    program = window.program
    qtbot.waitUntil(lambda: program.state.analysis is not None and program.state.analysis.n_samples == 12)
    world.held = False
    program.models.step(1)
    assert program.state.analysis is None, "nothing of the old model is shown under the new one"
    qtbot.waitUntil(lambda: program.state.analysis is not None and program.state.analysis.complete)

    def shown() -> Analysis:
        assert program.state.analysis is not None
        return program.state.analysis

    assert shown().provenance.model == "beta"
    program.models.step(1)
    qtbot.waitUntil(lambda: program.state.analysis is not None and program.state.analysis.complete)
    assert shown().provenance.model == "alpha"
    program.models.step(-1)
    qtbot.waitUntil(lambda: program.state.analysis is not None)
    assert shown().provenance.model == "beta"
    assert [(model, stem) for model, stem, _ in world.assessed] == [("alpha", "a"), ("beta", "a"), ("alpha", "a")], (
        "what a model said is kept"
    )


def test_passes_give_an_interval(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    window.program.state.set_passes(4)
    open_and_load(qtbot, window, world.touch("a.mp4"))
    qtbot.waitUntil(lambda: window.program.state.analysis is not None and window.program.state.analysis.complete)
    assert "95 % interval" in inspect(window).header.text
    assert "(4 passes)" in inspect(window).header.text
    assert world.assessed == [("alpha", "a", 4)]


def test_a_word_of_warning_is_shown(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.warning = "This video looks unlike the training videos."
    open_and_load(qtbot, window, world.touch("a.mp4"))
    qtbot.waitUntil(lambda: "unlike the training videos" in inspect(window).header.text)


def test_paging_quickly_starts_nothing(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch(*(f"{i}.mp4" for i in range(8))))
    qtbot.waitUntil(lambda: states(window)[0] == "done")
    for _ in range(7):
        window.window.panel.step(1)
        qtbot.wait(5)
    qtbot.waitUntil(lambda: states(window)[7] == "done")
    assert [stem for _, stem, _ in world.assessed] == ["0", "7"]


def test_the_video_on_screen_goes_first(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.held = True
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4"))
    program = window.program
    qtbot.waitUntil(lambda: states(window)[0] == "working" and program.videos[0].done == 12)
    program.state.set_current(program.videos[1].path)
    qtbot.waitUntil(lambda: states(window) == ["waiting", "working"])
    world.hold.set()
    qtbot.waitUntil(lambda: not program.assessments.busy)
    assert states(window) == ["done", "done"]
    assert [stem for _, stem, _ in world.assessed] == ["a", "b", "a"]


def test_playing_on_screen(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    program = window.program
    play = window.window.actions_["play"]
    play.trigger()
    qtbot.waitUntil(lambda: program.playback.frame > 10)
    play.trigger()
    qtbot.waitUntil(lambda: program.feed.settled)
    moment = inspect(window).player.canvas.moment
    assert moment is not None
    assert moment.shot.frame_index == program.playback.frame


def test_going_to_a_frame(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    window.window.actions_["go_to"].trigger()
    sheet = window.window.findChild(GoTo)
    assert sheet is not None
    sheet.field.clear()
    type_text(sheet.field, "00:01.5")
    assert sheet.hint == "Frame 46 at 00:01.500"
    key(sheet.field, Qt.Key.Key_Return)
    assert window.program.playback.frame == 45
    qtbot.waitUntil(lambda: window.window.findChild(GoTo) is None)


def test_the_palette_finds_and_does(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    window.window.actions_["palette"].trigger()
    palette = window.window.findChild(Palette)
    assert palette is not None
    type_text(palette.field, "contour")
    assert palette.list.count() == 1
    key(palette.field, Qt.Key.Key_Return)
    assert str(window.program.state.look.overlay) == "contour"
    qtbot.waitUntil(lambda: window.window.findChild(Palette) is None)


def test_a_sheet_closes_on_escape_and_gives_the_focus_back(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    canvas = inspect(window).player.canvas
    canvas.setFocus()
    window.window.actions_["shortcuts"].trigger()
    sheet = window.window.findChild(KeySheet)
    assert sheet is not None
    assert not canvas.hasFocus()
    focused = QApplication.focusWidget()
    assert focused is not None
    key(focused, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.window.findChild(KeySheet) is None)
    assert canvas.hasFocus()


def test_a_sheet_closes_when_the_focus_goes_elsewhere(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    window.window.actions_["palette"].trigger()
    inspect(window).player.canvas.setFocus()
    qtbot.waitUntil(lambda: window.window.findChild(Palette) is None)
    assert inspect(window).player.canvas.hasFocus()


def test_closing_all_videos_goes_back_to_the_first_page(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    window.window.actions_["close_videos"].trigger()
    assert window.window.pages.currentWidget() is window.window.start
    assert window.program.playback.video is None
    open_and_load(qtbot, window, world.touch("b.mp4"))
    assert window.window.pages.currentWidget() is inspect(window)


def test_recent_files_are_offered_and_open(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, settings: Settings
) -> None:
    files = world.touch("a.mp4", "b & c.mp4")
    for path in files:
        settings.remember(path)
    made = make_window(world.backend())
    button = next(b for b in made.window.start.findChildren(QPushButton) if b.property("path") == str(files[1]))
    assert "b && c.mp4" in button.text()
    click(button)
    qtbot.waitUntil(lambda: made.program.feed.settled and made.program.playback.video is not None)
    assert settings.recent[0] == files[1]


def test_videos_are_opened_by_the_dialog(
    qtbot: QtBot, window: Composition, world: FakeWorld, dialogs: FakeDialogs
) -> None:
    dialogs.videos_answer = world.touch("a.mp4")
    window.window.actions_["open_videos"].trigger()
    qtbot.waitUntil(lambda: len(window.program.videos) == 1)
    dialogs.videos_answer = []
    window.window.actions_["open_videos"].trigger()
    qtbot.waitUntil(lambda: window.program.feed.settled)
    assert len(window.program.videos) == 1


@pytest.mark.parametrize("agreed", [True, False])
def test_closing_during_a_job_asks(
    qtbot: QtBot, window: Composition, world: FakeWorld, dialogs: FakeDialogs, agreed: bool
) -> None:
    world.held = True
    open_and_load(qtbot, window, world.touch("a.mp4"))
    qtbot.waitUntil(lambda: window.program.videos[0].done == 12)
    dialogs.confirm_answer = agreed
    window.window.close()
    assert len(dialogs.asked) == 1
    if agreed:
        qtbot.waitUntil(lambda: not window.window.isVisible())
        assert not any(lane.running for lane in window.program.lanes)
    else:
        assert window.window.isVisible()
        assert not window.program.closing
        world.hold.set()
        qtbot.waitUntil(lambda: states(window) == ["done"])


def test_closing_waits_for_work_that_does_not_look_up_without_blocking(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job ignores its token for a while: the window stays responsive, waits, and frees the model in its thread."""
    go, begun = threading.Event(), threading.Event()
    freed: list[int] = []

    def deaf(self: FakeAssessor, path: Path, passes: int, token: CancelToken, report: object) -> Analysis:  # noqa: ARG001
        begun.set()
        go.wait(10)
        token.check()
        raise AssertionError

    monkeypatch.setattr(FakeAssessor, "assess", deaf)
    monkeypatch.setattr(FakeAssessor, "close", lambda _self: freed.append(threading.get_ident()))
    made = make_window(world.backend())
    made.program.models.refresh()
    open_and_load(qtbot, made, world.touch("a.mp4"))
    qtbot.waitUntil(begun.is_set)
    made.window.close()
    beats: list[int] = []
    timer = QTimer()
    timer.timeout.connect(lambda: beats.append(1))
    timer.start(5)
    qtbot.wait(150)
    timer.stop()
    assert len(beats) > 10, "the event loop goes on"
    assert made.window.isVisible(), "it waits"
    go.set()
    qtbot.waitUntil(lambda: not made.window.isVisible())
    assert len(freed) == 1
    assert freed[0] != threading.get_ident()


def test_closing_while_the_model_loads_and_videos_are_looked_at(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, dialogs: FakeDialogs
) -> None:
    world.load_s, world.decode_s = 0.2, 0.01
    made = make_window(world.backend())
    made.program.models.refresh()
    made.program.models.choose_default(None)
    made.program.open(world.touch(*(f"{i}.mp4" for i in range(50))))
    qtbot.waitUntil(lambda: len(made.program.videos) == 50)
    event = QCloseEvent()
    made.window.closeEvent(event)
    assert not event.isAccepted()
    qtbot.waitUntil(lambda: not made.window.isVisible())
    assert dialogs.asked == [], "nothing of worth is lost"


def test_an_error_in_a_slot_is_logged_and_shown_and_the_window_lives(
    qtbot: QtBot,
    window: Composition,
    world: FakeWorld,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys

    hook = ExceptionHook()
    hook.caught.connect(window.program.messages.fail)
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)  # pytest-qt's own would fail the test
    hook.install()
    try:
        with caplog.at_level(logging.ERROR):
            QTimer.singleShot(0, lambda: 1 // 0)
            qtbot.waitUntil(window.window.messages.isVisible)
    finally:
        hook.uninstall()
    assert "should not have" in window.window.messages.text
    assert "ZeroDivisionError" in window.window.messages.details
    assert "ZeroDivisionError" in caplog.text
    open_and_load(qtbot, window, world.touch("a.mp4"))
    assert window.program.playback.video is not None


def test_an_error_in_another_thread_is_shown_too(
    qtbot: QtBot, window: Composition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _args: None)
    hook = ExceptionHook()
    hook.caught.connect(window.program.messages.fail)
    hook.install()
    try:
        thread = threading.Thread(target=lambda: window.window.actions_["missing"])
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: "KeyError" in window.window.messages.details)
    finally:
        hook.uninstall()


def test_a_frame_that_does_not_decode_is_told(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld) -> None:
    from skillviewer.core.errors import VideoError
    from tests.ui.fakes import FakeReader

    class Torn(FakeReader):
        def frame(self, index: int, token: CancelToken | None = None, /) -> object:  # type: ignore[override]
            if index > 50:
                raise VideoError(f"Frame {index} does not decode.")
            return super().frame(index, token)

    backend = replace(world.backend(), open_reader=lambda path: Torn(world.info(path), 0.0, world.picture))  # type: ignore[arg-type,return-value]
    made = make_window(backend)
    made.program.open(world.touch("a.mp4"))
    qtbot.waitUntil(lambda: made.program.playback.video is not None and made.program.feed.settled)
    made.program.playback.seek(60)
    qtbot.waitUntil(lambda: "does not decode" in made.window.messages.text)
    made.program.playback.seek(20)
    qtbot.waitUntil(lambda: made.program.feed.settled)
    moment = inspect(made).player.canvas.moment
    assert moment is not None
    assert moment.shot.frame_index == 20


def test_every_widget_that_takes_the_focus_has_a_name(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    nameless = []
    for button in window.window.findChildren(QToolButton) + window.window.findChildren(QPushButton):
        named = button.accessibleName() or button.text() or button.toolTip()
        if button.isVisible() and button.focusPolicy() != Qt.FocusPolicy.NoFocus and not named:
            nameless.append(button)
    assert not nameless
    for widget in (
        inspect(window).player.canvas,
        inspect(window).curve,
        window.window.panel.view,
        window.window.panel.search,
    ):
        assert widget.accessibleName()


def test_the_window_can_be_walked_by_keyboard(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4"))
    window.window.panel.search.setFocus()
    met = []
    for _ in range(60):
        focused = QApplication.focusWidget()
        assert focused is not None
        if focused in met:
            break
        met.append(focused)
        key(focused, Qt.Key.Key_Tab)
    screen = inspect(window)
    for widget in (window.window.panel.view, screen.player.canvas, screen.curve, screen.player.transport._play):
        assert widget in met
    assert len(met) > 8


def test_the_list_state_words_follow(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    qtbot.waitUntil(lambda: window.program.videos[0].state is VideoState.DONE)
    table = window.window.panel.table
    assert table.index(0, 3).data() == "assessed"
    assert window.window.panel._count.text() == "1 video, 1 assessed"
    assert window.program.videos[0].total in {0, N_SEGMENTS}
