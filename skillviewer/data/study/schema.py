"""Schema of the study file: the first version, and numbered migrations to the later ones.

A released migration is never changed: a new one is added instead. A new study runs all migrations in order, and an
older study runs the missing ones, so that all studies reach the newest schema in the same way.

Times are ISO 8601 in UTC. Votes are append-only and other rows are marked as removed; only forgetting a video deletes
rows.
"""

import re
import sqlite3
from contextlib import closing
from functools import cache
from typing import TypeAlias

APPLICATION_ID = 0x536B5374  # "SkSt", in the header of the file
SUFFIX = ".skillstudy"


def _exists_sql(table: str, condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} WHERE {condition})"  # noqa: S608 - our own names


def _append_only_triggers(table: str, *unique_columns: str) -> tuple[str, ...]:
    """Return triggers that allow rows to be added, but never changed or deleted.

    The third trigger is needed because REPLACE deletes rows without firing delete triggers (unless recursive triggers
    are on).
    """
    clash = " OR ".join(f"{column} = NEW.{column}" for column in unique_columns)
    row_exists = _exists_sql(table, clash)
    refuse = f"SELECT RAISE(ABORT, '{table} is append-only');"
    return (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN {refuse} END",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN {refuse} END",
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {row_exists} BEGIN {refuse} END",
    )


def _no_deletion_triggers(table: str) -> tuple[str, ...]:
    """Return triggers that protect the rows that votes refer to from being deleted or renumbered."""
    row_exists = _exists_sql(table, "id = NEW.id OR name = NEW.name")
    refuse = f"SELECT RAISE(ABORT, 'votes may name this {table}');"
    return (
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN {refuse} END",
        f"CREATE TRIGGER {table}_no_renumber BEFORE UPDATE OF id ON {table} BEGIN {refuse} END",
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {row_exists} BEGIN {refuse} END",
    )


