"""Recovery of a session that ended without being closed."""

from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, QObject

from skillviewer.data.study.values import read_time
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.shell.page_spec import START
from skillviewer.ui.shell.page_stack import PageStack
from skillviewer.ui.shell.session_recorder import SessionPlace, find_unclosed_session
from skillviewer.ui.shell.start_page import StartPage


class Recovery(QObject):
    """Offers on the first page to go back to the place of the last session, if that ended without being closed.

    Going back opens the study of that place, then its video, frame and screen.
    """

    def __init__(
        self, app_context: AppContext, screens: PageStack, start: StartPage, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._screens = screens
        self._start = start
        self._place: SessionPlace | None = None  # the one that is offered
        self._awaiting_study: SessionPlace | None = None  # its study is awaited
        self._awaiting_video: SessionPlace | None = None  # its video is awaited
        start.return_asked.connect(self._on_asked)
        app_context.studies.opened.connect(self._on_opened)
        app_context.studies.listed.connect(self._on_listed)
        app_context.playback.video_changed.connect(self._on_video)

    def offer(self, folder: Path) -> None:
        """Look in the folder of sessions for one that was not closed, and offer it."""
        self._place = find_unclosed_session(folder)
        if self._place is not None:
            noted = read_time(self._place.noted_at)
            noted_at = QDateTime.fromSecsSinceEpoch(int(noted.timestamp()))
            time_text = QLocale().toString(noted_at, QLocale.FormatType.ShortFormat)
            self._start.offer_return(self._place.title, time_text)

    def _on_asked(self) -> None:
        if self._place is not None:
            self._awaiting_study = self._place
            self._app_context.open([Path(self._place.study)])

    def _on_opened(self, _study: object) -> None:
        self._start.withdraw_return_offer()

    def _on_listed(self, _videos: object) -> None:
        app_context = self._app_context
        place = self._awaiting_study
        study = self._app_context.studies.current
        if place is None or study is None or study.path != Path(place.study):
            return
        self._awaiting_study = None
        if place.clip is not None and app_context.videos.get(place.clip) is not None:
            self._awaiting_video = place
            app_context.state.set_current(place.clip)
        if place.screen != START:
            self._screens.show(place.screen)

    def _on_video(self, video: object) -> None:
        place = self._awaiting_video
        if video is not None and place is not None and self._app_context.state.current == place.clip:
            self._awaiting_video = None
            self._app_context.playback.seek(place.frame)
