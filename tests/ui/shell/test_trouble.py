"""What is broken stops nobody, and is said in one place."""

import logging
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from skillviewer.core.errors import VideoError
from skillviewer.core.progress import CancelToken
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.app import Composition, begin
from skillviewer.ui.session.classified_paths import sort_paths
from skillviewer.ui.threads.exception_hook import ExceptionHook
from tests.data.studies import make_study
from tests.facts import missing
from tests.ui.conftest import MakeWindow
from tests.ui.driving import drop, inspect, open_and_load, states
from tests.ui.fakes import FakeReader, FakeWorld
from tests.ui.hands import click


def test_files_are_dropped_and_what_is_not_understood_is_listed(
    qtbot: QtBot, window: Composition, world: FakeWorld, tmp_path: Path
) -> None:
    good = world.touch("a.mp4", "b.mkv")
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "c.mov").write_bytes(b"c")
    (folder / "d.mp4").touch()
    (folder / "notes.txt").touch()
    empty = tmp_path / "empty folder"
    empty.mkdir()
    world.broken = {"letter"}
    letter = tmp_path / "letter.docx"
    letter.touch()
    drop(window, [*good, folder, empty, letter, tmp_path / "gone.mp4"])
    qtbot.waitUntil(lambda: len(window.app_context.videos) == 3)
    assert [entry.path.name for entry in window.app_context.videos] == ["a.mp4", "b.mkv", "c.mov"]
    bar = window.window.message_bar
    qtbot.waitUntil(bar.isVisible)
    assert bar.text == "4 items were not opened."
    assert bar._details_label.text().splitlines() == [
        "empty folder: holds no videos", "letter.docx is not a video.", "gone.mp4: is not there",
        f"{folder / 'd.mp4'} is empty.",
    ]  # fmt: skip
    qtbot.waitUntil(lambda: window.app_context.feed.settled)
    qtbot.waitUntil(lambda: all(entry.study_name for entry in window.app_context.videos))  # the study has them
    assert len(window.app_context.messages.waiting) == 1, "each is told of once"


def test_of_several_studies_and_models_the_last_is_opened_and_that_is_said(
    qtbot: QtBot, window: Composition, world: FakeWorld, tmp_path: Path
) -> None:
    first, second = (make_study(tmp_path / name, "a", "b") for name in ("one", "two"))
    drop(window, [first, second, second])
    qtbot.waitUntil(lambda: window.app_context.studies.current_study is not None)
    study = window.app_context.studies.current_study
    assert study is not None
    assert study.path == second
    bar = window.window.message_bar
    qtbot.waitUntil(bar.isVisible)
    assert not missing(bar.text, f"{first.name}")
    models = [tmp_path / name for name in ("m1", "m2")]
    for model in models:
        model.mkdir()
        (model / "config.json").touch()
    found = sort_paths(models, world.backend())
    assert (found.checkpoint, found.refused_paths) == (models[1], ((models[0], "one model is used at a time"),))