_FIRST_SCHEMA = (
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)",  # value: JSON
    """CREATE TABLE video (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        relative_path TEXT NOT NULL,  -- from the study's folder, with forward slashes; '' where there is none
        absolute_path TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        modified_ns INTEGER NOT NULL,
        digest TEXT NOT NULL,         -- SHA-256; '' while the file was never seen
        other_digest TEXT NOT NULL DEFAULT '',  -- of the file that was found in its place
        extent_unit TEXT NOT NULL DEFAULT '' CHECK (extent_unit IN ('', 'frame', 's')),
        extent_start REAL NOT NULL DEFAULT 0,
        extent_stop REAL NOT NULL DEFAULT 0,
        participant TEXT,
        task TEXT NOT NULL DEFAULT '',
        notes TEXT NOT NULL DEFAULT '',
        context TEXT NOT NULL DEFAULT '',
        added_at TEXT NOT NULL,
        removed_at TEXT
    -- do not move the comma below: schemas are compared as texts, and old files have it there
    , sync_s REAL,                    -- sync point: shown together with that of the other video of a pair
        occasion TEXT NOT NULL DEFAULT '')""",  # 'pre', 'post', a date
    "CREATE INDEX video_digest ON video (digest)",
    "CREATE TABLE rater (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, added_at TEXT NOT NULL)",
    """CREATE TABLE judgement (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,     -- the same vote in every copy of the study
        left_video INTEGER NOT NULL REFERENCES video (id),
        right_video INTEGER NOT NULL REFERENCES video (id),
        verdict INTEGER CHECK (verdict IN (-1, 0, 1)),  -- NULL: skipped
        rater INTEGER NOT NULL REFERENCES rater (id),
        judged_at TEXT,
        taken_s REAL,
        watched REAL,
        speed REAL NOT NULL,
        reason TEXT NOT NULL,
        mark_s REAL,                  -- not used: each side has a mark of its own
        purpose TEXT NOT NULL,
        added_at TEXT NOT NULL,
        left_mark_s REAL CHECK (left_mark_s >= 0),
        right_mark_s REAL CHECK (right_mark_s >= 0),
        criterion TEXT NOT NULL DEFAULT '',  -- '': the usual one of the study
        CHECK (left_video <> right_video)
    )""",
    """CREATE TABLE withdrawal (
        judgement INTEGER PRIMARY KEY REFERENCES judgement (id),
        withdrawn_at TEXT NOT NULL,
        reason TEXT NOT NULL
    )""",
    *_append_only_triggers("judgement", "id", "key"),
    *_append_only_triggers("withdrawal", "judgement"),
    *_no_deletion_triggers("video"),
    *_no_deletion_triggers("rater"),
    """CREATE TABLE agreed_pair (
        id INTEGER PRIMARY KEY,
        first_video INTEGER NOT NULL REFERENCES video (id),
        second_video INTEGER NOT NULL REFERENCES video (id),
        ordered INTEGER NOT NULL CHECK (ordered IN (0, 1)),  -- 1: the first is better; 0: no disparity
        source TEXT NOT NULL,
        added_at TEXT NOT NULL,
        CHECK (first_video <> second_video),
        UNIQUE (first_video, second_video, ordered, source)
    )""",
    """CREATE TABLE moment (
        id INTEGER PRIMARY KEY,
        video INTEGER NOT NULL REFERENCES video (id),
        start_s REAL NOT NULL,
        stop_s REAL NOT NULL,
        label TEXT NOT NULL,
        opinion TEXT NOT NULL CHECK (opinion IN ('', 'agree', 'disagree', 'not relevant')),
        model_digest TEXT NOT NULL,
        author TEXT NOT NULL,
        made_at TEXT NOT NULL,
        removed_at TEXT
    )""",
    """CREATE TABLE note (
        id INTEGER PRIMARY KEY,
        video INTEGER REFERENCES video (id),  -- NULL: of the study
        moment INTEGER REFERENCES moment (id),
        time_s REAL,
        text TEXT NOT NULL,
        author TEXT NOT NULL,
        made_at TEXT NOT NULL,
        removed_at TEXT
    )""",
    """CREATE TABLE model (
        digest TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        version INTEGER NOT NULL,
        relative_path TEXT NOT NULL,
        absolute_path TEXT NOT NULL,
        parent TEXT,                  -- digest of the model that it was fine-tuned from
        state TEXT NOT NULL CHECK (state IN ('proposed', 'accepted', 'discarded')),
        facts TEXT NOT NULL,          -- JSON: data, raters, rule, seed, figures
        added_at TEXT NOT NULL,
        UNIQUE (name, version)
    )""",
    """CREATE TABLE score (
        video_digest TEXT NOT NULL,
        extent TEXT NOT NULL,
        model_digest TEXT NOT NULL,
        score REAL NOT NULL,
        low REAL,
        high REAL,
        passes INTEGER NOT NULL,
        warning TEXT NOT NULL,
        assessed_at TEXT NOT NULL,
        PRIMARY KEY (video_digest, extent, model_digest)
    )""",
    """CREATE TABLE again (              -- pairs that go back into the queue
        id INTEGER PRIMARY KEY,
        first_video INTEGER NOT NULL REFERENCES video (id),
        second_video INTEGER NOT NULL REFERENCES video (id),
        after_vote INTEGER NOT NULL,  -- votes with a greater id answer the request
        asked_at TEXT NOT NULL,
        removed_at TEXT,
        criterion TEXT NOT NULL DEFAULT '',  -- '': the usual one of the study
        CHECK (first_video <> second_video)
    )""",
    """CREATE TABLE rating_table (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        mapping TEXT NOT NULL,        -- JSON: what its columns mean; '' where it has none
        added_at TEXT NOT NULL
    )""",
    """CREATE TABLE rating_scale (
        id INTEGER PRIMARY KEY,       -- the order of the items
        item TEXT NOT NULL UNIQUE,
        low REAL NOT NULL,
        high REAL NOT NULL,
        step REAL NOT NULL,
        levels TEXT NOT NULL,         -- JSON: words from the lowest up
        less_is_better INTEGER NOT NULL CHECK (less_is_better IN (0, 1)),
        stated INTEGER NOT NULL CHECK (stated IN (0, 1))  -- whether the user stated low and high
    )""",
    """CREATE TABLE rating (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        rating_table INTEGER NOT NULL REFERENCES rating_table (id),
        video INTEGER NOT NULL REFERENCES video (id),
        rater TEXT NOT NULL,          -- need not be in the table of raters
        item TEXT NOT NULL,
        value REAL NOT NULL,
        occasion TEXT NOT NULL,
        added_at TEXT NOT NULL
    )""",
    """CREATE TABLE rating_withdrawal (
        rating INTEGER PRIMARY KEY REFERENCES rating (id),
        withdrawn_at TEXT NOT NULL
    )""",
    *_append_only_triggers("rating", "id"),
    *_append_only_triggers("rating_withdrawal", "rating"),
    """CREATE TABLE event (              -- changes that are not recorded in other tables
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        done_at TEXT NOT NULL,
        who TEXT NOT NULL,
        what TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail TEXT NOT NULL
    )""",
    *_append_only_triggers("event", "id"),
)

