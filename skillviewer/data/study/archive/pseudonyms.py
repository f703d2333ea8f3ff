"""Pseudonyms for videos, participants and raters, consistent throughout a study; their key is stored separately."""

import csv
import io
import json
import re
import secrets
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from skillviewer.core.csv_safety import escape_cell
from skillviewer.data.study.database import without_triggers
from skillviewer.data.study.values import read_json
from skillviewer.data.tables.rows import composed

_LONG = 4
"""Names with at least so many characters are replaced anywhere in a text, shorter ones only as whole words."""

_HEX = re.compile(r"[0-9a-f]+", re.IGNORECASE)
_PARTS = re.compile(r"[^\W\d_]{3,}")  # words of letters inside a person's name
_KEEP = ("digest", "key", "_at", "path", "unit", "opinion", "state", "extent", "parent", "purpose")
"""Ends of the names of columns without words of people."""


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Pseudonyms by real name."""

    videos: Mapping[str, str]  # by real name of a video
    participants: Mapping[str, str]  # by real name of the person in a video
    raters: Mapping[str, str]  # by real name of a rater or author
    sources: Mapping[str, str] = field(default_factory=dict)  # by name of a data set that agreed pairs come from
    # by stem of a file or name of a folder: no text may contain these
    files: Mapping[str, str] = field(default_factory=dict)

    def key(self) -> str:
        """Return the key as CSV: kind, real name, pseudonym."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("kind", "name", "pseudonym"))
        for kind in ("videos", "participants", "raters", "sources"):
            for real, other in sorted(getattr(self, kind).items(), key=lambda item: item[1]):
                writer.writerow((kind.removesuffix("s"), escape_cell(real), other))
        return text.getvalue()

    def replacer(self) -> "Replacer":
        """Return the replacer of names inside texts."""
        names: dict[str, str] = {}
        for originals in (self.participants, self.raters):
            for real, other in originals.items():
                for part in _PARTS.findall(composed(real)):
                    names.setdefault(part, other)
        for mapping in (self.sources, self.files, self.videos, self.raters, self.participants):
            names.update((real, other) for real, other in mapping.items() if real)
        return Replacer(names)


def _tells(name: str) -> bool:
    return len(name) >= _LONG and _HEX.fullmatch(name) is None and any(c.isalpha() for c in name)


class Replacer:
    """Replaces names inside texts, ignoring case, the longest first; accents may be composed or decomposed.

    Args:
        names: Pseudonym of each name; of two names that differ only in case, the last counts.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = {composed(name).casefold(): other for name, other in names.items()}
        # both spellings: case-insensitive matching does not equate ß and ss, and people write either
        spelled = {spelling for name in names for spelling in (composed(name), composed(name).casefold())}
        longest = sorted(spelled, key=lambda name: (-len(name), name))
        parts = [re.escape(n) if _tells(n) else rf"(?<!\w){re.escape(n)}(?!\w)" for n in longest]
        self._pattern = re.compile("|".join(parts), re.IGNORECASE) if parts else None

    def __call__(self, text: str) -> str:
        """Return a text with every name replaced."""
        if self._pattern is None:
            return text
        replaced, n = self._pattern.subn(lambda match: self._names.get(match[0].casefold(), "…"), composed(text))
        return replaced if n else text

    def inside(self, value: object) -> object:
        """Return a JSON value with every name in its strings replaced; keys stay."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, list):
            return [self.inside(item) for item in value]
        return {key: self.inside(item) for key, item in value.items()} if isinstance(value, dict) else value


def invent(db: sqlite3.Connection) -> Pseudonyms:
    """Return pseudonyms for all people and videos of a study, numbered in random order."""

    def column(query: str) -> list[str]:
        return [row[0] for row in db.execute(query) if row[0]]

    video_names = _numbered(column("SELECT name FROM video"), "V")
    raters = (
        "SELECT name FROM rater UNION SELECT author FROM moment UNION SELECT author FROM note "
        "UNION SELECT rater FROM rating UNION SELECT rater FROM rating_form UNION SELECT who FROM event"
    )
    files: dict[str, str] = {}
    for row in db.execute("SELECT name, absolute_path FROM video WHERE absolute_path <> ''"):
        path = PurePosixPath(row["absolute_path"].replace("\\", "/"))
        for word in (path.name, path.stem):
            files.setdefault(word, video_names[row["name"]])
    return Pseudonyms(
        videos=video_names,
        participants=_numbered(column("SELECT DISTINCT participant FROM video"), "P"),
        raters=_numbered(column(raters), "R"),
        sources=_numbered(column("SELECT source FROM agreed_pair UNION SELECT name FROM rating_table"), "S"),
        files=files,
    )


def _numbered(names: Iterable[str], letter: str) -> dict[str, str]:
    shuffled = list(names)
    secrets.SystemRandom().shuffle(shuffled)
    digits = max(2, len(str(len(shuffled))))
    return {name: f"{letter}{number:0{digits}d}" for number, name in enumerate(shuffled, start=1)}


def rewrite(db: sqlite3.Connection, names: Pseudonyms, *, texts: bool) -> None:
    """Replace names by pseudonyms in every cell of a copy of a study except for the names of models.

    The copy is written in one transaction. ``texts`` keeps notes, reasons and labels, with names replaced; else they
    are emptied.
    """
    from skillviewer.core.ranking.pair_selection import SelectionReason  # scipy takes a second
    from skillviewer.data.study.versions import RESERVED_PURPOSES

    replace = names.replacer()
    with _written_anew(db):
        _rewrite(db, names, replace, {*RESERVED_PURPOSES, *SelectionReason}, texts=texts)


