"""Names and notes by others are shown letter by letter: nothing in them is markup, which could draw or fetch."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt
from PySide6.QtGui import Qt as RichQt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QComboBox, QLabel, QWidget
from pytestqt.qtbot import QtBot

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import NewVideo, Study, StudySettings, Vote
from skillviewer.ui.app import Composition
from skillviewer.ui.shell.page_spec import PANELS, SCREENS
from tests.ui.fakes import FakeWorld
from tests.ui.session.test_studies import wait_for_study

pytestmark = pytest.mark.styled

MARK = "<b>x</b><img src='file:///secret.png'>"


@pytest.fixture
def study_file(world: FakeWorld, tmp_path: Path) -> Path:
    """A study with markup wherever a person can write."""
    path = tmp_path / "grasp.skillstudy"
    with Study.create(path, StudySettings(title=f"t {MARK}", task=f"k {MARK}", statement=f"q {MARK}")) as made:
        files = world.touch("a.mp4", "b.mp4", "c.mp4")
        names = [f"{file.stem} {MARK}" for file in files]
        made.videos.add([NewVideo(f, n, f"p {MARK}", f"k {MARK}") for f, n in zip(files, names, strict=True)])
        for left, right in ((0, 1), (1, 2), (2, 0)):
            made.votes.cast(Vote(names[left], names[right], Verdict.LEFT, f"r {MARK}", reason=f"w {MARK}"))
        made.annotations.write_note(f"n {MARK}", author=f"a {MARK}", video=names[0])
        made.annotations.save_moment(names[0], 0.0, 0.1, author=f"a {MARK}", label=f"l {MARK}")
        made.models.add("d" * 64, f"m {MARK}", tmp_path / "gone")
    return path


def _tips(widget: QWidget) -> Iterator[str]:
    yield widget.toolTip()
    if isinstance(widget, QAbstractItemView | QComboBox) and widget.model() is not None:
        model = widget.model()
        for row in range(model.rowCount(QModelIndex())):
            for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount(QModelIndex())):
                yield str(model.index(row, column).data(Qt.ItemDataRole.ToolTipRole) or "")


def _as_markup(window: QWidget) -> list[str]:
    """Return the labels and tooltips that would show the mark as markup."""
    found = []
    for widget in window.findChildren(QWidget):
        name = f"{type(widget).__name__} {widget.objectName()} of {type(widget.parent()).__name__}"
        if isinstance(widget, QLabel) and "<img" in widget.text() and widget.textFormat() != Qt.TextFormat.PlainText:
            found.append(f"text of {name}: {widget.text()[:200]}")
        found += [
            f"tip of {name}: {tip[:200]}" for tip in _tips(widget) if "<img" in tip and RichQt.mightBeRichText(tip)
        ]
    return found


def _settle(made: Composition) -> list[str]:
    for _ in range(30):
        QApplication.processEvents()
        QTest.qWait(10)
    return _as_markup(made.window)


def test_nothing_that_others_wrote_is_taken_for_markup(qtbot: QtBot, window: Composition, study_file: Path) -> None:
    window.app_context.open([study_file])
    wait_for_study(qtbot, window, 3)
    seen = _settle(window)
    for part in SCREENS:
        window.window.screens.show(part.name)
        seen += _settle(window)
        for panel in PANELS:
            if panel.belongs_to(part):
                window.window._docks[panel.name].raise_open()
                seen += _settle(window)
    qtbot.waitUntil(lambda: not window.app_context.study_worker._tasks)
    assert not seen, "\n".join(dict.fromkeys(seen))
