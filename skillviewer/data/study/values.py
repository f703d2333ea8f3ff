"""Values that stand in a study file, typed and bounded: files come from others, and SQLite keeps any value anywhere."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

_MOST_LETTERS = 1 << 26
_MOST_DIGITS = 18
_GREATEST_REAL = 1.7e308  # infinity is none
_GREATEST_INTEGER = 2**62
_ORDERED = {"video": "extent_unit = '' OR (extent_start >= 0 AND extent_start < extent_stop)"}
"""What else must be true of every row of a table."""

KindT = TypeVar("KindT")


def read_json(text: str, kind: type[KindT]) -> KindT:
    """Return a value that is kept as JSON.

    Args:
        text: The JSON; numbers that are none (NaN) may stand in it, as Python writes them.
        kind: Its type, as msgspec takes it.

    Raises:
        ValueError: It is no JSON, deeper or with larger numbers than anything that the program writes, or of another
            type.
    """
    try:
        return msgspec.convert(json.loads(text, parse_int=_whole), kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(str(error).splitlines()[0]) from error


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def strange_value(connection: sqlite3.Connection) -> str:
    """Return which table and column hold a value of another type than was declared, or beyond all bounds; else "".

    Args:
        connection: Of a study that is built as the program builds it.
    """
    names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
    for (table,) in connection.execute(names).fetchall():
        rules = dict(_rules(connection, table))
        if not _broken(connection, table, " AND ".join(f"({rule})" for rule in rules.values())):
            continue
        column = next((name for name, rule in rules.items() if _broken(connection, table, rule)), "")
        return f"{table}.{column}"
    return ""


def _rules(connection: sqlite3.Connection, table: str) -> Iterator[tuple[str, str]]:
    """Yield the name of every column, and what must be true of it in every row."""
    for column in connection.execute(f"PRAGMA table_info({table})").fetchall():
        name, kind, required = column[1], column[2], bool(column[3])
        rule = {
            "TEXT": f"typeof({name}) = 'text' AND length({name}) <= {_MOST_LETTERS}",
            "REAL": f"typeof({name}) IN ('real', 'integer') AND abs({name}) <= {_GREATEST_REAL}",
            "INTEGER": f"typeof({name}) = 'integer' AND {name} BETWEEN -{_GREATEST_INTEGER} AND {_GREATEST_INTEGER}",
        }[kind]
        if name.endswith("digest") or name == "parent":  # kept analyses and faces are found by it: it is no path
            rule += f" AND {name} NOT GLOB '*[^0-9A-Za-z]*'"
        yield name, rule if required else f"{name} IS NULL OR ({rule})"
    if table in _ORDERED:
        yield "extent", _ORDERED[table]


def _broken(connection: sqlite3.Connection, table: str, rule: str) -> Any:  # noqa: ANN401 - a row or None
    return connection.execute(f"SELECT 1 FROM {table} WHERE ({rule}) IS NOT TRUE LIMIT 1").fetchone()  # noqa: S608 - ours
