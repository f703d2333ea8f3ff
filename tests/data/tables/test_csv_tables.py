"""Tables as people write them."""

from pathlib import Path

import pytest

from skillviewer.core.errors import DatasetError
from skillviewer.data.tables.csv_tables import is_csv_with_columns, read_csv_table, read_word_rows
from skillviewer.data.tables.name_spelling import simplify_name
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
    table = read_csv_table(write(tmp_path / "t.csv", text, encoding))
    assert table.simplified_titles == ("vid1", "vid2", "best")
    assert [row.cells for row in table.rows] == [("A1", "B1", "A1"), ("C1", "D2", "D2")]


def test_line_numbers_count_empty_lines(tmp_path: Path) -> None:
    table = read_csv_table(write(tmp_path / "t.csv", "a,b\n\nx,y\n\n\nz,w\n"))
    assert [row.last_line for row in table.rows] == [3, 6]
    assert table.describe_row(table.rows[1]) == "t.csv line 6"


def test_old_spreadsheets_write_windows_letters(tmp_path: Path) -> None:
    table = read_csv_table(write(tmp_path / "t.csv", "Vidéo,Juge\nété,ä\n", "cp1252"))
    assert table.titles == ("Vidéo", "Juge")
    assert table.rows[0].cells == ("été", "ä")


def test_short_rows_have_empty_cells(tmp_path: Path) -> None:
    table = read_csv_table(write(tmp_path / "t.csv", "a,b,c\n1\n"))
    assert [table.rows[0].cell(i) for i in (0, 1, 2, None)] == ["1", "", "", ""]


def test_columns_have_several_names(tmp_path: Path) -> None:
    table = read_csv_table(write(tmp_path / "t.csv", "Video 1,BETTER\n"))
    assert table.column("best", "better") == 1
    assert table.column("video1") == 0
    assert table.column("worse") is None
    assert simplify_name("Knot_Tying 2!") == "knottying2"


def test_words(tmp_path: Path) -> None:
    rows = read_word_rows(write(tmp_path / "t.txt", "A1 B1 \r\n\r\nC1\t\tD1"))
    assert [(row.last_line, row.cells) for row in rows] == [(1, ("A1", "B1")), (3, ("C1", "D1"))]


def test_an_empty_file_has_nothing(tmp_path: Path) -> None:
    table = read_csv_table(write(tmp_path / "t.csv", ""))
    assert (table.simplified_titles, table.rows) == ((), ())


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read"):
        read_csv_table(tmp_path / "missing.csv")
    with pytest.raises(DatasetError, match="is not a table: line 2"):
        read_csv_table(write(tmp_path / "t.csv", "a,b\n" + "x" * 200_000 + ",y\n"))


def test_a_stated_separator_counts_and_its_line_too(tmp_path: Path) -> None:
    table = read_csv_table(write(tmp_path / "t.csv", "sep=;\na,b;c\n\n1,5;x\n"))
    assert table.titles == ("a,b", "c")
    assert table.number(table.rows[0].cell(0)) == 1.5
    assert table.describe_row(table.rows[0]) == "t.csv line 4"


def test_a_quotation_mark_that_is_not_closed_is_told_with_its_line(tmp_path: Path) -> None:
    table = "sep=,\na,b\nx,y\n" + 'x,"y\n' + "x,y\n" * 60_000
    with pytest.raises(DatasetError, match=r"line 4.*limit.*quotation mark"):
        read_csv_table(write(tmp_path / "t.csv", table))


def test_a_file_that_cannot_be_read_has_no_columns(tmp_path: Path) -> None:
    assert is_csv_with_columns(write(tmp_path / "t.csv", PLAIN), ("vid1",), ("best", "better"))
    assert not is_csv_with_columns(tmp_path / "t.csv", ("vid1",), ("worse",))
    assert not is_csv_with_columns(tmp_path, ("vid1",))
    assert not is_csv_with_columns(tmp_path / "missing.csv", ("vid1",))
    binary = tmp_path / "b.csv"
    binary.write_bytes(b"vid1,best\x00\x01\x02")
    assert not is_csv_with_columns(binary, ("vid1",))
