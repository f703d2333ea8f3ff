"""Cameras of a study: up to three further files of an attempt, with their offsets from the assessed video.

A camera is a row of the table of videos that names its assessed video. It is relinked, packed, blurred and forgotten
like any video, but it is never listed, assessed or shown to raters. Cameras belong to the content of the assessed file,
so all parts of a file have the same cameras.
"""

import math
import sqlite3
from pathlib import Path

from skillviewer.core.errors import StudyError
from skillviewer.core.paths import unused_name
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.core.video.cameras import MAX_CAMERAS, MAX_OFFSET_S, Camera
from skillviewer.data.study.values import now
from skillviewer.data.study.video_rows import FileState, NewVideo, StudyVideo
from skillviewer.data.study.videos import Videos
from skillviewer.data.tables.name_spelling import compose_accents


class StudyCameras:
    """Cameras of an open study; errors are those of ``Study``."""

    def __init__(self, videos: Videos) -> None:
        self._videos = videos

    def of(self, video: str) -> tuple[Camera, ...]:
        """Return the cameras of a video, in the order in which they were added, without reading their files."""
        assessed = self._videos.get(video)
        return tuple(map(_camera, self._videos.cameras_of(assessed.digest)))

    def by_digest(self) -> dict[str, tuple[Camera, ...]]:
        """Return the cameras of every assessed file, by its digest."""
        cameras_by_digest: dict[str, list[StudyVideo]] = {}
        digests = self._videos.digests()
        for camera in sorted(self._videos.all_cameras(), key=lambda video: video.id):
            cameras_by_digest.setdefault(digests[camera.camera_of or 0], []).append(camera)
        return {digest: tuple(map(_camera, cameras)) for digest, cameras in cameras_by_digest.items()}

    def add(
        self,
        video: str,
        path: Path,
        name: str = "",
        offset_s: float | None = None,
        confidence: float | None = None,
        token: CancelToken = NEVER,
    ) -> Camera:
        """Add a camera to a video; its file is read for its digest.

        Args:
            video: Name of the assessed video.
            path: The file.
            name: Name of the camera, or "" for that of the file.
            offset_s: Time in this file minus time in the assessed file, or None if unknown.
            confidence: 0 to 1 if the offset was found by sound, or None.
            token: Checked while the file is read.

        Raises:
            StudyError: There is no such video, its file was never seen, it has three cameras already, the file is a
                video or a camera of the study, the offset is out of bounds, or the study cannot be written.
            VideoError: The file cannot be read.
        """
        _check_offset(offset_s, confidence)
        assessed = self._videos.get(video)
        if not assessed.digest:
            raise StudyError(f"The file of “{video}” was never seen: find it before cameras are added.")
        identity = self._videos.identify_storable(path, token)
        with self._videos.transaction() as db:
            if len(self._videos.cameras_of(assessed.digest)) >= MAX_CAMERAS:
                raise StudyError(f"“{video}” has {MAX_CAMERAS} cameras already: remove one first.")
            rows = db.execute("SELECT * FROM video WHERE digest = ? ORDER BY id", (identity.digest,)).fetchall()
            existing = next((row for row in rows if row["removed_at"] is None), None)
            if existing is not None:
                kind = "a video" if existing["camera_of"] is None else "a camera"
                raise StudyError(
                    f"{path.name} is {kind} of the study already, “{existing['name']}”: remove it there first."
                )
            removed_camera_row = next((row for row in rows if row["camera_of"] is not None), None)
            if removed_camera_row is not None:
                number = int(removed_camera_row["id"])
                db.execute("UPDATE video SET removed_at = NULL WHERE id = ?", (number,))
                self._videos.store_location(number, path, identity)
            else:
                names_used: dict[str, object] = {
                    row["name"].casefold(): row["id"] for row in db.execute("SELECT id, name FROM video")
                }
                requested_name = compose_accents(name).strip() if name else compose_accents(path.stem).strip()
                if not requested_name:
                    requested_name = path.stem
                number = self._videos.insert(db, unused_name(requested_name, names_used), NewVideo(path), identity)
            db.execute("UPDATE video SET camera_of = ? WHERE id = ?", (assessed.id, number))
            _set_offset(db, number, offset_s, confidence)
        return next(camera for camera in self.of(video) if camera.digest == identity.digest)

    def set_offset(
        self, camera: str, offset_s: float | None, confidence: float | None = None
    ) -> tuple[float | None, float | None]:
        """Set the offset of a camera, and return the previous offset and its confidence.

        Args:
            camera: Name of the camera.
            offset_s: Time in its file minus time in the assessed file, or None if unknown.
            confidence: 0 to 1 if the offset was found by sound, or None if it was set by hand.

        Raises:
            StudyError: There is no such camera, the offset is out of bounds, or the study cannot be written.
        """
        _check_offset(offset_s, confidence)
        saved_camera = self._get(camera)
        with self._videos.transaction() as db:
            _set_offset(db, saved_camera.id, offset_s, confidence)
        return saved_camera.offset_s, saved_camera.offset_confidence

    def remove(self, camera: str) -> None:
        """Remove a camera; its file stays.

        Raises:
            StudyError: There is no such camera, or the study cannot be written.
        """
        saved_camera = self._get(camera)
        with self._videos.transaction() as db:
            db.execute("UPDATE video SET removed_at = ? WHERE id = ?", (now(), saved_camera.id))

    def restore(self, camera: str) -> None:
        """Undo ``remove``.

        Raises:
            StudyError: There was never such a camera, the video has three others, or the study cannot be written.
        """
        with self._videos.transaction() as db:
            row = db.execute("SELECT * FROM video WHERE name = ? AND camera_of IS NOT NULL", (camera,)).fetchone()
            if row is None:
                raise StudyError(f"There was no camera “{camera}” in the study.")
            digest = self._videos.digests()[row["camera_of"]]
            if row["removed_at"] is not None and len(self._videos.cameras_of(digest)) >= MAX_CAMERAS:
                raise StudyError(f"“{camera}” cannot be restored: the video has {MAX_CAMERAS} other cameras.")
            db.execute("UPDATE video SET removed_at = NULL WHERE id = ?", (row["id"],))

    def _get(self, name: str) -> StudyVideo:
        named_camera = next((camera for camera in self._videos.all_cameras() if camera.name == name), None)
        if named_camera is None:
            raise StudyError(f"There is no camera “{name}” in the study.")
        return named_camera


def _check_offset(offset_s: float | None, confidence: float | None) -> None:
    if offset_s is not None and not abs(offset_s) <= MAX_OFFSET_S:
        raise StudyError(f"An offset of {offset_s:g} s is out of bounds: at most a day either way.")
    if confidence is not None and not (0 <= confidence <= 1 and math.isfinite(confidence)):
        raise StudyError(f"A confidence of {confidence:g} is out of bounds: 0 to 1.")


def _set_offset(db: sqlite3.Connection, number: int, offset_s: float | None, confidence: float | None) -> None:
    db.execute("UPDATE video SET offset_s = ?, offset_confidence = ? WHERE id = ?", (offset_s, confidence, number))


def _camera(video: StudyVideo) -> Camera:
    problem = ""
    if video.state is FileState.REPLACED:
        problem = f"Another file lies in the place of the camera {video.name}."
    elif video.path is None:
        problem = f"The file of the camera {video.name} is missing: {video.recorded_path}."
    path = None if problem else video.path
    offset_s = video.offset_s
    if offset_s is not None and not abs(offset_s) <= MAX_OFFSET_S:
        offset_s = None
    return Camera(video.name, path, video.digest, offset_s, video.offset_confidence, problem)
