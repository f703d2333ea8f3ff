"""Location of the video files of a study, and search for moved files."""

import os
import sqlite3
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from skillviewer.core.errors import StudyError, VideoError
from skillviewer.core.progress import NEVER, CancelToken, Report, one_by_one, silent
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.identity import (
    FileIndex,
    Identity,
    identify,
    path_relative_to,
    recorded_path_texts,
    resolve_relative,
    stat_of,
)
from skillviewer.data.study.values import row_values
from skillviewer.data.study.video_rows import FileState, RelinkResult, StudyVideo, clip_range_from_row


def _with_probable_path(video: StudyVideo, index: FileIndex) -> StudyVideo:
    """Return a video with the path of a file of the same name and size, if there is one."""
    if not video.digest:
        return video
    path = index.find_by_name(video.recorded_file.name, video.size_bytes)
    return video if path is None else replace(video, path=path, state=FileState.MOVED, must_check=True)


class StudyVideoFiles:
    """Files of the videos of an open study. Methods raise a StudyError if the study cannot be read or written."""

    def __init__(self, file: StudyFile) -> None:
        self._file = file

    @property
    def _folder(self) -> Path:
        return self._file.path.parent

    def all(self) -> tuple[StudyVideo, ...]:
        """Return the videos sorted by name, with the states of their files; the files are not read."""
        return self._query_videos("camera_of IS NULL")

    def all_cameras(self) -> tuple[StudyVideo, ...]:
        """Return the cameras of the study's videos sorted by name, with the states of their files."""
        # the owner of a camera may be removed while another video of the study has the same file
        return self._query_videos(
            "EXISTS (SELECT 1 FROM video AS owner "
            "JOIN video AS assessed ON assessed.digest = owner.digest "
            "WHERE owner.id = video.camera_of "
            "AND assessed.removed_at IS NULL "
            "AND assessed.camera_of IS NULL)"
        )

    def _query_videos(self, condition: str) -> tuple[StudyVideo, ...]:
        rows = self._file.query(
            f"SELECT * FROM video WHERE removed_at IS NULL AND {condition} ORDER BY name COLLATE NOCASE, name"  # noqa: S608 - a constant of this class
        )
        videos = [self._video_with_state(row) for row in rows]
        folders_of_videos = [video.path.parent for video in videos if video.path is not None]
        if len(folders_of_videos) == len(videos):
            return tuple(videos)
        index = FileIndex.from_folders([self._folder, self._folder / "videos", *folders_of_videos])
        for position, video in enumerate(videos):
            if video.path is None:
                videos[position] = _with_probable_path(video, index)
        return tuple(videos)

    def cameras_of(self, digest: str) -> tuple[StudyVideo, ...]:
        """Return the cameras of an assessed file, in the order in which they were added."""
        if not digest:
            return ()
        video_ids = {video_id for video_id, known_digest in self.digests().items() if known_digest == digest}
        cameras = [camera for camera in self.all_cameras() if camera.camera_of in video_ids]
        return tuple(sorted(cameras, key=lambda camera: camera.id))

    def digests(self) -> dict[int, str]:
        """Return the digests of all videos by number, of removed videos too."""
        return {row["id"]: row["digest"] for row in self._file.query("SELECT id, digest FROM video")}

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Return a context in which several writes are one transaction."""
        return self._file.transaction()

    def first_located(self) -> StudyVideo | None:
        """Return the first video by name whose file is at a recorded path, or None; only twenty videos are tried."""
        rows = self._file.query(
            "SELECT * FROM video WHERE removed_at IS NULL AND camera_of IS NULL ORDER BY name COLLATE NOCASE, name "
            "LIMIT 20"
        )
        return next((video for video in map(self._video_with_state, rows) if video.path is not None), None)

    def tasks(self) -> dict[str, str]:
        """Return the task of every video by name, in the order of ``all``; no file is accessed."""
        query = (
            "SELECT name, task FROM video WHERE removed_at IS NULL AND camera_of IS NULL "
            "ORDER BY name COLLATE NOCASE, name"
        )
        return {row["name"]: row["task"] for row in self._file.query(query)}

    def names(self) -> dict[int, str]:
        """Return the names of all videos by number, of removed videos too."""
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
        must_check = False
        for recorded_path in recorded_path_texts(str(self._folder), row):
            stat = stat_of(recorded_path)
            if stat is None:
                continue
            has_same_time = stat.st_mtime_ns == row["modified_ns"]
            is_known_replacement = has_same_time and row["other_digest"] != ""
            if stat.st_size == row["size_bytes"] and not is_known_replacement:
                path = Path(recorded_path)
                state = FileState.PRESENT
                must_check = not has_same_time
                break
            if state is FileState.MISSING:
                path = Path(recorded_path)
                state = FileState.REPLACED
        values = row_values(
            row, "id", "name", "size_bytes", "digest", "participant", "task", "occasion", "notes", "context", "sync_s",
            "camera_of", "offset_s", "offset_confidence",
        )  # fmt: skip
        return StudyVideo(
            path=path,
            recorded_path=row["absolute_path"],
            state=state,
            must_check=must_check,
            clip_range=clip_range_from_row(row),
            **values,
        )

    def check(
        self,
        token: CancelToken = NEVER,
        report: Report = silent,
        only: Collection[str] | None = None,
        read: Callable[[Path, CancelToken], Identity] = identify,
    ) -> tuple[StudyVideo, ...]:
        """Return the videos after reading the files that ``must_check`` marks; the results are stored.

        Args:
            token: Cancels the reading.
            report: Receives the progress.
            only: Names of the videos to read, or None for all.
            read: Returns the identity of a file; a caller that knows identities already can pass them in this way.

        Raises:
            Cancelled: The user cancelled; earlier results are kept.
        """
        return self._checked(self.all(), token, report, only, read)

    def check_cameras(self, token: CancelToken = NEVER, report: Report = silent) -> tuple[StudyVideo, ...]:
        """Return the cameras of the study's videos, checked like videos by ``check``."""
        return self._checked(self.all_cameras(), token, report)

    def _checked(
        self,
        listed_videos: tuple[StudyVideo, ...],
        token: CancelToken,
        report: Report,
        only: Collection[str] | None = None,
        read: Callable[[Path, CancelToken], Identity] = identify,
    ) -> tuple[StudyVideo, ...]:
        videos = list(listed_videos)
        indices = []
        for i, video in enumerate(videos):
            is_requested = only is None or video.name in only
            if is_requested and video.must_check and video.path is not None:
                indices.append(i)
        for i in one_by_one("checking videos", indices, report):
            video = videos[i]
            assert video.path is not None
            try:
                identity = read(video.path, token)
            except VideoError:
                videos[i] = replace(video, path=None, state=FileState.MISSING, must_check=False)
                continue
            if identity.digest == video.digest:
                videos[i] = replace(video, must_check=False)
                if video.state is FileState.PRESENT:
                    self._store_check(video.id, identity.modified_ns, "")
            elif video.state is FileState.MOVED:  # another video with the same name and size
                videos[i] = replace(video, path=None, state=FileState.MISSING, must_check=False)
            else:
                videos[i] = replace(video, state=FileState.REPLACED, must_check=False)
                self._store_check(video.id, identity.modified_ns, identity.digest)
        return tuple(videos)

    def _store_check(self, video_id: int, modified_ns: int, other_digest: str) -> None:
        """Store the result of reading a file, so that it is not read again, unless the study is read-only.

        ``other_digest`` is the digest of another file in the place of the video's, or "".
        """
        if self._file.read_only:
            return
        with self._file.transaction() as db:
            db.execute(
                "UPDATE video SET modified_ns = ?, other_digest = ? WHERE id = ?", (modified_ns, other_digest, video_id)
            )

    def relink(self, folder: Path | None = None, token: CancelToken = NEVER, report: Report = silent) -> RelinkResult:
        """Search for missing video files by size and digest, so that renamed files are found too.

        Without ``folder``, the folder of the study and the folders of its located videos are searched. If the job is
        cancelled, nothing is changed.

        Raises:
            StudyError: There is no such folder, or the study cannot be written.
        """
        if folder is not None and not folder.is_dir():
            raise StudyError(f"There is no folder {folder} to look for videos in.")
        videos = (*self.check(token, report), *self.check_cameras(token, report))
        unlocated = [video for video in videos if video.state is not FileState.PRESENT]
        if folder is not None:
            index = FileIndex.from_tree(folder)
        else:
            folders = [video.path.parent for video in videos if video.path is not None]
            index = FileIndex.from_folders([self._folder, self._folder / "videos", *folders])
        locations: list[tuple[StudyVideo, Path, Identity]] = []
        problems: list[str] = []
        for video in one_by_one("looking for videos", unlocated, report):
            if video.digest:
                path = index.find_by_digest(video.recorded_file, video.size_bytes, video.digest, token)
            else:
                path = index.find_by_stem(video.name)
            if path is None:
                continue
            try:
                locations.append((video, path, self.identify_storable(path, token)))
            except VideoError as error:
                problems.append(str(error))
        with self._file.transaction():
            for video, path, identity in locations:
                self.store_location(video.id, path, identity)
        located_ids = {video.id for video, _, _ in locations}
        still_unlocated = [video for video in unlocated if video.id not in located_ids]
        return RelinkResult(
            located=tuple(video.name for video, _, _ in locations),
            missing=tuple(video.name for video in still_unlocated if video.state is not FileState.REPLACED),
            replaced=tuple(video.name for video in still_unlocated if video.state is FileState.REPLACED),
            problems=tuple(problems),
        )

    def rebase(self, old_folder: Path) -> None:
        """Rewrite the relative paths of a study that was copied from another folder."""
        with self._file.transaction() as db:
            for row in db.execute("SELECT * FROM video WHERE relative_path <> '' OR absolute_path <> ''").fetchall():
                path = Path(row["absolute_path"])
                if row["relative_path"]:
                    resolved = resolve_relative(old_folder, row["relative_path"])
                    # studies from archives have no absolute paths
                    if not row["absolute_path"] or stat_of(resolved) is not None:
                        path = resolved
                db.execute(
                    "UPDATE video SET relative_path = ?, absolute_path = ? WHERE id = ?",
                    (path_relative_to(path, self._folder), str(path), row["id"]),
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

    def store_location(self, video_id: int, path: Path, identity: Identity) -> None:
        """Store the path and the identity of the file of a video."""
        path = path.absolute()
        paths = (path_relative_to(path, self._folder), str(path))
        with self._file.transaction() as db:
            db.execute(
                "UPDATE video SET relative_path = ?, absolute_path = ?, size_bytes = ?, modified_ns = ?, digest = ?, "
                "other_digest = '' WHERE id = ?",
                (*paths, identity.size_bytes, identity.modified_ns, identity.digest, video_id),
            )
