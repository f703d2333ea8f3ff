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
from skillviewer.data.tables.name_spelling import compose_accents

_MIN_LENGTH_INSIDE_WORDS = 4
"""Length from which on names are replaced anywhere in a text; shorter names are replaced only as whole words."""

_HEX = re.compile(r"[0-9a-f]+", re.IGNORECASE)
_NAME_PART = re.compile(r"[^\W\d_]{3,}")  # a word of letters inside a person's name
_UNCHANGED_SUFFIXES = ("digest", "key", "_at", "path", "unit", "opinion", "state", "extent", "parent", "purpose")
"""Suffixes of the names of columns that hold no texts of users."""


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Pseudonyms by real name."""

    videos: Mapping[str, str]  # by real name of a video
    participants: Mapping[str, str]  # by real name of the person in a video
    raters: Mapping[str, str]  # by real name of a rater or author
    sources: Mapping[str, str] = field(default_factory=dict)  # by name of the source of agreed pairs or ratings
    files: Mapping[str, str] = field(default_factory=dict)  # by name or stem of a video file, for replacement in texts

    def key(self) -> str:
        """Return the key as CSV: kind, real name, pseudonym."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("kind", "name", "pseudonym"))
        for kind in ("videos", "participants", "raters", "sources"):
            for real_name, pseudonym in sorted(getattr(self, kind).items(), key=lambda item: item[1]):
                writer.writerow((kind.removesuffix("s"), escape_cell(real_name), pseudonym))
        return text.getvalue()

    def replacer(self) -> "Replacer":
        """Return a replacer of all names, and of parts of the names of people, inside texts."""
        pseudonym_by_name: dict[str, str] = {}
        for names_of_people in (self.participants, self.raters):
            for real_name, pseudonym in names_of_people.items():
                for part in _NAME_PART.findall(compose_accents(real_name)):
                    pseudonym_by_name.setdefault(part, pseudonym)
        for mapping in (self.sources, self.files, self.videos, self.raters, self.participants):
            pseudonym_by_name.update((real_name, pseudonym) for real_name, pseudonym in mapping.items() if real_name)
        return Replacer(pseudonym_by_name)


def _is_distinctive(name: str) -> bool:
    """Return True if a name is replaced inside words too, since no other word can be meant."""
    is_long = len(name) >= _MIN_LENGTH_INSIDE_WORDS
    return is_long and _HEX.fullmatch(name) is None and any(character.isalpha() for character in name)


