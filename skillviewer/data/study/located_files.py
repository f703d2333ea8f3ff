"""Where the files of the videos of a study lie now, and how moved ones are found again."""

import os
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from skillviewer.core.errors import StudyError, VideoError
from skillviewer.core.progress import CancelToken, Progress, Report, silent
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.identity import Identity, Shelf, identify, joined, places_of, relative, stat_of
from skillviewer.data.study.video_rows import FileState, Relinked, StudyVideo, extent_of


def _moved(video: StudyVideo, shelf: Shelf) -> StudyVideo:
    """Return a video with the place that its file has moved to, if one is likely."""
    path = shelf.likely(video.recorded, video.size_bytes) if video.digest else None
    return video if path is None else replace(video, path=path, state=FileState.MOVED, unsure=True)


class StudyVideoFiles:
    """The files behind the videos of an open study.

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

    def _seen(self, row: sqlite3.Row) -> StudyVideo:
        """Return a video, and whether a file is where it was."""
        path, state, unsure = None, FileState.MISSING, False
        for place in places_of(self._folder, row):
            found = stat_of(place)
            if found is None:
                continue
            same_time = found.st_mtime_ns == row["modified_ns"]
            other = found.st_size != row["size_bytes"] or (same_time and row["other_digest"] != "")
            if state is FileState.MISSING or not other:
                path = place
                state = FileState.REPLACED if other else FileState.PRESENT
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

    def check(
        self,
        token: CancelToken | None = None,
        report: Report = silent,
        only: Collection[str] | None = None,
        read: Callable[[Path, CancelToken | None], Identity] = identify,
    ) -> tuple[StudyVideo, ...]:
        """Return the videos after reading the files that are ``unsure``; what is found is written down.

        Args:
            token: Stops the job.
            report: Told of every file.
            only: Names of those that are read; None for all.
            read: What reads them; who has read a file already says here what was found.

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
                found = read(video.path, token)
            except VideoError:
                videos[i] = replace(video, path=None, state=FileState.MISSING, unsure=False)
                continue
            if found.digest == video.digest:
                videos[i] = replace(video, unsure=False)
                if not self._file.read_only and video.state is FileState.PRESENT:
                    with self._file.act() as db:
                        db.execute(
                            "UPDATE video SET modified_ns = ?, other_digest = '' WHERE id = ?",
                            (found.modified_ns, video.id),
                        )
            elif video.state is FileState.MOVED:  # another video of the same name and size
                videos[i] = replace(video, path=None, state=FileState.MISSING, unsure=False)
            else:
                videos[i] = replace(video, state=FileState.REPLACED, unsure=False)
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
        lost = [video for video in videos if video.state is not FileState.PRESENT]
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
            missing=tuple(v.name for v in still if v.state is not FileState.REPLACED),
            replaced=tuple(v.name for v in still if v.state is FileState.REPLACED),
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
            for row in db.execute("SELECT * FROM video WHERE relative_path <> '' OR absolute_path <> ''").fetchall():
                there, absolute = joined(old_folder, row["relative_path"]), row["absolute_path"]
                near = row["relative_path"] and (stat_of(there) is not None or not absolute)  # none is from an archive
                path = there if near else Path(absolute)
                db.execute(
                    "UPDATE video SET relative_path = ?, absolute_path = ? WHERE id = ?",
                    (relative(path, self._folder), str(path), row["id"]),
                )

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
