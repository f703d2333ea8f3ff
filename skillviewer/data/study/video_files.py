"""Location of the video files of a study, and search for moved ones."""

import os
import sqlite3
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from skillviewer.core.errors import StudyError, VideoError
from skillviewer.core.progress import NEVER, CancelToken, Report, one_by_one, silent
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.identity import FileIndex, Identity, identify, joined, recorded_places, relative, stat_of
from skillviewer.data.study.values import columns
from skillviewer.data.study.video_rows import FileState, Relinked, StudyVideo, clip_range_from_row


def _moved(video: StudyVideo, index: FileIndex) -> StudyVideo:
    """Return a video with the probable new path of its file, if there is one."""
    path = index.likely(video.recorded, video.size_bytes) if video.digest else None
    return video if path is None else replace(video, path=path, state=FileState.MOVED, unsure=True)


class StudyVideoFiles:
    """Files of the videos of an open study. Methods raise a StudyError if the study cannot be read or written."""

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    @property
    def _folder(self) -> Path:
        return self._file.path.parent

    def all(self) -> tuple[StudyVideo, ...]:
        """Return the videos sorted by name, with the states of their files, without reading these."""
        return self._listed("camera_of IS NULL")

    def all_cameras(self) -> tuple[StudyVideo, ...]:
        """Return the recordings of further cameras of assessed videos of the study, sorted by name, like ``all``."""
        # the owner of a camera may be removed while another video of the study has the same file
        return self._listed(
            "EXISTS (SELECT 1 FROM video AS owner "
            "JOIN video AS assessed ON assessed.digest = owner.digest "
            "WHERE owner.id = video.camera_of "
            "AND assessed.removed_at IS NULL "
            "AND assessed.camera_of IS NULL)"
        )

    def _listed(self, condition: str) -> tuple[StudyVideo, ...]:
        rows = self._file.query(
            f"SELECT * FROM video WHERE removed_at IS NULL AND {condition} ORDER BY name COLLATE NOCASE, name"  # noqa: S608 - a constant of this class
        )
        located = [self._video_with_state(row) for row in rows]
        if all(video.path is not None for video in located):
            return tuple(located)
        folders = [self._folder, self._folder / "videos", *(v.path.parent for v in located if v.path is not None)]
        index = FileIndex.of_folders(folders)
        return tuple(video if video.path is not None else _moved(video, index) for video in located)

    def cameras_of(self, digest: str) -> tuple[StudyVideo, ...]:
        """Return the further cameras of an assessed file, in the order in which they were added."""
        if not digest:
            return ()
        video_ids = {video_id for video_id, known_digest in self.digests().items() if known_digest == digest}
        return tuple(sorted((c for c in self.all_cameras() if c.camera_of in video_ids), key=lambda camera: camera.id))

    def digests(self) -> dict[int, str]:
        """Return the digests of all videos by id, of removed ones too."""
        return {row["id"]: row["digest"] for row in self._file.query("SELECT id, digest FROM video")}

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Return a context in which several writes are one transaction."""
        return self._file.transaction()

    def first_in_place(self) -> StudyVideo | None:
        """Return the first video whose file is at a recorded path, or None; look at the first twenty by name only."""
        rows = self._file.query(
            "SELECT * FROM video WHERE removed_at IS NULL AND camera_of IS NULL ORDER BY name COLLATE NOCASE, name "
            "LIMIT 20"
        )
        return next((video for video in map(self._video_with_state, rows) if video.path is not None), None)

    def tasks(self) -> dict[str, str]:
        """Return the task of every video by name, sorted like ``all``; looks at no files."""
        query = (
            "SELECT name, task FROM video WHERE removed_at IS NULL AND camera_of IS NULL "
            "ORDER BY name COLLATE NOCASE, name"
        )
        return {row["name"]: row["task"] for row in self._file.query(query)}

    def names(self) -> dict[int, str]:
        """Return the names of all videos by id, of removed ones too."""
        return {row["id"]: row["name"] for row in self._file.query("SELECT id, name FROM video")}

    def get(self, name: str) -> StudyVideo:
        """Return the video with a name."""
        rows = self._file.query(
            "SELECT * FROM video WHERE name = ? AND removed_at IS NULL AND camera_of IS NULL", (name,)
        )
        if not rows:
            raise StudyError(f"There is no video “{name}” in the study.")
        video = self._video_with_state(rows[0])
        if video.path is not None:
            return video
        # ``all`` searches the folders of the other videos for a moved file
        return next(other for other in self.all() if other.id == video.id)

    def _video_with_state(self, row: sqlite3.Row) -> StudyVideo:
        """Return a video with the state of its file."""
        path = None
        state = FileState.MISSING
        unsure = False
        for place in recorded_places(str(self._folder), row):
            stat = stat_of(place)
            if stat is None:
                continue
            same_time = stat.st_mtime_ns == row["modified_ns"]
            differs = stat.st_size != row["size_bytes"] or (same_time and row["other_digest"] != "")
            if not differs:
                path = Path(place)
                state = FileState.PRESENT
                unsure = not same_time
                break
            if state is FileState.MISSING:
                path = Path(place)
                state = FileState.REPLACED
        copied = columns(
            row, "id", "name", "size_bytes", "digest", "participant", "task", "occasion", "notes", "context", "sync_s",
            "camera_of", "offset_s", "offset_confidence",
        )  # fmt: skip
        recorded = row["absolute_path"]
        clip_range = clip_range_from_row(row)
        return StudyVideo(
            path=path, recorded_path=recorded, state=state, unsure=unsure, clip_range=clip_range, **copied
        )

    def check(
        self,
        token: CancelToken = NEVER,
        report: Report = silent,
        only: Collection[str] | None = None,
        read: Callable[[Path, CancelToken], Identity] = identify,
    ) -> tuple[StudyVideo, ...]:
        """Return the videos after reading the files that are ``unsure``; the results are stored.

        With ``only`` the other videos are not read. ``read`` computes the identity of a file; a caller that already
        knows identities passes a function that returns them.

        Raises:
            Cancelled: The user cancelled; earlier results are kept.
        """
        return self._checked(self.all(), token, report, only, read)

    def check_cameras(self, token: CancelToken = NEVER, report: Report = silent) -> tuple[StudyVideo, ...]:
        """Return the further cameras of assessed videos, as ``check`` does."""
        return self._checked(self.all_cameras(), token, report)

    def _checked(
        self,
        listed: tuple[StudyVideo, ...],
        token: CancelToken,
        report: Report,
        only: Collection[str] | None = None,
        read: Callable[[Path, CancelToken], Identity] = identify,
    ) -> tuple[StudyVideo, ...]:
        videos = list(listed)
        names_to_check = {video.name for video in videos} if only is None else set(only)
        doubtful = [i for i, v in enumerate(videos) if v.unsure and v.path is not None and v.name in names_to_check]
        for i in one_by_one("checking videos", doubtful, report):
            video = videos[i]
            assert video.path is not None
            try:
                identity = read(video.path, token)
            except VideoError:
                videos[i] = replace(video, path=None, state=FileState.MISSING, unsure=False)
                continue
            if identity.digest == video.digest:
                videos[i] = replace(video, unsure=False)
                if video.state is FileState.PRESENT:
                    self._remember(video.id, identity.modified_ns, "")
            elif video.state is FileState.MOVED:  # another video with the same name and size
                videos[i] = replace(video, path=None, state=FileState.MISSING, unsure=False)
            else:
                videos[i] = replace(video, state=FileState.REPLACED, unsure=False)
                self._remember(video.id, identity.modified_ns, identity.digest)
        return tuple(videos)

    def _remember(self, video_id: int, modified_ns: int, other_digest: str) -> None:
        """Store what was found of a file, so that it need not be read again; a read-only study is unchanged."""
        if not self._file.read_only:
            change = "UPDATE video SET modified_ns = ?, other_digest = ? WHERE id = ?"
            with self._file.transaction() as db:
                db.execute(change, (modified_ns, other_digest, video_id))

    def relink(self, folder: Path | None = None, token: CancelToken = NEVER, report: Report = silent) -> Relinked:
        """Search for missing video files by size and digest, so that renamed ones are found too.

        Without ``folder``, the folder of the study and the folders of its located videos are searched. When the job is
        cancelled nothing is changed.

        Raises:
            StudyError: There is no such folder, or the study cannot be written.
        """
        if folder is not None and not folder.is_dir():
            raise StudyError(f"There is no folder {folder} to look for videos in.")
        videos = (*self.check(token, report), *self.check_cameras(token, report))
        unlocated = [video for video in videos if video.state is not FileState.PRESENT]
        if folder is not None:
            index = FileIndex.of_tree(folder)
        else:
            folders = [video.path.parent for video in videos if video.path is not None]
            index = FileIndex.of_folders([self._folder, self._folder / "videos", *folders])
        places: list[tuple[StudyVideo, Path, Identity]] = []
        problems: list[str] = []
        for video in one_by_one("looking for videos", unlocated, report):
            if video.digest:
                path = index.find(video.recorded, video.size_bytes, video.digest, token)
            else:
                path = index.named(video.name)
            if path is None:
                continue
            try:
                places.append((video, path, self.identify_storable(path, token)))
            except VideoError as error:
                problems.append(str(error))
        with self._file.transaction():
            for video, path, identity in places:
                self.place(video.id, path, identity)
        located_ids = {video.id for video, _, _ in places}
        still_lost = [video for video in unlocated if video.id not in located_ids]
        return Relinked(
            located=tuple(video.name for video, _, _ in places),
            missing=tuple(v.name for v in still_lost if v.state is not FileState.REPLACED),
            replaced=tuple(v.name for v in still_lost if v.state is FileState.REPLACED),
            problems=tuple(problems),
        )

    def rebase(self, old_folder: Path) -> None:
        """Rewrite the relative paths of a study that was copied from another folder."""
        with self._file.transaction() as db:
            for row in db.execute("SELECT * FROM video WHERE relative_path <> '' OR absolute_path <> ''").fetchall():
                relative_target = joined(old_folder, row["relative_path"])
                absolute = row["absolute_path"]
                # the relative path, if its file exists or there is no absolute path (studies from archives have none)
                use_relative = row["relative_path"] and (stat_of(relative_target) is not None or not absolute)
                path = relative_target if use_relative else Path(absolute)
                db.execute(
                    "UPDATE video SET relative_path = ?, absolute_path = ? WHERE id = ?",
                    (relative(path, self._folder), str(path), row["id"]),
                )

    def identify_storable(self, path: Path, token: CancelToken) -> Identity:
        """Return the identity of a file whose path can be stored.

        Raises:
            VideoError: The file cannot be read, or its name is not UTF-8.
        """
        try:
            str(path.absolute()).encode()
        except UnicodeEncodeError:
            readable_name = os.fsencode(path.absolute()).decode(errors="backslashreplace")
            raise VideoError(
                f"{readable_name} has a name that is not UTF-8, as old disks and archives leave them: rename it, or "
                "its folder."
            ) from None
        return identify(path, token)

    def place(self, video_id: int, path: Path, identity: Identity) -> None:
        """Store the place and the identity of the file of a video."""
        path = path.absolute()
        values = (relative(path, self._folder), str(path), identity.size_bytes, identity.modified_ns, identity.digest)
        with self._file.transaction() as db:
            db.execute(
                "UPDATE video SET relative_path = ?, absolute_path = ?, size_bytes = ?, modified_ns = ?, digest = ?, "
                "other_digest = '' WHERE id = ?",
                (*values, video_id),
            )
