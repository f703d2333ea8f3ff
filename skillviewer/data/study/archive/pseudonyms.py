"""Other names for videos, participants and raters, the same throughout a study; the key to them is kept apart."""

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

from skillviewer.core.csv_safety import guarded
from skillviewer.data.tables.rows import composed

_LONG = 4
"""From so many characters on, a name is replaced wherever it stands; a shorter one only where it stands alone."""

_HEX = re.compile(r"[0-9a-f]+", re.IGNORECASE)
_PARTS = re.compile(r"[^\W\d_]{3,}")  # words of letters inside a person's name
_KEEP = ("digest", "key", "_at", "path", "unit", "opinion", "state", "extent", "parent", "purpose")
"""Ends of the names of columns that hold no words of people."""


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Real names and what stands in their place.

    Attributes:
        videos: By real name of a video.
        participants: By real name of the person in a video.
        raters: By real name of a rater or author.
        sources: By name of a data set that agreed pairs come from.
        files: By stem of a file or name of a folder: what no text may say.
    """

    videos: Mapping[str, str]
    participants: Mapping[str, str]
    raters: Mapping[str, str]
    sources: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def key(self) -> str:
        """Return the key as CSV: kind, real name, pseudonym."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("kind", "name", "pseudonym"))
        for kind in ("videos", "participants", "raters", "sources"):
            for real, other in sorted(getattr(self, kind).items(), key=lambda item: item[1]):
                writer.writerow((kind.removesuffix("s"), guarded(real), other))
        return text.getvalue()

    def replacer(self) -> "Replacer":
        """Return what replaces names inside texts."""
        names: dict[str, str] = {}
        for people in (self.participants, self.raters):
            for real, other in people.items():
                for part in _PARTS.findall(composed(real)):
                    names.setdefault(part, other)
        for known in (self.sources, self.files, self.videos, self.raters, self.participants):
            names.update((real, other) for real, other in known.items() if real)
        return Replacer(names)


def _tells(name: str) -> bool:
    return len(name) >= _LONG and _HEX.fullmatch(name) is None and any(c.isalpha() for c in name)


class Replacer:
    """Replaces names inside texts, in any case, the longest first; letters with accents may be of one sign or of two.

    Args:
        names: What stands in place of each name; of two that differ in case alone, the last counts.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = {composed(name).casefold(): other for name, other in names.items()}
        # both spellings: an expression without regard to case takes ß for no ss, and a person may write either
        spelled = {spelling for name in names for spelling in (composed(name), composed(name).casefold())}
        longest = sorted(spelled, key=lambda name: (-len(name), name))
        parts = [re.escape(n) if _tells(n) else rf"(?<!\w){re.escape(n)}(?!\w)" for n in longest]
        self._pattern = re.compile("|".join(parts), re.IGNORECASE) if parts else None

    def __call__(self, text: str) -> str:
        """Return a text with every name replaced."""
        if self._pattern is None:
            return text
        replaced, n = self._pattern.subn(lambda found: self._names.get(found[0].casefold(), "…"), composed(text))
        return replaced if n else text

    def inside(self, value: object) -> object:
        """Return a value as JSON knows them with every name in its strings replaced; keys stay."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, list):
            return [self.inside(item) for item in value]
        return {key: self.inside(item) for key, item in value.items()} if isinstance(value, dict) else value


