"""Checks of stored values in a study file: SQLite accepts any type in any column, and files come from others."""

import json
import sqlite3
from collections.abc import Iterator
from typing import TypeVar

import msgspec

_MOST_CHARACTERS = 1 << 26
_MOST_DIGITS = 18
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
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def invalid_column(connection: sqlite3.Connection) -> str:
    """Return table and column of a value of the wrong type or out of bounds, or ""; the schema was checked before."""
    names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
    for (table,) in connection.execute(names).fetchall():
        cases = " ".join(f"WHEN ({rule}) IS NOT TRUE THEN '{name}'" for name, rule in _rules(connection, table))
        query = f"SELECT name FROM (SELECT CASE {cases} END AS name FROM {table}) WHERE name IS NOT NULL LIMIT 1"  # noqa: S608 - ours
        found = connection.execute(query).fetchone()
        if found is not None:
            return f"{table}.{found[0]}"
    return ""


def _rules(connection: sqlite3.Connection, table: str) -> Iterator[tuple[str, str]]:
    """Yield name and condition of every column, as SQL."""
    for column in connection.execute(f"PRAGMA table_info({table})").fetchall():
        name, kind, required = column[1], column[2], bool(column[3])
        rule = {
            "TEXT": f"typeof({name}) = 'text' AND length({name}) <= {_MOST_CHARACTERS}",
            "REAL": f"typeof({name}) IN ('real', 'integer') AND abs({name}) <= {_GREATEST_REAL}",
            "INTEGER": f"typeof({name}) = 'integer' AND {name} BETWEEN -{_GREATEST_INTEGER} AND {_GREATEST_INTEGER}",
        }[kind]
        if name.endswith("digest") or name == "parent":  # part of file names in the cache
            rule += f" AND {name} NOT GLOB '*[^0-9A-Za-z]*'"
        yield name, rule if required else f"{name} IS NULL OR ({rule})"
    if table in _ORDERED:
        yield "extent", _ORDERED[table]
