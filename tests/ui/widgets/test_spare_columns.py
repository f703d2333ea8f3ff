"""Columns that can be spared are hidden where a table is too narrow, and their values stay in a tooltip."""

from PySide6.QtCore import QEvent
from pytestqt.qtbot import QtBot

from skillviewer.ui.widgets.plain_table import Cells, Column, PlainTable
from tests.facts import missing
from tests.ui.event_counter import EventCounter

COLUMNS = (
    Column("Model", number=False, fills=True),
    Column("Accuracy"),
    Column("Parameters", is_hidden_when_narrow=True),
    Column("Duration", is_hidden_when_narrow=True),
)


def shown_columns(table: PlainTable) -> list[int]:
    return [i for i in range(table.horizontalHeader().count()) if not table.isColumnHidden(i)]


def test_the_last_spare_column_goes_first_and_comes_back(qtbot: QtBot) -> None:
    table = PlainTable("Models")
    qtbot.addWidget(table)
    table.fill(COLUMNS, [Cells("a", ("sharp", "92.0 %", "1.9 M", "4.5 s"), tip="a distribution")])
    table.resize(600, 200)
    table.show()
    assert shown_columns(table) == [0, 1, 2, 3]
    least_px = [table.columnWidth(i) for i in range(4)]
    table.resize(600 - (least_px[0] - 96) - 20, 200)
    assert shown_columns(table) == [0, 1, 2]
    item = table.item(0, 0)
    assert item is not None
    assert not missing(item.toolTip(), "a distribution", "Duration 4.5 s")
    table.resize(200, 200)
    assert shown_columns(table) == [0, 1]
    assert not missing(item.toolTip(), "Parameters 1.9 M", "Duration 4.5 s")
    table.resize(600, 200)
    assert shown_columns(table) == [0, 1, 2, 3]
    assert item.toolTip() == "a distribution"


def test_wide_headings_over_no_rows_stay_hidden(qtbot: QtBot) -> None:
    table = PlainTable("Models")
    qtbot.addWidget(table)
    table.fill(COLUMNS, [])
    table.resize(table.horizontalHeader().sectionSizeHint(0) + 150, 60)
    table.show()
    qtbot.waitExposed(table)
    shown = shown_columns(table)
    assert len(shown) < len(COLUMNS)
    resizes = EventCounter(table.viewport(), QEvent.Type.Resize)
    qtbot.wait(50)
    assert resizes.n == 0, "columns do not come and go"
    assert shown_columns(table) == shown
