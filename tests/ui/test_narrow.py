"""The smallest window with the largest text: no screen scrolls sideways, and its main button is in sight."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from skillviewer.ui.comparing.curves_panel import CurvesPanel
from skillviewer.ui.inspecting.moment_timeline import MomentTimeline
from skillviewer.ui.ranking.vote_bar import VoteBar
from skillviewer.ui.widgets.adaptive_grid import AdaptiveGrid, Place
from skillviewer.ui.widgets.form import Form
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, vertical
from skillviewer.ui.widgets.pages import Pages
from skillviewer.ui.widgets.plain_table import Column
from skillviewer.ui.widgets.sorted_table import Cell, SortedTable
from skillviewer.ui.widgets.theme import ThemeChoice, ThemeSource
from skillviewer.ui.widgets.turning_splitter import TurningSplitter
from tests.ui.fit import heading_faults, is_whole, primary_faults, scroll_faults, shortened, text_faults
from tests.ui.states import shoot

pytestmark = pytest.mark.styled

SMALLEST = (800, 600)
USUAL = (1440, 900)
ALWAYS = {"start", "export_clip", "rank_pair", "votes_results", "finetune_running"}
SLOW = {
    "start_return",
    "settings_looks",
    "settings_assessing",
    "settings_storage",
    "settings_keys",
    "about",
    "guides",
    "models",
    "export_queue",
    "export_table",
    "rank_done",
    "rank_setup",
    "rank_at_work",
    "votes_raters",
    "jobs",
    "working",
    "compare_four",
    "compare_matrix",
    "compare_long_names",
    "why",
    "why_long",
    "keys",
    "palette",
    "finetune_comparing",
    "finetune_chosen",
    "finetune_result",
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in ALWAYS else pytest.mark.slow) for name in sorted(ALWAYS | SLOW)]
)
def test_a_screen_fits(qapp: QApplication, icons: Icons, themes: ThemeSource, tmp_path: Path, name: str) -> None:
    faults: list[str] = []

    def look(widget: QWidget) -> None:
        faults.extend(scroll_faults(widget) + primary_faults(widget) + text_faults(widget))

    shoot(qapp, name, ThemeChoice.LIGHT, SMALLEST, tmp_path, wide=False, settle_ms=30, text=200, drawn=icons, look=look)
    themes.apply_theme()  # the next test finds the colours and the text size that its own windows have
    assert faults == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text"), [("compare_matrix", 200), ("settings_large", 100), ("tracks", 100), ("label_rows", 100)]
)
def test_nothing_is_cut_or_scrolls_sideways_in_a_usual_window(
    qapp: QApplication, icons: Icons, themes: ThemeSource, tmp_path: Path, name: str, text: int
) -> None:
    faults: list[str] = []

    def look(widget: QWidget) -> None:
        faults.extend(scroll_faults(widget) + text_faults(widget))

    shoot(qapp, name, ThemeChoice.DARK, USUAL, tmp_path, wide=False, settle_ms=30, text=text, drawn=icons, look=look)
    themes.apply_theme()
    assert faults == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size"), [("finetune_versions", (1024, 700)), ("votes_results", SMALLEST), ("compare_two", SMALLEST)]
)
def test_nothing_is_cut_or_scrolls_sideways_in_a_small_window(
    qapp: QApplication, icons: Icons, themes: ThemeSource, tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    faults: list[str] = []

    def look(widget: QWidget) -> None:
        faults.extend(scroll_faults(widget) + text_faults(widget))
        faults.extend(fault for fault in shortened(widget) if fault.startswith(CurvesPanel.__name__))

    shoot(qapp, name, ThemeChoice.LIGHT, size, tmp_path, wide=False, drawn=icons, look=look)
    themes.apply_theme()
    assert faults == []


@pytest.mark.slow
def test_rows_of_moments_have_their_names_with_large_text(
    qapp: QApplication, icons: Icons, themes: ThemeSource, tmp_path: Path
) -> None:
    names: list[str] = []

    def look(widget: QWidget) -> None:
        (timeline,) = widget.findChildren(MomentTimeline)
        names.extend(name for level in timeline.getAxis("left")._tickLevels for _, name in level)

    shoot(qapp, "label_rows", ThemeChoice.LIGHT, USUAL, tmp_path, wide=False, text=200, drawn=icons, look=look)
    themes.apply_theme()
    assert [*names[:2], *names[3:]] == ["model", "Ann Example", "unnamed", "Cem"]


@pytest.mark.slow
def test_headings_of_an_imported_table_are_whole(
    qapp: QApplication, icons: Icons, themes: ThemeSource, tmp_path: Path
) -> None:
    faults: list[str] = []

    def look(widget: QWidget) -> None:
        faults.extend(heading_faults(widget))

    shoot(qapp, "import_ratings", ThemeChoice.LIGHT, USUAL, tmp_path, text=200, drawn=icons, look=look)
    themes.apply_theme()
    assert faults == []


@pytest.mark.parametrize("text", [100, 200])
def test_the_buttons_of_a_vote_are_in_sight(
    qapp: QApplication, icons: Icons, themes: ThemeSource, tmp_path: Path, text: int
) -> None:
    in_sight: dict[str, bool] = {}

    def look(widget: QWidget) -> None:
        (bar,) = widget.findChildren(VoteBar)
        in_sight.update(
            {button.text(): is_whole(button, widget) for button in bar.findChildren(QPushButton) if button.isVisible()}
        )

    shoot(
        qapp, "rank_pair", ThemeChoice.LIGHT, SMALLEST, tmp_path, wide=False, settle_ms=30, text=text, drawn=icons,
        look=look,
    )  # fmt: skip
    themes.apply_theme()
    assert list(in_sight.values()) == 4 * [True], in_sight


def test_a_grid_takes_the_narrow_arrangement_if_the_wide_one_does_not_fit(qtbot: QtBot) -> None:
    outer = QWidget()
    grid = AdaptiveGrid(outer, spacing=0)
    qtbot.addWidget(outer)
    first = QPushButton("first", grid)
    second = QPushButton("second", grid)
    for button in (first, second):
        button.setMinimumWidth(100)
    grid.set_arrangements(
        wide=(Place(first, 0, 0), Place(second, 0, 1)),
        narrow=(Place(first, 0, 0), Place(second, 1, 0)),
        wide_factors=(1, 1),
        narrow_factors=(1,),
    )
    outer.show()
    assert grid.minimumSizeHint().width() == 100
    for width, is_below in ((300, False), (150, True), (250, False)):
        grid.resize(width, 100)
        layout = grid.layout()
        assert layout is not None
        layout.activate()
        assert (second.y() >= first.geometry().bottom()) is is_below


def test_a_splitter_turns_if_it_is_narrow(qtbot: QtBot) -> None:
    outer = QWidget()
    splitter = TurningSplitter((QWidget(), QWidget()), (3, 2), 400, outer)
    qtbot.addWidget(outer)
    outer.show()
    for width, orientation in ((600, Qt.Orientation.Horizontal), (300, Qt.Orientation.Vertical)):
        splitter.resize(width, 200)
        assert splitter.orientation() is orientation


def test_pages_are_as_high_as_the_current_page(qtbot: QtBot) -> None:
    """Also within a layout, and if a hidden page wraps to many lines."""
    outer = QWidget()
    qtbot.addWidget(outer)
    outer.show()
    pages = Pages(outer)
    low = text_label("low", pages, wrap=True)
    high = QWidget(pages)
    add_all(vertical(high), text_label("word " * 200, high, wrap=True))
    for page in (low, high):
        pages.addWidget(page)
    layout = add_all(vertical(outer, NO_MARGINS), pages)
    low_px = layout.totalMinimumHeightForWidth(100)
    pages.setCurrentWidget(high)
    assert layout.totalMinimumHeightForWidth(100) > 10 * low_px


def test_the_row_of_an_empty_note_takes_no_space(qtbot: QtBot) -> None:
    outer = QWidget()
    qtbot.addWidget(outer)
    form = Form(outer)
    form.add("First", QLineEdit(form))
    height_px = form.sizeHint().height()
    note = form.add_note("A note below the field.")
    outer.show()
    assert form.sizeHint().height() > height_px
    form.show_note(note, "")
    qtbot.waitUntil(lambda: form.sizeHint().height() == height_px)
    form.show_note(note, "Another note.")
    qtbot.waitUntil(lambda: form.sizeHint().height() > height_px)


def test_a_sorted_table_hides_spare_columns_that_do_not_fit(qtbot: QtBot) -> None:
    columns = (
        Column("Name", number=False),
        Column("Number of votes"),
        Column("Number of ties", is_hidden_when_narrow=True),
    )
    table = SortedTable("Votes", columns)
    qtbot.addWidget(table)
    table.resize(600, 200)
    table.show()
    table.show_rows([(Cell("a"), Cell("1", 1.0), Cell("2", 2.0))])
    assert not table.isColumnHidden(2)
    for width, is_hidden in ((260, True), (600, False)):
        table.resize(width, 200)
        assert table.isColumnHidden(2) is is_hidden
        assert not table.isColumnHidden(1)
        qtbot.waitUntil(lambda: table.horizontalScrollBar().maximum() == 0)
