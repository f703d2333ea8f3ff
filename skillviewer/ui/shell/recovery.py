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
    """Offers on the first page to return to the place of a session that ended without being closed.

    Returning opens the study of that place, then its video, frame and screen.
    """

    def __init__(
        self, app_context: AppContext, screens: PageStack, start: StartPage, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._screens = screens
        self._start_page = start
        self._place: SessionPlace | None = None  # offered place
        self._awaiting_study: SessionPlace | None = None  # place whose study is being opened
        self._awaiting_video: SessionPlace | None = None  # place whose video is being opened
        start.return_asked.connect(self._on_return_asked)
        app_context.studies.opened.connect(self._on_opened)
        app_context.studies.listed.connect(self._on_listed)
        app_context.playback.video_changed.connect(self._on_video)

    def offer(self, folder: Path) -> None:
        """Find a session that was not closed in the folder of sessions, and offer to return to it."""
        self._place = find_unclosed_session(folder)
        if self._place is not None:
            timestamp_s = int(read_time(self._place.noted_at).timestamp())
            noted_at = QDateTime.fromSecsSinceEpoch(timestamp_s)
            time_text = QLocale().toString(noted_at, QLocale.FormatType.ShortFormat)
            self._start_page.offer_return(self._place.title, time_text)

    def _on_return_asked(self) -> None:
        if self._place is not None:
            self._awaiting_study = self._place
            self._app_context.open([Path(self._place.study)])

    def _on_opened(self, _study: object) -> None:
        self._start_page.withdraw_return_offer()

    def _on_listed(self, _videos: object) -> None:
        app_context = self._app_context
        place = self._awaiting_study
        study = self._app_context.studies.current_study
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
        if video is not None and place is not None and self._app_context.state.current_clip == place.clip:
            self._awaiting_video = None
            self._app_context.playback.seek(place.frame)
