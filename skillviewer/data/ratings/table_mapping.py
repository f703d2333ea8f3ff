"""Mapping of the columns of a table of ratings to their meanings, and its JSON file."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from skillviewer.core.atomic_write import atomic_path
from skillviewer.core.errors import DatasetError, first_line, os_reason
from skillviewer.core.text import counted, shorten
from skillviewer.data.ratings.rating_table import RawTable
from skillviewer.data.tables.name_spelling import simplify_name

FILE = "mapping.json"
FORM = "skillviewer ratings 1"
MAX_QUOTED = 40
"""Greatest number of words that a message quotes."""


class RatingColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A column with ratings."""

    title: str
    rater: str = ""  # rater of the column, or "" if the rows name the rater or no rater is known


class ItemMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An item and its columns."""

    name: str  # name of the item; "" if a column of the table names the item of every row
    columns: tuple[RatingColumn, ...]  # columns of the item: one, or one per rater
    levels: tuple[str, ...] = ()  # words from the worst to the best; empty for numbers
    low: float | None = None  # lowest number of the scale, or None if not stated
    high: float | None = None  # highest number of the scale, or None
    less_is_better: bool = False  # whether a lower number shows better skill


class TableMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Columns of a table by meaning, named as in ``RawTable.titles``; "" means no column."""

    form: str = FORM  # name and version of the file format of mappings
    sheet: str = ""  # sheet of a workbook
    # number of the line or row with the titles, from 1, empty rows included; 0 without titles, None to find them
    titles_row: int | None = None
    video: str = ""  # column that names the video
    participant: str = ""  # column that names the participant
    # regular expression that finds the participant in the name of the video, if no column does
    participant_pattern: str = ""
    rater: str = ""  # column that names the rater
    occasion: str = ""  # column with the occasion or date
    item: str = ""  # column that names the item of a row; ``items`` then has a single entry without a name
    start_s: str = ""  # column with the start of the attempt in a longer video, in seconds
    stop_s: str = ""  # column with the end of the attempt, in seconds
    notes: str = ""  # column with remarks of the raters
    items: tuple[ItemMapping, ...] = ()  # the items; the first is the default criterion
    hidden_rows: bool = False  # whether rows hidden in the spreadsheet count
    names: dict[str, str] = {}  # videos that the user stated for cells that name no video, by cell
    # folder of the videos, relative to that of the mapping, or absolute; "" for the folder of the table
    videos: str = ""
    origin: str = ""  # original folder of the table, for relative paths in cells; "" if the table was not moved
    table_sha256: str = ""  # digest of the table that the mapping was made for, or ""

    def column_titles(self) -> tuple[str, ...]:
        """Return the titles of all columns with a meaning."""
        role_titles = [getattr(self, role) for role in ROLES]
        rating_titles = [column.title for item in self.items for column in item.columns]
        return tuple(title for title in (*role_titles, *rating_titles) if title)

    def assigned(self, role: str, title: str) -> "TableMapping":
        """Return the mapping with a column assigned to one of ``ROLES``; the column loses its former meaning.

        With the role "" the column has no meaning afterwards. With the title "" the role has no column afterwards.
        """
        role_changes = {
            role_name: ""
            for role_name in ROLES
            if title and simplify_name(getattr(self, role_name)) == simplify_name(title)
        }
        if role:
            role_changes[role] = title
        items = []
        for item in self.items:
            columns = list(item.columns)
            if title:
                columns = [column for column in columns if simplify_name(column.title) != simplify_name(title)]
            if role == "rater" and title:  # the rows name the rater now
                columns = [RatingColumn(title=column.title) for column in columns]
            if columns:
                items.append(replace(item, columns=tuple(columns)))
        new_mapping = replace(self, **role_changes)
        if role == "item" and title:  # the rows name the item, and a single column has the ratings
            items = [replace(item, name="", columns=item.columns[:1]) for item in items[:1]]
        elif self.item and not new_mapping.item:
            items = [replace(item, name=item.columns[0].title) for item in items]
        return replace(new_mapping, items=tuple(items))

    def item_of(self, title: str) -> ItemMapping | None:
        """Return the item whose ratings a column holds, or None."""
        for item in self.items:
            if any(column.title == title for column in item.columns):
                return item
        return None

    def with_item(self, name: str, /, **changes: object) -> "TableMapping":
        """Return the mapping with changed attributes of an item."""
        items = tuple(replace(item, **changes) if item.name == name else item for item in self.items)
        return replace(self, items=items)

    def with_first(self, name: str) -> "TableMapping":
        """Return the mapping with an item in the first place, by which it is the default criterion."""
        return replace(self, items=tuple(sorted(self.items, key=lambda item: item.name != name)))


ROLES = ("video", "participant", "rater", "occasion", "item", "start_s", "stop_s", "notes")
"""Fields of ``TableMapping`` that name a single column, in the order in which users see them."""


