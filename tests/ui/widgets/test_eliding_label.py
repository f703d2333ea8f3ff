"""A line of words that says less where there is less room."""

import pytest
from pytestqt.qtbot import QtBot

from skillviewer.ui.widgets.labels import ElidingLabel

pytestmark = pytest.mark.styled

LONG, MIDDLE, SHORT = "map of sampled frame 25 of 25, held for 0.17 s", "held 0.17 s · 25 of 25", "held 0.17 s"


def test_the_longest_wording_that_fits_is_shown(qtbot: QtBot) -> None:
    label = ElidingLabel()
    qtbot.addWidget(label)
    label.set_forms(LONG, MIDDLE, SHORT)
    label.show()

    def shown_at(width_px: int) -> tuple[str, str]:
        label.resize(width_px, 20)
        return label.text(), label.toolTip()

    wide = [label.fontMetrics().horizontalAdvance(longest) + 1 for longest in (LONG, MIDDLE, SHORT)]
    assert shown_at(wide[0]) == (LONG, "")
    assert shown_at(wide[0] - 1) == (MIDDLE, LONG)
    assert shown_at(wide[1] - 1) == (SHORT, LONG)
    text, tip = shown_at(wide[2] - 8)
    assert text.startswith("held")
    assert text.endswith("…")
    assert tip == LONG
    assert label.longest_text == LONG
    assert label.minimumSizeHint().width() == 0
    assert label.sizeHint().width() == wide[2]
    label.set_forms("")
    assert (label.text(), label.toolTip()) == ("", "")
