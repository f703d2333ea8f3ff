"""Tables as people write them."""

from pathlib import Path

import pytest

from skillviewer.core.errors import DatasetError
from skillviewer.data.tables.rows import looks_like, read_sheet, read_word_rows, simplify_name
from tests.data.files import write

PLAIN = "Vid1,Vid2,Best\nA1,B1,A1\nC1,D2,D2\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (PLAIN, "utf-8"),
        (PLAIN, "utf-8-sig"),
        (PLAIN, "utf-16"),
        (PLAIN, "utf-16-le"),
        (PLAIN, "utf-16-be"),
        ("sep=;\n" + PLAIN.replace(",", ";"), "utf-8"),
        ('"sep=\t"\r\n' + PLAIN.replace(",", "\t"), "utf-8-sig"),
        ("SEP=|\n" + PLAIN.replace(",", "|"), "utf-8"),
        (PLAIN.replace("\n", "\r\n"), "utf-8"),
        (PLAIN.replace("\n", "\r"), "utf-8"),
        (PLAIN.replace("\n", ",\n"), "utf-8"),
        ("Vid1,Vid2,Best\nA1,B1,A1,\nC1,D2,D2,,\n", "utf-8"),
        (PLAIN.replace(",", ";"), "utf-8"),
        (PLAIN.replace(",", "\t"), "utf-8"),
        (PLAIN.replace(",", " , "), "utf-8"),
        ("\n" + PLAIN.replace("\n", "\n\n"), "utf-8"),
        (PLAIN.rstrip("\n"), "utf-8"),
        ('"Vid1","Vid2","Best"\n"A1","B1","A1"\n"C1","D2","D2"', "utf-8"),
    ],
)
def test_all_of_these_are_the_same_table(tmp_path: Path, text: str, encoding: str) -> None:
    sheet = read_sheet(write(tmp_path / "t.csv", text, encoding))
    assert sheet.header == ("vid1", "vid2", "best")
    assert [row.cells for row in sheet.rows] == [("A1", "B1", "A1"), ("C1", "D2", "D2")]


def test_line_numbers_count_empty_lines(tmp_path: Path) -> None:
    sheet = read_sheet(write(tmp_path / "t.csv", "a,b\n\nx,y\n\n\nz,w\n"))
    assert [row.line for row in sheet.rows] == [3, 6]
    assert sheet.describe_row(sheet.rows[1]) == "t.csv line 6"


def test_old_spreadsheets_write_windows_letters(tmp_path: Path) -> None:
    sheet = read_sheet(write(tmp_path / "t.csv", "Vidéo,Juge\nété,ä\n", "cp1252"))
    assert sheet.titles == ("Vidéo", "Juge")
    assert sheet.rows[0].cells == ("été", "ä")


def test_short_rows_have_empty_cells(tmp_path: Path) -> None:
    sheet = read_sheet(write(tmp_path / "t.csv", "a,b,c\n1\n"))
    assert [sheet.rows[0].cell(i) for i in (0, 1, 2, None)] == ["1", "", "", ""]


def test_columns_have_several_names(tmp_path: Path) -> None:
    sheet = read_sheet(write(tmp_path / "t.csv", "Video 1,BETTER\n"))
    assert sheet.column("best", "better") == 1
    assert sheet.column("video1") == 0
    assert sheet.column("worse") is None
    assert simplify_name("Knot_Tying 2!") == "knottying2"


def test_words(tmp_path: Path) -> None:
    rows = read_word_rows(write(tmp_path / "t.txt", "A1 B1 \r\n\r\nC1\t\tD1"))
    assert [(row.line, row.cells) for row in rows] == [(1, ("A1", "B1")), (3, ("C1", "D1"))]


def test_an_empty_file_has_nothing(tmp_path: Path) -> None:
    sheet = read_sheet(write(tmp_path / "t.csv", ""))
    assert (sheet.header, sheet.rows) == ((), ())


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read"):
        read_sheet(tmp_path / "missing.csv")
    with pytest.raises(DatasetError, match="is not a table: line 2"):
        read_sheet(write(tmp_path / "t.csv", "a,b\n" + "x" * 200_000 + ",y\n"))


def test_a_stated_separator_counts_and_its_line_too(tmp_path: Path) -> None:
    sheet = read_sheet(write(tmp_path / "t.csv", "sep=;\na,b;c\n\n1,5;x\n"))
    assert sheet.titles == ("a,b", "c")
    assert sheet.number(sheet.rows[0].cell(0)) == 1.5
    assert sheet.describe_row(sheet.rows[0]) == "t.csv line 4"


def test_a_quotation_mark_that_is_not_closed_is_told_with_its_line(tmp_path: Path) -> None:
    table = "sep=,\na,b\nx,y\n" + 'x,"y\n' + "x,y\n" * 60_000
    with pytest.raises(DatasetError, match=r"line 4.*limit.*quotation mark"):
        read_sheet(write(tmp_path / "t.csv", table))


def test_looks_like_never_raises(tmp_path: Path) -> None:
    assert looks_like(write(tmp_path / "t.csv", PLAIN), ("vid1",), ("best", "better"))
    assert not looks_like(tmp_path / "t.csv", ("vid1",), ("worse",))
    assert not looks_like(tmp_path, ("vid1",))
    assert not looks_like(tmp_path / "missing.csv", ("vid1",))
    binary = tmp_path / "b.csv"
    binary.write_bytes(b"vid1,best\x00\x01\x02")
    assert not looks_like(binary, ("vid1",))
