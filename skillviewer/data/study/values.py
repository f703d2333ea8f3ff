"""Stored values of a study file: times (ISO 8601 in UTC, to the microsecond), JSON, and checks of every column.

SQLite accepts any type in any column, and files come from others.
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
_FIRST_YEAR, _LAST_YEAR = 1900, 9000
_GREATEST_REAL = 1.7e308  # excludes infinity
_GREATEST_INTEGER = 2**62
_ORDERED = {"video": "extent_unit = '' OR (extent_start >= 0 AND extent_start < extent_stop)"}
"""Further conditions on every row of a table."""

KindT = TypeVar("KindT")


def read_json(text: str, kind: type[KindT]) -> KindT:
    """Return a value that is stored as JSON, of a type for msgspec; Python's NaN is allowed.

    Raises:
        ValueError: The text is no JSON, nested too deeply, of another type, or has too large numbers.
    """
    try:
        return msgspec.convert(json.loads(text, parse_int=_whole), kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(str(error).splitlines()[0]) from error


def _whole(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def invalid_column(connection: sqlite3.Connection) -> str:
    """Return table and column of a value of the wrong type or out of bounds, or ""; the schema was checked before."""
    names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
    for (table,) in connection.execute(names).fetchall():
        cases = " ".join(f"WHEN ({rule}) IS NOT TRUE THEN '{name}'" for name, rule in _rules(connection, table))
        query = f"SELECT name FROM (SELECT CASE {cases} END AS name FROM {table}) WHERE name IS NOT NULL LIMIT 1"  # noqa: S608 - ours
        row = connection.execute(query).fetchone()
        if row is not None:
            return f"{table}.{row[0]}"
    return ""


def _rules(connection: sqlite3.Connection, table: str) -> Iterator[tuple[str, str]]:
    """Yield name and condition of every column, as SQL."""
    for column in connection.execute(f"PRAGMA table_info({table})").fetchall():
        name = column[1]
        kind = column[2]
        required = bool(column[3])
        rule = {
            "TEXT": f"typeof({name}) = 'text' AND length({name}) <= {_MAX_CHARACTERS}",
            "REAL": f"typeof({name}) IN ('real', 'integer') AND abs({name}) <= {_GREATEST_REAL}",
            "INTEGER": f"typeof({name}) = 'integer' AND {name} BETWEEN -{_GREATEST_INTEGER} AND {_GREATEST_INTEGER}",
        }[kind]
        if name.endswith("digest") or name == "parent":  # part of file names in the cache
            rule += f" AND {name} NOT GLOB '*[^0-9A-Za-z]*'"
        yield name, rule if required else f"{name} IS NULL OR ({rule})"
    if table in _ORDERED:
        yield "extent", _ORDERED[table]


def columns(row: sqlite3.Row, *names: str) -> dict[str, Any]:
    """Return some values of a row by name, for a dataclass whose fields have these names."""
    return {name: row[name] for name in names}


def insert(db: sqlite3.Connection, table: str, **row: object) -> int:
    """Add a row to a table, by the names of its columns, and return its number."""
    names = ", ".join(row)
    places = ", ".join(f":{name}" for name in row)
    return int(db.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", row).lastrowid or 0)  # noqa: S608 - ours


def now() -> str:
    """Return the current time in stored form."""
    return stored(datetime.now(UTC))


def stored(time: datetime) -> str:
    """Return a time in stored form; a time without a zone counts as local."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def read_time(text: str) -> datetime:
    """Return the time of a stored form; one without a zone is in UTC.

    Raises:
        StudyError: The text is no time, or its year is out of range.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise StudyError(f"The study holds an invalid time: {text[:40]!r}. Open one of its backups.") from error
    if not _FIRST_YEAR <= time.year <= _LAST_YEAR:
        raise StudyError(f"The study holds a time of the year {time.year}. Open one of its backups.")
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
