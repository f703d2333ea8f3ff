"""Lines with names: each is as high as its text needs, also if more lines come while they are on screen."""

from functools import partial

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from skillviewer.ui.widgets.form import NamedLines


def words(n: int) -> str:
    return " ".join(["wordy"] * n)


def all_whole(fields: list[QLabel]) -> bool:
    return all(field.height() == field.heightForWidth(field.width()) for field in fields)


class LayoutRequests(QObject):
    """Counts the layouts that a widget is asked for."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.n = 0
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802
        self.n += event.type() is QEvent.Type.LayoutRequest
        return False


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
    requests = LayoutRequests(inside)
    qtbot.wait(50)
    assert requests.n == 0, "a layout at rest asks for no other"
