"""Workbooks with ratings: values and not formulas, merged cells, hidden rows, several sheets."""

import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from skillviewer.core.dataset.pairs import UNNAMED
from skillviewer.core.errors import DatasetError
from skillviewer.data.ratings import workbook
from skillviewer.data.ratings.mapped_table import open_table, write_folder
from tests.data.files import touch, write
from tests.data.ratings.test_ratings import CLIPS, given, rejections
from tests.facts import missing


def saved(tmp_path: Path, rows: list[list[Any]], change: Any = None) -> Path:
    touch(tmp_path / "videos", [f"{name}.mp4" for name in CLIPS])
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Scores"
    for row in rows:
        sheet.append(row)
    if change is not None:
        change(book, sheet)
    path = tmp_path / "scores.xlsx"
    book.save(path)
    return path


def test_values_are_read_as_they_stand(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Clip", "Judge", "Flow", "Day"],
        ["A1", "x", 3, date(2024, 1, 2)],
        ["A2", "x", "3,5", None],
    ]
    rated, _ = open_table(saved(tmp_path, [*rows, ["B1", "x", 4.25, None], [], ["B2", "x", True, None]])).read()
    assert given(rated) == {("A1", "x", "Flow", 3.0), ("A2", "x", "Flow", 3.5), ("B1", "x", "Flow", 4.25)}
    assert [r.occasion for r in rated.ratings.ratings if r.occasion] == ["2024-01-02"]
    assert rejections(rated) == {"row 6": "Flow “TRUE” is no number"}


def test_percentages_count_as_they_are_seen(tmp_path: Path) -> None:
    def change(_book: Any, sheet: Any) -> None:
        for row in (2, 3):
            sheet.cell(row, 2).number_format = "0%"

    rows: list[list[Any]] = [["Clip", "Flow"], ["A1", 0.7], ["A2", 0.835], ["B1", "63 %"], ["B2", 91]]
    rated, _ = open_table(saved(tmp_path, rows, change)).read()
    assert given(rated) == {
        *(("A1", UNNAMED, "Flow", 70.0), ("A2", UNNAMED, "Flow", 83.5), ("B1", UNNAMED, "Flow", 63.0)),
        ("B2", UNNAMED, "Flow", 91.0),
    }
    assert [scale.high for scale in rated.ratings.scales] == [100.0]


def test_text_in_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    touch(tmp_path / "videos", [f"{name}.mp4" for name in CLIPS])
    path = tmp_path / "scores.csv"
    path.write_bytes("Clip,総合評価\nA1,3\n".encode("shift-jis"))
    with pytest.raises(DatasetError, match=r"scores\.csv.*UTF-8"):
        open_table(path)


def test_a_workbook_under_another_name_is_refused_by_what_it_is(tmp_path: Path) -> None:
    path = saved(tmp_path, [["Clip", "Flow"], ["A1", 3]]).rename(tmp_path / "scores.csv")
    with pytest.raises(DatasetError, match=r"scores\.csv.*workbook"):
        open_table(path)


def test_a_formula_without_a_kept_value_is_told(tmp_path: Path) -> None:
    path = saved(tmp_path, [["Clip", "Flow", "Total"], ["A1", 3, "=B2*2"], ["A2", 4, 8], ["=A2", 3, 6]])
    opened = open_table(path)
    assert not missing(opened.table.notices, "2 cells")
    rated, _ = opened.read()
    assert given(rated) == {
        *(("A1", UNNAMED, "Flow", 3.0), ("A2", UNNAMED, "Flow", 4.0), ("A2", UNNAMED, "Total", 8.0))
    }
    assert not missing(rejections(rated)["row 2"], "Total holds", "B2")
    assert "holds the formula =A2" in rejections(rated)["row 4"]


def test_a_merged_name_counts_in_each_of_its_rows_and_a_merged_rating_once(tmp_path: Path) -> None:
    def merge(_book: Any, sheet: Any) -> None:
        sheet.merge_cells("A2:A3")
        sheet.merge_cells("C4:C5")

    rows: list[list[Any]] = [
        ["Clip", "Judge", "Flow"],
        ["A1", "x", 3],
        [None, "y", 4],
        ["A2", "x", 5],
        ["A2", "y", None],
    ]
    rated, _ = open_table(saved(tmp_path, rows, merge)).read()
    assert given(rated) == {("A1", "x", "Flow", 3.0), ("A1", "y", "Flow", 4.0), ("A2", "x", "Flow", 5.0)}
    assert "part of a merged cell" in rejections(rated)["row 5"]
    assert not missing(rated.import_report.notices, "A2:A3", "C4:C5")