def test_a_broken_video_stops_nobody(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.broken = {"b"}
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4", "c.mp4"))
    qtbot.waitUntil(window.window.message_bar.isVisible)
    assert window.window.message_bar.text == "b.mp4 is not a video."
    assert states(window)[1] == "unreadable"
    bad = window.app_context.videos[1].clip
    window.app_context.state.set_current(bad)
    qtbot.waitUntil(lambda: "cannot be read" in inspect(window).score_header.text)
    assert inspect(window).player.canvas.displayed_frame is None
    window.window.actions_["assess_all"].trigger()
    qtbot.waitUntil(lambda: not window.app_context.assessments.is_busy)
    assert states(window) == ["done", "unreadable", "done"]


def test_a_model_that_fails_says_so_and_goes_on(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.failing = {"a"}
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4"))
    qtbot.waitUntil(lambda: window.app_context.state.model is not None)
    window.app_context.assessments.ask_all()
    qtbot.waitUntil(lambda: not window.app_context.assessments.is_busy)
    assert states(window) == ["failed", "done"]
    assert "ran out of memory" in window.window.message_bar.text
    assert "could not be assessed" in inspect(window).score_header.text
    assert window.app_context.state.analysis is None, "half an analysis is not shown as one"
    close = window.window.message_bar.findChildren(QToolButton)[-1]
    click(close)
    assert not window.window.message_bar.isVisible()


def test_a_checkpoint_that_cannot_be_loaded(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    window.app_context.models.choose(world.folder / "broken model")
    qtbot.waitUntil(window.window.message_bar.isVisible)
    assert window.window.message_bar.text == "broken model is not a checkpoint."
    assert "no model" in window.window.status_bar.text
    window.app_context.models.choose_default("beta")
    qtbot.waitUntil(lambda: window.app_context.state.model is not None)


def test_a_checkpoint_that_cannot_be_loaded_does_not_take_the_one_before_away(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    app_context = window.app_context
    app_context.assessments.set_automatic(on=False)
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4"))
    qtbot.waitUntil(lambda: app_context.state.model is not None)
    app_context.assessments.ask_all()
    qtbot.waitUntil(lambda: not app_context.assessments.is_busy)
    before = app_context.state.model
    assert before is not None
    app_context.models.choose(world.folder / "broken model")
    qtbot.waitUntil(window.window.message_bar.isVisible)
    assert window.window.message_bar.text == "broken model is not a checkpoint."
    qtbot.waitUntil(lambda: app_context.state.model == before)
    assert app_context.models.requested_folder == before.folder
    assert states(window) == ["done", "done"]
    assert app_context.state.analysis is not None


def test_another_model_in_the_midst_of_many_videos_is_told(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    world.held = True
    app_context = window.app_context
    app_context.assessments.set_automatic(on=False)
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4", "c.mp4"))
    qtbot.waitUntil(lambda: app_context.state.model is not None)
    app_context.assessments.ask_all()
    qtbot.waitUntil(lambda: states(window) == ["working", "waiting", "waiting"])
    app_context.models.step(1)
    qtbot.waitUntil(window.window.message_bar.isVisible)
    assert not missing(window.window.message_bar.text, "3 waiting")


def test_a_frame_that_cannot_be_decoded_shows_no_other_frame(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    world.damaged = set(range(60, 90))
    app_context, canvas = window.app_context, inspect(window).player.canvas
    app_context.assessments.set_automatic(on=False)
    open_and_load(qtbot, window, world.touch("a.mp4"))
    app_context.playback.seek(20)
    qtbot.waitUntil(lambda: canvas.displayed_frame is not None and canvas.displayed_frame.picture.frame_index == 20)
    app_context.playback.seek(70)
    qtbot.waitUntil(lambda: canvas.displayed_frame is None)
    assert not missing(canvas.message, "71 cannot", "Frame 61", "a.mp4")
    assert app_context.feed.settled
    assert inspect(window).player.caption._text_label.longest_text == ""
    app_context.playback.seek(30)
    qtbot.waitUntil(lambda: canvas.displayed_frame is not None and canvas.displayed_frame.picture.frame_index == 30)


def test_an_error_in_a_slot_is_logged_and_shown_and_the_window_lives(
    qtbot: QtBot,
    window: Composition,
    world: FakeWorld,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    hook = ExceptionHook()
    hook.caught.connect(window.app_context.messages.fail)
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)  # pytest-qt's own would fail the test
    hook.install()
    try:
        with caplog.at_level(logging.ERROR):
            QTimer.singleShot(0, lambda: 1 // 0)
            qtbot.waitUntil(window.window.message_bar.isVisible)
    finally:
        hook.uninstall()
    assert "unexpected error" in window.window.message_bar.text
    assert "ZeroDivisionError" in window.window.message_bar._details_label.text()
    assert "ZeroDivisionError" in caplog.text
    open_and_load(qtbot, window, world.touch("a.mp4"))
    assert window.app_context.playback.video is not None


def test_an_error_in_another_thread_is_shown_too(
    qtbot: QtBot, window: Composition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _args: None)
    hook = ExceptionHook()
    hook.caught.connect(window.app_context.messages.fail)
    hook.install()
    try:
        thread = threading.Thread(target=lambda: window.window.actions_["missing"])
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: "KeyError" in window.window.message_bar._details_label.text())
    finally:
        hook.uninstall()


def test_a_frame_that_does_not_decode_is_told(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld) -> None:
    from tests.ui.fakes import FakeReader

    class Torn(FakeReader):
        def frame(self, index: int, token: CancelToken | None = None, /) -> object:  # type: ignore[override]
            if index > 50:
                raise VideoError(f"Frame {index} does not decode.")
            return super().frame(index, token)

    backend = replace(world.backend(), open_reader=lambda path, _token: Torn(world.info(path), 0.0, world.picture))  # type: ignore[arg-type,return-value]
    made = make_window(backend)
    made.app_context.open(world.touch("a.mp4"))
    qtbot.waitUntil(lambda: made.app_context.playback.video is not None and made.app_context.feed.settled)
    made.app_context.playback.seek(60)
    qtbot.waitUntil(lambda: "does not decode" in made.window.message_bar.text)
    made.app_context.playback.seek(20)
    qtbot.waitUntil(lambda: made.app_context.feed.settled)
    shown = inspect(made).player.canvas.displayed_frame
    assert shown is not None
    assert shown.picture.frame_index == 20


def test_a_note_on_a_file_is_told_once(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld) -> None:
    class Cut(FakeReader):
        @property
        def info(self) -> VideoInfo:
            return replace(super().info, note="Its end is damaged: 90 of 120 frames decode.")

    backend = replace(world.backend(), open_reader=lambda path, _token: Cut(world.info(path), 0.0, world.picture))
    made = make_window(backend)
    open_and_load(qtbot, made, world.touch("a.mp4", "b.mp4"))
    assert not missing(made.window.message_bar.text, "a.mp4", "90", "120 frames")
    made.app_context.messages.dismiss()
    first, second = (entry.clip for entry in made.app_context.videos)
    made.app_context.state.set_current(second)
    qtbot.waitUntil(lambda: made.window.message_bar.text.startswith("b.mp4"))
    made.app_context.messages.dismiss()
    made.app_context.state.set_current(first)
    qtbot.waitUntil(lambda: made.app_context.feed.settled and made.app_context.playback.video is not None)
    assert made.window.message_bar.text == ""


def test_without_a_checkpoint_the_window_says_what_to_do(window: Composition, world: FakeWorld) -> None:
    world.models = ()
    begin(window.app_context, [], None)
    assert "There is no model on this computer" in window.window.message_bar.text
