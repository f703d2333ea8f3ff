"""Reader of Praat's TextGrids, long and short (https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html)."""

import re
from collections.abc import Iterator
from pathlib import Path

from skillviewer.core.text import shorten
from skillviewer.core.timelines.annotation import Annotation, without_lane
from skillviewer.core.timelines.contents import TimelineContents
from skillviewer.data.tables.text_files import read_text

_DECIMAL = r"[+-]?(?:0[xX][0-9a-fA-F]+(?:\.[0-9a-fA-F]*)?(?:[pP][+-]?\d{1,9})?|\d+(?:\.\d*)?(?:[eE][+-]?\d{1,9})?)%?"
_NUMBER = re.compile(rf"({_DECIMAL})(?:/({_DECIMAL}))?")
"""A number as Praat reads it: decimal or hexadecimal, a percentage, or a fraction. The end of the word is ignored."""
_TOKEN = re.compile(rf'!.*|"(?:[^"]++|"")*+"|{_NUMBER.pattern}[^\s!]*|\S+')
"""A comment up to the end of its line, a text, a number, or any other word."""
_HEADERS = frozenset({'"ooTextFile"', '"ooTextFile short"'})
"""First texts of a file; older programs write the second one for the short form."""


def read_textgrid(path: Path, _file_name: str) -> TimelineContents:
    """Return the intervals with a text, and the points, of a TextGrid.

    The name of a tier may end in an author after a dash, as in the export of this program. A text that repeats the name
    of its tier counts as empty. Times are not changed. If the clock does not begin at 0, a warning says so, because the
    sound may be a part of the video or a file of its own.

    Raises:
        DatasetError: The file cannot be read.
        ValueError: It is no TextGrid in text.
        StopIteration: It ends too early.
    """
    tokens = _tokens(read_text(path))
    if next(tokens, "") not in _HEADERS or next(tokens, "") != '"TextGrid"':
        raise ValueError("it does not begin with ooTextFile and TextGrid: save it as a text file")
    start_s = _number(tokens)
    _number(tokens)  # the end of the clock
    rows: list[tuple[str, float, float, str]] = []
    if next(tokens) == "<exists>":
        for _ in range(round(_number(tokens))):
            kind = _text(tokens)
            tier = _text(tokens)
            _number(tokens)  # start of the tier
            _number(tokens)  # end of the tier
            for _ in range(round(_number(tokens))):
                begin = _number(tokens)
                stop = _number(tokens) if kind == "IntervalTier" else begin
                text = _text(tokens)
                if text.strip() or kind != "IntervalTier":
                    rows.append((tier, begin, stop, text))
    names = {tier for tier, *_ in rows}
    annotations = []
    for name, begin, stop, text in rows:
        tier_name = without_lane(name, names)
        tier, dash, author = tier_name.rpartition(" – ")
        if not dash:
            tier = tier_name
            author = ""
        own_text = "" if text == tier else text
        annotations.append(Annotation(tier, begin, stop_s=stop, text=own_text, author=author))
    warnings = []
    if start_s:
        warnings.append(
            f"Its clock begins at {start_s:g} s, not at 0: the times are taken as seconds from the start of the video."
        )
    return TimelineContents(tuple(annotations), warnings=tuple(warnings))


def _tokens(text: str) -> Iterator[str]:
    """Yield the texts, flags and numbers of a TextGrid. All other words are comments."""
    for match in _TOKEN.finditer(text):
        word = match.group()
        is_closed = len(word) > 1 and word.endswith('"')
        if word.startswith('"') and not is_closed:
            place = shorten(word[1:])
            if not place:
                place = "its end"
            raise ValueError(f"the quotation mark before {place} is not closed")
        if word.startswith(('"', "<")) or match.group(1) is not None:
            yield word


def _number(tokens: Iterator[str]) -> float:
    token = next(tokens)
    match = _NUMBER.match(token)
    if match is None:
        raise ValueError(f"{shorten(token)} stands where a number is expected")
    numerator, denominator = match.groups()
    divisor = 1.0 if denominator is None else _decimal(denominator)
    if divisor == 0:
        raise ValueError(f"{shorten(token)} divides by zero")
    return _decimal(numerator) / divisor


def _decimal(text: str) -> float:
    digits = text.removesuffix("%")
    value = float.fromhex(digits) if "x" in digits.casefold() else float(digits)
    return value / 100 if text.endswith("%") else value


def _text(tokens: Iterator[str]) -> str:
    token = next(tokens)
    if not token.startswith('"'):
        raise ValueError(f"{shorten(token)} stands where a text is expected")
    return token[1:-1].replace('""', '"')
