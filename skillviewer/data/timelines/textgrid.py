"""Reader of Praat's TextGrids, long and short (https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html)."""

import re
from collections.abc import Iterator
from pathlib import Path

from skillviewer.core.text import short
from skillviewer.core.timelines.annotation import Annotation
from skillviewer.data.tables.rows import read_text

_TOKEN = re.compile(r'"(?:[^"]|"")*"|\S+')
_NUMBER = re.compile(r"-?\d{1,9}(?:\.\d+)?(?:[eE][+-]?\d{1,2})?")


def read_textgrid(path: Path, _file_name: str) -> list[Annotation]:
    """Return the intervals with a text, and the points, of a TextGrid.

    Raises:
        DatasetError: The file cannot be read.
        ValueError: It is no TextGrid in text.
        StopIteration: It ends too early.
    """
    tokens = _tokens(read_text(path))
    if (next(tokens, ""), next(tokens, "")) != ('"ooTextFile"', '"TextGrid"'):
        raise ValueError("it does not begin with ooTextFile and TextGrid: save it as a text file")
    start_s, _ = _number(tokens), _number(tokens)
    found = []
    if next(tokens) == "<exists>":
        for _ in range(round(_number(tokens))):
            kind, tier, *_ = _text(tokens), _text(tokens), _number(tokens), _number(tokens)
            for _ in range(round(_number(tokens))):
                begin = _number(tokens)
                stop = _number(tokens) if kind == "IntervalTier" else begin
                text = _text(tokens)
                if text.strip() or kind != "IntervalTier":
                    found.append(Annotation(tier, begin - start_s, stop - start_s, text))
    return found


def _tokens(text: str) -> Iterator[str]:
    """Yield texts, flags and numbers that stand alone; everything else in a TextGrid is a remark."""
    words = (match.group() for match in _TOKEN.finditer(text))
    return (word for word in words if word.startswith(('"', "<")) or _NUMBER.fullmatch(word))


def _number(tokens: Iterator[str]) -> float:
    token = next(tokens)
    if not _NUMBER.fullmatch(token):
        raise ValueError(f"{short(token)} stands where a number is expected")
    return float(token)


def _text(tokens: Iterator[str]) -> str:
    token = next(tokens)
    if not (len(token) >= 2 and token.startswith('"') and token.endswith('"')):
        raise ValueError(f"{short(token)} stands where a text is expected")
    return token[1:-1].replace('""', '"')