def empty_texts(db: sqlite3.Connection) -> None:
    """Empty notes, reasons and labels in a copy of a study, in one transaction."""
    with _written_anew(db):
        _empty(db)


@contextmanager
def _written_anew(db: sqlite3.Connection) -> Iterator[None]:
    """Allow writes in one transaction, even to append-only tables."""
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("BEGIN IMMEDIATE")
    with without_triggers(db):
        yield
    db.execute("COMMIT")


def _empty(db: sqlite3.Connection) -> None:
    for table, column in _TEXTS:
        db.execute(f"UPDATE {table} SET {column} = ''")  # noqa: S608 - our own names
    db.execute("DELETE FROM note")


def _rewrite(db: sqlite3.Connection, names: Pseudonyms, replace: Replacer, purposes: set[str], *, texts: bool) -> None:
    for (table, column), kind in _MAPPED.items():
        _map(db, table, column, getattr(names, kind))
    db.execute("UPDATE event SET subject = '' WHERE what = 'export'")  # names of files are free texts
    db.execute("DELETE FROM event WHERE subject = 'participant_pattern'")
    db.execute("UPDATE rating_table SET mapping = ''")  # it has column titles and folders
    db.execute("UPDATE model SET facts = '{}'")  # they describe data, raters and folders
    for row in db.execute("SELECT id FROM judgement").fetchall():  # keys may be derived from names
        db.execute("UPDATE judgement SET key = ? WHERE id = ?", (uuid.uuid4().hex, row["id"]))
    for row in db.execute("SELECT id FROM rating_form").fetchall():
        db.execute("UPDATE rating_form SET key = ? WHERE id = ?", (uuid.uuid4().hex, row["id"]))
    if not texts:
        _empty(db)
    # keys to packs name raters, and the keys of their votes are other now
    db.execute("DELETE FROM setting WHERE name = 'participant_pattern' OR name GLOB 'judging_pack:*'")
    for row in db.execute("SELECT name, value FROM setting").fetchall():
        if row["name"] not in _CHOICES:
            value = json.dumps(replace.inside(read_json(row["value"], object)))
            db.execute("UPDATE setting SET value = ? WHERE name = ?", (value, row["name"]))
    for (purpose,) in db.execute("SELECT DISTINCT purpose FROM judgement").fetchall():
        if purpose not in purposes:
            db.execute("UPDATE judgement SET purpose = ? WHERE purpose = ?", (replace(purpose), purpose))
    _clean(db, replace)


_TEXTS = (
    ("video", "notes"),
    ("video", "context"),
    ("judgement", "reason"),
    ("withdrawal", "reason"),
    ("rating_form", "remark"),
    ("moment", "label"),
    ("moment", "tier"),
    ("note", "tier"),
)
_MAPPED = {
    ("video", "name"): "videos",
    ("rater", "name"): "raters",
    ("video", "participant"): "participants",
    ("moment", "author"): "raters",
    ("note", "author"): "raters",
    ("agreed_pair", "source"): "sources",
    ("rating", "rater"): "raters",
    ("rating_form", "rater"): "raters",
    ("event", "who"): "raters",
    ("rating_table", "name"): "sources",
}
"""Columns of names, with their kind in ``Pseudonyms``."""

_OTHERWISE = {
    ("event", "what"),
    ("model", "name"),  # replaced by the packer of models, as their folders have the same names
    ("setting", "name"),
    ("setting", "value"),  # JSON
}
_CHOICES = ("rule", "rating_rule", "model")
"""Settings whose values are the program's own words."""


def _map(db: sqlite3.Connection, table: str, column: str, pseudonyms: Mapping[str, str]) -> None:
    query = f"SELECT DISTINCT {column} FROM {table} WHERE {column} <> ''"  # noqa: S608 - our own names
    values = [row[0] for row in db.execute(query)]
    change = f"UPDATE {table} SET {column} = ? WHERE {column} = ?"  # noqa: S608 - our own names
    # through intermediate numbers, so that a pseudonym cannot collide with a real name
    db.executemany(change, [(f"\0{number}", value) for number, value in enumerate(values)])
    db.executemany(change, [(pseudonyms[value], f"\0{number}") for number, value in enumerate(values)])


def _clean(db: sqlite3.Connection, replace: Replacer) -> None:
    """Replace names in every other text cell, in known tables and in others."""
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for table in (name for name in tables if not name.startswith("sqlite_")):
        for column in db.execute(f'PRAGMA table_info("{table}")').fetchall():
            name = column["name"]
            if column["type"].upper() != "TEXT" or (table, name) in _MAPPED.keys() | _OTHERWISE or name.endswith(_KEEP):
                continue
            query = f'SELECT DISTINCT "{name}" AS value FROM "{table}" WHERE "{name}" <> \'\''  # noqa: S608 - its own names
            for row in db.execute(query).fetchall():
                value = str(row["value"])
                if (other := replace(value)) != value:
                    db.execute(f'UPDATE "{table}" SET "{name}" = ? WHERE "{name}" = ?', (other, value))  # noqa: S608
