"""Raters' ratings of the videos in the list, for the criterion in use."""

from functools import partial

from PySide6.QtCore import QObject

from skillviewer.core.ratings.given_ratings import GivenRating, given_ratings
from skillviewer.data.study import Study
from skillviewer.ui.session.study_controller import PAIRS, SETTINGS, VIDEOS, VOTES, StudyController
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.threads.throttle import Portions, single_shot

MAX_CHANGES_AT_ONCE = 100


def _read(study: Study) -> dict[str, GivenRating]:
    """Return the ratings by video. A blind study shows none, since raters must not see the ratings of others."""
    if study.settings.blind:
        return {}
    return given_ratings(study.ratings.all(), study.criterion)


class VideoRatings(QObject):
    """Keeps the raters' ratings in the entries of the list up to date."""

    def __init__(self, studies: StudyController, videos: VideoList, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studies = studies
        self._videos = videos
        self._ratings: dict[str, GivenRating] = {}
        self._changes = Portions(self)
        self._apply_soon = single_shot(self, 0, self._apply)
        studies.opened.connect(self._request)
        studies.changed.connect(self._on_changed)
        studies.replaced.connect(self._on_replaced)
        studies.listed.connect(self._apply_soon.start)

    def _on_replaced(self) -> None:
        self._ratings = {}
        self._changes.clear()

    def _on_changed(self, changes: frozenset[str]) -> None:
        if changes & {VOTES, PAIRS, VIDEOS, SETTINGS}:  # an import of ratings is announced as pairs
            self._request()

    def _request(self, *_: object) -> None:
        if self._studies.current_study is not None:
            self._studies.read(_read).then(succeeded=self._on_read)

    def _on_read(self, ratings: dict[str, GivenRating]) -> None:
        self._ratings = ratings
        self._apply()

    def _apply(self) -> None:
        changes = []
        for entry in self._videos:
            rating = self._ratings.get(entry.study_name)
            if entry.raters_rating != rating:
                changes.append(partial(self._videos.update, entry.clip, raters_rating=rating))
        self._changes.run(changes, MAX_CHANGES_AT_ONCE)
