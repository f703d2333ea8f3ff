"""Stored values of a study file: times (ISO 8601 in UTC, to the microsecond), JSON, and checks of all columns.

The checks are needed because SQLite accepts any type in any column, and studies come from other people.
"""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from skillviewer.core.errors import StudyError

_MAX_CHARACTERS = 1 << 26
_MAX_DIGITS = 18
_MIN_YEAR = 1900
_MAX_YEAR = 9000
_MAX_REAL = 1.7e308  # excludes infinity
_MAX_INTEGER = 2**62
_ROW_CONDITIONS = {"video": "extent_unit = '' OR (extent_start >= 0 AND extent_start < extent_stop)"}
"""Conditions on the rows of a table, in addition to those on single columns."""

ValueT = TypeVar("ValueT")


def read_json(text: str, value_type: type[ValueT]) -> ValueT:
    """Return a value that is stored as JSON, converted by msgspec; Python's NaN is allowed.

    Raises:
        ValueError: The text is no JSON, is nested too deeply, has another type, or has too large numbers.
    """
    try:
        return msgspec.convert(json.loads(text, parse_int=_parse_integer), value_type)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(str(error).splitlines()[0]) from error


def _parse_integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def invalid_column(connection: sqlite3.Connection) -> str:
    """Return table and column of a value of the wrong type or out of bounds, or "".

    The schema must have been checked before, since names of tables and columns become SQL.
    """
    names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
    for (table,) in connection.execute(names).fetchall():
        conditions = _column_conditions(connection, table)
        cases = " ".join(f"WHEN ({condition}) IS NOT TRUE THEN '{name}'" for name, condition in conditions)
        query = f"SELECT name FROM (SELECT CASE {cases} END AS name FROM {table}) WHERE name IS NOT NULL LIMIT 1"  # noqa: S608 - ours
        row = connection.execute(query).fetchone()
        if row is not None:
            return f"{table}.{row[0]}"
    return ""


def _column_conditions(connection: sqlite3.Connection, table: str) -> Iterator[tuple[str, str]]:
    """Yield the name of every column and the condition on its values, as SQL."""
    for column in connection.execute(f"PRAGMA table_info({table})").fetchall():
        name = column[1]
        kind = column[2]
        required = bool(column[3])
        condition = {
            "TEXT": f"typeof({name}) = 'text' AND length({name}) <= {_MAX_CHARACTERS}",
            "REAL": f"typeof({name}) IN ('real', 'integer') AND abs({name}) <= {_MAX_REAL}",
            "INTEGER": f"typeof({name}) = 'integer' AND {name} BETWEEN -{_MAX_INTEGER} AND {_MAX_INTEGER}",
        }[kind]
        if name.endswith("digest") or name == "parent":  # part of file names in the cache
            condition += f" AND {name} NOT GLOB '*[^0-9A-Za-z]*'"
        if not required:
            condition = f"{name} IS NULL OR ({condition})"
        yield name, condition
    if table in _ROW_CONDITIONS:
        yield "extent", _ROW_CONDITIONS[table]


def row_values(row: sqlite3.Row, *names: str) -> dict[str, Any]:
    """Return some values of a row by name, for a dataclass whose fields have these names."""
    return {name: row[name] for name in names}


def insert(db: sqlite3.Connection, table: str, **values: object) -> int:
    """Add a row to a table, with values by column, and return the number of the row."""
    names = ", ".join(values)
    placeholders = ", ".join(f":{name}" for name in values)
    cursor = db.execute(f"INSERT INTO {table} ({names}) VALUES ({placeholders})", values)  # noqa: S608 - ours
    return int(cursor.lastrowid or 0)


def now() -> str:
    """Return the current time in stored form."""
    return format_time(datetime.now(UTC))


def format_time(time: datetime) -> str:
    """Return a time in stored form; a time without a zone counts as local."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def read_time(text: str) -> datetime:
    """Return the time of a stored form; a time without a zone is in UTC.

    Raises:
        StudyError: The text is no time, or its year is out of range.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise StudyError(f"The study holds an invalid time: {text[:40]!r}. Open one of its backups.") from error
    if not _MIN_YEAR <= time.year <= _MAX_YEAR:
        raise StudyError(f"The study holds a time of the year {time.year}. Open one of its backups.")
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def format_optional_time(time: datetime | None) -> str | None:
    """Return a time in stored form; None for None."""
    return None if time is None else format_time(time)


def read_optional_time(text: str | None) -> datetime | None:
    """Return the time of a stored form; None for None. Errors are those of ``read_time``."""
    return None if text is None else read_time(text)
