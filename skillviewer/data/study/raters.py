"""Everything that a study keeps about each rater: counted, and erased for good.

A name means the same rater in every spelling (``match_key``), as vote, rating, form, author or in a pack.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from skillviewer.core.errors import StudyError
from skillviewer.core.ranking.rater_names import match_key, name_pattern, normalize
from skillviewer.core.text import counted, join_names
from skillviewer.data.study.erasure import PACKS, backups_with, delete_backups, erasing
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.mentions import find_mentions, rename_tables
from skillviewer.data.study.values import read_json

_NAMES = (("rater", "name"), ("rating_form", "rater"), ("rating", "rater"), ("moment", "author"), ("note", "author"))
"""Columns with the name of a rater or an author."""
_SIGNATURES = (("event", "who"), ("event", "subject"))
"""Columns in which a rater's name may stand as that of a user of the program."""
_COUNTS = {
    "n_votes": "SELECT count(*) FROM judgement WHERE rater IN (SELECT id FROM rater WHERE name IN {names})",
    "n_forms": "SELECT count(*) FROM rating_form WHERE rater IN {names}",
    "n_ratings": "SELECT count(*) FROM rating WHERE rater IN {names}",
    "n_annotations": "SELECT (SELECT count(*) FROM moment WHERE author IN {names}) + "
    "(SELECT count(*) FROM note WHERE author IN {names})",
    "n_pairs": "SELECT count(*) FROM agreed_pair WHERE source IN {names}",
}
_VOTES = "SELECT id FROM judgement WHERE rater IN (SELECT id FROM rater WHERE name IN {names})"
_OF_MOMENT = "(SELECT {column} FROM moment WHERE moment.id = note.moment)"
_DELETE = (
    # notes of others on a moment of the rater stay, on the video at the time of the moment
    f"""UPDATE note SET video = coalesce(video, {_OF_MOMENT.format(column="video")}),
        time_s = coalesce(time_s, {_OF_MOMENT.format(column="start_s")}),
        removed_at = coalesce(removed_at, {_OF_MOMENT.format(column="removed_at")}), moment = NULL
        WHERE author NOT IN {{names}} AND moment IN (SELECT id FROM moment WHERE author IN {{names}})""",  # noqa: S608 - our own words
    "DELETE FROM note WHERE author IN {names}",
    "DELETE FROM moment WHERE author IN {names}",
    f"DELETE FROM withdrawal WHERE judgement IN ({_VOTES})",  # noqa: S608 - our own words
    f"DELETE FROM judgement WHERE id IN ({_VOTES})",  # noqa: S608 - our own words
    "DELETE FROM rater WHERE name IN {names}",
    "DELETE FROM rating_withdrawal WHERE rating IN (SELECT id FROM rating WHERE rater IN {names})",
    "DELETE FROM rating WHERE rater IN {names}",
    "DELETE FROM rating_form_withdrawal WHERE rating_form IN (SELECT id FROM rating_form WHERE rater IN {names})",
    "DELETE FROM rating_form WHERE rater IN {names}",
    "DELETE FROM agreed_pair WHERE source IN {names}",
    # what was exported and set stays in the log: the study leader needs it to find the files
    "UPDATE event SET who = '' WHERE who IN {names}",
    "UPDATE event SET subject = '' WHERE subject IN {names}",
)


@dataclass(frozen=True, slots=True)
class RaterEntries:
    """Numbers of entries of one rater in a study."""

    name: str  # name as the votes spell it, else as other entries do
    spellings: tuple[str, ...]  # every spelling of the name in the study
    n_votes: int  # votes, skipped pairs and withdrawn votes too
    n_forms: int  # rating forms, repeats and undone ones too
    n_ratings: int  # ratings of tables and forms, replaced ones too
    n_annotations: int  # moments and notes, removed ones too
    n_pairs: int  # agreed pairs whose source is the rater

    @property
    def text(self) -> str:
        """Text that lists the numbers greater than 0."""
        counts = (
            (self.n_votes, counted(self.n_votes, "vote")),
            (self.n_forms, counted(self.n_forms, "rating form")),
            (self.n_ratings, counted(self.n_ratings, "rating")),
            (self.n_annotations, counted(self.n_annotations, "moment or note", "moments and notes")),
            (self.n_pairs, counted(self.n_pairs, "agreed pair")),
        )
        return ", ".join(text for n, text in counts if n) or "no entries"