def test_titles_in_two_rows_are_one(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        [None, "Rater 1", None, "Rater 2", None],
        ["Clip", "Flow", "Grip", "Flow", "Grip"],
        ["A1", 1, 2, 3, 4],
    ]

    def merge(_book: Any, sheet: Any) -> None:
        sheet.merge_cells("B1:C1")
        sheet.merge_cells("D1:E1")

    opened = open_table(saved(tmp_path, rows, merge))
    assert opened.table.titles == ("Clip", "Rater 1 Flow", "Rater 1 Grip", "Rater 2 Flow", "Rater 2 Grip")
    rated, _ = opened.read()
    assert given(rated) == {
        *(("A1", "Rater 1", "Flow", 1.0), ("A1", "Rater 1", "Grip", 2.0)),
        *(("A1", "Rater 2", "Flow", 3.0), ("A1", "Rater 2", "Grip", 4.0)),
    }
    assert [(row.place, row.rejections) for row in rated.import_report.rows if row.rejections] == [
        ("row 1", ["it stands above the header row"])
    ]


def test_hidden_rows_are_rejected_unless_they_are_to_count(tmp_path: Path) -> None:
    def hide(_book: Any, sheet: Any) -> None:
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions["C"].hidden = True

    opened = open_table(saved(tmp_path, [["Clip", "Flow", "note"], ["A1", 3, "a"], ["A2", 4, "b"]], hide))
    rated, _ = opened.read()
    assert rejections(rated) == {"row 3": "it is hidden in the spreadsheet"}
    assert "Rows are hidden in the spreadsheet: 3." in rated.import_report.notices
    assert not missing(rated.import_report.notices, "spreadsheet")
    import msgspec

    rated, _ = opened.read(msgspec.structs.replace(opened.mapping, hidden_rows=True))
    assert rated.import_report.n_used == 2


def test_the_sheet_with_the_videos_is_read_and_the_others_are_told(tmp_path: Path) -> None:
    def more(book: Any, _sheet: Any) -> None:
        book.create_sheet("Ratings").append(["Clip", "Grip"])
        book["Ratings"].append(["B1", 2])
        book.create_sheet("Old").sheet_state = "hidden"

    path = saved(tmp_path, [["Key", "Meaning"], ["1", "poor"], ["2", "good"]], more)
    opened = open_table(path)
    assert opened.table.sheet == "Ratings"
    assert opened.table.notices == ("The sheet “Ratings” is read; the others are not: Scores, Old (hidden).",)
    rated, _ = opened.read()
    assert given(rated) == {("B1", UNNAMED, "Grip", 2.0)}
    write_folder(opened, rated, tmp_path / "out")
    again, _ = open_table(tmp_path / "out/ratings.xlsx", tmp_path / "videos").read()
    assert again.ratings == rated.ratings
    with pytest.raises(DatasetError, match="“Nope”"):
        open_table(path, sheet="Nope")
    with pytest.raises(DatasetError, match="is no workbook and has no sheet"):
        open_table(write(tmp_path / "a.csv", "video,Flow\nA1,1\n"), sheet="Nope")


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, [["Clip", "Flow"], ["A1", 3]])
    monkeypatch.setattr(workbook, "_MAX_UNPACKED_BYTES", 1000)
    with pytest.raises(DatasetError, match="would unpack to"):
        open_table(path)


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("added", "why"),
    [
        ('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>', "reaches to cell XFD1048576"),
        ('</sheetData><mergeCells><mergeCell ref="&#65;1:XFD1048576"/></mergeCells>', "more than 500,000 cells"),
        ('</sheetData><hyperlinks><hyperlink ref="A1:XFD1048576"/></hyperlinks>', "more than 500,000 cells"),
        (f"<row>{'<c/>' * 500_000}</row></sheetData>", "more than 500,000 cells"),
    ],
)
def test_a_small_workbook_that_unfolds_to_millions_of_cells_is_refused(tmp_path: Path, added: str, why: str) -> None:
    path = saved(tmp_path, [["Clip", "Flow"], ["A1", 3]])
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts[SHEET] = parts[SHEET].replace(b"</sheetData>", added.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    assert path.stat().st_size < 10_000
    with pytest.raises(DatasetError, match=why):
        open_table(path)


def test_a_damaged_workbook_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = saved(tmp_path, [["Clip", "Flow"], ["A1", 3]])
    content = path.read_bytes()
    for cut in (100, len(content) // 2, len(content) - 30):
        path.write_bytes(content[:cut])
        with pytest.raises(DatasetError, match="is no workbook that can be read"):
            open_table(path)


def test_a_column_of_formulas_alone_is_told(tmp_path: Path) -> None:
    opened = open_table(saved(tmp_path, [["Clip", "Flow", "Total"], ["A1", 3, "=B2*2"], ["A2", 4, "=B3*2"]]))
    assert [item.name for item in opened.mapping.items] == ["Flow"]
    assert not missing(opened.ambiguities[-1], "“Total”")
