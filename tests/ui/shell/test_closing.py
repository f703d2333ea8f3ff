"""Closing during every kind of job."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QCloseEvent
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.paths import drafts_dir
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report
from skillviewer.data.study import NewVideo, Study, identity
from skillviewer.data.study.annotations import SavedMoment, StudyAnnotations
from skillviewer.data.study.database import side_files
from skillviewer.ui.app import Composition
from skillviewer.ui.session.open_videos import WARM_BYTES
from tests.ui.conftest import MakeWindow
from tests.ui.driving import open_and_load, states, wait_for_stop
from tests.ui.fakes import FakeAssessor, FakeDialogs, FakeWorld


@pytest.mark.parametrize("agreed", [True, False])
def test_closing_during_a_job_asks(
    qtbot: QtBot, window: Composition, world: FakeWorld, dialogs: FakeDialogs, agreed: bool
) -> None:
    world.held = True
    open_and_load(qtbot, window, world.touch("a.mp4"))
    qtbot.waitUntil(lambda: window.app_context.videos[0].n_done == 12)
    dialogs.confirm_answer = agreed
    window.window.close()
    assert len(dialogs.asked) == 1
    if agreed:
        qtbot.waitUntil(lambda: not window.window.isVisible())
        assert not any(worker._thread.isRunning() for worker in window.app_context.workers)
    else:
        assert window.window.isVisible()
        assert not window.app_context.closing
        world.hold.set()
        qtbot.waitUntil(lambda: states(window) == ["done"])


def test_closing_waits_for_work_that_does_not_look_up_without_blocking(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job ignores its token for a while: the window stays responsive, waits, and frees the model in its thread."""
    go, begun = threading.Event(), threading.Event()
    freed: list[int] = []

    def deaf(_self: FakeAssessor, _path: Path, _passes: int, token: CancelToken, *_others: object) -> Analysis:
        begun.set()
        go.wait(60)
        token.check()
        raise AssertionError

    monkeypatch.setattr(FakeAssessor, "assess", deaf)
    monkeypatch.setattr(FakeAssessor, "close", lambda _self: freed.append(threading.get_ident()))
    made = make_window(world.backend())
    made.app_context.models.refresh()
    open_and_load(qtbot, made, world.touch("a.mp4"))
    qtbot.waitUntil(begun.is_set)
    made.window.close()
    beats: list[int] = []
    timer = QTimer()
    timer.timeout.connect(lambda: beats.append(1))
    timer.start(5)
    qtbot.waitUntil(lambda: len(beats) > 10)  # the event loop goes on
    timer.stop()
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
    made.app_context.models.refresh()
    made.app_context.models.choose_default(None)
    made.app_context.open(world.touch(*(f"{i}.mp4" for i in range(50))))
    qtbot.waitUntil(lambda: len(made.app_context.videos) == 50)
    event = QCloseEvent()
    made.window.closeEvent(event)
    assert not event.isAccepted()
    qtbot.waitUntil(lambda: not made.window.isVisible())
    assert dialogs.asked == [], "nothing of worth is lost"


def test_closing_before_the_notes_of_the_video_were_read(
    qtbot: QtBot, window: Composition, world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The assessment's end is told when the study takes no questions any more, and the notes are not known yet."""
    gate, read = threading.Event(), StudyAnnotations.moments

    def slow(self: StudyAnnotations, video: str | None = None) -> tuple[SavedMoment, ...]:
        gate.wait(60)
        return read(self, video)

    monkeypatch.setattr(StudyAnnotations, "moments", slow)
    world.held = True
    open_and_load(qtbot, window, world.touch("a.mp4"))
    qtbot.waitUntil(lambda: window.app_context.videos[0].n_done == 12 and bool(window.app_context.videos[0].study_name))
    window.window.close()
    qtbot.waitUntil(lambda: not window.app_context.model_worker._thread.isRunning() and states(window) == ["new"])
    gate.set()
    qtbot.waitUntil(lambda: not window.window.isVisible())
    assert not window.window.message_bar.text


def test_closing_while_a_small_copy_is_made_ends_it_unasked(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, dialogs: FakeDialogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skillviewer.ui.session.proxies.DELAY_MS", 0)
    copying, ended = threading.Event(), threading.Event()

    def build(_path: Path, token: CancelToken, report: Report) -> None:
        report(Progress("copying", 1, 20))
        copying.set()
        wait_for_stop(token, ended)

    made = make_window(replace(world.backend(), build_proxy=build))
    world.n_frames = {"long": 1 + WARM_BYTES // (320 * 180)}  # too much to be decoded ahead
    made.app_context.open(world.touch("long.mp4"))
    qtbot.waitUntil(copying.is_set)
    assert "Preparing smooth scrubbing" in [job.title for job in made.app_context.jobs.running]
    made.window.close()
    qtbot.waitUntil(lambda: not made.window.isVisible())
    assert ended.is_set()
    assert dialogs.asked == [], "it is made again when the video is on screen"
    assert not any(worker._thread.isRunning() for worker in made.app_context.workers)
    assert not made.window.message_bar.text


@pytest.mark.parametrize("named", [True, False])
def test_closing_while_videos_are_added_adds_none_and_leaves_a_whole_study(
    qtbot: QtBot,
    window: Composition,
    world: FakeWorld,
    dialogs: FakeDialogs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    named: bool,
) -> None:
    app_context, path = window.app_context, tmp_path / "grasp.skillstudy"
    drafts = set(drafts_dir().glob("*"))  # of other tests
    if named:
        with Study.create(path) as study:
            study.videos.add([NewVideo(file) for file in world.touch("first.mp4")])
        app_context.studies.open(path)
        qtbot.waitUntil(
            lambda: app_context.playback.video is not None and app_context.studies.current_study is not None
        )
    reading, ended = threading.Event(), threading.Event()
    read = identity.digest_of

    def digest_of(file: Path, token: CancelToken = NEVER) -> str:
        if file.stem != "c":
            return read(file, token)
        reading.set()
        return wait_for_stop(token, ended)

    monkeypatch.setattr(identity, "digest_of", digest_of)
    app_context.open(world.touch("b.mp4", "c.mp4", "d.mp4"))
    qtbot.waitUntil(reading.is_set)
    assert "Adding videos to the study" in [job.title for job in app_context.jobs.running]
    window.window.close()
    qtbot.waitUntil(lambda: not window.window.isVisible())
    assert ended.is_set()
    assert len(dialogs.asked) == named, "asked where they go if a study is open, and nothing on closing"
    assert not any(worker._thread.isRunning() for worker in app_context.workers)
    assert not window.window.message_bar.text
    assert set(drafts_dir().glob("*")) == drafts, "a draft in which nobody said anything goes"
    if named:
        assert not side_files(path), "it was closed in order"
        with Study.open(path) as study:
            assert not study.read_only
            assert [video.name for video in study.videos.all()] == ["first"]


def test_a_question_that_comes_too_late_is_declined(qtbot: QtBot, window: Composition) -> None:
    window.app_context.close()
    task = window.app_context.studies.read(lambda study: study.title)
    told: list[str] = []
    task.succeeded.connect(lambda _answer: told.append("succeeded"))
    task.failed.connect(lambda _error: told.append("failed"))
    task.cancelled.connect(lambda: told.append("cancelled"))
    task.finished.connect(lambda: told.append("finished"))
    assert told == []
    qtbot.waitUntil(lambda: "finished" in told)
    assert told == ["cancelled", "finished"]
    qtbot.waitUntil(lambda: not any(worker._thread.isRunning() for worker in window.app_context.workers))