class Replacer:
    """Replaces names inside texts, ignoring case, the longest first; accents may be composed or decomposed.

    Args:
        pseudonym_by_name: Pseudonyms; of two names that differ only in case, the last counts.
    """

    def __init__(self, pseudonym_by_name: Mapping[str, str]) -> None:
        self._pseudonyms = {
            compose_accents(name).casefold(): pseudonym for name, pseudonym in pseudonym_by_name.items()
        }
        # both spellings, since case-insensitive matching does not equate ß and ss, and people write either
        spellings = {compose_accents(name) for name in pseudonym_by_name}
        spellings |= {spelling.casefold() for spelling in spellings}
        longest_first = sorted(spellings)
        longest_first.sort(key=len, reverse=True)  # equal lengths stay in the order of letters
        alternatives = []
        for spelling in longest_first:
            escaped = re.escape(spelling)
            if not _is_distinctive(spelling):
                escaped = rf"(?<!\w){escaped}(?!\w)"
            alternatives.append(escaped)
        self._pattern = re.compile("|".join(alternatives), re.IGNORECASE) if alternatives else None

    def __call__(self, text: str) -> str:
        """Return a text with every name replaced."""
        if self._pattern is None:
            return text
        new_text, n = self._pattern.subn(
            lambda match: self._pseudonyms.get(match[0].casefold(), "…"), compose_accents(text)
        )
        return new_text if n else text

    def replace_in_json(self, value: object) -> object:
        """Return a JSON value with every name in its strings replaced; the keys of objects are unchanged."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, list):
            return [self.replace_in_json(child) for child in value]
        if isinstance(value, dict):
            return {key: self.replace_in_json(child) for key, child in value.items()}
        return value


def invent_pseudonyms(db: sqlite3.Connection) -> Pseudonyms:
    """Return pseudonyms for all people and videos of a study, numbered in random order."""

    def names(query: str) -> list[str]:
        return [row[0] for row in db.execute(query) if row[0]]

    videos = _numbered(names("SELECT name FROM video"), "V")
    raters_query = (
        "SELECT name FROM rater UNION SELECT author FROM moment UNION SELECT author FROM note "
        "UNION SELECT rater FROM rating UNION SELECT rater FROM rating_form UNION SELECT who FROM event"
    )
    files: dict[str, str] = {}
    for row in db.execute("SELECT name, absolute_path FROM video WHERE absolute_path <> ''"):
        path = PurePosixPath(row["absolute_path"].replace("\\", "/"))
        for file_name in (path.name, path.stem):
            files.setdefault(file_name, videos[row["name"]])
    return Pseudonyms(
        videos=videos,
        participants=_numbered(names("SELECT DISTINCT participant FROM video"), "P"),
        raters=_numbered(names(raters_query), "R"),
        sources=_numbered(names("SELECT source FROM agreed_pair UNION SELECT name FROM rating_table"), "S"),
        files=files,
    )


def _numbered(names: Iterable[str], letter: str) -> dict[str, str]:
    """Return pseudonyms such as V01 by name, numbered in random order."""
    shuffled = list(names)
    secrets.SystemRandom().shuffle(shuffled)
    last_number = str(len(shuffled))
    digits = max(2, len(last_number))
    return {name: f"{letter}{number:0{digits}d}" for number, name in enumerate(shuffled, start=1)}


def replace_names(db: sqlite3.Connection, pseudonyms: Pseudonyms, *, keep_texts: bool) -> None:
    """Replace names by pseudonyms in every cell of a copy of a study, except in the names of models.

    With ``keep_texts``, notes, reasons and labels are kept and the names in them replaced; otherwise they are emptied.
    The copy is changed in one transaction.
    """
    from skillviewer.core.ranking.pair_selection import SelectionReason  # scipy takes a second
    from skillviewer.data.study.versions import RESERVED_PURPOSES

    replacer = pseudonyms.replacer()
    known_purposes = {*RESERVED_PURPOSES, *SelectionReason}
    with _unprotected_transaction(db):
        for (table, column), kind in _NAME_COLUMNS.items():
            _replace_column(db, table, column, getattr(pseudonyms, kind))
        _remove_descriptions(db)
        _renew_keys(db)
        if not keep_texts:
            _empty_texts(db)
        _replace_in_settings(db, replacer)
        for (purpose,) in db.execute("SELECT DISTINCT purpose FROM judgement").fetchall():
            if purpose not in known_purposes:
                db.execute("UPDATE judgement SET purpose = ? WHERE purpose = ?", (replacer(purpose), purpose))
        _replace_in_other_texts(db, replacer)


def empty_texts(db: sqlite3.Connection) -> None:
    """Empty notes, reasons and labels in a copy of a study, in one transaction."""
    with _unprotected_transaction(db):
        _empty_texts(db)


@contextmanager
def _unprotected_transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Allow all changes in one transaction, even to append-only tables."""
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("BEGIN IMMEDIATE")
    with without_triggers(db):
        yield
    db.execute("COMMIT")


def _empty_texts(db: sqlite3.Connection) -> None:
    for table, column in _TEXT_COLUMNS:
        db.execute(f"UPDATE {table} SET {column} = ''")  # noqa: S608 - our own names
    db.execute("DELETE FROM note")


