"""The meaning of the columns of a table of ratings: a value that is guessed, changed, written down and used again."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from skillviewer.core.atomic_write import atomic_path
from skillviewer.core.errors import DatasetError
from skillviewer.data.ratings.rating_table import RatingTable
from skillviewer.data.tables.rows import plain

FILE = "mapping.json"
FORM = "skillviewer ratings 1"


class RatingColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A column with ratings.

    Attributes:
        title: The column, as ``RatingTable.titles`` has it.
        rater: The rater whose ratings it holds, or "" where the row says, or no rater is told.
    """

    title: str
    rater: str = ""


class ItemMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An item: what its ratings are called and where they stand.

    Attributes:
        name: The item, for people. "" where a column of the table names the item of every row.
        columns: Its columns: one, or one a rater.
        levels: Words from the worst to the best; empty where ratings are numbers.
        low: Lowest number of the scale, or None where it is not stated.
        high: Highest number of the scale, or None.
        less_is_better: Whether a lower number shows better skill.
    """

    name: str
    columns: tuple[RatingColumn, ...]
    levels: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    less_is_better: bool = False


class TableMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The meaning of a table's columns. Columns are named as ``RatingTable.titles`` has them; "" means none.

    Attributes:
        form: Name and version of this form of a mapping.
        sheet: Sheet of a workbook.
        titles_row: Number of the row with the titles, from 1; 0 where there is none, None where it is to be found.
        video: The column that names the video.
        participant: The column that names the person in the video.
        participant_pattern: Regular expression that finds the person in the name of the video, in place of a column.
        rater: The column that names the rater.
        occasion: The column with the occasion or date.
        item: The column that names the item which a row rates; then ``items`` holds one entry without a name.
        start_s: The column with the second at which the attempt begins in a longer video.
        stop_s: The column with the second at which it ends.
        items: The items, the one that counts first before the others.
        hidden_rows: Whether rows that are hidden in the spreadsheet count.
        videos: Folder of the videos, from the folder of the mapping or as a whole path; "" for the folder of the table.
        origin: Folder in which the table lay, from where its cells may name files; "" for where it lies.
        table_sha256: Digest of the table that this was made for, or "".
    """

    form: str = FORM
    sheet: str = ""
    titles_row: int | None = None
    video: str = ""
    participant: str = ""
    participant_pattern: str = ""
    rater: str = ""
    occasion: str = ""
    item: str = ""
    start_s: str = ""
    stop_s: str = ""
    items: tuple[ItemMapping, ...] = ()
    hidden_rows: bool = False
    videos: str = ""
    origin: str = ""
    table_sha256: str = ""

    def wanted(self) -> tuple[str, ...]:
        """Return all columns that it names."""
        single = (self.video, self.participant, self.rater, self.occasion, self.item, self.start_s, self.stop_s)
        return tuple(filter(None, (*single, *(c.title for item in self.items for c in item.columns))))

    def assigned(self, role: str, title: str) -> "TableMapping":
        """Return the mapping with another column in a role; the column loses what it meant before.

        Args:
            role: "video", "participant", "rater", "occasion", "item", "start_s" or "stop_s"; "" to free the column.
            title: The column, or "" for none.
        """
        gone = {one: "" for one in ROLES if title and plain(getattr(self, one)) == plain(title)}
        items = self.items
        if title:
            kept = (
                msgspec.structs.replace(
                    item, columns=tuple(column for column in item.columns if plain(column.title) != plain(title))
                )
                for item in items
            )
            items = tuple(item for item in kept if item.columns)
        if role == "rater" and title:  # the row says it now
            items = tuple(
                msgspec.structs.replace(item, columns=tuple(RatingColumn(title=c.title) for c in item.columns))
                for item in items
            )
        return msgspec.structs.replace(self, **(gone | ({role: title} if role else {})), items=items)


ROLES = ("video", "participant", "rater", "occasion", "item", "start_s", "stop_s")
"""Roles that one column alone may have, in the order of pages."""


