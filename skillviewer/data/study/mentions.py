"""Mentions of a forgotten video in what stays of its study."""

import json
import re
import sqlite3
from collections.abc import Collection, Iterable
from pathlib import Path

_KINDS = {
    ("note", "text"): "a note",
    ("moment", "label"): "the label of a moment",
    ("judgement", "reason"): "the reason of a vote",
    ("withdrawal", "reason"): "the reason of a withdrawal",
    ("rating_form", "remark"): "the remark of a rater on a video",
    ("video", "absolute_path"): "the path of another video",
    ("video", "relative_path"): "the path of another video",
    ("video", "notes"): "the notes on another video",
    ("video", "context"): "the context of another video",
    ("video", "participant"): "the participant of another video",
    ("rater", "name"): "the name of a rater",
    ("model", "absolute_path"): "the folder of a model",
    ("model", "relative_path"): "the folder of a model",
    ("agreed_pair", "source"): "the source of a stated pair",
    ("event", "subject"): "the log",
    ("event", "detail"): "the log",
    ("setting", "value"): "a setting",
}
"""Columns with text, in words."""

FORGOTTEN_TABLE = "table of ratings"
"""Name of a table whose own name was that of a forgotten video."""


def _pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern for whole names, with or without the extension of a file, in any case."""
    whole = sorted({part for name in names for part in (name, Path(name).stem) if part.strip()}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, whole)) or '(?!)'})(?!\w)", re.IGNORECASE)


def forget_tables(db: sqlite3.Connection, names: Collection[str]) -> None:
    """Remove names of erased videos from those of tables of ratings, and from the meanings of their cells."""
    pattern = _pattern(names)
    for number, name, mapping in db.execute("SELECT id, name, mapping FROM rating_table").fetchall():
        plain = FORGOTTEN_TABLE if pattern.search(name) else name
        remaining = _without(json.loads(mapping), pattern) if mapping and pattern.search(mapping) else None
        changed = mapping if remaining is None else json.dumps(remaining, ensure_ascii=False)
        db.execute("UPDATE rating_table SET name = ?, mapping = ? WHERE id = ?", (plain, changed, number))


def _without(value: object, pattern: re.Pattern[str]) -> object:
    """Return a value of JSON without entries and texts that match."""
    if isinstance(value, dict):
        return {key: _without(item, pattern) for key, item in value.items() if not pattern.search(key)}
    if isinstance(value, list):
        return [_without(item, pattern) for item in value]
    return "" if isinstance(value, str) and pattern.search(value) else value


def mentions(db: sqlite3.Connection, names: Collection[str]) -> tuple[str, ...]:
    """Return the texts of a study that still contain names, by kind and row, such as “a note (3)”."""
    pattern = _pattern(names)
    texts = dict[str, None]()
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    for table in (table for table in tables if not table.startswith("sqlite_")):
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[2] == "TEXT"]
        for column in columns:
            kind = _KINDS.get((table, column), f"{table}, {column}")
            for number, text in db.execute(f"SELECT rowid, {column} FROM {table} WHERE {column} <> ''"):  # noqa: S608
                if pattern.search(str(text)):
                    texts[f"{kind} ({number})"] = None
    return tuple(texts)
