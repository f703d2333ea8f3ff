"""Videos of a study: adding, describing, splitting, removing and erasing them."""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from skillviewer.core.errors import StudyError, VideoError
from skillviewer.core.paths import free_name
from skillviewer.core.progress import NEVER, CancelToken, Report, one_by_one, silent
from skillviewer.core.video.clips import ClipRange, range_cells
from skillviewer.data.study.erasure import PACKS, delete_backups, erasing
from skillviewer.data.study.identity import Identity, relative
from skillviewer.data.study.mentions import forget_tables, mentions, video_pattern
from skillviewer.data.study.practice import PRACTICE
from skillviewer.data.study.values import insert, now, read_json
from skillviewer.data.study.video_files import StudyVideoFiles
from skillviewer.data.study.video_rows import Added, FileState, NewVideo, StudyVideo
from skillviewer.data.tables.rows import composed

_VOTES = "SELECT id FROM judgement WHERE left_video IN ids OR right_video IN ids"
_DELETE = (
    f"DELETE FROM withdrawal WHERE judgement IN ({_VOTES})",  # noqa: S608 - our own words
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

_COLUMNS = ("name", "participant", "task", "occasion", "notes", "context", "sync_s")


class Videos(StudyVideoFiles):
    """Videos of an open study."""

    def add(
        self, videos: Sequence[NewVideo], token: CancelToken = NEVER, report: Report = silent, *, revive: bool = True
    ) -> Added:
        """Add all readable videos in one transaction; equal bytes are the same video, whatever its name.

        A video of the study that had been removed, or whose file had been lost, is restored by this. When the job is
        cancelled nothing is added. Unless ``revive``, removed videos count as known and stay removed.

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
            by_content = {(r["digest"], r["extent_unit"], r["extent_start"], r["extent_stop"]): r for r in rows}
            names: list[str | None] = []
            known_names: list[str] = []
            for video, identity in zip(videos, identities, strict=True):
                if identity is None and (video.path is not None or not video.name):
                    names.append(None)
                    continue
                old = None if identity is None else by_content.get((identity.digest, *range_cells(video.clip_range)))
                if old is None and identity is None:
                    old = next((row for row in rows if row["name"] == video.name), None)
                if old is not None and old["camera_of"] is not None and old["removed_at"] is None:
                    names.append(None)
                    problems.append(f"“{old['name']}” is a camera of another video: remove it there first.")
                    continue
                if old is not None:
                    self._find_again(db, old, video, identity, revive=revive)
                    names.append(old["name"])
                    known_names.append(old["name"])
                    continue
                requested_name = video.name or (video.path.stem if video.path is not None else "")
                composed_name = composed(requested_name).strip() or requested_name  # as names are read from tables
                name = free_name(composed_name, names_used)
                number = self.insert(db, name, video, identity)
                row = db.execute("SELECT * FROM video WHERE id = ?", (number,)).fetchone()
                names_used[name.casefold()] = row["id"]
                by_content[row["digest"], row["extent_unit"], row["extent_start"], row["extent_stop"]] = row
                names.append(name)
        return Added(tuple(names), tuple(known_names), tuple(problems))

    def _find_again(
        self, db: sqlite3.Connection, old: sqlite3.Row, video: NewVideo, identity: Identity | None, *, revive: bool
    ) -> None:
        if revive:
            db.execute(
                "UPDATE video SET removed_at = NULL, camera_of = NULL, offset_s = NULL, offset_confidence = NULL "
                "WHERE id = ?",
                (old["id"],),
            )
        if identity is not None and video.path is not None and self._video_with_state(old).path is None:
            self.place(old["id"], video.path, identity)

    def split(self, name: str, clip_range: ClipRange, new_name: str = "", task: str | None = None) -> str:
        """Add a part of a video's file as a new video with the same participant and occasion, without reading it.

        Args:
            name: Name of the video.
            clip_range: The part.
            new_name: Name of the part, or "" for a number after the name of the file.
            task: Task of the part, or None for that of the video.

        Returns:
            Name of the part. A part that is or was in the study already keeps its name.

        Raises:
            StudyError: There is no such video, its file was never seen, or the study cannot be written.
        """
        video = self.get(name)
        (row,) = self._file.query("SELECT * FROM video WHERE id = ?", (video.id,))
        if not video.digest or video.path is None or video.state is FileState.REPLACED:
            raise StudyError(f"The file of “{name}” is not where it was: find it before parts of it are made.")
        parts = [v for v in self.all() if v.digest == video.digest and v.clip_range is not None]
        identity = Identity(video.size_bytes, row["modified_ns"], video.digest)
        new = new_name or f"{video.path.stem} {len(parts) + 1}"
        task = video.task if task is None else task
        added = self.add([NewVideo(video.path, new, video.participant, task, clip_range, identity, video.occasion)])
        (added_name,) = added.names
        assert added_name is not None
        return added_name

    def insert(self, db: sqlite3.Connection, name: str, video: NewVideo, identity: Identity | None) -> int:
        """Insert a row under a free name, and return its number."""
        path = None if video.path is None else video.path.absolute()
        clip_range = zip(("extent_unit", "extent_start", "extent_stop"), range_cells(video.clip_range), strict=True)
        return insert(
            db,
            "video",
            name=name,
            relative_path="" if path is None else relative(path, self._folder),
            absolute_path="" if path is None else str(path),
            **asdict(identity if identity is not None else Identity(0, 0, "")),
            **dict(clip_range),
            participant=video.participant,
            task=video.task,
            occasion=video.occasion,
            added_at=now(),
        )

    def change(self, name: str, /, **cells: str | float | None) -> StudyVideo:
        """Change the record of a video. It has a name, participant, task, occasion, notes, context and sync_s.

        Raises:
            StudyError: There is no such video, the new name is taken, or the study cannot be written.
        """
        strange = set(cells) - set(_COLUMNS)
        if strange:
            raise ValueError(f"a video has no {', '.join(strange)} that can be changed")
        video = self.get(name)
        new_name = str(cells.get("name", name))
        with self._file.transaction() as db:
            other = db.execute("SELECT id FROM video WHERE name = ? AND id <> ?", (new_name, video.id)).fetchone()
            if other is not None or not new_name.strip():
                raise StudyError(f"“{new_name}” cannot be the name of a video: it is empty, or another has it.")
            for column, value in cells.items():
                db.execute(f"UPDATE video SET {column} = ? WHERE id = ?", (value, video.id))  # noqa: S608 - see above
        return self.get(new_name)

    def name_participants(
        self, participants: Mapping[str, str], occasions: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """Set participants and occasions, by video name, where they are not known; unknown names are ignored.

        Returns:
            Names of the videos with a newly known participant, and with a newly known occasion; and a sentence for
            every video with another one in the study, which stays.

        Raises:
            StudyError: The study cannot be written.
        """
        changed: dict[str, list[str]] = {"participant": [], "occasion": []}
        problems = []
        with self._file.transaction() as db:
            for row in db.execute("SELECT * FROM video WHERE removed_at IS NULL AND camera_of IS NULL").fetchall():
                for column, values, verb in (("participant", participants, "show"), ("occasion", occasions, "be of")):
                    new = values.get(row["name"], "").strip()
                    name = row["name"]
                    if new and not row[column]:
                        db.execute(f"UPDATE video SET {column} = ? WHERE id = ?", (new, row["id"]))  # noqa: S608 - ours
                        changed[column].append(name)
                    elif new and new != row[column]:
                        problems.append(f"“{name}” is said to {verb} {new}; the study says {row[column]}, which stays.")
        return tuple(changed["participant"]), tuple(changed["occasion"]), tuple(problems)

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
        """Erase all videos of some files, removed ones, parts of a file and cameras included, and their backups.

        Their names are returned. Files are given by SHA-256; ``names`` are of videos whose file was never seen.

        Raises:
            StudyError: The study or a backup cannot be written.
        """
        digests = {digest for digest in digests if digest}  # "" stands for every file that was never seen
        of_files = ",".join("?" * len(digests))
        of_names = ",".join("?" * len(names))
        by_file = f"digest IN ({of_files}) OR digest = '' AND name IN ({of_names})"
        # the cameras of an erased video show the same person
        condition = (
            f"id IN (SELECT id FROM video WHERE {by_file}) OR camera_of IN (SELECT id FROM video WHERE {by_file})"  # noqa: S608
        )
        with erasing(self._file) as db:
            columns = "id, name, absolute_path, digest"
            arguments = (*digests, *names)
            rows = db.execute(f"SELECT {columns} FROM video WHERE {condition}", (*arguments, *arguments)).fetchall()  # noqa: S608
            erased = tuple(row["name"] for row in rows)
            files = {Path(row["absolute_path"]).name for row in rows if row["absolute_path"]}
            db.execute("CREATE TEMP TABLE IF NOT EXISTS ids (id INTEGER PRIMARY KEY)")
            db.execute("DELETE FROM ids")
            db.executemany("INSERT INTO ids VALUES (?)", [(row["id"],) for row in rows])
            for statement in _DELETE:
                db.execute(statement)
            _leave_out_of_facts(db, erased)
            _leave_out_of_packs(db, {row["id"] for row in rows})
            forget_tables(db, {*erased, *files})
            db.execute("DROP TABLE ids")
        held_of = {*digests, *names, *(row["digest"] for row in rows if row["digest"])}
        delete_backups(self._file.path, lambda backup: not _contents(backup).isdisjoint(held_of))
        return erased

    def mentions(self, names: Collection[str]) -> tuple[str, ...]:
        """Return the texts of users and the paths that still contain names of erased videos."""
        with self._file.reading() as db:
            return mentions(db, video_pattern(names))


def _leave_out_of_facts(db: sqlite3.Connection, names: Collection[str]) -> None:
    """Empty the names of erased videos in what models say of their training."""
    for digest, facts in db.execute("SELECT digest, facts FROM model").fetchall():
        for name in names:
            for written in (json.dumps(name), json.dumps(name, ensure_ascii=False)):
                facts = facts.replace(written, '""')  # noqa: PLW2901 - in steps
        db.execute("UPDATE model SET facts = ? WHERE digest = ?", (facts, digest))


def _leave_out_of_packs(db: sqlite3.Connection, ids: Collection[int]) -> None:
    """Remove erased videos from keys to packs and from practice: SQLite may give their numbers to other videos."""
    texts = db.execute(f"{PACKS} OR name = ?", (PRACTICE,))
    for name, text in texts.fetchall():
        try:
            value = read_json(text, dict[str, Any])
        except ValueError:
            continue  # damaged: it is refused when it is used
        if name == PRACTICE:
            value["pairs"] = [pair for pair in value["pairs"] if not {pair["better"], pair["worse"]} & set(ids)]
            value["videos"] = [video for video in value["videos"] if video["video"] not in ids]
        else:
            value["videos"] = {code: facts for code, facts in value["videos"].items() if facts[0] not in ids}
        changed = msgspec.json.encode(value).decode()  # as written before: its beginning tells the kind of a pack
        db.execute("UPDATE setting SET value = ? WHERE name = ?", (changed, name))


def _contents(db: sqlite3.Connection) -> set[str]:
    """Return the digests of the videos of a study or a backup, and the names of those whose file was never seen."""
    every = (
        "SELECT digest FROM video UNION SELECT video_digest FROM score UNION SELECT name FROM video WHERE digest = ''"
    )
    return {row[0] for row in db.execute(every)}
