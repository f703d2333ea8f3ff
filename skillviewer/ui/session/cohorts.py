"""The comparable videos of each task."""

from bisect import insort
from collections import Counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.cohort import CohortPosition, position_among
from skillviewer.ui.session.video_entry import VideoEntry, _is_open

if TYPE_CHECKING:
    from skillviewer.core.video.clips import VideoClip
    from skillviewer.ui.session.video_list import VideoList


class Cohorts(QObject):
    """Cohorts by task, in which a new score takes its place. A video keeps its score and counts when its file is gone.

    A video that the model does not know counts only while such scores are shown.
    """

    def __init__(self, videos: "VideoList") -> None:
        super().__init__(videos)
        self._videos = videos
        self._ranked: dict[str, list[float]] | None = None  # scores by task, ascending; None: nothing is counted
        self._members: dict[str, dict[VideoClip, VideoEntry]] = {}  # assessed videos by task
        self._counted: dict[VideoClip, VideoEntry] = {}  # as they were counted
        self._open: Counter[str] = Counter()  # number of videos by task that could be assessed and are not
        videos.changed.connect(self._on_changed)
        for signal in (videos.added, videos.removed, videos.cleared, videos.unfamiliar_shown):
            signal.connect(self._forget)

    def _on_changed(self, row: int) -> None:
        if self._ranked is not None:
            self._count(self._videos[row])

    def _count(self, entry: VideoEntry) -> None:
        """Put a video where it belongs by its score and task; other changes come by the thousand."""
        ranked = self._ranks()
        clip = entry.clip
        before = self._counted.get(clip)
        self._counted[clip] = entry
        moved = before is None or (before.analysis, before.task) != (entry.analysis, entry.task)
        if before is not None:
            self._open[before.task] -= _is_open(before)
            scored_before = self.scored(before)
            if scored_before is not None:
                del self._members[before.task][clip]
                if moved:
                    ranked[before.task].remove(scored_before.score)
        self._open[entry.task] += _is_open(entry)
        scored = self.scored(entry)
        if scored is not None:
            self._members.setdefault(entry.task, {})[clip] = entry
            if moved:
                insort(ranked.setdefault(entry.task, []), scored.score)

    def _forget(self, *_: object) -> None:
        self._ranked = None

    def _ranks(self) -> dict[str, list[float]]:
        if self._ranked is None:
            self._ranked = {}
            self._members = {}
            self._counted = {}
            self._open = Counter()
            for entry in self._videos:
                self._count(entry)
        return self._ranked

    def scored(self, entry: VideoEntry) -> Analysis | None:
        """Return the analysis of a video whose score is shown, else None."""
        return self._videos.scored(entry)

    def others(self, entry: VideoEntry) -> list[VideoEntry]:
        """Return the assessed videos that one is compared with, without itself."""
        self._ranks()
        members = self._members.get(entry.task, {}).copy()
        members.pop(entry.clip, None)
        return [*members.values()]

    def n_unassessed(self, entry: VideoEntry) -> int:
        """Return the number of comparable videos that could be assessed and are not, without the video itself."""
        self._ranks()
        itself = self._counted.get(entry.clip)
        return self._open[entry.task] - (itself is not None and itself.task == entry.task and _is_open(itself))

    def position(self, entry: VideoEntry) -> CohortPosition | None:
        """Return the position of a video in its cohort, or None before it is assessed."""
        if entry.analysis is None or self.scored(entry) is None:
            return None
        ranked = self._ranks().get(entry.task, [])
        counted = self._counted.get(entry.clip)
        if counted is None or counted.analysis is not entry.analysis:
            return None
        return position_among(entry.analysis.score, entry.analysis.interval, ranked)
