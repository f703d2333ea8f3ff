"""Numbers as raters write them: 4, 3.5, 3,5 and 4/5."""

import re
from collections.abc import Sequence

from skillviewer.data.tables.pair_rows import EMPTY_WORDS

_PLAIN = re.compile(r"[+−-]?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+−-]?[1-9]\d{0,2}(?:,\d{3})+")
GROUPED = re.compile(r"[+−-]?[1-9]\d{0,2}([.,])\d{3}")
"""A number that means 1250 or 1.25, depending on the country."""
_MAX_NUMBER = 1e12
"""Bound of numbers: greater ones are slips, and would make other numbers vanish in sums."""
_SHARE = re.compile(r"([+−-]?\d+(?:[.,]\d+)?)\s*(?:(?:/|of|out of|von|sur)\s*(\d+)|%)")


def number_of_cell(text: str, *, decimal_comma: bool) -> float | None:
    """Return the number in a cell, or None if the cell holds no number.

    Without ``decimal_comma``, such as in a file in which commas separate the columns, 1,234 is ambiguous and counts as
    no number.
    """
    text = text.replace("\u2212", "-").replace("\u00a0", "").strip()
    if not _PLAIN.fullmatch(text):
        return None
    if not decimal_comma and _THOUSANDS.fullmatch(text):
        return None
    number = float(text.replace(",", "."))
    return number if abs(number) < _MAX_NUMBER else None


def share_of_cell(text: str) -> tuple[str, float] | None:
    """Return the number and the whole of a cell such as "4/5", "4 out of 5" or "80 %", or None."""
    match = _SHARE.fullmatch(text.strip())
    return None if match is None else (match[1], float(match[2] or 100))


def may_have_thousands(texts: Sequence[str]) -> bool:
    """Return True if a comma or a point before three digits may separate thousands, given all cells of an item.

    The cells show this by both signs before three digits, by whole numbers of three digits and more without a sign, or
    by another sign for decimals. They exclude it by the same sign for decimals.
    """
    signs = set()
    others = []
    for text in texts:
        match = GROUPED.fullmatch(text)
        if match is None:
            others.append(text)
        else:
            signs.add(match[1])
    if len(signs) != 1:
        return len(signs) > 1
    (sign,) = signs
    if any(sign in text and not {".", ","} <= set(text) for text in others):
        return False  # the sign marks decimals
    has_large_integer = any(text.isdigit() and len(text) > 2 for text in others)
    has_decimals = any(not text.isdigit() and not {".", ","}.isdisjoint(text) for text in others)
    return has_large_integer or has_decimals


def is_filled(text: str) -> bool:
    """Return True if a cell is not empty, not a word such as "n/a", and no error of a spreadsheet."""
    return text.casefold() not in EMPTY_WORDS and not text.startswith("#")


def is_number(text: str) -> bool:
    """Return True if a cell looks like a number."""
    return number_of_cell(text, decimal_comma=True) is not None or share_of_cell(text) is not None
