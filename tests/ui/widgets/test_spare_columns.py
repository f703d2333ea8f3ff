"""Columns that can be spared are hidden where a table is too narrow, and their values stay in a tooltip."""

from pytestqt.qtbot import QtBot

from skillviewer.ui.widgets.plain_table import Cells, Column, PlainTable
from tests.facts import missing

COLUMNS = (
    Column("Model", number=False, fills=True),
    Column("Accuracy"),
    Column("Parameters", spare=True),
    Column("Duration", spare=True),
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
