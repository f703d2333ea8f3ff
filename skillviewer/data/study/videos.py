"""The videos of a study: which there are, where their files lie now, and how moved ones are found again."""

import os
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from skillviewer.core.errors import StudyError, VideoError
from skillviewer.core.job import CancelToken, Progress, Report, silent
from skillviewer.core.pairs import Extent, extent_cells
from skillviewer.data.rows import composed
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.identity import Identity, Shelf, free_name, identify, joined, relative, stat_of
from skillviewer.data.study.times import now
from skillviewer.data.study.video_rows import Added, NewVideo, Relinked, StudyVideo, VideoState, extent_of

_COLUMNS = ("name", "participant", "task", "notes", "context", "sync_s")


def _moved(video: StudyVideo, shelf: Shelf) -> StudyVideo:
    """Return a video with the place that its file has moved to, if one is likely."""
    path = shelf.likely(video.recorded, video.size_bytes) if video.digest else None
    return video if path is None else replace(video, path=path, state=VideoState.MOVED, unsure=True)


class Videos:
    """The videos of an open study.

    Args:
        file: The study.
    """

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    @property
    def _folder(self) -> Path:
        return self._file.path.parent

    def all(self) -> tuple[StudyVideo, ...]:
        """Return the videos in the order of their names; looks where every file is, without reading one."""
        rows = self._file.rows("SELECT * FROM video WHERE removed_at IS NULL ORDER BY name COLLATE NOCASE, name")
        seen = [self._seen(row) for row in rows]
        if all(video.path is not None for video in seen):
            return tuple(seen)
        folders = [self._folder, self._folder / "videos", *(v.path.parent for v in seen if v.path is not None)]
        shelf = Shelf.of_folders(folders)
        return tuple(video if video.path is not None else _moved(video, shelf) for video in seen)

    def get(self, name: str) -> StudyVideo:
        """Return a video.

        Raises:
            StudyError: There is none of that name.
        """
        rows = self._file.rows("SELECT * FROM video WHERE name = ? AND removed_at IS NULL", (name,))
        if not rows:
            raise StudyError(f"There is no video “{name}” in the study.")
        video = self._seen(rows[0])
        return video if video.path is not None else next(other for other in self.all() if other.id == video.id)

    def _places(self, row: sqlite3.Row) -> list[Path]:
        places = [joined(self._folder, row["relative_path"])] if row["relative_path"] else []
        return [*places, Path(row["absolute_path"])] if row["absolute_path"] else places

    def _seen(self, row: sqlite3.Row) -> StudyVideo:
        """Return a video, and whether a file is where it was."""
        path, state, unsure = None, VideoState.MISSING, False
        for place in self._places(row):
            found = stat_of(place)
            if found is None:
                continue
            same_time = found.st_mtime_ns == row["modified_ns"]
            other = found.st_size != row["size_bytes"] or (same_time and row["other_digest"] != "")
            if state is VideoState.MISSING or not other:
                path = place
                state = VideoState.REPLACED if other else VideoState.PRESENT
                unsure = not other and not same_time
            if not other:
                break
        return StudyVideo(
            id=row["id"],
            name=row["name"],
            path=path,
            recorded_path=row["absolute_path"],
            state=state,
            unsure=unsure,
            size_bytes=row["size_bytes"],
            digest=row["digest"],
            extent=extent_of(row),
            participant=row["participant"],
            task=row["task"],
            notes=row["notes"],
            context=row["context"],
            sync_s=row["sync_s"],
        )

    def add(self, videos: Sequence[NewVideo], token: CancelToken | None = None, report: Report = silent) -> Added:
        """Add videos: all that can be read, in one act; the same bytes are one video, whatever the name.

        A video of the study whose file had been lost, or that had been removed, is found again by this.

        Args:
            videos: The videos.
            token: Stops the job; nothing is added then.
            report: Told of every file.

        Raises:
            StudyError: The study cannot be written.
            Cancelled: The person asked to stop.
        """
        identities: list[Identity | None] = []
        problems: list[str] = []
        for i, video in enumerate(videos):
            report(Progress("reading videos", i, len(videos)))
            if token is not None:
                token.check()
            identities.append(video.identity)
            if video.path is not None and video.identity is None:
                try:
                    identities[-1] = self._identified(video.path, token)
                except VideoError as error:
                    problems.append(str(error))
        report(Progress("reading videos", len(videos), len(videos)))
        with self._file.act() as db:
            rows = db.execute("SELECT * FROM video").fetchall()
            taken: dict[str, object] = {row["name"].casefold(): row["id"] for row in rows}
            by_content = {(r["digest"], r["extent_unit"], r["extent_start"], r["extent_stop"]): r for r in rows}
            names: list[str | None] = []
            known: list[str] = []
            for video, identity in zip(videos, identities, strict=True):
                if identity is None and (video.path is not None or not video.name):
                    names.append(None)
                    continue
                old = None if identity is None else by_content.get((identity.digest, *extent_cells(video.extent)))
                if old is None and identity is None:
                    old = next((row for row in rows if row["name"] == video.name), None)
                if old is not None:
                    db.execute("UPDATE video SET removed_at = NULL WHERE id = ?", (old["id"],))
                    if identity is not None and video.path is not None and self._seen(old).path is None:
                        self._place(old["id"], video.path, identity)
                    names.append(old["name"])
                    known.append(old["name"])
                    continue
                wanted = video.name or (video.path.stem if video.path is not None else "")
                name = free_name(composed(wanted).strip() or wanted, taken)  # as tables are read
                row = self._insert(db, name, video, identity)
                taken[name.casefold()] = row["id"]
                by_content[row["digest"], row["extent_unit"], row["extent_start"], row["extent_stop"]] = row
                names.append(name)
        return Added(tuple(names), tuple(known), tuple(problems))

    def _identified(self, path: Path, token: CancelToken | None) -> Identity:
        """Return the identity of a file whose place can be written down.

        Raises:
            VideoError: It cannot be read, or its name is no text.
            Cancelled: The person asked to stop.
        """
        try:
            str(path.absolute()).encode()
        except UnicodeEncodeError:
            shown = os.fsencode(path.absolute()).decode(errors="backslashreplace")
            raise VideoError(
                f"{shown} has a name that is not UTF-8, as old disks and archives leave them: rename it, or its folder."
            ) from None
        return identify(path, token)

    def split(self, name: str, extent: Extent) -> str:
        """Make a part of a video's file a video of its own, of the same person and task; the file is not read.

        Args:
            name: The video; itself the whole file or a part of it.
            extent: The part, counted from the start of the file.

        Returns:
            The name of the part. A part that is or was in the study already keeps its name.

        Raises:
            StudyError: There is no such video, its file was never seen, or the study cannot be written.
        """
        video = self.get(name)
        (row,) = self._file.rows("SELECT * FROM video WHERE id = ?", (video.id,))
        if not video.digest or video.path is None or video.state is VideoState.REPLACED:
            raise StudyError(f"The file of “{name}” is not where it was: find it before parts of it are made.")
        parts = [v for v in self.all() if v.digest == video.digest and v.extent is not None]
        identity = Identity(video.size_bytes, row["modified_ns"], video.digest)
        new = f"{video.path.stem} {len(parts) + 1}"
        added = self.add([NewVideo(video.path, new, video.participant, video.task, extent, identity)])
        (known_as,) = added.names
        assert known_as is not None
        return known_as

    def _insert(self, db: sqlite3.Connection, name: str, video: NewVideo, identity: Identity | None) -> sqlite3.Row:
        path = None if video.path is None else video.path.absolute()
        values = (
            name,
            "" if path is None else relative(path, self._folder),
            "" if path is None else str(path),
            *((0, 0, "") if identity is None else (identity.size_bytes, identity.modified_ns, identity.digest)),
            *extent_cells(video.extent),
            video.participant,
            video.task,
            now(),
        )
        cursor = db.execute(
            "INSERT INTO video (name, relative_path, absolute_path, size_bytes, modified_ns, digest, extent_unit, "
            "extent_start, extent_stop, participant, task, added_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
        row = db.execute("SELECT * FROM video WHERE id = ?", (cursor.lastrowid,)).fetchone()
        assert isinstance(row, sqlite3.Row)
        return row

    def _place(self, number: int, path: Path, identity: Identity) -> None:
        """Write down where a file is now."""
        path = path.absolute()
        values = (relative(path, self._folder), str(path), identity.size_bytes, identity.modified_ns, identity.digest)
        with self._file.act() as db:
            db.execute(
                "UPDATE video SET relative_path = ?, absolute_path = ?, size_bytes = ?, modified_ns = ?, digest = ?, "
                "other_digest = '' WHERE id = ?",
                (*values, number),
            )

    def change(self, name: str, /, **cells: str | float | None) -> StudyVideo:
        """Change what is known of a video.

        Args:
            name: Its name.
            cells: Any of name, participant, task, notes, context and sync_s.

        Returns:
            The video as it is now.

        Raises:
            StudyError: There is no such video, the new name is taken, or the study cannot be written.
        """
        strange = set(cells) - set(_COLUMNS)
        if strange:
            raise ValueError(f"a video has no {', '.join(strange)} that can be changed")
        video = self.get(name)
        new_name = str(cells.get("name", name))
        with self._file.act() as db:
            other = db.execute("SELECT id FROM video WHERE name = ? AND id <> ?", (new_name, video.id)).fetchone()
            if other is not None or not new_name.strip():
                raise StudyError(f"“{new_name}” cannot be the name of a video: it is empty, or another has it.")
            for column, value in cells.items():
                db.execute(f"UPDATE video SET {column} = ? WHERE id = ?", (value, video.id))  # noqa: S608 - see above
        return self.get(new_name)

    def name_people(self, people: Mapping[str, str]) -> tuple[int, tuple[str, ...]]:
        """Write down who is in videos of which nobody has said it yet, in one act.

        Args:
            people: Participant by name of a video; other names than the study's are passed over.

        Returns:
            Of how many videos it is known now and was not before; and one sentence for every video of which the study
            says something else, which stays.

        Raises:
            StudyError: The study cannot be written.
        """
        problems = []
        n_named = 0
        with self._file.act() as db:
            for row in db.execute("SELECT id, name, participant FROM video WHERE removed_at IS NULL").fetchall():
                person = people.get(row["name"], "").strip()
                if person and not row["participant"]:
                    db.execute("UPDATE video SET participant = ? WHERE id = ?", (person, row["id"]))
                    n_named += 1
                elif person and person != row["participant"]:
                    problems.append(
                        f"“{row['name']}” is said to show {person}; the study says {row['participant']}, which stays."
                    )
        return n_named, tuple(problems)

    def remove(self, name: str) -> None:
        """Take a video out of the study; the file stays, and so does what was said of it.

        Raises:
            StudyError: There is no such video, or the study cannot be written.
        """
        video = self.get(name)
        with self._file.act() as db:
            db.execute("UPDATE video SET removed_at = ? WHERE id = ?", (now(), video.id))

    def bring_back(self, name: str) -> StudyVideo:
        """Undo ``remove``.

        Raises:
            StudyError: There never was such a video, or the study cannot be written.
        """
        with self._file.act() as db:
            db.execute("UPDATE video SET removed_at = NULL WHERE name = ?", (name,))
        return self.get(name)

    def check(
        self, token: CancelToken | None = None, report: Report = silent, only: Collection[str] | None = None
    ) -> tuple[StudyVideo, ...]:
        """Return the videos after reading the files that are ``unsure``; what is found is written down.

        Args:
            token: Stops the job.
            report: Told of every file.
            only: Names of those that are read; None for all.

        Raises:
            Cancelled: The person asked to stop; what was found so far is kept.
        """
        videos = list(self.all())
        wanted = {video.name for video in videos} if only is None else set(only)
        doubtful = [i for i, v in enumerate(videos) if v.unsure and v.path is not None and v.name in wanted]
        for done, i in enumerate(doubtful):
            report(Progress("checking videos", done, len(doubtful)))
            video = videos[i]
            assert video.path is not None
            try:
                found = identify(video.path, token)
            except VideoError:
                videos[i] = replace(video, path=None, state=VideoState.MISSING, unsure=False)
                continue
            if found.digest == video.digest:
                videos[i] = replace(video, unsure=False)
                if not self._file.read_only and video.state is VideoState.PRESENT:
                    with self._file.act() as db:
                        db.execute(
                            "UPDATE video SET modified_ns = ?, other_digest = '' WHERE id = ?",
                            (found.modified_ns, video.id),
                        )
            elif video.state is VideoState.MOVED:  # another video of the same name and size
                videos[i] = replace(video, path=None, state=VideoState.MISSING, unsure=False)
            else:
                videos[i] = replace(video, state=VideoState.REPLACED, unsure=False)
                if not self._file.read_only:
                    with self._file.act() as db:
                        db.execute(
                            "UPDATE video SET modified_ns = ?, other_digest = ? WHERE id = ?",
                            (found.modified_ns, found.digest, video.id),
                        )
        report(Progress("checking videos", len(doubtful), len(doubtful)))
        return tuple(videos)

    def relink(self, folder: Path | None = None, token: CancelToken | None = None, report: Report = silent) -> Relinked:
        """Find the files of videos that are not where they were: by size and digest, hence also renamed ones.

        Args:
            folder: Where to look, at any depth; the folders of the study and of its other videos if None.
            token: Stops the job; nothing is changed then.
            report: Told of every video.

        Raises:
            StudyError: There is no such folder, or the study cannot be written.
            Cancelled: The person asked to stop.
        """
        if folder is not None and not folder.is_dir():
            raise StudyError(f"There is no folder {folder} to look for videos in.")
        videos = self.check(token, report)
        lost = [video for video in videos if video.state is not VideoState.PRESENT]
        if folder is not None:
            shelf = Shelf.of_tree(folder)
        else:
            there = [video.path.parent for video in videos if video.path is not None]
            shelf = Shelf.of_folders([self._folder, self._folder / "videos", *there])
        places: list[tuple[StudyVideo, Path, Identity]] = []
        problems: list[str] = []
        for i, video in enumerate(lost):
            report(Progress("looking for videos", i, len(lost)))
            if video.digest:
                path = shelf.find(video.recorded, video.size_bytes, video.digest, token)
            else:
                path = shelf.named(video.name)
            if path is None:
                continue
            try:
                places.append((video, path, self._identified(path, token)))
            except VideoError as error:
                problems.append(str(error))
        report(Progress("looking for videos", len(lost), len(lost)))
        with self._file.act():
            for video, path, identity in places:
                self._place(video.id, path, identity)
        found = {video.id for video, _, _ in places}
        still = [video for video in lost if video.id not in found]
        return Relinked(
            found=tuple(video.name for video, _, _ in places),
            missing=tuple(v.name for v in still if v.state is not VideoState.REPLACED),
            replaced=tuple(v.name for v in still if v.state is VideoState.REPLACED),
            problems=tuple(problems),
        )

    def accept_replacement(self, name: str) -> StudyVideo:
        """Take the file that is in the place of a video for the video from now on; what models said is not kept.

        Raises:
            StudyError: There is no such video, no file is there, or the study cannot be written.
            VideoError: The file cannot be read.
        """
        video = self.get(name)
        if video.path is None:
            raise StudyError(f"The file of “{name}” is missing: {video.recorded_path}.")
        self._place(video.id, video.path, identify(video.path))
        return self.get(name)

    def rebase(self, old_folder: Path) -> None:
        """Write the relative paths anew for a study that was copied from another folder.

        Raises:
            StudyError: The study cannot be written.
        """
        with self._file.act() as db:
            for row in db.execute("SELECT * FROM video WHERE absolute_path <> ''").fetchall():
                there = joined(old_folder, row["relative_path"])
                path = there if row["relative_path"] and there.is_file() else Path(row["absolute_path"])
                db.execute(
                    "UPDATE video SET relative_path = ?, absolute_path = ? WHERE id = ?",
                    (relative(path, self._folder), str(path), row["id"]),
                )