def fit_mapping(mapping: TableMapping, table: RawTable) -> TableMapping:
    """Return a mapping with the titles of columns as the table spells them.

    Raises:
        DatasetError: The mapping names a missing column, a column twice, no column of videos or no item, or the levels
            or ends of a scale are invalid.
    """
    table_name = table.location
    columns_text = f"Its columns: {quoted(table.titles)}."
    faults = Counter(row.fault for row in table.rows)
    if faults and "" not in faults:
        reasons = "; ".join(f"{reason} ({counted(n, 'row')})" for reason, n in faults.most_common())
        raise DatasetError(f"No row of {table_name} can be used: {reasons}.")
    if not mapping.video:
        raise DatasetError(f"Which column of {table_name} names the video? State it (--video-column). {columns_text}")
    if not any(item.columns for item in mapping.items):
        raise DatasetError(f"Which columns of {table_name} hold ratings? State them (--items). {columns_text}")
    if any(not column.title for item in mapping.items for column in item.columns):
        raise DatasetError(f"A column of ratings of {table_name} has no title in the mapping. {columns_text}")
    titles = mapping.column_titles()
    table_titles = {title: _title_in_table(title, table) for title in titles}
    n_meanings = Counter(table_titles[title] for title in titles)
    for title in titles:
        if n_meanings[table_titles[title]] > 1:
            raise DatasetError(
                f"The column “{shorten(title)}” of {table_name} has two meanings: leave one of them out."
            )
    most_common_name, n_items = Counter(item.name for item in mapping.items).most_common(1)[0]
    if n_items > 1:
        raise DatasetError(f"Two items are called “{shorten(most_common_name)}”: give each a name of its own.")
    items = []
    for item in mapping.items:
        _check_item(item, mapping)
        columns = tuple(replace(column, title=table_titles[column.title]) for column in item.columns)
        items.append(replace(item, columns=columns))
    roles = {role: table_titles.get(getattr(mapping, role), "") for role in ROLES}
    return replace(mapping, sheet=table.sheet, titles_row=table.titles_row, items=tuple(items), **roles)


def _check_item(item: ItemMapping, mapping: TableMapping) -> None:
    name = item.name or "the ratings"
    if not item.name and not mapping.item:
        raise DatasetError("An item has no name: give it one.")
    raters = [column.rater for column in item.columns]
    if mapping.rater and any(raters):
        raise DatasetError(f"Both “{mapping.rater}” and the columns of {name} name the rater: choose one.")
    are_distinct = "" not in raters and len(set(raters)) == len(raters)
    if len(raters) > 1 and not are_distinct:
        raise DatasetError(f"{name} has {len(raters)} columns: name a different rater for each.")
    if item.low is not None and item.high is not None and not item.low < item.high:
        raise DatasetError(f"The scale of {name} would run from {item.low:g} to {item.high:g}: state the lower first.")
    words = [simplify_name(level) for level in item.levels]
    are_levels = len(words) > 1 and len(set(words)) == len(words) and "" not in words
    if item.levels and not are_levels:
        raise DatasetError(
            f"The levels of {name} are {quoted(item.levels)}: state at least two different words, from worst to best."
        )


def _title_in_table(title: str, table: RawTable) -> str:
    """Return the title in the spelling of the table. A title may differ in case or signs if only one title fits."""
    if title in table.index_by_title:
        return title
    matches = [other for other in table.titles if other.casefold() == title.casefold()]
    if not matches and simplify_name(title):
        matches = [other for other in table.titles if simplify_name(other) == simplify_name(title)]
    if len(matches) == 1:
        return matches[0]
    raise DatasetError(f"{table.location} has no column “{shorten(title)}”. Its columns are: {quoted(table.titles)}.")


def quoted(words: Sequence[str]) -> str:
    """Return words in quotation marks, separated by commas; long words and long lists are shortened."""
    text = ", ".join(f"“{shorten(word)}”" for word in words[:MAX_QUOTED])
    if len(words) > MAX_QUOTED:
        text += f" and {len(words) - MAX_QUOTED} more"
    return text


def read_mapping(path: Path) -> TableMapping:
    """Read a mapping, or raise a DatasetError."""
    try:
        mapping = msgspec.json.decode(path.read_bytes(), type=TableMapping)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {os_reason(error)}.") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DatasetError(
            f"{path} is not a mapping of the columns of a table of ratings: {first_line(error)}."
        ) from error
    if mapping.form != FORM:
        raise DatasetError(f"{path} is in the form “{mapping.form}”; this program knows “{FORM}”.")
    return mapping


def write_mapping(mapping: TableMapping, path: Path) -> None:
    """Write a mapping as JSON, or raise an OSError."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(mapping), indent=1) + b"\n")
