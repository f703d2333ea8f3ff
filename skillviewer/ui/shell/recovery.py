"""Recovery: the place of the user is noted while the window is open, and offered again after a crash.

A session is a small file under the data folder, locked while its program runs. Votes and notes are in the study at
once; the session holds the place alone.
"""

import json
import logging
import os
import threading
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, QObject, QTimer, Slot

from skillviewer.core.atomic_write import TEMPORARY, atomic_path
from skillviewer.core.errors import StudyError
from skillviewer.core.paths import data_dir
from skillviewer.core.video.extents import VideoClip, range_cells, range_from
from skillviewer.data.study.lock import WriteLock
from skillviewer.data.study.values import read_json, read_time
from skillviewer.ui.session.program import Program
from skillviewer.ui.shell.page_stack import START, PageStack
from skillviewer.ui.shell.start_page import StartPage

log = logging.getLogger(__name__)

NOTE_EVERY_MS = 2000  # interval at which a change of the place is looked for


@dataclass(frozen=True, slots=True)
class SessionPlace:
    """A place in a study: screen, video, frame."""

    study: str  # the study's file
    title: str  # what it is called
    draft: bool  # true where the program made it for videos that were opened without a study
    video: str  # the video on screen, or ""
    frame: int  # its frame, from 0
    screen: str  # the screen that was shown
    noted_at: str  # when, ISO 8601
    # the part of the video that was on screen, as ``range_cells`` gives it
    extent: tuple[str, float, float] = ("", 0.0, 0.0)

    @property
    def footage(self) -> VideoClip | None:
        """The video, or the part of it."""
        return VideoClip(Path(self.video), range_from(*self.extent)) if self.video else None


def sessions_dir() -> Path:
    """Return where sessions are noted."""
    return data_dir() / "sessions"


def left_behind(folder: Path) -> SessionPlace | None:
    """Return where the latest session in a folder was that ended without being closed, and forget all such."""
    found: list[SessionPlace] = []
    for path in folder.glob("*.json"):
        if TEMPORARY in path.suffixes:
            continue  # another window is writing this file
        with suppress(OSError):
            lock = WriteLock(path)
            if not lock.held:
                continue  # another window is still open
            try:
                found += filter(None, [_read(path)])
                path.unlink()
            finally:
                lock.release()
    return max(found, key=lambda place: place.noted_at, default=None)


def _read(path: Path) -> SessionPlace | None:
    try:
        place = read_json(path.read_text(encoding="utf-8"), SessionPlace)
        _ = read_time(place.noted_at), place.footage  # a session without a date or a valid clip is ignored
        if not Path(place.study).is_file():
            return None
    except (OSError, ValueError, OverflowError, StudyError):
        return None
    return place


class SessionRecorder(QObject):
    """Notes the place of the user."""

    def __init__(self, program: Program, screens: PageStack, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._program, self._screens = program, screens
        self._path = folder / f"{uuid.uuid4().hex}.json"
        self._lock: WriteLock | None = None
        self._noted: SessionPlace | None = None
        self._writing = threading.Lock()
        self._ended = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = WriteLock(self._path)
        except OSError as error:
            log.warning("this session is not noted: %s", error)
            return
        self._timer = QTimer(self)
        self._timer.setInterval(NOTE_EVERY_MS)
        self._timer.timeout.connect(self.note)
        self._timer.start()
        program.studies.opened.connect(self.note)
        program.studies.closed.connect(self.note)

    @property
    def place(self) -> SessionPlace | None:
        """The present place; None without a study."""
        program = self._program
        study, video = program.studies.current, program.state.current
        if study is None:
            return None
        return SessionPlace(
            study=os.fspath(study.path),
            title=study.title,
            draft=study.draft,
            video=os.fspath(video.path) if video is not None else "",
            extent=range_cells(video.extent if video is not None else None),
            frame=program.playback.frame if program.playback.video is not None else 0,
            screen=self._screens.current,
            noted_at="",
        )

    @Slot()
    def note(self, *_: object) -> None:
        """Store the place if it has changed; in the worker for small tasks."""
        place = self.place
        if self._lock is None or place == self._noted or self._program.index.stopped:
            return
        self._noted = place
        self._program.index.submit(lambda _backend, _token, _report: self._write(place))

    def _write(self, place: SessionPlace | None) -> None:
        """Write in the worker thread; not after the end, which may come while a write waits."""
        with self._writing:
            if not self._ended:
                _write(self._path, place)

    def end(self) -> None:
        """Delete the session: the window was closed properly."""
        if self._lock is not None:
            self._timer.stop()
            with self._writing:
                self._ended = True
                with suppress(OSError):
                    self._path.unlink(missing_ok=True)
            self._lock.release()
            self._lock = None


def _write(path: Path, place: SessionPlace | None) -> None:
    try:
        if place is None:
            path.unlink(missing_ok=True)
            return
        record = asdict(place) | {"noted_at": datetime.now().astimezone().isoformat(timespec="seconds")}
        with atomic_path(path) as aside:
            aside.write_text(json.dumps(record), encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        log.warning("where this session is could not be noted: %s", error)


class Recovery(QObject):
    """Offers on the first page to go back to the place of the last session, if that ended without being closed.

    Going back opens the study of that place, then its video, frame and screen.
    """

    def __init__(self, program: Program, screens: PageStack, start: StartPage, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._program, self._screens, self._start = program, screens, start
        self._place: SessionPlace | None = None  # the one that is offered
        self._going: SessionPlace | None = None  # its study is awaited
        self._arriving: SessionPlace | None = None  # its video is awaited
        start.return_asked.connect(self._on_asked)
        program.studies.opened.connect(self._on_opened)
        program.studies.listed.connect(self._on_listed)
        program.playback.video_changed.connect(self._on_video)

    def offer(self, folder: Path) -> None:
        """Look in the folder of sessions for one that was not closed, and offer it."""
        self._place = left_behind(folder)
        if self._place is not None:
            noted = read_time(self._place.noted_at)
            at = QDateTime.fromSecsSinceEpoch(int(noted.timestamp()))
            when = QLocale().toString(at, QLocale.FormatType.ShortFormat)
            self._start.offer_return(self._place.title, when)

    @Slot()
    def _on_asked(self) -> None:
        if self._place is not None:
            self._going = self._place
            self._program.open([Path(self._place.study)])

    @Slot(object)
    def _on_opened(self, _study: object) -> None:
        self._start.offer_return("", "")

    @Slot(object)
    def _on_listed(self, _videos: object) -> None:
        program, place, study = self._program, self._going, self._program.studies.current
        if place is None or study is None or study.path != Path(place.study):
            return
        self._going = None
        if place.footage is not None and program.videos.get(place.footage) is not None:
            self._arriving = place
            program.state.set_current(place.footage)
        if place.screen != START:
            self._screens.show(place.screen)

    @Slot(object)
    def _on_video(self, video: object) -> None:
        place = self._arriving
        if video is not None and place is not None and self._program.state.current == place.footage:
            self._arriving = None
            self._program.playback.seek(place.frame)
