"""The report on an imported table of ratings: every row is used, or rejected with its reason."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from skillviewer.core.atomic_write import atomic_path
from skillviewer.core.csv_safety import escape_cell
from skillviewer.core.text import counted
from skillviewer.data.tables.rows import abbreviated

FILE = "account.csv"
_MAX_SHOWN = 3


@dataclass(slots=True)
class RowResult:
    """Outcome of one row, filled while it is read: the place in words and first and last line, from 1.

    ``cell`` names the video as written; ``rejections`` has the reasons why the row, or a rating in it, was rejected;
    ``near`` are names of videos similar to a cell that names none, and None for other rows.
    """

    place: str
    first_line: int
    last_line: int
    cell: str
    video: str | None = None
    n_ratings: int = 0
    rejections: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    near: tuple[str, ...] | None = None

    @property
    def used(self) -> bool:
        """True if a rating was taken from it."""
        return self.n_ratings > 0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Outcomes of all non-empty rows of a table, videos without a rating, and notices about the whole table."""

    name: str
    rows: tuple[RowResult, ...]
    unrated: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        silent = [row.place for row in self.rows if not row.n_ratings and not row.rejections]
        if silent:
            raise ValueError(f"neither used nor rejected with a reason: {silent}")

    @property
    def used(self) -> int:
        """Number of rows from which a rating was taken."""
        return sum(row.used for row in self.rows)

    @property
    def rejected(self) -> int:
        """Number of rows from which no rating was taken."""
        return len(self.rows) - self.used

    @property
    def n_ratings(self) -> int:
        """Number of ratings taken."""
        return sum(row.n_ratings for row in self.rows)

    @property
    def count(self) -> str:
        """Text of the counts: all rows are rows used plus rows rejected."""
        n_videos = len({row.video for row in self.rows if row.used})
        counts = f"{counted(len(self.rows), 'row')}: {self.used} used, {self.rejected} rejected"
        return f"{counts}; {counted(self.n_ratings, 'rating')} of {counted(n_videos, 'video')}"

    def lines(self) -> list[str]:
        """Return one sentence for every reason and note of every row."""
        texts = []
        for row in self.rows:
            fate = ", in part rejected" if row.used else " is rejected"
            texts += [f"{self.name} {row.place}{fate}: {reason}." for reason in row.rejections]
            texts += [f"{self.name} {row.place}: {note}{'' if note[-1] == '?' else '.'}" for note in row.notes]
        return texts

    def problems(self) -> list[str]:
        """Return the report in few sentences: notices, the counts, and the first lines."""
        lines = self.lines()
        texts = [*self.notices, *([f"{self.name}: {self.count}."] if lines else []), *lines[:_MAX_SHOWN]]
        if len(lines) > _MAX_SHOWN:
            texts.append(f"{self.name}: {len(lines) - _MAX_SHOWN} more lines like these; “data import” lists them all.")
        if self.unrated:
            texts.append(f"{len(self.unrated)} videos have no rating and are left out: {abbreviated(self.unrated)}.")
        return texts


def write_rows(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write rows as a CSV file, safe for spreadsheets, or raise an OSError."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([escape_cell(cell) for cell in row] for row in rows)


def write_import_report(import_report: ImportReport, path: Path) -> None:
    """Write the report as a CSV file with one row per row of the table, or raise an OSError."""
    rows: list[Sequence[object]] = [("row", "cell", "video", "ratings", "fate", "set_aside", "notes")]
    for row in import_report.rows:
        fate = "used" if row.used else "set aside"
        rows.append(
            (row.place, row.cell, row.video or "", row.n_ratings, fate, "; ".join(row.rejections), "; ".join(row.notes))
        )
    write_rows(path, rows)
