"""Videos of a study: adding, describing, splitting, removing and erasing them."""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from skillviewer.core.errors import StudyError, VideoError
from skillviewer.core.paths import unused_name
from skillviewer.core.progress import NEVER, CancelToken, Report, one_by_one, silent
from skillviewer.core.video.clips import ClipRange, range_cells
from skillviewer.data.study.erasure import PACKS, delete_backups, erasing
from skillviewer.data.study.identity import Identity, path_relative_to
from skillviewer.data.study.mentions import find_mentions, forget_tables, video_pattern
from skillviewer.data.study.practice import PRACTICE_SETTING
from skillviewer.data.study.values import insert, now, read_json
from skillviewer.data.study.video_files import StudyVideoFiles
from skillviewer.data.study.video_rows import AddedVideos, FileState, NewVideo, StudyVideo
from skillviewer.data.tables.name_spelling import compose_accents

_VOTES_QUERY = "SELECT id FROM judgement WHERE left_video IN ids OR right_video IN ids"
_ERASE_STATEMENTS = (  # ``ids`` is a table with the numbers of the erased videos
    f"DELETE FROM withdrawal WHERE judgement IN ({_VOTES_QUERY})",  # noqa: S608 - our own words
    "DELETE FROM judgement WHERE left_video IN ids OR right_video IN ids",
    "DELETE FROM agreed_pair WHERE first_video IN ids OR second_video IN ids",
    "DELETE FROM again WHERE first_video IN ids OR second_video IN ids",
    "DELETE FROM note WHERE video IN ids OR moment IN (SELECT id FROM moment WHERE video IN ids)",
    "DELETE FROM moment WHERE video IN ids",
    "DELETE FROM rating_withdrawal WHERE rating IN (SELECT id FROM rating WHERE video IN ids)",
    "DELETE FROM rating WHERE video IN ids",
    "DELETE FROM rating_form_withdrawal WHERE rating_form IN (SELECT id FROM rating_form WHERE video IN ids)",
    "DELETE FROM rating_form WHERE video IN ids",
    "DELETE FROM score WHERE video_digest IN (SELECT digest FROM video WHERE id IN ids)",
    """UPDATE event SET subject = '', detail = 'of a forgotten video' WHERE what = 'export' AND EXISTS
        (SELECT 1 FROM video WHERE id IN ids AND (instr(subject, name) OR instr(detail, name)))""",
    "DELETE FROM video WHERE id IN ids",
)

_CHANGEABLE_COLUMNS = ("name", "participant", "task", "occasion", "notes", "context", "sync_s")


