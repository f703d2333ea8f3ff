"""The first page, and the return to a session that ended without being closed."""

import json
import logging
import os
import threading
import uuid
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec
from PySide6.QtCore import QDateTime, QLocale, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QIcon, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from skillviewer.core.arrays import RGBImage
from skillviewer.core.atomic_write import TEMPORARY, atomic_path
from skillviewer.core.errors import StudyError
from skillviewer.core.paths import data_dir
from skillviewer.core.text import printable
from skillviewer.core.video.clips import VideoClip, range_cells, range_from
from skillviewer.data.study.lock import WriteLock
from skillviewer.data.study.values import read_json, read_time
from skillviewer.ui.actions.actions import Actions, plain
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.shell.pages import START, PageStack
from skillviewer.ui.widgets.layout import Spacing, add_all, as_tip, horizontal, push_button, text_label, vertical
from skillviewer.ui.widgets.theme import as_image, by_text

COLUMN_PX, WIDEST_PX = 720, 1216  # the widest fits into a window of 1280 pixels
MAX_SHOWN = 5
PICTURE_PX = QSize(64, 36)


def column_px() -> int:
    """Return the width of the first page."""
    return min(by_text(COLUMN_PX), WIDEST_PX)


class StartPage(QWidget):
    """The first page: the ways in, the sample study, what can be dropped, and the recent files with a picture each."""

    recent_chosen = Signal(object)
    report_asked = Signal()  # a report of the crash of the last session
    return_asked = Signal()  # back to the place of the last session, which ended without being closed

    def __init__(self, logo: QPixmap, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        picture = QLabel(self)
        picture.setPixmap(logo)
        title = text_label("SkillViewer", self, letters="brand")
        text = "See how skilfully a task was done in a video, when it went well or badly, and why."
        head = add_all(horizontal(spacing=16), picture, add_all(vertical(spacing=4), title, self._muted_text(text)), 1)
        self.videos_button = self._button(actions["open_videos"], primary=False)
        new, train = (self._button(actions[name], primary=False) for name in ("new_study", "import_ratings"))
        ways = add_all(
            horizontal(spacing=12),
            self._way("Look at my videos", "A model scores them and shows why.", self.videos_button),
            self._way("Rank them", "Make a study, and judge its videos in pairs.", new),
            self._way("Train on ratings", "Learn from a spreadsheet of ratings.", train),
        )
        self.sample_button = self._button(actions["open_sample"], primary=True)
        hint = "Or drop it here: videos, folders, studies, tables of ratings, timelines of ELAN or BORIS, models."
        row = add_all(horizontal(spacing=16), self.sample_button, (self._muted_text(hint), 1))
        self._make_offer()
        self._heading = text_label("Recent", self, heading=True)
        self._recent = vertical(spacing=2)
        self._buttons: dict[Path, QPushButton] = {}
        above = (2, head, Spacing(16), ways, Spacing(8), row, self.offer, self.report_offer, Spacing(16), self._heading)
        add_all(QHBoxLayout(self), 1, add_all(vertical(spacing=8), *above, self._recent, 3), 1)
        self.set_recent(())

    def _muted_text(self, text: str) -> QLabel:
        return text_label(text, self, wrap=True, muted=True)

    def _way(self, title: str, about: str, button: QPushButton) -> QFrame:
        box = QFrame(self)
        box.setProperty("card", True)
        box.setFixedWidth((column_px() - 24) // 3)
        column = vertical(box, (16, 12, 16, 12), 6)
        add_all(column, text_label(title, box, heading=True), (self._muted_text(about), 1))
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        return box

    def _make_offer(self) -> None:
        self.offer = QWidget(self)
        offered = vertical(self.offer, (0, 16, 0, 0), 8)
        self._offer_text = text_label("", self.offer, wrap=True, plain=True)
        self._offer_text.setFixedWidth(column_px())
        self.go_on = push_button("Continue where you left off", self.offer, self.return_asked)
        add_all(offered, self._offer_text, (self.go_on, 0, Qt.AlignmentFlag.AlignLeft))
        self.offer.hide()
        self.report_offer = QWidget(self)
        reported = vertical(self.report_offer, (0, 16, 0, 0), 8)
        text = "SkillViewer crashed last time. A report helps to find the cause: it has no names, and nothing is sent."
        save = push_button("Save report…", self.report_offer, self.report_asked)
        add_all(reported, text_label(text, self.report_offer), (save, 0, Qt.AlignmentFlag.AlignLeft))
        self.report_offer.hide()

    def _button(self, action: QAction, *, primary: bool) -> QPushButton:
        button = push_button(plain(action.text()), self, action.trigger, primary=primary)
        button.setVisible(action.isEnabled())
        action.enabledChanged.connect(button.setVisible)
        return button

    def offer_return(self, title: str, when: str) -> None:
        """Offer to go back to the last session: title of its study, or "" to take the offer away, and its time."""
        text = "SkillViewer did not close properly last time ({}, {}). All votes and notes are kept."
        self._offer_text.setText(text.format(printable(title), when))
        self.offer.setVisible(bool(title))

    def offer_report(self) -> None:
        """Offer to save a report: the last session crashed."""
        self.report_offer.show()

    def set_recent(self, paths: tuple[Path, ...]) -> None:
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self._heading.setVisible(bool(paths))
        self._buttons.clear()
        for path in paths[:MAX_SHOWN]:
            button = self._buttons[path] = QPushButton(self)
            button.setProperty("flat", True)
            button.setFixedWidth(column_px())
            text = printable(f"{path.name}   {path.parent}")
            button.setText(
                button.fontMetrics()
                .elidedText(text, Qt.TextElideMode.ElideMiddle, column_px() - PICTURE_PX.width() - 48)
                .replace("&", "&&")
            )
            button.setToolTip(as_tip(printable(str(path))))
            button.setAccessibleName(printable(str(path)))
            button.clicked.connect(partial(self.recent_chosen.emit, path))
            self._recent.addWidget(button)

    def set_picture(self, path: Path, picture: RGBImage | None) -> None:
        """Show the picture of a recent file, (H, W, 3) uint8, if it is still listed."""
        button = self._buttons.get(path)
        if button is not None and picture is not None:
            button.setIconSize(PICTURE_PX)
            button.setIcon(QIcon(QPixmap.fromImage(as_image(picture))))


log = logging.getLogger(__name__)

NOTE_EVERY_MS = 2000  # interval at which a change of the place is looked for


class SessionPlace(msgspec.Struct, frozen=True, rename={"clip_range": "extent"}):
    """A place in a study: screen, video, frame."""

    study: str  # the study's file
    title: str  # what it is called
    draft: bool  # true where the program made it for videos that were opened without a study
    video: str  # the video on screen, or ""
    frame: int  # its frame, from 0
    screen: str  # the screen that was shown
    noted_at: str  # when, ISO 8601
    # the part of the video that was on screen, as ``range_cells`` gives it
    clip_range: tuple[str, float, float] = ("", 0.0, 0.0)

    @property
    def clip(self) -> VideoClip | None:
        return VideoClip(Path(self.video), range_from(*self.clip_range)) if self.video else None


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
        _ = read_time(place.noted_at), place.clip  # a session without a date or a valid clip is ignored
        if not Path(place.study).is_file():
            return None
    except (OSError, ValueError, OverflowError, StudyError):
        return None
    return place


class SessionRecorder(QObject):
    """Notes the place of the user."""

    def __init__(
        self, app_context: AppContext, screens: PageStack, folder: Path, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._app_context, self._screens = app_context, screens
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
        app_context.studies.opened.connect(self.note)
        app_context.studies.closed.connect(self.note)

    @property
    def place(self) -> SessionPlace | None:
        """The present place; None without a study."""
        app_context = self._app_context
        study, video = app_context.studies.current, app_context.state.current
        if study is None:
            return None
        return SessionPlace(
            study=os.fspath(study.path),
            title=study.title,
            draft=study.draft,
            video=os.fspath(video.path) if video is not None else "",
            clip_range=range_cells(video.clip_range if video is not None else None),
            frame=app_context.playback.frame if app_context.playback.video is not None else 0,
            screen=self._screens.current,
            noted_at="",
        )

    def note(self, *_: object) -> None:
        """Store the place if it has changed; in the worker for small tasks."""
        place = self.place
        if self._lock is None or place == self._noted or self._app_context.index.stopped:
            return
        self._noted = place
        self._app_context.index.submit(lambda _backend, _token, _report: self._write(place))

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
        record = msgspec.to_builtins(place) | {"noted_at": datetime.now().astimezone().isoformat(timespec="seconds")}
        with atomic_path(path) as temp_path:
            temp_path.write_text(json.dumps(record), encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        log.warning("where this session is could not be noted: %s", error)


class Recovery(QObject):
    """Offers on the first page to go back to the place of the last session, if that ended without being closed.

    Going back opens the study of that place, then its video, frame and screen.
    """

    def __init__(
        self, app_context: AppContext, screens: PageStack, start: StartPage, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._app_context, self._screens, self._start = app_context, screens, start
        self._place: SessionPlace | None = None  # the one that is offered
        self._going: SessionPlace | None = None  # its study is awaited
        self._arriving: SessionPlace | None = None  # its video is awaited
        start.return_asked.connect(self._on_asked)
        app_context.studies.opened.connect(self._on_opened)
        app_context.studies.listed.connect(self._on_listed)
        app_context.playback.video_changed.connect(self._on_video)

    def offer(self, folder: Path) -> None:
        """Look in the folder of sessions for one that was not closed, and offer it."""
        self._place = left_behind(folder)
        if self._place is not None:
            noted = read_time(self._place.noted_at)
            at = QDateTime.fromSecsSinceEpoch(int(noted.timestamp()))
            when = QLocale().toString(at, QLocale.FormatType.ShortFormat)
            self._start.offer_return(self._place.title, when)

    def _on_asked(self) -> None:
        if self._place is not None:
            self._going = self._place
            self._app_context.open([Path(self._place.study)])

    def _on_opened(self, _study: object) -> None:
        self._start.offer_return("", "")

    def _on_listed(self, _videos: object) -> None:
        app_context, place, study = self._app_context, self._going, self._app_context.studies.current
        if place is None or study is None or study.path != Path(place.study):
            return
        self._going = None
        if place.clip is not None and app_context.videos.get(place.clip) is not None:
            self._arriving = place
            app_context.state.set_current(place.clip)
        if place.screen != START:
            self._screens.show(place.screen)

    def _on_video(self, video: object) -> None:
        place = self._arriving
        if video is not None and place is not None and self._app_context.state.current == place.clip:
            self._arriving = None
            self._app_context.playback.seek(place.frame)
