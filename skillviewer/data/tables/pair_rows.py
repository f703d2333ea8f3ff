"""Rows of ``pairs.csv``: votes of raters, or agreed pairs."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from skillviewer.core.dataset.pairs import UNNAMED, Judgement, Pair, SimilarPair, Verdict
from skillviewer.data.tables.claims import Claim
from skillviewer.data.tables.csv_tables import CsvTable, TableRow, is_csv_with_columns
from skillviewer.data.tables.participants import Spellings

_LEFT = ("left", "video1", "vid1", "first", "videoa")
_RIGHT = ("right", "video2", "vid2", "second", "videob")
_LABEL = ("label", "verdict", "choice", "result")
_VOTES = ("votes",)
_RATER = ("rater", "annotator", "worker", "judge")
_BETTER = ("better", "best")
_WORSE = ("worse", "worst")
EMPTY_WORDS = frozenset({"", "-", "?", "na", "n/a", "n.a.", "nan", "none", "null", "."})
"""Texts of cells that stand for no value."""
_VERDICTS = {
    **dict.fromkeys(("1", "+1", "left", "l"), Verdict.LEFT),
    **dict.fromkeys(("0", "none", "neither", "equal", "tie", "same"), Verdict.NEITHER),
    **dict.fromkeys(("-1", "−1", "right", "r"), Verdict.RIGHT),
}


def is_pair_table(file: Path) -> bool:
    """Return True if a file has the columns of a table of pairs."""
    return is_csv_with_columns(file, _LEFT, _RIGHT, (*_LABEL, *_VOTES)) or is_csv_with_columns(file, _BETTER, _WORSE)


@dataclass(slots=True)
class PairRows:
    """Contents of the rows of a table of pairs."""

    claims: list[Claim] = field(default_factory=list)  # agreed verdicts on two videos, row by row
    judgements: list[Judgement] = field(default_factory=list)  # votes of raters
    labels: dict[SimilarPair, Pair | SimilarPair] = field(default_factory=dict)  # labels of rows that also have votes
    n_raters: dict[SimilarPair, int] = field(default_factory=dict)  # number of raters in a column of votes, by pair
    words: set[str] = field(default_factory=set)  # all labels and votes as written
    places: dict[Pair, list[str]] = field(default_factory=dict)  # rows that state each order, by label or by a vote
    problems: list[str] = field(default_factory=list)  # rows that cannot be read, one sentence each


@dataclass(frozen=True, slots=True)
class _Columns:
    """Indices of the columns of a table of pairs."""

    first: int | None  # left or better video
    second: int | None  # right or worse video
    is_ordered: bool  # whether the videos are in columns better and worse, instead of left and right
    label: int | None
    votes: int | None
    rater: int | None

    @classmethod
    def from_table(cls, table: CsvTable) -> "_Columns":
        left = table.column(*_LEFT)
        right = table.column(*_RIGHT)
        label = table.column(*_LABEL)
        votes = table.column(*_VOTES)
        rater = table.column(*_RATER)
        has_verdicts = label is not None or votes is not None
        if left is not None and right is not None and has_verdicts:
            return cls(left, right, is_ordered=False, label=label, votes=votes, rater=rater)
        better = table.column(*_BETTER)
        worse = table.column(*_WORSE)
        return cls(better, worse, is_ordered=True, label=label, votes=None, rater=rater)


def video_cells(table: CsvTable) -> list[str]:
    """Return all cells with the name of a video."""
    columns = _Columns.from_table(table)
    return [row.cell(column) for row in table.rows for column in (columns.first, columns.second)]


def read_pairs(table: CsvTable, name_of: Callable[[str], str]) -> PairRows:
    """Read the rows of a table of pairs; ``name_of`` returns the name of the video in a cell, or ""."""
    return _PairReader(table, name_of).read()


class _PairReader:
    """Reader of a table of pairs."""

    def __init__(self, table: CsvTable, name_of: Callable[[str], str]) -> None:
        self._table = table
        self._name_of = name_of
        self._columns = _Columns.from_table(table)
        # votes in the last column may spread over further fields
        self._votes_are_last = self._columns.votes == len(table.titles) - 1
        self._raters = Spellings()
        self._rows_with_unknown_label: list[str] = []
        self._contents = PairRows()

    def read(self) -> PairRows:
        table = self._table
        contents = self._contents
        for row in table.rows:
            self._read_row(row)
        if self._rows_with_unknown_label:
            first_row, *other_rows = self._rows_with_unknown_label
            more_text = f" and {len(other_rows)} more rows" if other_rows else ""
            label_column = 0 if self._columns.label is None else self._columns.label
            label_title = table.titles[label_column]
            contents.problems.append(
                f"{label_title} of {table.path.name} is not 1 or 0 in {first_row}"
                f"{more_text}; there the columns better and worse count."
            )
        has_right = any(_VERDICTS.get(word) is Verdict.RIGHT for word in contents.words)
        if {"0", "1"} <= contents.words and not has_right:
            contents.problems.append(
                f"No row of {table.path.name} says -1: 0 counts as no disparity. If 0 means that the right one is "
                "better, write -1."
            )
        contents.problems += self._raters.merged_notice(table.path.name)
        return contents

    def _read_row(self, row: TableRow) -> None:
        columns = self._columns
        place = self._table.describe_row(row)
        n_columns = len(self._table.titles)
        first = self._name_of(row.cell(columns.first))
        second = self._name_of(row.cell(columns.second))
        rater = None
        if columns.rater is not None:
            rater = self._raters.canonical(row.cell(columns.rater))
            if not rater:
                rater = UNNAMED
        if not first or not second:
            self._contents.problems.append(f"{place} does not name two videos; it is left out.")
        elif first == second:
            self._contents.problems.append(f"{place} compares {first} with itself; it is left out.")
        elif len(row.cells) > n_columns and not self._votes_are_last:
            self._contents.problems.append(
                f"{place} has {len(row.cells)} fields and the table {n_columns} columns; it is left out."
            )
        elif columns.is_ordered:
            self._read_ordered(row, (first, second), rater)
        elif not self._read_votes(row, (first, second)):
            self._read_label(row, (first, second), rater)

    def _read_ordered(self, row: TableRow, videos: tuple[str, str], rater: str | None) -> None:
        """Add a row with the columns better and worse; its label may say that neither is better."""
        place = self._table.describe_row(row)
        text = row.cell(self._columns.label)
        label = self._verdict(text)
        if label is None and text.casefold() not in EMPTY_WORDS:
            self._rows_with_unknown_label.append(place)
        if label is Verdict.RIGHT:
            self._contents.problems.append(
                f"{place} has the label “{text}”, against its columns better and worse; it is left out. Call the "
                "columns left and right if the label is to count."
            )
        else:
            verdict = Verdict.LEFT if label is None else label
            self._add_verdict(place, videos, verdict, rater)

    def _read_votes(self, row: TableRow, videos: tuple[str, str]) -> bool:
        """Add the votes of a row, and its label; return True if the row has votes."""
        contents = self._contents
        place = self._table.describe_row(row)
        words = self._vote_words(row)
        verdict_by_rater: dict[int, Verdict | None] = {}
        for number, word in enumerate(words, start=1):  # a missing vote counts as a rater
            verdict = self._verdict(word)
            if verdict is not None or word.casefold() not in EMPTY_WORDS:
                verdict_by_rater[number] = verdict
        if not verdict_by_rater:
            return False
        if None in verdict_by_rater.values():
            contents.problems.append(
                f"{place} has a vote that is not 1, 0 or -1 (“{' '.join(words)}”); it is left out."
            )
            return True
        contents.words.update(map(self._plain_number, words))
        pair = SimilarPair(*videos)
        n_earlier_raters = contents.n_raters.get(pair, 0)
        if n_earlier_raters:
            contents.problems.append(
                f"{place} names {videos[0]} and {videos[1]} again; its votes count as those of further raters."
            )
        contents.n_raters[pair] = n_earlier_raters + len(words)
        for number, verdict in verdict_by_rater.items():
            if verdict is not None:
                contents.judgements.append(Judgement(*videos, verdict, f"rater {n_earlier_raters + number}"))
                self._add_place(_order(videos, verdict), place)
        label = self._verdict(row.cell(self._columns.label))
        if label is not None:
            order = _order(videos, label)
            contents.claims.append(Claim(order, place))
            contents.labels[pair] = order
        return True

    def _vote_words(self, row: TableRow) -> Sequence[str]:
        """Return the votes of a row as written: in fields of their own, or separated by signs in one field."""
        if self._votes_are_last:
            cells = row.cells[self._columns.votes :]
            if len(cells) > 1:
                return cells
        return re.split(r"\s*[;|/,]\s*|\s+", row.cell(self._columns.votes).strip())

    def _read_label(self, row: TableRow, videos: tuple[str, str], rater: str | None) -> None:
        place = self._table.describe_row(row)
        text = row.cell(self._columns.label)
        label = self._verdict(text)
        if label is None:
            self._contents.problems.append(f"{place} has a label that is not 1, 0 or -1 (“{text}”); it is left out.")
            return
        self._contents.words.add(self._plain_number(text))
        self._add_verdict(place, videos, label, rater)

    def _add_verdict(self, place: str, videos: tuple[str, str], verdict: Verdict, rater: str | None) -> None:
        """Add a verdict as the judgement of a rater if the table names raters, else as an agreed claim."""
        order = _order(videos, verdict)
        self._add_place(order, place)
        if rater is not None:
            self._contents.judgements.append(Judgement(*videos, verdict, rater))
        else:
            self._contents.claims.append(Claim(order, place))

    def _add_place(self, order: Pair | SimilarPair, place: str) -> None:
        if isinstance(order, Pair):
            places = self._contents.places.setdefault(order, [])
            if place not in places:
                places.append(place)

    def _verdict(self, text: str) -> Verdict | None:
        return _VERDICTS.get(self._plain_number(text))

    def _plain_number(self, text: str) -> str:
        """Return "1" for "1.0", and for "1,0" if commas do not separate the columns; other texts in lower case."""
        zeros = r"[.,]0+$" if self._table.decimal_comma else r"\.0+$"
        return re.sub(zeros, "", text.casefold())


def _order(videos: tuple[str, str], verdict: Verdict) -> Pair | SimilarPair:
    first, second = videos
    if verdict is Verdict.NEITHER:
        return SimilarPair(first, second)
    return Pair(first, second) if verdict is Verdict.LEFT else Pair(second, first)