_ADD_TIERS = tuple(  # tier of the timeline that a moment or a note was imported from; '': made in the program
    f"ALTER TABLE {table} ADD COLUMN tier TEXT NOT NULL DEFAULT ''" for table in ("moment", "note")
)

_ADD_RATING_FORMS = (
    """CREATE TABLE rating_form (      -- all ratings of a video by a rater, in the program or in a browser
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,     -- the same form in every copy of the study
        video INTEGER NOT NULL REFERENCES video (id),
        rater TEXT NOT NULL,
        purpose TEXT NOT NULL CHECK (purpose IN ('first', 'repeat')),
        answers TEXT NOT NULL,        -- JSON: [item, rating], without items that could not be judged
        rubric_digest TEXT NOT NULL,
        rated_at TEXT,
        taken_s REAL,
        watched REAL,
        speed REAL NOT NULL,
        remark TEXT NOT NULL,
        mark_s REAL CHECK (mark_s >= 0),
        added_at TEXT NOT NULL
    )""",
    """CREATE TABLE rating_form_withdrawal (
        rating_form INTEGER PRIMARY KEY REFERENCES rating_form (id),
        withdrawn_at TEXT NOT NULL
    )""",
    *_append_only_triggers("rating_form", "id", "key"),
    *_append_only_triggers("rating_form_withdrawal", "rating_form"),
    "ALTER TABLE rating ADD COLUMN rating_form INTEGER REFERENCES rating_form (id)",  # NULL: from a table
    "ALTER TABLE rating ADD COLUMN replaced INTEGER REFERENCES rating (id)",  # the rating that counts again on undo
)

_ADD_CAMERAS = (  # cameras are rows of the table of videos, so that they are relinked, packed and forgotten like these
    "ALTER TABLE video ADD COLUMN camera_of INTEGER REFERENCES video (id)",
    "ALTER TABLE video ADD COLUMN offset_s REAL",  # time in this file minus time in that of camera_of; NULL: unknown
    "ALTER TABLE video ADD COLUMN offset_confidence REAL",  # 0 to 1 where sound gave the offset; NULL: by hand
)

FIRST_VERSION = 9
"""Number of the first schema; a study with a smaller number cannot be opened."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (_ADD_TIERS, _ADD_RATING_FORMS, _ADD_CAMERAS)
"""Statements by migration; migration k leads from version ``FIRST_VERSION`` + k to the next version."""

VERSION = FIRST_VERSION + len(MIGRATIONS)

SchemaRow: TypeAlias = tuple[str, str, str, str]
"""Kind, name, table and SQL of one object of a database; the SQL without comments and line ends."""

_COMMENT = re.compile("--[^\n]*")


def schema_of(connection: sqlite3.Connection) -> set[SchemaRow]:
    """Return the schema of a database, without SQLite's own tables and indexes."""
    rows = connection.execute(
        "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema "
        "WHERE name NOT GLOB 'sqlite_*' OR type IN ('trigger', 'view')"
    )
    schema = set()
    for kind, name, table, sql in rows:
        one_line = " ".join(_COMMENT.sub("", sql).split())
        schema.add((kind, name, table, one_line))
    return schema


def schema_statements(version: int) -> list[str]:
    """Return the statements that turn an empty database into a study of a version, at least ``FIRST_VERSION``."""
    steps = (_FIRST_SCHEMA, *MIGRATIONS[: version - FIRST_VERSION])
    return [statement for step in steps for statement in step]


@cache
def expected_schema(version: int) -> frozenset[SchemaRow]:
    """Return the schema of a study of a version, at least ``FIRST_VERSION``."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        for statement in schema_statements(version):
            database.execute(statement)
        return frozenset(schema_of(database))


def migrate(connection: sqlite3.Connection) -> None:
    """Run the missing migrations of a study or an empty database, each in a transaction of its own.

    Raises:
        sqlite3.Error: A migration failed; the study is in its state before that migration.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    steps = (_FIRST_SCHEMA, *MIGRATIONS)
    for number, statements in enumerate(steps, start=FIRST_VERSION):
        if number <= version:
            continue
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
