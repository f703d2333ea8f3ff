"""Protection against CSV injection: text that a spreadsheet would run as a formula is escaped with an apostrophe.

Spreadsheets compute a cell that begins with = + - or @, even after a tab or a line end, also in a table from elsewhere;
such a formula can fetch from the network or start programs. After an apostrophe it is text. Numbers are unchanged.
"""

import re

_FORMULA = re.compile(r"'*([=@\t\n]|[+-](?![\d\s.,+-]*\Z))")
_ESCAPED = re.compile(r"'+([=@\t\n]|[+-](?![\d\s.,+-]*\Z))")


def escape_cell(value: object) -> object:
    """Return the content of a cell: text with one kind of line end and never a formula; other values unchanged.

    ``unescape_cell`` undoes it.
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")  # a bare \r would end the row for many readers
    return f"'{text}" if _FORMULA.match(text) else text


def unescape_cell(cell: str) -> str:
    """Return the text of a cell that ``escape_cell`` or the user wrote."""
    return cell[1:] if _ESCAPED.match(cell) else cell
