"""Numbers as raters write them: 4, 3.5, 3,5 and 4/5."""

import re
from collections.abc import Sequence

from skillviewer.data.tables.pair_rows import NOT_KNOWN

_PLAIN = re.compile(r"[+−-]?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+−-]?[1-9]\d{0,2}(?:,\d{3})+")
GROUPED = re.compile(r"[+−-]?[1-9]\d{0,2}([.,])\d{3}")
"""A number that is 1,250 or 1.25: it depends on the country."""
_MAX_NUMBER = 1e12
"""Greater numbers are slips, and sums of them would lose all others."""
_OF = re.compile(r"([+−-]?\d+(?:[.,]\d+)?)\s*(?:(?:/|of|out of|von|sur)\s*(\d+)|%)")


def number_of_cell(text: str, *, decimal_comma: bool) -> float | None:
    """Return the number in a cell, or None if there is none.

    Without ``decimal_comma``, as where commas separate the columns, 1,234 is ambiguous, and no number.
    """
    text = text.replace("\u2212", "-").replace("\u00a0", "").strip()
    if not _PLAIN.fullmatch(text) or (not decimal_comma and _THOUSANDS.fullmatch(text)):
        return None
    number = float(text.replace(",", "."))
    return number if abs(number) < _MAX_NUMBER else None


def share_of_cell(text: str) -> tuple[str, float] | None:
    """Return the number and the whole of a cell such as "4/5", "4 out of 5" or "80 %", or None."""
    match = _OF.fullmatch(text.strip())
    return None if match is None else (match[1], float(match[2] or 100))


def perhaps_grouped(texts: Sequence[str]) -> bool:
    """Return True if signs before three digits may group thousands: next to 980, or next to another decimal sign."""
    signs = {match[1] for text in texts if (match := GROUPED.fullmatch(text))}
    ungrouped = [text for text in texts if not GROUPED.fullmatch(text)]
    if len(signs) != 1 or any(sign in text and not {*".,"} <= {*text} for text in ungrouped for sign in signs):
        return len(signs) > 1
    return any(len(text) > 2 if text.isdigit() else not {*".,"}.isdisjoint(text) for text in ungrouped)


def is_filled(text: str) -> bool:
    """Return True if a cell says something: it is not empty, not "n/a", and no error of a spreadsheet."""
    return text.casefold() not in NOT_KNOWN and not text.startswith("#")


def is_number(text: str) -> bool:
    """Return True if a cell looks like a number."""
    return number_of_cell(text, decimal_comma=True) is not None or share_of_cell(text) is not None