def fitted(mapping: TableMapping, table: RatingTable) -> TableMapping:
    """Return a mapping whose columns are spelled as the table has them.

    Raises:
        DatasetError: It names a column that the table lacks, one column twice, no video column or no item; or levels or
            ends of a scale make no sense.
    """
    where = table.where
    if not mapping.video:
        raise DatasetError(
            f"Which column of {where} names the video? State it (--video-column). Its columns: {quoted(table.titles)}."
        )
    if not mapping.items or not any(item.columns for item in mapping.items):
        raise DatasetError(
            f"Which columns of {where} hold ratings? State them (--items). Its columns: {quoted(table.titles)}."
        )
    spelled = {title: _column(title, table) for title in mapping.wanted()}
    used: dict[str, str] = {}
    for title in mapping.wanted():
        if used.setdefault(spelled[title], title) is not title or mapping.wanted().count(title) > 1:
            raise DatasetError(f"The column “{title}” of {where} is given two meanings: leave one of them out.")
    names = [item.name for item in mapping.items]
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        raise DatasetError(f"Two items are called “{doubled}”: give each a name of its own.")
    for item in mapping.items:
        _check_item(item, mapping)

    def own(title: str) -> str:
        return spelled.get(title, "")

    items = tuple(
        msgspec.structs.replace(
            item, columns=tuple(msgspec.structs.replace(column, title=own(column.title)) for column in item.columns)
        )
        for item in mapping.items
    )
    return msgspec.structs.replace(
        mapping,
        sheet=table.sheet,
        titles_row=table.titles_row,
        video=own(mapping.video),
        participant=own(mapping.participant),
        rater=own(mapping.rater),
        occasion=own(mapping.occasion),
        item=own(mapping.item),
        start_s=own(mapping.start_s),
        stop_s=own(mapping.stop_s),
        items=items,
    )


def _check_item(item: ItemMapping, mapping: TableMapping) -> None:
    name = item.name or "the ratings"
    if not item.name and not mapping.item:
        raise DatasetError("An item has no name: give it one.")
    raters = [column.rater for column in item.columns]
    if mapping.rater and any(raters):
        raise DatasetError(
            f"The column “{mapping.rater}” names the rater, and so do the columns of {name}: choose one."
        )
    if len(raters) > 1 and ("" in raters or len(set(raters)) < len(raters)):
        raise DatasetError(f"{name} has {len(raters)} columns: say the rater of each, every one once.")
    if item.low is not None and item.high is not None and not item.low < item.high:
        raise DatasetError(f"The scale of {name} would run from {item.low:g} to {item.high:g}: state the lower first.")
    words = [plain(level) for level in item.levels]
    if item.levels and (len(words) < 2 or len(set(words)) < len(words) or "" in words):
        raise DatasetError(
            f"The levels of {name} are {quoted(item.levels)}: state at least two different words, from worst to best."
        )


def _column(title: str, table: RatingTable) -> str:
    """Return a column as the table spells it: exactly so, else the only one that differs in case and signs."""
    if title in table.titles:
        return title
    alike = [other for other in table.titles if other.casefold() == title.casefold()]
    alike = alike or [other for other in table.titles if plain(other) == plain(title) and plain(title)]
    if len(alike) == 1:
        return alike[0]
    raise DatasetError(f"{table.where} has no column “{title}”. Its columns are: {quoted(table.titles)}.")


def quoted(words: Sequence[str]) -> str:
    """Return words between quotation marks, parted by commas."""
    return ", ".join(f"“{word}”" for word in words)


def read_mapping(path: Path) -> TableMapping:
    """Read a mapping.

    Raises:
        DatasetError: The file cannot be read, or is none.
    """
    try:
        mapping = msgspec.json.decode(path.read_bytes(), type=TableMapping)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} is not a mapping of the columns of a table of ratings: {error}.") from error
    if mapping.form != FORM:
        raise DatasetError(f"{path} is in the form “{mapping.form}”; this program knows “{FORM}”.")
    return mapping


def write_mapping(mapping: TableMapping, path: Path) -> None:
    """Write a mapping as JSON.

    Raises:
        OSError: It cannot be written.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(mapping), indent=1) + b"\n")
