"""Recording of the user's place, so that a crashed session can be continued."""

import json
import logging
import os
import threading
import uuid
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer

from skillviewer.core.atomic_write import TEMPORARY_SUFFIX, atomic_path
from skillviewer.core.errors import StudyError
from skillviewer.core.paths import data_dir
from skillviewer.core.video.clips import VideoClip, range_cells, range_from_cells
from skillviewer.data.study.lock import WriteLock
from skillviewer.data.study.values import read_json, read_time
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.shell.page_stack import PageStack

log = logging.getLogger(__name__)


RECORD_INTERVAL_MS = 2000  # interval of checks for a changed place


class SessionPlace(msgspec.Struct, frozen=True, rename={"clip_range": "extent"}):
    """A place in a study: screen, video and frame."""

    study: str  # path of the study
    title: str  # title of the study
    draft: bool  # True if the program made the study for videos opened without one
    video: str  # path of the video on screen, or ""
    frame: int  # frame on screen, from 0
    screen: str  # name of the shown screen
    noted_at: str  # date and time of the record, ISO 8601
    clip_range: tuple[str, float, float] = ("", 0.0, 0.0)  # range of the video, as ``range_cells`` returns it

    @property
    def clip(self) -> VideoClip | None:
        return VideoClip(Path(self.video), range_from_cells(*self.clip_range)) if self.video else None


def sessions_dir() -> Path:
    """Return the folder of the session records."""
    return data_dir() / "sessions"


def find_unclosed_session(folder: Path) -> SessionPlace | None:
    """Return the place of the latest session that ended without being closed, and delete all such records."""
    places: list[SessionPlace] = []
    for path in folder.glob("*.json"):
        if TEMPORARY_SUFFIX in path.suffixes:
            continue  # another window is writing this file
        with suppress(OSError):
            lock = WriteLock(path)
            if not lock.is_held:
                continue  # another window is still open
            try:
                place = _read(path)
                if place is not None:
                    places.append(place)
                path.unlink()
            finally:
                lock.release()
    return max(places, key=lambda place: place.noted_at, default=None)


def _read(path: Path) -> SessionPlace | None:
    """Return a recorded place, or None if it is invalid or its study is missing."""
    try:
        place = read_json(path.read_text(encoding="utf-8"), SessionPlace)
        _ = read_time(place.noted_at)  # raises for an invalid time
        _ = place.clip  # raises for an invalid range
        if not Path(place.study).is_file():
            return None
    except (OSError, ValueError, OverflowError, StudyError):
        return None
    return place


class SessionRecorder(QObject):
    """Records the user's place in a file while the window is open."""

    def __init__(
        self, app_context: AppContext, screens: PageStack, folder: Path, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._screens = screens
        self._path = folder / f"{uuid.uuid4().hex}.json"
        self._lock: WriteLock | None = None
        self._recorded_place: SessionPlace | None = None
        self._write_lock = threading.Lock()
        self._has_ended = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = WriteLock(self._path)
        except OSError as error:
            log.warning("this session is not noted: %s", error)
            return
        self._timer = QTimer(self)
        self._timer.setInterval(RECORD_INTERVAL_MS)
        self._timer.timeout.connect(self.record)
        self._timer.start()
        app_context.studies.opened.connect(self.record)
        app_context.studies.closed.connect(self.record)

    @property
    def place(self) -> SessionPlace | None:
        """The present place; None without a study."""
        app_context = self._app_context
        study = app_context.studies.current_study
        clip = app_context.state.current_clip
        if study is None:
            return None
        video = os.fspath(clip.path) if clip is not None else ""
        clip_range = clip.clip_range if clip is not None else None
        frame = app_context.playback.frame if app_context.playback.video is not None else 0
        return SessionPlace(
            study=os.fspath(study.path),
            title=study.title,
            draft=study.draft,
            video=video,
            clip_range=range_cells(clip_range),
            frame=frame,
            screen=self._screens.current_name,
            noted_at="",
        )

    def record(self, *_: object) -> None:
        """Write the place if it has changed, in a worker thread."""
        place = self.place
        if self._lock is None or place == self._recorded_place or self._app_context.index_worker.stopped:
            return
        self._recorded_place = place
        self._app_context.index_worker.submit(lambda _backend, _token, _report: self._write(place))

    def _write(self, place: SessionPlace | None) -> None:
        """Write the place, unless the session has ended meanwhile."""
        with self._write_lock:
            if not self._has_ended:
                _write(self._path, place)

    def end(self) -> None:
        """Delete the record, since the window was closed properly."""
        if self._lock is not None:
            self._timer.stop()
            with self._write_lock:
                self._has_ended = True
                with suppress(OSError):
                    self._path.unlink(missing_ok=True)
            self._lock.release()
            self._lock = None


def _write(path: Path, place: SessionPlace | None) -> None:
    try:
        if place is None:
            path.unlink(missing_ok=True)
            return
        record = msgspec.to_builtins(place)
        record["noted_at"] = datetime.now().astimezone().isoformat(timespec="seconds")
        with atomic_path(path) as temp_path:
            temp_path.write_text(json.dumps(record), encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        log.warning("where this session is could not be noted: %s", error)
