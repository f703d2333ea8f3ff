"""Rows of ``pairs.csv``: votes of raters, or agreed pairs."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from skillviewer.core.dataset.pairs import UNNAMED, Judgement, Pair, SimilarPair, Verdict
from skillviewer.data.tables.claims import Claim
from skillviewer.data.tables.participants import Spellings
from skillviewer.data.tables.rows import CsvTable, TableRow, looks_like

_LEFT = ("left", "video1", "vid1", "first", "videoa")
_RIGHT = ("right", "video2", "vid2", "second", "videob")
_LABEL = ("label", "verdict", "choice", "result")
_VOTES = ("votes",)
_RATER = ("rater", "annotator", "worker", "judge")
_BETTER, _WORSE = ("better", "best"), ("worse", "worst")
NOT_KNOWN = frozenset({"", "-", "?", "na", "n/a", "n.a.", "nan", "none", "null", "."})
_VERDICTS = {
    **dict.fromkeys(("1", "+1", "left", "l"), Verdict.LEFT),
    **dict.fromkeys(("0", "none", "neither", "equal", "tie", "same"), Verdict.NEITHER),
    **dict.fromkeys(("-1", "−1", "right", "r"), Verdict.RIGHT),
}


def is_pairs_file(file: Path) -> bool:
    """Return True if a file has the columns of a table of pairs."""
    return looks_like(file, _LEFT, _RIGHT, (*_LABEL, *_VOTES)) or looks_like(file, _BETTER, _WORSE)


@dataclass(slots=True)
class PairRows:
    """Content of the rows."""

    claims: list[Claim] = field(default_factory=list)  # agreed verdicts on two videos, row by row
    judgements: list[Judgement] = field(default_factory=list)  # votes of raters
    labels: dict[SimilarPair, Pair | SimilarPair] = field(default_factory=dict)  # labels of rows that also have votes
    voted: dict[SimilarPair, int] = field(default_factory=dict)  # number of raters, by pair
    written: set[str] = field(default_factory=set)  # labels and votes as written
    problems: list[str] = field(default_factory=list)  # unreadable rows, one sentence each


@dataclass(frozen=True, slots=True)
class _Columns:
    first: int | None
    second: int | None
    ordered: bool  # whether the columns are better and worse
    label: int | None
    votes: int | None
    rater: int | None

    @classmethod
    def of(cls, sheet: CsvTable) -> "_Columns":
        left, right = sheet.column(*_LEFT), sheet.column(*_RIGHT)
        better, worse = sheet.column(*_BETTER), sheet.column(*_WORSE)
        label = sheet.column(*_LABEL)
        votes = sheet.column(*_VOTES)
        rater = sheet.column(*_RATER)
        if None not in (left, right) and (label, votes) != (None, None):
            return cls(left, right, False, label, votes, rater)
        return cls(better, worse, True, label, None, rater)


def video_cells(sheet: CsvTable) -> list[str]:
    """Return all cells with the name of a video."""
    columns = _Columns.of(sheet)
    return [row.cell(column) for row in sheet.rows for column in (columns.first, columns.second)]


def read_pairs(sheet: CsvTable, name_of: Callable[[str], str]) -> PairRows:
    """Read the rows; ``name_of`` returns the name of the video that a cell refers to, "" for none."""
    read = PairRows()
    raters = Spellings()
    columns = _Columns.of(sheet)
    spreads = columns.votes is not None and columns.votes == len(sheet.titles) - 1  # votes may span several fields
    unread: list[str] = []
    for row in sheet.rows:
        place = sheet.place(row)
        first, second = name_of(row.cell(columns.first)), name_of(row.cell(columns.second))
        rater = None if columns.rater is None else raters.canonical(row.cell(columns.rater)) or UNNAMED
        if not first or not second:
            read.problems.append(f"{place} does not name two videos; it is left out.")
        elif first == second:
            read.problems.append(f"{place} compares {first} with itself; it is left out.")
        elif len(row.cells) > len(sheet.titles) and not spreads:
            read.problems.append(
                f"{place} has {len(row.cells)} fields and the table {len(sheet.titles)} columns; it is left out."
            )
        elif columns.ordered:
            _read_ordered(sheet, row, columns, (first, second), rater, read, unread)
        elif not _read_votes(sheet, row, columns, (first, second), read):
            _read_label(sheet, row, columns, (first, second), rater, read)
    if unread:
        read.problems.append(
            f"{sheet.titles[columns.label or 0]} of {sheet.path.name} is not 1 or 0 in {unread[0]}"
            + (f" and {len(unread) - 1} more rows" if len(unread) > 1 else "")
            + "; there the columns better and worse count."
        )
    if {"0", "1"} <= read.written and not any(_VERDICTS.get(word) is Verdict.RIGHT for word in read.written):
        read.problems.append(
            f"No row of {sheet.path.name} says -1: 0 counts as no disparity. If 0 means that the right one is better, "
            "write -1."
        )
    read.problems += raters.joined(sheet.path.name)
    return read


def _read_ordered(
    sheet: CsvTable,
    row: TableRow,
    columns: _Columns,
    videos: tuple[str, str],
    rater: str | None,
    read: PairRows,
    unread: list[str],
) -> None:
    """Add a row with the columns better and worse; its label may say that neither is better."""
    place = sheet.place(row)
    text = row.cell(columns.label)
    label = _VERDICTS.get(_number(sheet, text))
    if label is None and text.casefold() not in NOT_KNOWN:
        unread.append(place)
    if label is Verdict.RIGHT:
        read.problems.append(
            f"{place} has the label “{text}”, against its columns better and worse; it is left out. Call the columns "
            "left and right if the label is to count."
        )
    else:
        _judged(place, videos, Verdict.LEFT if label is None else label, rater, read)


def _read_votes(sheet: CsvTable, row: TableRow, columns: _Columns, videos: tuple[str, str], read: PairRows) -> bool:
    """Add the votes of a row, and its label; return True if it has votes."""
    place = sheet.place(row)
    last = columns.votes is not None and columns.votes == len(sheet.titles) - 1
    cells = row.cells[columns.votes :] if last else (row.cell(columns.votes),)
    words = cells if len(cells) > 1 else re.split(r"\s*[;|/,]\s*|\s+", "".join(cells).strip())
    # a missing vote keeps its position: the next one belongs to the next rater
    verdicts = {
        number: _VERDICTS.get(_number(sheet, word))
        for number, word in enumerate(words, start=1)
        if _number(sheet, word) in _VERDICTS or word.casefold() not in NOT_KNOWN
    }
    if not verdicts:
        return False
    if None in verdicts.values():
        read.problems.append(f"{place} has a vote that is not 1, 0 or -1 (“{' '.join(words)}”); it is left out.")
        return True
    read.written.update(_number(sheet, word) for word in words)
    pair = SimilarPair(*videos)
    before = read.voted.get(pair, 0)
    if before:
        read.problems.append(
            f"{place} names {videos[0]} and {videos[1]} again; its votes count as those of further raters."
        )
    read.voted[pair] = before + len(words)
    read.judgements += [
        Judgement(*videos, verdict, f"rater {before + number}")
        for number, verdict in verdicts.items()
        if verdict is not None
    ]
    label = _VERDICTS.get(_number(sheet, row.cell(columns.label)))
    if label is not None:
        read.claims.append(Claim(_says(videos, label), place))
        read.labels[pair] = _says(videos, label)
    return True


def _read_label(
    sheet: CsvTable, row: TableRow, columns: _Columns, videos: tuple[str, str], rater: str | None, read: PairRows
) -> None:
    place = sheet.place(row)
    text = row.cell(columns.label)
    label = _VERDICTS.get(_number(sheet, text))
    if label is None:
        read.problems.append(f"{place} has a label that is not 1, 0 or -1 (“{text}”); it is left out.")
        return
    read.written.add(_number(sheet, text))
    _judged(place, videos, label, rater, read)


def _judged(place: str, videos: tuple[str, str], verdict: Verdict, rater: str | None, read: PairRows) -> None:
    """Add one verdict: of a rater if the table names raters, else as agreed."""
    if rater is not None:
        read.judgements.append(Judgement(*videos, verdict, rater))
    else:
        read.claims.append(Claim(_says(videos, verdict), place))


def _number(sheet: CsvTable, text: str) -> str:
    """Return a label in its look-up form: "1.0" is "1", and so is "1,0" if commas do not separate the columns."""
    return re.sub(r"[.,]0+$" if sheet.decimal_comma else r"\.0+$", "", text.casefold())


def _says(videos: tuple[str, str], verdict: Verdict) -> Pair | SimilarPair:
    if verdict is Verdict.NEITHER:
        return SimilarPair(*videos)
    return Pair(*videos) if verdict is Verdict.LEFT else Pair(videos[1], videos[0])
