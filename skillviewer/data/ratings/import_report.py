"""The report on an imported table of ratings: every row is used, or rejected with its reason."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from skillviewer.core.atomic_write import atomic_path
from skillviewer.core.csv_safety import escape_cell
from skillviewer.core.text import counted, join_names

FILE = "account.csv"
_MAX_SHOWN = 3


@dataclass(slots=True)
class RowResult:
    """Result of one row, filled in while the row is read."""

    place: str  # lines of the row, for messages
    first_line: int  # from 1
    last_line: int
    cell: str  # name of the video as written
    video: str | None = None  # name of the video, or of the attempt in it, or None if none was found
    rater: str = ""  # name of the rater as written, or "" without a column of raters
    n_ratings: int = 0  # number of ratings that count
    rejections: list[str] = field(default_factory=list)  # reasons why the row, or a rating in it, was rejected
    rejected_cells: dict[str, str] = field(default_factory=dict)  # reasons of rejected ratings, by title of the column
    notes: list[str] = field(default_factory=list)
    similar_names: tuple[str, ...] | None = None  # similar names of videos if the cell names no video, else None

    def reject_cell(self, title: str, reason: str) -> None:
        """Reject the rating in the column of a title; the reason continues the title to a sentence."""
        self.rejected_cells[title] = reason
        self.rejections.append(f"{title} {reason}")

    @property
    def is_used(self) -> bool:
        """True if a rating of the row counts."""
        return self.n_ratings > 0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Results of all non-empty rows of a table."""

    name: str  # name of the table
    rows: tuple[RowResult, ...]
    unrated: tuple[str, ...] = ()  # names of the videos without a rating
    notices: tuple[str, ...] = ()  # notices about the whole table, one sentence each

    def __post_init__(self) -> None:
        unexplained = [row.place for row in self.rows if not row.n_ratings and not row.rejections]
        if unexplained:
            raise ValueError(f"neither used nor rejected with a reason: {unexplained}")

    @property
    def n_used(self) -> int:
        """Number of rows with a rating that counts."""
        return sum(row.is_used for row in self.rows)

    @property
    def n_rejected(self) -> int:
        """Number of rows without a rating that counts."""
        return len(self.rows) - self.n_used

    @property
    def n_ratings(self) -> int:
        """Number of ratings that count."""
        return sum(row.n_ratings for row in self.rows)

    @property
    def n_rejected_ratings(self) -> int:
        """Number of filled cells that hold no valid rating, or one that does not count."""
        return sum(len(row.rejected_cells) for row in self.rows)

    @property
    def counts_text(self) -> str:
        """Text with the numbers of rows, ratings and videos; rows are rows used plus rows rejected."""
        rejected_text = ""
        if self.n_rejected_ratings:
            rejected_text = f"; {counted(self.n_rejected_ratings, 'rating')} rejected"
        n_videos = len({row.video for row in self.rows if row.is_used})
        rows_text = f"{counted(len(self.rows), 'row')}: {self.n_used} used, {self.n_rejected} rejected"
        return f"{rows_text}; {counted(self.n_ratings, 'rating')} of {counted(n_videos, 'video')}{rejected_text}"

    def lines(self) -> list[str]:
        """Return a sentence for every rejection and every note of a row."""
        lines = []
        for row in self.rows:
            result = ", in part rejected" if row.is_used else " is rejected"
            lines += [f"{self.name} {row.place}{result}: {reason}." for reason in row.rejections]
            for note in row.notes:
                full_stop = "" if note.endswith("?") else "."
                lines.append(f"{self.name} {row.place}: {note}{full_stop}")
        return lines

    def problems(self) -> list[str]:
        """Return the report in a few sentences: notices, counts, and the first rejections and notes."""
        lines = self.lines()
        texts = list(self.notices)
        if lines:
            texts.append(f"{self.name}: {self.counts_text}.")
        texts += lines[:_MAX_SHOWN]
        if len(lines) > _MAX_SHOWN:
            texts.append(f"{self.name}: {len(lines) - _MAX_SHOWN} more lines like these; “data import” lists them all.")
        if self.unrated:
            texts.append(f"{len(self.unrated)} videos have no rating and are left out: {join_names(self.unrated)}.")
        return texts


def write_rows(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write rows as a CSV file, safe for spreadsheets, or raise an OSError."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for row in rows:
            writer.writerow([escape_cell(cell) for cell in row])


def write_import_report(import_report: ImportReport, path: Path) -> None:
    """Write the report as a CSV file with one row per row of the table, or raise an OSError."""
    rows: list[Sequence[object]] = [("row", "cell", "video", "ratings", "fate", "set_aside", "notes")]
    for row in import_report.rows:
        fate = "used" if row.is_used else "set aside"
        rejections = "; ".join(row.rejections)
        notes = "; ".join(row.notes)
        video = "" if row.video is None else row.video
        rows.append((row.place, row.cell, video, row.n_ratings, fate, rejections, notes))
    write_rows(path, rows)
