"""Cells of text in CSV files that a spreadsheet may open: what it would run as a formula stands behind an apostrophe.

Spreadsheets compute a cell that begins with = + - or @, perhaps behind a tab or a line end that they read past, also
one that came with a table from elsewhere, and such a formula can fetch from the network or start programs. Behind an
apostrophe it is text. Numbers stay as they are.
"""

import re

_FORMULA = re.compile(r"'*([=@\t\n]|[+-](?![\d\s.,+-]*\Z))")
_GUARDED = re.compile(r"'+([=@\t\n]|[+-](?![\d\s.,+-]*\Z))")


def guarded(value: object) -> object:
    """Return what goes into a cell for a value: text on one kind of line end, and never a formula; all else as it is.

    ``plain_text`` undoes it.
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")  # a bare \r would end the row for many readers
    return f"'{text}" if _FORMULA.match(text) else text


def plain_text(cell: str) -> str:
    """Return the text of a cell that ``guarded`` made, or that a person wrote."""
    return cell[1:] if _GUARDED.match(cell) else cell
