"""Comparable videos: those of the list that show the same task and are assessed by the model that is loaded."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from skillviewer.core.analysis.cohort import standings
from skillviewer.ui.session.video_list import VideoEntry, VideoList

if TYPE_CHECKING:
    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.core.analysis.cohort import CohortStanding
    from skillviewer.core.video.footage import VideoClip


class Cohorts(QObject):
    """Cohorts by task, rebuilt when the list has changed. A video whose file is gone keeps its score, and counts."""

    def __init__(self, videos: VideoList) -> None:
        super().__init__(videos)
        self._videos = videos
        self._members: dict[str, list[VideoEntry]] | None = None
        self._standings: dict[str, dict[VideoClip, CohortStanding]] = {}
        self._seen: dict[VideoClip, tuple[Analysis | None, str]] = {}
        videos.changed.connect(self._on_changed)
        for signal in (videos.added, videos.removed, videos.cleared):
            signal.connect(self._forget)

    @Slot(int)
    def _on_changed(self, row: int) -> None:
        """Forget the cohorts if a score or a task has changed; other changes come by the thousand."""
        entry = self._videos[row]
        analysis, task = self._seen.get(entry.footage, (None, entry.task))
        if entry.analysis is not analysis or entry.task != task:
            self._forget()

    @Slot()
    def _forget(self, *_: object) -> None:
        self._members = None
        self._standings.clear()

    def _of(self, task: str) -> list[VideoEntry]:
        if self._members is None:
            self._members = {}
            self._seen = {entry.footage: (entry.analysis, entry.task) for entry in self._videos}
            for entry in self._videos:
                if entry.analysis is not None:
                    self._members.setdefault(entry.task, []).append(entry)
        return self._members.get(task, [])

    def others(self, entry: VideoEntry) -> list[VideoEntry]:
        """Return the assessed videos that one is compared with, without itself."""
        return [other for other in self._of(entry.task) if other.footage != entry.footage]

    def n_unassessed(self, entry: VideoEntry) -> int:
        """Return how many comparable videos could be assessed and are not, without the video itself."""
        return sum(
            other.analysis is None
            and other.state.has_picture
            and other.task == entry.task
            and other.footage != entry.footage
            for other in self._videos
        )

    def standing(self, entry: VideoEntry) -> "CohortStanding | None":
        """Return where a video stands among its comparable ones, or None before it is assessed."""
        if entry.analysis is None:
            return None
        made = self._standings.get(entry.task)
        if made is None:
            known = [(e.footage, e.analysis) for e in self._of(entry.task) if e.analysis is not None]
            found = standings([a.score for _, a in known], [a.interval for _, a in known])
            made = self._standings[entry.task] = {footage: s for (footage, _), s in zip(known, found, strict=True)}
        return made.get(entry.footage)
