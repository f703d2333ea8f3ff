"""Mentions of a forgotten video or rater in what stays of its study."""

import json
import re
import sqlite3
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from skillviewer.data.study.values import read_json
from skillviewer.data.tables.name_spelling import compose_accents

_KINDS = {
    ("note", "text"): "a note",
    ("moment", "label"): "the label of a moment",
    ("judgement", "reason"): "the reason of a vote",
    ("withdrawal", "reason"): "the reason of a withdrawal",
    ("rating_form", "remark"): "the remark of a rater on a video",
    ("video", "name"): "the name of a video",
    ("video", "absolute_path"): "the path of a video",
    ("video", "relative_path"): "the path of a video",
    ("video", "notes"): "the notes on a video",
    ("video", "context"): "the context of a video",
    ("video", "participant"): "the participant of a video",
    ("rater", "name"): "the name of a rater",
    ("model", "absolute_path"): "the folder of a model",
    ("model", "relative_path"): "the folder of a model",
    ("model", "facts"): "the facts of a model",
    ("agreed_pair", "source"): "the source of a stated pair",
    ("rating_table", "mapping"): "the columns of a table of ratings",
    ("event", "subject"): "the log",
    ("event", "detail"): "the log",
    ("setting", "value"): "a setting",
}
"""Names of columns with text, for messages."""

FORGOTTEN_TABLE = "table of ratings"
"""Name of a table whose own name was that of a forgotten video or rater."""


def video_pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern for whole names, with or without the extension of a file, in any case."""
    spellings = {spelling for name in names for spelling in (name, Path(name).stem)}
    longest_first = sorted(filter(str.strip, spellings), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first)) or '(?!)'})(?!\w)", re.IGNORECASE)


def forget_tables(db: sqlite3.Connection, names: Collection[str]) -> None:
    """Remove names of erased videos from those of tables of ratings, and from the meanings of their cells."""
    pattern = video_pattern(names)
    rename_tables(db, pattern)
    for number, mapping in db.execute("SELECT id, mapping FROM rating_table WHERE mapping <> ''").fetchall():
        if pattern.search(mapping):
            remaining = json.dumps(_without(json.loads(mapping), pattern), ensure_ascii=False)
            db.execute("UPDATE rating_table SET mapping = ? WHERE id = ?", (remaining, number))


def rename_tables(db: sqlite3.Connection, pattern: re.Pattern[str]) -> None:
    """Give tables of ratings whose names match a name that says nothing."""
    for number, name in db.execute("SELECT id, name FROM rating_table").fetchall():
        if pattern.search(compose_accents(name)):
            db.execute("UPDATE rating_table SET name = ? WHERE id = ?", (FORGOTTEN_TABLE, number))


def _without(value: object, pattern: re.Pattern[str]) -> object:
    """Return a value of JSON without entries and texts that match."""
    if isinstance(value, dict):
        return {key: _without(item, pattern) for key, item in value.items() if not pattern.search(key)}
    if isinstance(value, list):
        return [_without(item, pattern) for item in value]
    if isinstance(value, str) and pattern.search(value):
        return ""
    return value


def find_mentions(db: sqlite3.Connection, pattern: re.Pattern[str]) -> tuple[str, ...]:
    """Return the texts of a study that match a pattern of names, by kind and row, such as “a note (3)”."""
    texts = dict[str, None]()
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    for table in (table for table in tables if not table.startswith("sqlite_")):
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[2] == "TEXT"]
        for column in columns:
            kind = _KINDS.get((table, column), f"{table}, {column}")
            for number, text in db.execute(f"SELECT rowid, {column} FROM {table} WHERE {column} <> ''"):  # noqa: S608
                if pattern.search(str(text)) or pattern.search(_unescaped(str(text))):
                    texts[f"{kind} ({number})"] = None
    return tuple(texts)


def _unescaped(text: str) -> str:
    """Return a text with composed letters; JSON without its escapes of them."""
    if "\\u" in text:
        with suppress(ValueError):  # a text of a user
            text = json.dumps(read_json(text, object), ensure_ascii=False)
    return compose_accents(text)
