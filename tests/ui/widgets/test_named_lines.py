"""Lines with names: each is as high as its text needs, also if more lines come while they are on screen."""

from functools import partial

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from skillviewer.ui.widgets.form import NamedLines
from tests.ui.event_counter import EventCounter


def words(n: int) -> str:
    return " ".join(["wordy"] * n)


def all_whole(fields: list[QLabel]) -> bool:
    return all(field.height() == field.heightForWidth(field.width()) for field in fields)


def test_no_line_is_cut_when_more_lines_come(qtbot: QtBot) -> None:
    area = QScrollArea()
    qtbot.addWidget(area)
    area.setWidgetResizable(True)
    inside = QWidget()
    column = QVBoxLayout(inside)
    lines = NamedLines(8)
    column.addLayout(lines)
    column.addStretch(1)
    area.setWidget(inside)
    area.resize(700, 100)
    area.show()
    qtbot.waitExposed(area)
    for numbers in ((9, 25, 25, 8, 1), (12, 4, 4), (30, 11), (13, 14, 15)):
        for n_words in numbers:
            lines.add("name", words(n_words))
        fields = [label for label in inside.findChildren(QLabel) if label.wordWrap()]
        assert len(fields) >= 5
        qtbot.waitUntil(partial(all_whole, fields))
    requests = EventCounter(inside, QEvent.Type.LayoutRequest)
    qtbot.wait(50)
    assert requests.n == 0, "a layout at rest asks for no other"
