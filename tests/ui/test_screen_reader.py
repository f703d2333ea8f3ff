"""The work of the window with no eyes: by names, descriptions and actions that a screen reader is given."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import Study
from skillviewer.ui.actions.actions import without_mnemonic
from skillviewer.ui.app import Composition
from skillviewer.ui.inspecting.segment_bars import SegmentBars, Segments
from skillviewer.ui.widgets.speech import announce, speak_numbers
from tests.ui.fakes import FakeDialogs, FakeWorld
from tests.ui.hands import key
from tests.ui.screen_reader import Node, Reader, export_scores, hear_the_score, hear_why, vote_left

TEXT = QAccessible.Text


@dataclass
class QtNode:
    """A node as Qt's own interface gives it."""

    thing: QAccessibleInterface

    @property
    def name(self) -> str:
        return without_mnemonic(self.thing.text(TEXT.Name))

    @property
    def role(self) -> str:
        return self.thing.role().name

    @property
    def words(self) -> str:
        return " ".join(filter(None, (self.thing.text(kind) for kind in (TEXT.Name, TEXT.Description, TEXT.Value))))

    @property
    def usable(self) -> bool:
        state = self.thing.state()
        return not (state.invisible or state.disabled)

    @property
    def actions(self) -> dict[str, Callable[[], None]]:
        found = self.thing.actionInterface()
        return {name: partial(found.doAction, name) for name in (found.actionNames() if found else ())}

    def children(self) -> list[Node]:
        inside = (self.thing.child(at) for at in range(self.thing.childCount()))
        return [QtNode(child) for child in inside if child is not None and child.isValid()]

    def write(self, text: str) -> bool:
        if not self.thing.state().editable:
            return False
        self.thing.setText(TEXT.Value, text)
        return True

    def choose(self) -> None:
        self.actions["Toggle"]()


@pytest.fixture
def reader(qtbot: QtBot, window: Composition) -> Reader:
    speak_numbers()
    return Reader(lambda: QtNode(QAccessible.queryAccessibleInterface(window.window)), lambda: qtbot.wait(10))


@pytest.mark.slow
def test_a_video_is_opened_judged_and_exported_with_no_eyes(
    qtbot: QtBot, window: Composition, world: FakeWorld, dialogs: FakeDialogs, reader: Reader, tmp_path: Path
) -> None:
    app_context = window.app_context
    window.window.resize(1280, 800)  # where the exporters are a list
    dialogs.videos_answer = world.touch("a.mp4", "b.mp4")
    app_context.models.choose_default(None)
    reader.press("Open…")
    score, curve = hear_the_score(reader)
    analysis = app_context.state.analysis
    assert analysis is not None
    assert score == pytest.approx(analysis.score, abs=0.005)
    assert curve == pytest.approx(analysis.score_curve.mean(axis=0), abs=0.005)
    contributions = hear_why(reader)
    findings = app_context.why_loader.findings
    assert findings is not None
    assert findings.evidence is not None
    assert contributions == pytest.approx(findings.evidence.contributions, abs=0.0005)
    export_scores(reader, tmp_path / "out" / "scores.csv")
    assert (tmp_path / "out" / "scores.csv").is_file()
    vote_left(reader, "Ann")
    study = app_context.studies.current_study
    assert study is not None

    def votes() -> list[tuple[str, Verdict | None]]:
        with Study.open(study.path, read_only=True) as opened:
            return [(vote.rater, vote.verdict) for vote in opened.votes.all()]

    qtbot.waitUntil(lambda: votes() == [("Ann", Verdict.LEFT)])


def _bars() -> SegmentBars:
    bars = SegmentBars()
    bars.set_segments(Segments(np.array([0.25, -0.5]), (0, 10), (9, 19), (0.0, 1.0), (1.0, 2.0), digits=2))
    return bars


def _description(widget: QWidget) -> str:
    return QAccessible.queryAccessibleInterface(widget).text(TEXT.Description)


def test_numbers_are_put_into_words_when_asked_and_outlive_nothing(qapp: QApplication) -> None:
    """Python objects stand behind C++ ones here: neither a deleted widget nor a collected one may be asked."""
    speak_numbers()
    for _ in range(50):
        bars = _bars()
        assert _description(bars) == (
            "Segment 1 of 2, 00:00.000 to 00:01.000: +0.25; Segment 2 of 2, 00:01.000 to 00:02.000: −0.50"
        )
        bars.set_segments(None)
        assert _description(bars) == ""
        bars.deleteLater()
        del bars
        qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect(0)
    plain_widget = QWidget()
    plain_widget.setAccessibleDescription("its own")
    assert _description(plain_widget) == "its own"


def test_nothing_is_computed_while_no_screen_reader_listens(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    bars, asked = _bars(), list[str]()
    qtbot.addWidget(bars)
    bars.show()
    bars.setFocus()
    qtbot.waitUntil(bars.hasFocus)
    monkeypatch.setattr(QAccessible, "isActive", lambda: False)
    announce(bars, asked.pop)
    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    told: list[str] = []
    monkeypatch.setattr(QAccessible, "updateAccessibility", lambda event: told.append(event.message()))
    key(bars, Qt.Key.Key_Right)
    key(bars, Qt.Key.Key_Right)
    assert told == [bars.describe(0), bars.describe(1)]