def invent(db: sqlite3.Connection) -> Pseudonyms:
    """Return other names for everybody and every video of a study, in random order: the number tells nothing.

    Args:
        db: The study, with rows by name.
    """

    def column(query: str) -> list[str]:
        return [row[0] for row in db.execute(query) if row[0]]

    named = _numbered(column("SELECT name FROM video"), "V")
    raters = (
        "SELECT name FROM rater UNION SELECT author FROM moment UNION SELECT author FROM note "
        "UNION SELECT rater FROM rating"
    )
    files: dict[str, str] = {}
    for row in db.execute("SELECT name, absolute_path FROM video WHERE absolute_path <> ''"):
        path = PurePosixPath(row["absolute_path"].replace("\\", "/"))
        for word in (path.name, path.stem):
            files.setdefault(word, named[row["name"]])
    return Pseudonyms(
        videos=named,
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
    """Put pseudonyms in the place of names, in every cell of a copy of a study but for the names of models.

    Args:
        db: The copy, with rows by name; it is written in one transaction.
        names: The pseudonyms.
        texts: Whether notes, reasons and labels stay, with the names in them replaced; else they are emptied.
    """
    from skillviewer.core.ranking.pair_selection import SelectionReason  # scipy takes a second
    from skillviewer.data.study.versions import SET_ASIDE

    replace = names.replacer()
    with _written_anew(db):
        _rewrite(db, names, replace, {*SET_ASIDE, *SelectionReason}, texts=texts)


def empty_texts(db: sqlite3.Connection) -> None:
    """Empty notes, reasons and labels in a copy of a study, in one transaction."""
    with _written_anew(db):
        _empty(db)


@contextmanager
def _written_anew(db: sqlite3.Connection) -> Iterator[None]:
    """Let everything be written in one transaction, what is append-only otherwise too."""
    triggers = [tuple(row) for row in db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")]
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("BEGIN IMMEDIATE")
    for name, _ in triggers:
        db.execute(f'DROP TRIGGER "{name}"')
    yield
    for _, sql in triggers:
        db.execute(sql)
    db.execute("COMMIT")


def _empty(db: sqlite3.Connection) -> None:
    for table, column in _TEXTS:
        db.execute(f"UPDATE {table} SET {column} = ''")  # noqa: S608 - our own names
    db.execute("DELETE FROM note")


def _rewrite(db: sqlite3.Connection, names: Pseudonyms, replace: Replacer, purposes: set[str], *, texts: bool) -> None:
    _map(db, "video", "name", names.videos)
    _map(db, "rater", "name", names.raters)
    _map(db, "video", "participant", names.participants)
    _map(db, "moment", "author", names.raters)
    _map(db, "note", "author", names.raters)
    _map(db, "agreed_pair", "source", names.sources)
    _map(db, "rating", "rater", names.raters)
    _map(db, "rating_table", "name", names.sources)
    db.execute("UPDATE rating_table SET mapping = ''")  # titles of columns and folders
    db.execute("UPDATE model SET facts = '{}'")  # they tell of data, raters and folders
    for row in db.execute("SELECT id FROM judgement").fetchall():  # keys may be made of names
        db.execute("UPDATE judgement SET key = ? WHERE id = ?", (uuid.uuid4().hex, row["id"]))
    if not texts:
        _empty(db)
    db.execute("DELETE FROM setting WHERE name = 'participant_pattern'")
    for row in db.execute("SELECT name, value FROM setting").fetchall():
        if row["name"] not in _CHOICES:
            value = json.dumps(replace.inside(json.loads(row["value"])))
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
    ("moment", "label"),
)
_MAPPED = {
    ("video", "name"),
    ("rater", "name"),
    ("video", "participant"),
    ("moment", "author"),
    ("note", "author"),
    ("agreed_pair", "source"),
    ("rating", "rater"),
    ("rating_table", "name"),
    ("model", "name"),  # by whoever packs the models: their folders are called so too
    ("setting", "name"),
    ("setting", "value"),  # JSON
}
_CHOICES = ("rule", "rating_rule", "model")
"""Settings that are words of the program's own."""


def _map(db: sqlite3.Connection, table: str, column: str, known: Mapping[str, str]) -> None:
    query = f"SELECT DISTINCT {column} FROM {table} WHERE {column} <> ''"  # noqa: S608 - our own names
    values = [row[0] for row in db.execute(query)]
    # through numbers of their own, so that a pseudonym that is somebody's real name meets nobody
    db.executemany(
        f"UPDATE {table} SET {column} = ? WHERE {column} = ?",  # noqa: S608 - our own names
        [(f"\0{at}", value) for at, value in enumerate(values)],
    )
    db.executemany(
        f"UPDATE {table} SET {column} = ? WHERE {column} = ?",  # noqa: S608 - our own names
        [(known[value], f"\0{at}") for at, value in enumerate(values)],
    )


def _clean(db: sqlite3.Connection, replace: Replacer) -> None:
    """Replace names in every other cell of text, of tables that are known here and of those that are not."""
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for table in (name for name in tables if not name.startswith("sqlite_")):
        for column in db.execute(f'PRAGMA table_info("{table}")').fetchall():
            name = column["name"]
            if column["type"].upper() != "TEXT" or (table, name) in _MAPPED or name.endswith(_KEEP):
                continue
            query = f'SELECT DISTINCT "{name}" AS value FROM "{table}" WHERE "{name}" <> \'\''  # noqa: S608 - its own names
            for row in db.execute(query).fetchall():
                value = str(row["value"])
                if (other := replace(value)) != value:
                    db.execute(f'UPDATE "{table}" SET "{name}" = ? WHERE "{name}" = ?', (other, value))  # noqa: S608