class _PackRaters(msgspec.Struct):
    """Raters of a pack by code; other parts of its key are left out."""

    raters: dict[str, str]


class _ModelRaters(msgspec.Struct):
    """Raters that a model was trained on; other facts are left out."""

    raters: list[str]


class StudyRaters:
    """Raters of an open study with everything that is kept about them; errors are those of ``Study``."""

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    def all(self) -> tuple[RaterEntries, ...]:
        """Return the entries of every rater, by name."""
        with self._file.reading() as db:
            spellings = _spellings(db)
            keys = {match_key(name) for name in (*_names_in(db, _NAMES), *_names_in_packs(db))}
            return tuple(_entries(db, spellings[key]) for key in sorted(keys))

    def get(self, name: str) -> RaterEntries:
        """Return the entries of the rater that a typed name means; none if only backups hold the rater.

        Raises:
            StudyError: Neither the study nor a backup has such a rater; the message lists the raters.
        """
        key = match_key(name)
        with self._file.reading() as db:
            spellings = _spellings(db).get(key, ())
            names = spellings or (normalize(name),)
            entries = _entries(db, names)
        if spellings:
            return entries
        if key and backups_with(self._file.path, lambda backup: key in _spellings(backup)):
            return entries
        known_names = [rater_entries.name for rater_entries in self.all()]
        advice = f"Choose one of: {join_names(known_names)}." if known_names else "The study has no raters."
        raise StudyError(f"There is no rater “{name}” in {self._file.path.name}. {advice}")

    def erase(self, name: str) -> RaterEntries:
        """Erase the rater that a typed name means, with all entries and every backup that holds the rater.

        Erased are votes, rating forms, ratings, moments and notes, agreed pairs whose source is the rater, the rater's
        column in imported tables, turns of packs, and the name in the log and among the raters of models.

        Returns:
            What was erased.

        Raises:
            StudyError: See ``get``; or the study or a backup cannot be written.
        """
        entries = self.get(name)
        key = match_key(name)
        with erasing(self._file) as db:
            names, parameters = _placeholders(entries.spellings)
            for statement in _DELETE:
                db.execute(statement.format(names=names), parameters)
            _leave_out_of_packs(db, key)
            _leave_out_of_models(db, key)
            _leave_out_of_tables(db, key)
            rename_tables(db, name_pattern(name))
        delete_backups(self._file.path, lambda backup: key in _spellings(backup))
        return entries

    def find_mentions(self, name: str) -> tuple[str, ...]:
        """Return the texts of users that still contain the name of an erased rater."""
        with self._file.reading() as db:
            return find_mentions(db, name_pattern(name))


def _names_in(db: sqlite3.Connection, columns: Collection[tuple[str, str]]) -> Iterator[str]:
    """Yield the distinct names of some columns, in the order of adding; an older study lacks some of the tables."""
    for table, column in columns:
        if column in {row[1] for row in db.execute(f"PRAGMA table_info({table})")}:
            query = f"SELECT {column} FROM {table} WHERE {column} <> '' GROUP BY 1 ORDER BY min(rowid)"  # noqa: S608 - ours
            yield from [str(row[0]) for row in db.execute(query)]


def _names_in_packs(db: sqlite3.Connection) -> Iterator[str]:
    for _, text in db.execute(PACKS).fetchall():
        with suppress(ValueError):  # damaged: it is refused when it is used
            yield from read_json(text, _PackRaters).raters.values()


def _names_in_models(db: sqlite3.Connection) -> Iterator[str]:
    for (text,) in db.execute("SELECT facts FROM model").fetchall():
        with suppress(ValueError):  # damaged, or of a model that was not trained on votes
            yield from read_json(text, _ModelRaters).raters


def _names_in_tables(db: sqlite3.Connection) -> Iterator[str]:
    for (text,) in db.execute("SELECT mapping FROM rating_table WHERE mapping <> ''").fetchall():
        with suppress(ValueError):  # damaged
            for column in _rating_columns(read_json(text, dict[str, object])):
                yield from (str(column.get("rater", "")), str(column.get("title", "")))


