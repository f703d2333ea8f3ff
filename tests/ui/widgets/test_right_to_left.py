"""Names in Hebrew or Arabic within English sentences: the sentence is read from the left, in its own order."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextLayout, QTextOption
from pytestqt.qtbot import QtBot

from skillviewer.ui.widgets.labels import ElidingLabel, WrappingLabel, isolate_right_to_left

HEBREW, ARABIC = "ניתוח_יד", "تمرين_اليد"


def places(text: str, *parts: str) -> list[float]:
    """Return where the first letters of parts of a text lie, in pixels from the left of its line."""
    layout = QTextLayout(text)
    option = QTextOption()
    option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)  # as labels lay text out
    layout.setTextOption(option)
    layout.beginLayout()
    line = layout.createLine()
    line.setLineWidth(10_000)
    layout.endLayout()
    found = []
    for part in parts:
        place = line.cursorToX(text.index(part))  # x and the cursor
        assert isinstance(place, tuple)
        found.append(float(place[0]))
    return found


@pytest.mark.usefixtures("qapp")
def test_words_and_numbers_around_names_stay_in_order() -> None:
    text = f"{HEBREW} over {ARABIC}: 1 to 0"
    shown = isolate_right_to_left(text)
    for given, is_ordered in ((text, False), (shown, True)):
        over, one, to, zero = places(given, "over", "1", "to", "0")
        assert (over < one < to < zero) is is_ordered
    left_end = min(places(shown, *HEBREW))
    assert left_end < places(shown, "over")[0]
    assert isolate_right_to_left("grasp_01 over grasp_02: 1 to 0") == "grasp_01 over grasp_02: 1 to 0"


def test_labels_isolate_names(qtbot: QtBot) -> None:
    sentence = f"{HEBREW} scores 0.56."
    wrapping, eliding = WrappingLabel(), ElidingLabel()
    for label in (wrapping, eliding):
        qtbot.addWidget(label)
    wrapping.set_plain(sentence)
    eliding.resize(600, 20)
    eliding.set_forms(sentence)
    assert wrapping.plain_text == eliding.longest_text == sentence, "what a screen reader says has no marks"
    for label in (wrapping, eliding):
        scores, number = places(label.text(), "scores", "0.56")
        assert scores < number
