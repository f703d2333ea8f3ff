"""Comparable videos: those of the list that show the same task and are assessed by the model that is loaded."""

from PySide6.QtCore import QObject, Slot

from skillviewer.core.cohort import standing
from skillviewer.ui.video_list import Entry, VideoList


class Cohorts(QObject):
    """Scores by task, read anew when the list has changed.

    Args:
        videos: The list.
    """

    def __init__(self, videos: VideoList) -> None:
        super().__init__(videos)
        self._videos = videos
        self._scores: dict[str, list[tuple[object, float]]] | None = None
        for signal in (videos.changed, videos.added, videos.removed, videos.cleared):
            signal.connect(self._forget)

    @Slot()
    def _forget(self, *_: object) -> None:
        self._scores = None

    def others(self, entry: Entry) -> list[float]:
        """Return the scores of the videos comparable to one, without itself."""
        if self._scores is None:
            self._scores = {}
            for other in self._videos:
                if other.analysis is not None and other.state.has_picture:
                    self._scores.setdefault(other.task, []).append((other.path, other.analysis.score))
        return [score for path, score in self._scores.get(entry.task, []) if path != entry.path]

    def percentile(self, entry: Entry) -> float | None:
        """Return the percentile of a video among its comparable ones, 0 to 100; None where there are too few."""
        if entry.analysis is None:
            return None
        return standing(entry.analysis.score, entry.analysis.interval, self.others(entry)).percentile
