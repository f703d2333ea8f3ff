"""Raters' ratings of the videos in the list, for the criterion that the study looks at."""

from functools import partial

from PySide6.QtCore import QObject

from skillviewer.core.ratings.given_ratings import GivenRating, given_ratings
from skillviewer.data.study import Study
from skillviewer.ui.session.studies import PAIRS, SETTINGS, VIDEOS, VOTES, StudyController
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.threads.throttle import Portions, single_shot

MAX_CHANGES_AT_ONCE = 100


def _read(study: Study) -> dict[str, GivenRating]:
    """Return the ratings by video; none in a blind study, whose raters must not see those of others."""
    return {} if study.settings.blind else given_ratings(study.ratings.all(), study.criterion)


class VideoRatings(QObject):
    """Puts the raters' ratings into the entries of the list."""

    def __init__(self, studies: StudyController, videos: VideoList, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studies = studies
        self._videos = videos
        self._ratings: dict[str, GivenRating] = {}
        self._changes = Portions(self)
        self._soon = single_shot(self, 0, self._apply)
        studies.opened.connect(self._ask)
        studies.changed.connect(self._on_changed)
        studies.replaced.connect(self._on_replaced)
        studies.listed.connect(self._soon.start)

    def _on_replaced(self) -> None:
        self._ratings = {}
        self._changes.clear()

    def _on_changed(self, changes: frozenset[str]) -> None:
        if changes & {VOTES, PAIRS, VIDEOS, SETTINGS}:  # an import of ratings announces pairs
            self._ask()

    def _ask(self, *_: object) -> None:
        if self._studies.current is not None:
            self._studies.read(_read).then(succeeded=self._on_read)

    def _on_read(self, ratings: dict[str, GivenRating]) -> None:
        self._ratings = ratings
        self._apply()

    def _apply(self) -> None:
        self._changes.run(
            [
                partial(self._videos.update, entry.clip, rated=self._ratings.get(entry.study_name))
                for entry in self._videos
                if entry.rated != self._ratings.get(entry.study_name)
            ],
            MAX_CHANGES_AT_ONCE,
        )
