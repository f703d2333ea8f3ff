"""Protection against CSV injection: an apostrophe escapes text that a spreadsheet would run as a formula.

A spreadsheet evaluates every cell that begins with = + - or @, even after a tab or a line end. The formula can access
the network or start programs. A cell that begins with an apostrophe is text. Numbers are unchanged.
"""

import re

# first character of a formula; + and - begin one unless all that follows are digits, separators and signs
_FORMULA_START = r"(?:[=@\t\n]|[+-](?![\d\s.,+-]*\Z))"
_FORMULA = re.compile(f"'*{_FORMULA_START}")  # escaped or not
_ESCAPED = re.compile(f"'+{_FORMULA_START}")


def escape_cell(value: object) -> object:
    r"""Return text that is no formula and has \n as its only line end; other values are unchanged.

    ``unescape_cell`` is the inverse.
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")  # many readers end the row at a lone \r
    return f"'{text}" if _FORMULA.match(text) else text


def unescape_cell(cell: str) -> str:
    """Return the text of a cell without the apostrophe of ``escape_cell``; other cells are unchanged."""
    return cell[1:] if _ESCAPED.match(cell) else cell
