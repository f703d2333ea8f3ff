"""The account of a table of ratings: every row is used, or set aside with its reason."""

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.atomic_write import atomic_path
from skillviewer.core.csv_safety import escape_cell
from skillviewer.data.tables.rows import some

FILE = "account.csv"
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """The fate of one row.

    Attributes:
        place: Where it stands ("line 7", "row 7").
        first_line: Its first line or row number, from 1.
        last_line: Its last one.
        cell: The cell that names the video, as it stands.
        video: The video, or None where none was found.
        taken: How many ratings were taken from it.
        aside: Why it, or a rating in it, was set aside; at least one where nothing was taken.
        notes: What else is to be told of it.
    """

    place: str
    first_line: int
    last_line: int
    cell: str
    video: str | None
    taken: int
    aside: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that nothing is set aside in silence."""
        if not self.taken and not self.aside:
            raise ValueError(f"{self.place} is neither used nor set aside with a reason")

    @property
    def used(self) -> bool:
        """Whether a rating was taken from it."""
        return self.taken > 0


@dataclass(frozen=True, slots=True)
class Account:
    """The fate of all rows of a table.

    Attributes:
        name: The table, for messages.
        rows: Every row that is not empty, in order.
        unrated: Videos that could be meant and have no rating, sorted.
        notices: What is to be told of the table as a whole, one sentence each.
    """

    name: str
    rows: tuple[RowOutcome, ...]
    unrated: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def used(self) -> int:
        """Number of rows from which a rating was taken."""
        return sum(row.used for row in self.rows)

    @property
    def set_aside(self) -> int:
        """Number of rows from which none was taken."""
        return len(self.rows) - self.used

    @property
    def taken(self) -> int:
        """Number of ratings that were taken."""
        return sum(row.taken for row in self.rows)

    @property
    def count(self) -> str:
        """The count in words: rows in are rows used and rows set aside."""
        return (
            f"{len(self.rows)} rows: {self.used} used, {self.set_aside} set aside; {self.taken} ratings of "
            f"{len({row.video for row in self.rows if row.used})} videos"
        )

    def lines(self) -> list[str]:
        """Return one sentence for every reason and note of every row."""
        found = []
        for row in self.rows:
            found += [f"{self.name} {row.place} is set aside: {why}." for why in row.aside if not row.used]
            found += [f"{self.name} {row.place}, in part set aside: {why}." for why in row.aside if row.used]
            found += [f"{self.name} {row.place}: {note}." for note in row.notes]
        return found

    def problems(self) -> list[str]:
        """Return the account in few sentences: the count, notices, and the first lines."""
        found = [*self.notices]
        lines = self.lines()
        if lines:
            found += [f"{self.name}: {self.count}.", *lines[:_SHOWN]]
        if len(lines) > _SHOWN:
            found.append(f"{self.name}: {len(lines) - _SHOWN} more lines like these; “data import” lists them all.")
        if self.unrated:
            found.append(f"{len(self.unrated)} videos have no rating and take no part: {some(self.unrated)}.")
        return found

    def reasons(self) -> list[tuple[str, int]]:
        """Return the reasons with how often each occurs, the most frequent first; names and numbers stay in them."""
        return Counter(why for row in self.rows for why in row.aside).most_common()


def write_account(account: Account, path: Path) -> None:
    """Write the account as a CSV file, a row of it for each row of the table.

    Raises:
        OSError: It cannot be written.
    """
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "cell", "video", "ratings", "fate", "set_aside", "notes"])
        for row in account.rows:
            fate = "used" if row.used else "set aside"
            cells = (row.place, row.cell, row.video or "", row.taken, fate, "; ".join(row.aside), "; ".join(row.notes))
            writer.writerow([escape_cell(cell) for cell in cells])