def _rating_columns(mapping: dict[str, object]) -> list[dict[str, object]]:
    """Return the columns of ratings of a mapping (``TableMapping``), each with title and rater."""
    try:
        items = msgspec.convert(mapping.get("items", []), list[dict[str, object]])
        columns = [msgspec.convert(item.get("columns", []), list[dict[str, object]]) for item in items]
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
    return [column for columns_of_item in columns for column in columns_of_item]


def _spellings(db: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    """Return every spelling of every name that stands where names of raters are erased, by key; entries come first."""
    by_key: dict[str, dict[str, None]] = {}
    for name in (
        *_names_in(db, (*_NAMES, *_SIGNATURES, ("agreed_pair", "source"))),
        *_names_in_packs(db),
        *_names_in_models(db),
        *_names_in_tables(db),
    ):
        by_key.setdefault(match_key(name), {})[name] = None
    by_key.pop("", None)
    return {key: tuple(names) for key, names in by_key.items()}


def _entries(db: sqlite3.Connection, spellings: tuple[str, ...]) -> RaterEntries:
    names, parameters = _placeholders(spellings)
    counts = {}
    for field, query in _COUNTS.items():
        (n_entries,) = db.execute(query.format(names=names), parameters).fetchone()
        counts[field] = int(n_entries)
    return RaterEntries(spellings[0], spellings, **counts)


def _placeholders(names: Collection[str]) -> tuple[str, dict[str, str]]:
    """Return names as a list for SQL, and its parameters."""
    parameters = {f"name_{number}": name for number, name in enumerate(names)}
    return f"({', '.join(f':{parameter}' for parameter in parameters)})", parameters


def _leave_out_of_packs(db: sqlite3.Connection, key: str) -> None:
    """Remove a rater and the rater's turns from the keys to packs; a pack of no one else loses its key."""
    for pack, text in db.execute(PACKS).fetchall():
        try:
            raters = read_json(text, _PackRaters).raters
        except ValueError:
            continue  # damaged: it is refused when it is used
        codes = {code for code, name in raters.items() if match_key(name) == key}
        if codes == raters.keys():
            db.execute("DELETE FROM setting WHERE name = ?", (pack,))
        elif codes:
            value = read_json(text, dict[str, object])
            for part in ("raters", "pairs", "turns"):
                by_code = value.get(part)
                if isinstance(by_code, dict):
                    value[part] = {code: entry for code, entry in by_code.items() if code not in codes}
            new_text = msgspec.json.encode(value).decode()
            db.execute("UPDATE setting SET value = ? WHERE name = ?", (new_text, pack))


def _leave_out_of_models(db: sqlite3.Connection, key: str) -> None:
    """Empty the name of a rater among those that models were trained on; their number stays."""
    for digest, text in db.execute("SELECT digest, facts FROM model").fetchall():
        try:
            raters = read_json(text, _ModelRaters).raters
        except ValueError:
            continue  # damaged, or of a model that was not trained on votes
        if any(match_key(name) == key for name in raters):
            facts = read_json(text, dict[str, object])
            facts["raters"] = ["" if match_key(name) == key else name for name in raters]
            db.execute("UPDATE model SET facts = ? WHERE digest = ?", (json.dumps(facts), digest))


def _leave_out_of_tables(db: sqlite3.Connection, key: str) -> None:
    """Remove the columns of a rater from the mappings of imported tables, and items without another column."""
    rows = db.execute("SELECT id, mapping FROM rating_table WHERE mapping <> ''").fetchall()
    for number, text in rows:
        try:
            mapping = read_json(text, dict[str, object])
            columns = _rating_columns(mapping)
        except ValueError:
            continue  # damaged
        of_rater = [column for column in columns if key in map(match_key, map(str, column.values()))]
        if of_rater:
            items = []
            for item in msgspec.convert(mapping["items"], list[dict[str, object]]):
                remaining = [c for c in msgspec.convert(item["columns"], list[dict[str, object]]) if c not in of_rater]
                if remaining:
                    items.append({**item, "columns": remaining})
            new_text = json.dumps({**mapping, "items": items}, ensure_ascii=False)
            db.execute("UPDATE rating_table SET mapping = ? WHERE id = ?", (new_text, number))
