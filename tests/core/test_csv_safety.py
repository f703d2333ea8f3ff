"""Text in CSV files is run by no spreadsheet, and reads back as it was."""

import pytest

from skillviewer.core.csv_safety import escape_cell, unescape_cell

FORMULAS = (
    "=1+1",
    "=HYPERLINK(1)",
    "@sum",
    "+cmd|'/C calc'!A0",
    "-2+cmd()",
    "-Anna",
    "'=x",
    "''@",
    "\t=1",
    "\n=1+1",
    "\n",
)
PLAIN = ("Anna", "-1 0 1", "-", "+49 123", "-0.5", "", "'quoted'", "a=b", "1-2", "'", "手術")


@pytest.mark.parametrize("text", FORMULAS)
def test_what_would_be_computed_stands_behind_an_apostrophe(text: str) -> None:
    assert escape_cell(text) == f"'{text}"
    assert unescape_cell(str(escape_cell(text))) == text


@pytest.mark.parametrize("text", PLAIN)
def test_all_else_stays(text: str) -> None:
    assert escape_cell(text) == text
    assert unescape_cell(text) == text


def test_numbers_and_nothing_stay_and_line_ends_are_of_one_kind() -> None:
    assert [escape_cell(value) for value in (-1, -0.5, None, True)] == [-1, -0.5, None, True]
    assert escape_cell("a\rb\r\nc\n") == "a\nb\nc\n"
