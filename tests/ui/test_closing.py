"""Closing during every kind of job."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QCloseEvent
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis import Analysis
from skillviewer.core.job import CancelToken
from skillviewer.ui.app import Composition
from tests.ui.conftest import MakeWindow
from tests.ui.driving import open_and_load, states
from tests.ui.fakes import FakeAssessor, FakeDialogs, FakeWorld


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

    def deaf(_self: FakeAssessor, _path: Path, passes: int, token: CancelToken, **_given: object) -> Analysis:  # noqa: ARG001
        begun.set()
        go.wait(60)
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
    made.program.models.refresh()
    made.program.models.choose_default(None)
    made.program.open(world.touch(*(f"{i}.mp4" for i in range(50))))
    qtbot.waitUntil(lambda: len(made.program.videos) == 50)
    event = QCloseEvent()
    made.window.closeEvent(event)
    assert not event.isAccepted()
    qtbot.waitUntil(lambda: not made.window.isVisible())
    assert dialogs.asked == [], "nothing of worth is lost"
