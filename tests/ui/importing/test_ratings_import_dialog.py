"""The page that imports a table of ratings: dropped, looked at, changed by hand, imported, undone."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from skillviewer.data.study import Study
from skillviewer.ui.app import Composition
from skillviewer.ui.importing.column_mapping_view import HIGH, ITEM, LEVELS, LOWER_IS_BETTER, RATER
from skillviewer.ui.importing.ratings_import_dialog import RatingsImportDialog
from skillviewer.ui.importing.text_table import TextTableView
from skillviewer.ui.ranking.screen import RankScreen
from tests.data.files import write
from tests.facts import missing
from tests.ui.conftest import MakeWindow
from tests.ui.driving import drop
from tests.ui.fakes import FakeDialogs, FakeWorld
from tests.ui.hands import click, key

LONG = (
    "Clip,Trainee,Judge,Flow,Global\nA1,Ann,J1,3,12\nA1,Ann,J2,4,14\nA2,Ann,J1,2,11\nB 1,Bea,J1,5,28\nB2,Bea,J2,,\n"
    "B1.mp4,Bea,J2,5,27\n"
)


@pytest.fixture
def window(make_window: MakeWindow, world: FakeWorld) -> Composition:
    made = make_window(world.backend())
    made.app_context.assessments.set_automatic(on=False)
    world.touch("A1.mp4", "A2.mp4", "B1.mp4", "B2.mp4", "C1.mp4")
    return made


def page_of(qtbot: QtBot, made: Composition) -> RatingsImportDialog:
    def shown() -> bool:
        page = made.window.findChild(RatingsImportDialog)
        return (
            page is not None
            and not page.loader.is_busy
            and (page.loader.preview is not None or bool(page.loader.error))
        )

    qtbot.waitUntil(shown)
    page = made.window.findChild(RatingsImportDialog)
    assert isinstance(page, RatingsImportDialog)
    return page


def settle(qtbot: QtBot, page: RatingsImportDialog) -> None:
    qtbot.waitUntil(lambda: not page.loader.is_busy)


def texts(view: TextTableView) -> list[list[str]]:
    model = view.model()
    return [[model.index(r, c).data() for c in range(model.columnCount())] for r in range(model.rowCount())]


def mean(page: RatingsImportDialog, at: int, meaning: str) -> None:
    """Choose the meaning of a column by keys, as from the list that opens."""
    box = page.mapping_view.boxes[at]
    wanted = box.findData(meaning)
    box.setFocus()
    while box.currentIndex() != wanted:
        key(box, Qt.Key.Key_Down if box.currentIndex() < wanted else Qt.Key.Key_Up)
    box.activated.emit(wanted)


def do_import(qtbot: QtBot, made: Composition, page: RatingsImportDialog) -> Path:
    page.import_button.click()
    qtbot.waitUntil(lambda: made.app_context.undo.undo_text == "import of ratings")
    study = made.app_context.studies.current_study
    assert study is not None
    return study.path


def ratings(path: Path) -> dict[tuple[str, str, str], float]:
    with Study.open(path, read_only=True) as study:
        return {(r.video, r.rater, r.item): r.value for r in study.ratings.all().ratings}


def test_a_folder_with_videos_and_a_table_is_imported_and_taken_back(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    table = write(world.folder / "scores.csv", LONG)
    before = table.read_bytes()
    drop(window, [world.folder])
    page = page_of(qtbot, window)
    assert not missing(
        page.message_label.plain_text, "6 rows", "4 used", "2 rejected", "8 ratings", "3 videos", "2 raters", "Scale of"
    )
    meanings = [box.currentText() for box in page.mapping_view.boxes]
    assert meanings == ["video", "participant", "rater", "ratings", "ratings"]
    assert texts(page.first_rows)[0] == ["line 2", "A1", "Ann", "J1", "3", "12"]
    assert [row[1] for row in texts(page.report_view)] == ["B 1", "B2"]
    assert [row[0] for row in texts(page.unrated_view)] == ["B2", "C1"]
    # the name that nearly fits is offered, and taken by hand
    page.report_view.selectRow(0)
    assert page.meant_video_box.itemText(1) == "B1 (similar)"
    page.meant_video_box.setCurrentIndex(1)
    page.meant_video_box.activated.emit(1)
    settle(qtbot, page)
    assert not missing(page.message_label.plain_text, "6 rows", "5 used", "1 rejected", "10 ratings", "3 videos")
    page.only_remarks_box.click()
    assert len(texts(page.report_view)) == 6
    assert page.criterion_box.currentText() == "Global"
    path = do_import(qtbot, window, page)
    assert ratings(path)["B1", "J1", "Flow"] == 5
    assert len(ratings(path)) == 10
    with Study.open(path, read_only=True) as study:
        assert {v.name: v.participant for v in study.videos.all()}["B1"] == "Bea"
        assert '"names":{"B 1":"B1"}' in study.ratings.mapping("scores.csv")
    qtbot.waitUntil(lambda: window.window.findChild(RatingsImportDialog) is None)
    window.app_context.undo.undo()
    qtbot.waitUntil(lambda: not ratings(path))
    with Study.open(path, read_only=True) as study:
        assert {v.participant for v in study.videos.all()} == {None}
    window.app_context.undo.redo()
    qtbot.waitUntil(lambda: len(ratings(path)) == 10)
    assert table.read_bytes() == before
    # the same table again begins as it was imported, with other columns as guessed
    drop(window, [write(world.folder.parent / "scores.csv", "Video,Grip\nA1,3\n")])
    page = page_of(qtbot, window)
    assert page.message_label.plain_text.startswith("1 row: 1 used, 0 rejected; 1 rating of 1 video. ")
    assert not missing(page.message_label.plain_text, "1 rater", "3 to 3")
    assert not page.sheet_box.isVisible()
    assert not page.criterion_box.isVisible(), "with one sheet and one item there is nothing to choose"
    assert [page.tabs.isTabVisible(n) for n in range(2)] == [True, True]
    assert page.tabs.isTabVisible(3) == bool(texts(page.notices_view))
    page.close()
    qtbot.waitUntil(lambda: window.window.findChild(RatingsImportDialog) is None)
    drop(window, [table])
    page = page_of(qtbot, window)
    assert page.loader.preview is not None
    assert page.loader.preview.mapping.names == {"B 1": "B1"}
    page.close()


def test_after_an_import_one_click_shows_how_far_the_raters_agree(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    write(world.folder / "scores.csv", LONG)
    drop(window, [world.folder])
    do_import(qtbot, window, page_of(qtbot, window))
    click(window.window.message_bar.action_button)
    ranking = window.window.screens.get_page("rank")
    assert isinstance(ranking, RankScreen)
    qtbot.waitUntil(ranking.ratings_view.agreement_label.isVisible)
    assert "2 raters" in ranking.ratings_view.facts_label.plain_text


def test_every_meaning_can_be_changed(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    text = "Clip,Who,Grip,Note,Level\nA1,Ann,3,x,deft\nA2,Bea,1,y,inept\nB1,Ann,2,x,apt\nB2,Bea,4,z,deft\n"
    table = write(world.folder.parent / "odd.csv", text)
    drop(window, [*sorted(world.folder.glob("*.mp4")), table])
    page = page_of(qtbot, window)
    qtbot.waitUntil(lambda: page.loader.preview is not None and page.loader.preview.parsed_ratings is not None)
    settle(qtbot, page)
    for at, meaning in ((1, "rater"), (2, ""), (4, "rating")):
        mean(page, at, meaning)
        settle(qtbot, page)
    cell = page.mapping_view.cells[4]
    assert cell[LEVELS].text() == "? deft, inept, apt"
    assert "state them from the worst to the best." in page.message_label.plain_text
    assert not page.import_button.isEnabled()
    cell[LEVELS].setText("inept, apt, deft")
    settle(qtbot, page)
    assert page.import_button.isEnabled()
    cell[ITEM].setText("Skill")
    settle(qtbot, page)
    assert page.loader.preview is not None
    assert page.loader.preview.mapping.items[0].levels == ("inept", "apt", "deft")
    mean(page, 2, "rating")
    settle(qtbot, page)
    page.mapping_view.cells[2][HIGH].setText("3")
    settle(qtbot, page)
    assert any("4 is outside the scale to 3" in row[4] for row in texts(page.report_view))
    page.mapping_view.cells[2][LOWER_IS_BETTER].setCheckState(Qt.CheckState.Checked)
    settle(qtbot, page)
    page.criterion_box.setCurrentText("Grip")
    page.criterion_box.activated.emit(page.criterion_box.currentIndex())
    settle(qtbot, page)
    assert [(i.name, i.less_is_better) for i in page.loader.preview.mapping.items] == [("Grip", True), ("Skill", False)]
    path = do_import(qtbot, window, page)
    assert ratings(path) == {
        ("A1", "Ann", "Grip"): 3.0,
        ("A2", "Bea", "Grip"): 1.0,
        ("B1", "Ann", "Grip"): 2.0,
        ("A1", "Ann", "Skill"): 2.0,
        ("A2", "Bea", "Skill"): 0.0,
        ("B1", "Ann", "Skill"): 1.0,
        ("B2", "Bea", "Skill"): 2.0,
    }


def test_raters_may_have_a_column_each(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    table = write(world.folder / "wide.csv", "Clip,Smith,Jones\nA1,3,4\nA2,1,2\n")
    drop(window, [table])
    page = page_of(qtbot, window)
    for at, name in ((1, "Smith"), (2, "Jones")):
        page.mapping_view.cells[at][ITEM].setText("Flow")
        settle(qtbot, page)
        page.mapping_view.cells[at][RATER].setText(name)
        settle(qtbot, page)
    path = do_import(qtbot, window, page)  # no study was open: a draft is made, with the rated videos
    assert ratings(path)["A2", "Jones", "Flow"] == 2
    with Study.open(path, read_only=True) as study:
        assert [video.name for video in study.videos.all()] == ["A1", "A2"]


def test_a_rejected_rating_is_counted_marked_and_a_remark(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    rows = "".join(f"A1,J{number},3\n" for number in range(40))
    drop(window, [write(world.folder / "scores.csv", f"Clip,Judge,Flow (1-5)\n{rows}A2,J0,7\nB1,J0,2\n")])
    page = page_of(qtbot, window)
    assert not missing(page.message_label.plain_text, "42 rows", "41 used", "1 rejected", "1 rating rejected")
    shown = texts(page.first_rows)
    assert [row[0] for row in shown].count("line 42") == 1  # below the first rows
    assert not missing(shown[-1][3], "7", "rejected")
    assert not missing(
        page.first_rows.table_model.index(len(shown) - 1, 3).data(Qt.ItemDataRole.ToolTipRole), "outside"
    )
    assert [row for row in texts(page.notices_view) if "outside the scale" in row[0]]
    assert page.tabs.tabText(3) == f"Remarks ({len(texts(page.notices_view))})"


def test_a_name_that_fits_no_video_may_stand_for_any_video_also_for_a_rated_one(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    text = "Clip,Judge,Flow\nA1,J1,3\nA2,J1,2\nB1,J2,2\nB2,J1,3\nB2,J2,3\nC1,J2,4\nX9,j2,5\nA1,J2,1\n"
    drop(window, [write(world.folder / "scores.csv", text)])
    page = page_of(qtbot, window)
    page.report_view.selectRow(0)
    offered = [page.meant_video_box.itemText(index) for index in range(page.meant_video_box.count())]
    assert [name.partition(" (")[0] for name in offered] == ["none of them", "A2", "A1", "B1", "B2", "C1"]
    assert ["rated" in name for name in offered] == [False, False, True, True, True, True]
    page.meant_video_box.setCurrentIndex(1)
    page.meant_video_box.activated.emit(1)
    settle(qtbot, page)
    assert not missing(page.message_label.plain_text, "8 used", "0 rejected")


def test_what_cannot_be_read_says_what_to_do(
    qtbot: QtBot, window: Composition, dialogs: FakeDialogs, tmp_path: Path
) -> None:
    dialogs.file_answer = write(tmp_path / "scores.xls", "x")
    window.window.actions_["import_ratings"].trigger()
    page = page_of(qtbot, window)
    assert not missing(page.message_label.plain_text, "readable table")
    assert not page.import_button.isEnabled()
    page.close()
    QApplication.processEvents()


def test_earlier_ratings_that_a_corrected_table_leaves_are_named_and_withdrawn_on_request(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    table = write(world.folder / "scores.csv", "Clip,Judge,Flow (1-5)\nA1,J1,3\nA2,J1,2\nB1,J1,5\n")
    drop(window, [table])
    path = do_import(qtbot, window, page_of(qtbot, window))
    qtbot.waitUntil(lambda: window.window.findChild(RatingsImportDialog) is None)
    write(table, "Clip,Judge,Flow (1-5)\nA1,J1,4\nA2,J1,\nB1,J1,9\n")
    drop(window, [table])
    page = page_of(qtbot, window)
    assert not missing(page.message_label.plain_text, "2 earlier ratings", "A2 by J1", "B1 by J1")
    assert page.withdraw_box.isVisibleTo(page)
    assert not page.withdraw_box.isChecked()
    page.withdraw_box.click()
    page.import_button.click()
    qtbot.waitUntil(lambda: ratings(path) == {("A1", "J1", "Flow"): 4})
    qtbot.waitUntil(lambda: window.window.findChild(RatingsImportDialog) is None)
    window.window.actions_["undo"].trigger()
    qtbot.waitUntil(
        lambda: ratings(path) == {(video, "J1", "Flow"): v for video, v in (("A1", 3), ("A2", 2), ("B1", 5))}
    )