def _remove_descriptions(db: sqlite3.Connection) -> None:
    """Remove facts about files, data and models, which may contain names in any form."""
    db.execute("UPDATE event SET subject = '' WHERE what = 'export'")  # names of files are free texts
    db.execute("DELETE FROM event WHERE subject = 'participant_pattern'")
    db.execute("UPDATE rating_table SET mapping = ''")  # titles of columns, and folders
    db.execute("UPDATE model SET facts = '{}'")  # data, raters and folders


def _renew_keys(db: sqlite3.Connection) -> None:
    """Replace the keys of votes and forms, which may be derived from names."""
    for row in db.execute("SELECT id FROM judgement").fetchall():
        db.execute("UPDATE judgement SET key = ? WHERE id = ?", (uuid.uuid4().hex, row["id"]))
    for row in db.execute("SELECT id FROM rating_form").fetchall():
        db.execute("UPDATE rating_form SET key = ? WHERE id = ?", (uuid.uuid4().hex, row["id"]))


def _replace_in_settings(db: sqlite3.Connection, replacer: Replacer) -> None:
    # the keys of packs name raters, and cannot match votes with new keys
    db.execute("DELETE FROM setting WHERE name = 'participant_pattern' OR name GLOB 'judging_pack:*'")
    for row in db.execute("SELECT name, value FROM setting").fetchall():
        if row["name"] not in _SETTINGS_WITHOUT_NAMES:
            value = replacer.replace_in_json(read_json(row["value"], object))
            db.execute("UPDATE setting SET value = ? WHERE name = ?", (json.dumps(value), row["name"]))


_TEXT_COLUMNS = (
    ("video", "notes"),
    ("video", "context"),
    ("judgement", "reason"),
    ("withdrawal", "reason"),
    ("rating_form", "remark"),
    ("moment", "label"),
    ("moment", "tier"),
    ("note", "tier"),
)
"""Columns of notes, reasons and labels."""

_NAME_COLUMNS = {
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

_SKIPPED_COLUMNS = {
    ("event", "what"),
    ("model", "name"),  # replaced by the packer, since the folders of models have the same names
    ("setting", "name"),
    ("setting", "value"),  # JSON, see _replace_in_settings
}
"""Columns in which ``_replace_in_other_texts`` replaces no names."""

_SETTINGS_WITHOUT_NAMES = ("rule", "rating_rule", "model")


def _replace_column(db: sqlite3.Connection, table: str, column: str, pseudonyms: Mapping[str, str]) -> None:
    query = f"SELECT DISTINCT {column} FROM {table} WHERE {column} <> ''"  # noqa: S608 - our own names
    names = [row[0] for row in db.execute(query)]
    update = f"UPDATE {table} SET {column} = ? WHERE {column} = ?"  # noqa: S608 - our own names
    # in two steps, so that a pseudonym cannot collide with the real name of another row
    db.executemany(update, [(f"\0{number}", name) for number, name in enumerate(names)])
    db.executemany(update, [(pseudonyms[name], f"\0{number}") for number, name in enumerate(names)])


def _replace_in_other_texts(db: sqlite3.Connection, replacer: Replacer) -> None:
    """Replace names in the text columns that no other function treats, also in tables of later versions."""
    treated_columns = _NAME_COLUMNS.keys() | _SKIPPED_COLUMNS
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for table in tables:
        if table.startswith("sqlite_"):
            continue
        for column in db.execute(f'PRAGMA table_info("{table}")').fetchall():
            name = column["name"]
            is_text = column["type"].upper() == "TEXT"
            if not is_text or (table, name) in treated_columns or name.endswith(_UNCHANGED_SUFFIXES):
                continue
            query = f'SELECT DISTINCT "{name}" AS value FROM "{table}" WHERE "{name}" <> \'\''  # noqa: S608 - its own names
            for row in db.execute(query).fetchall():
                text = str(row["value"])
                new_text = replacer(text)
                if new_text != text:
                    db.execute(f'UPDATE "{table}" SET "{name}" = ? WHERE "{name}" = ?', (new_text, text))  # noqa: S608