class Videos(StudyVideoFiles):
    """Videos of an open study."""

    def add(
        self,
        videos: Sequence[NewVideo],
        token: CancelToken = NEVER,
        report: Report = silent,
        *,
        restore_removed: bool = True,
    ) -> AddedVideos:
        """Add all readable videos in one transaction; files with equal bytes are the same video, whatever their names.

        A known video whose file was missing gets the path of the given file. A removed video is restored, or stays
        removed without ``restore_removed``. If the job is cancelled, nothing is added.

        Raises:
            StudyError: The study cannot be written.
        """
        identities: list[Identity | None] = []
        problems: list[str] = []
        for video in one_by_one("reading videos", videos, report):
            token.check()
            identities.append(video.identity)
            if video.path is not None and video.identity is None:
                try:
                    identities[-1] = self.identify_storable(video.path, token)
                except VideoError as error:
                    problems.append(str(error))
        with self._file.transaction() as db:
            rows = db.execute("SELECT * FROM video").fetchall()
            names_used: dict[str, object] = {row["name"].casefold(): row["id"] for row in rows}
            row_by_content = {_content_key(row): row for row in rows}
            names: list[str | None] = []
            known_names: list[str] = []
            for video, identity in zip(videos, identities, strict=True):
                if identity is None and (video.path is not None or not video.name):
                    names.append(None)
                    continue
                if identity is not None:
                    known_row = row_by_content.get((identity.digest, *range_cells(video.clip_range)))
                else:
                    known_row = next((row for row in rows if row["name"] == video.name), None)
                if known_row is not None and known_row["camera_of"] is not None and known_row["removed_at"] is None:
                    names.append(None)
                    problems.append(f"“{known_row['name']}” is a camera of another video: remove it there first.")
                    continue
                if known_row is not None:
                    if restore_removed:
                        _restore_as_video(db, known_row["id"])
                    self._store_missing_location(known_row, video, identity)
                    names.append(known_row["name"])
                    known_names.append(known_row["name"])
                    continue
                name = unused_name(_requested_name(video), names_used)
                number = self.insert(db, name, video, identity)
                row = db.execute("SELECT * FROM video WHERE id = ?", (number,)).fetchone()
                names_used[name.casefold()] = row["id"]
                row_by_content[_content_key(row)] = row
                names.append(name)
        return AddedVideos(tuple(names), tuple(known_names), tuple(problems))

    def _store_missing_location(self, row: sqlite3.Row, video: NewVideo, identity: Identity | None) -> None:
        """Store the path of a given file for a known video whose own file is missing."""
        if identity is not None and video.path is not None and self._video_with_state(row).path is None:
            self.store_location(row["id"], video.path, identity)

    def split(self, name: str, clip_range: ClipRange, new_name: str = "", task: str | None = None) -> str:
        """Add a part of a video's file as a new video with the same participant and occasion; no file is read.

        Args:
            name: Name of the video.
            clip_range: The part.
            new_name: Name of the part, or "" for the name of the file with a number.
            task: Task of the part, or None for that of the video.

        Returns:
            Name of the part. A part that is or was in the study already keeps its earlier name.

        Raises:
            StudyError: There is no such video, its file was never seen, or the study cannot be written.
        """
        video = self.get(name)
        (row,) = self._file.query("SELECT * FROM video WHERE id = ?", (video.id,))
        if not video.digest or video.path is None or video.state is FileState.REPLACED:
            raise StudyError(f"The file of “{name}” is not where it was: find it before parts of it are made.")
        parts = [v for v in self.all() if v.digest == video.digest and v.clip_range is not None]
        part_name = new_name or f"{video.path.stem} {len(parts) + 1}"
        part_task = video.task if task is None else task
        part = NewVideo(
            path=video.path,
            name=part_name,
            participant=video.participant,
            task=part_task,
            clip_range=clip_range,
            identity=Identity(video.size_bytes, row["modified_ns"], video.digest),
            occasion=video.occasion,
        )
        (added_name,) = self.add([part]).names
        assert added_name is not None
        return added_name

    def insert(self, db: sqlite3.Connection, name: str, video: NewVideo, identity: Identity | None) -> int:
        """Insert the row of a video under an unused name, and return its number."""
        relative_path = ""
        absolute_path = ""
        if video.path is not None:
            path = video.path.absolute()
            relative_path = path_relative_to(path, self._folder)
            absolute_path = str(path)
        if identity is None:
            identity = Identity(0, 0, "")
        range_columns = dict(
            zip(("extent_unit", "extent_start", "extent_stop"), range_cells(video.clip_range), strict=True)
        )
        return insert(
            db,
            "video",
            name=name,
            relative_path=relative_path,
            absolute_path=absolute_path,
            size_bytes=identity.size_bytes,
            modified_ns=identity.modified_ns,
            digest=identity.digest,
            **range_columns,
            participant=video.participant,
            task=video.task,
            occasion=video.occasion,
            added_at=now(),
        )

    def change(self, name: str, /, **values: str | float | None) -> StudyVideo:
        """Change the name, participant, task, occasion, notes, context or sync_s of a video.

        Raises:
            StudyError: There is no such video, the new name is taken, or the study cannot be written.
        """
        unknown_columns = set(values) - set(_CHANGEABLE_COLUMNS)
        if unknown_columns:
            raise ValueError(f"a video has no {', '.join(unknown_columns)} that can be changed")
        video = self.get(name)
        new_name = str(values.get("name", name))
        with self._file.transaction() as db:
            other = db.execute("SELECT id FROM video WHERE name = ? AND id <> ?", (new_name, video.id)).fetchone()
            if other is not None or not new_name.strip():
                raise StudyError(f"“{new_name}” cannot be the name of a video: it is empty, or another video has it.")
            for column, value in values.items():
                db.execute(f"UPDATE video SET {column} = ? WHERE id = ?", (value, video.id))  # noqa: S608 - see above
        return self.get(new_name)

    def set_participants_and_occasions(
        self, participants: Mapping[str, str], occasions: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """Set unknown participants and occasions, given by the name of the video; unknown names are ignored.

        Returns:
            Names of the videos whose participant was set, names of the videos whose occasion was set, and a sentence
            for every video that has another participant or occasion in the study, which is not changed.

        Raises:
            StudyError: The study cannot be written.
        """
        changed_names: dict[str, list[str]] = {"participant": [], "occasion": []}
        problems = []
        with self._file.transaction() as db:
            for row in db.execute("SELECT * FROM video WHERE removed_at IS NULL AND camera_of IS NULL").fetchall():
                name = row["name"]
                for column, values, verb in (("participant", participants, "show"), ("occasion", occasions, "be of")):
                    new_value = values.get(name, "").strip()
                    if new_value and not row[column]:
                        db.execute(f"UPDATE video SET {column} = ? WHERE id = ?", (new_value, row["id"]))  # noqa: S608 - ours
                        changed_names[column].append(name)
                    elif new_value and new_value != row[column]:
                        problems.append(
                            f"“{name}” is said to {verb} {new_value}; the study says {row[column]}, which stays."
                        )
        return tuple(changed_names["participant"]), tuple(changed_names["occasion"]), tuple(problems)

    def remove(self, name: str) -> None:
        """Remove a video from the study; its file stays, and so do its votes and notes.

        Raises:
            StudyError: There is no such video, or the study cannot be written.
        """
        video = self.get(name)
        with self._file.transaction() as db:
            db.execute("UPDATE video SET removed_at = ? WHERE id = ?", (now(), video.id))

    def restore(self, name: str) -> StudyVideo:
        """Undo ``remove``.

        Raises:
            StudyError: There never was such a video, or the study cannot be written.
        """
        with self._file.transaction() as db:
            db.execute("UPDATE video SET removed_at = NULL WHERE name = ?", (name,))
        return self.get(name)

    def erase(self, digests: Collection[str], names: Collection[str] = ()) -> tuple[str, ...]:
        """Erase all videos of some files, and the backups that hold these videos; return the names of the videos.

        Removed videos, parts of a file, and the cameras of an erased video are erased too.

        Args:
            digests: SHA-256 of the files.
            names: Names of videos whose files were never seen.

        Raises:
            StudyError: The study or a backup cannot be written.
        """
        digests = {digest for digest in digests if digest}  # "" would match every file that was never seen
        digest_marks = ",".join("?" * len(digests))
        name_marks = ",".join("?" * len(names))
        is_given = f"digest IN ({digest_marks}) OR digest = '' AND name IN ({name_marks})"
        given_ids = f"SELECT id FROM video WHERE {is_given}"  # noqa: S608 - ours
        # the cameras of an erased video show the same person
        query = (
            f"SELECT id, name, absolute_path, digest FROM video WHERE id IN ({given_ids}) OR camera_of IN ({given_ids})"  # noqa: S608
        )
        with erasing(self._file) as db:
            rows = db.execute(query, (*digests, *names) * 2).fetchall()
            erased_names = tuple(row["name"] for row in rows)
            file_names = {Path(row["absolute_path"]).name for row in rows if row["absolute_path"]}
            db.execute("CREATE TEMP TABLE IF NOT EXISTS ids (id INTEGER PRIMARY KEY)")
            db.execute("DELETE FROM ids")
            db.executemany("INSERT INTO ids VALUES (?)", [(row["id"],) for row in rows])
            for statement in _ERASE_STATEMENTS:
                db.execute(statement)
            _remove_from_model_facts(db, erased_names)
            _remove_from_settings(db, {row["id"] for row in rows})
            forget_tables(db, {*erased_names, *file_names})
            db.execute("DROP TABLE ids")
        erased_digests = {row["digest"] for row in rows if row["digest"]}
        erased = {*digests, *names, *erased_digests}
        delete_backups(self._file.path, lambda backup: not _contents(backup).isdisjoint(erased))
        return erased_names

    def find_mentions(self, names: Collection[str]) -> tuple[str, ...]:
        """Return the texts of users and the paths that still contain names of erased videos."""
        with self._file.reading() as db:
            return find_mentions(db, video_pattern(names))


def _requested_name(video: NewVideo) -> str:
    """Return the stated name of a video or else that of its file, composed as names are read from tables."""
    name = video.name
    if not name and video.path is not None:
        name = video.path.stem
    return compose_accents(name).strip() or name


def _content_key(row: sqlite3.Row) -> tuple[str, str, float, float]:
    """Return digest and range of a video: two videos with the same key have the same content."""
    return row["digest"], row["extent_unit"], row["extent_start"], row["extent_stop"]


def _restore_as_video(db: sqlite3.Connection, number: int) -> None:
    """Restore a removed video; a removed camera becomes a video."""
    db.execute(
        "UPDATE video SET removed_at = NULL, camera_of = NULL, offset_s = NULL, offset_confidence = NULL WHERE id = ?",
        (number,),
    )


def _remove_from_model_facts(db: sqlite3.Connection, names: Collection[str]) -> None:
    """Empty the names of erased videos in the facts about the training of models."""
    for digest, facts in db.execute("SELECT digest, facts FROM model").fetchall():
        new_facts = facts
        for name in names:
            for json_name in (json.dumps(name), json.dumps(name, ensure_ascii=False)):
                new_facts = new_facts.replace(json_name, '""')
        db.execute("UPDATE model SET facts = ? WHERE digest = ?", (new_facts, digest))


def _remove_from_settings(db: sqlite3.Connection, ids: Collection[int]) -> None:
    """Remove erased videos from keys to packs and from practice: SQLite may give their numbers to other videos."""
    texts = db.execute(f"{PACKS} OR name = ?", (PRACTICE_SETTING,))
    for name, text in texts.fetchall():
        try:
            value = read_json(text, dict[str, Any])
        except ValueError:
            continue  # a damaged value is refused when it is used
        if name == PRACTICE_SETTING:
            value["pairs"] = [pair for pair in value["pairs"] if not {pair["better"], pair["worse"]} & set(ids)]
            value["videos"] = [video for video in value["videos"] if video["video"] not in ids]
        else:
            value["videos"] = {code: facts for code, facts in value["videos"].items() if facts[0] not in ids}
        new_text = msgspec.json.encode(value).decode()  # as written before: its beginning tells the kind of a pack
        db.execute("UPDATE setting SET value = ? WHERE name = ?", (new_text, name))


def _contents(db: sqlite3.Connection) -> set[str]:
    """Return the digests of the videos of a study or a backup, and the names of those whose file was never seen."""
    every = (
        "SELECT digest FROM video UNION SELECT video_digest FROM score UNION SELECT name FROM video WHERE digest = ''"
    )
    return {row[0] for row in db.execute(every)}
