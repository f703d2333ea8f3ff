"""Cohorts of the videos in the list, by task."""

from bisect import insort
from collections import Counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.cohort import CohortPosition, position_among
from skillviewer.ui.session.video_entry import VideoEntry, is_unassessed

if TYPE_CHECKING:
    from skillviewer.core.video.clips import VideoClip
    from skillviewer.ui.session.video_list import VideoList


class Cohorts(QObject):
    """The cohort of each task, updated with every new score.

    Videos whose files are missing count too. Videos unlike the training videos count only while their scores are shown.
    """

    def __init__(self, videos: "VideoList") -> None:
        super().__init__(videos)
        self._videos = videos
        self._sorted_scores: dict[str, list[float]] | None = (
            None  # scores by task, ascending; None: to be counted again
        )
        self._members: dict[str, dict[VideoClip, VideoEntry]] = {}  # assessed videos by task
        self._counted_entries: dict[VideoClip, VideoEntry] = {}  # entries as they were when they were counted
        self._n_unassessed: Counter[str] = Counter()  # assessable but unassessed videos by task
        videos.changed.connect(self._on_changed)
        for signal in (videos.added, videos.removed, videos.cleared, videos.unfamiliar_shown):
            signal.connect(self._forget)

    def _on_changed(self, row: int) -> None:
        if self._sorted_scores is not None:
            self._count(self._videos[row])

    def _count(self, entry: VideoEntry) -> None:
        """Count a video under its present score and task. Scores are sorted again only if these have changed."""
        ranked = self._ranked_scores()
        clip = entry.clip
        before = self._counted_entries.get(clip)
        self._counted_entries[clip] = entry
        is_moved = before is None or before.analysis != entry.analysis or before.task != entry.task
        if before is not None:
            self._n_unassessed[before.task] -= is_unassessed(before)
            scored_before = self.shown_analysis(before)
            if scored_before is not None:
                del self._members[before.task][clip]
                if is_moved:
                    ranked[before.task].remove(scored_before.score)
        self._n_unassessed[entry.task] += is_unassessed(entry)
        scored = self.shown_analysis(entry)
        if scored is not None:
            self._members.setdefault(entry.task, {})[clip] = entry
            if is_moved:
                insort(ranked.setdefault(entry.task, []), scored.score)

    def _forget(self, *_: object) -> None:
        self._sorted_scores = None

    def _ranked_scores(self) -> dict[str, list[float]]:
        if self._sorted_scores is None:
            self._sorted_scores = {}
            self._members = {}
            self._counted_entries = {}
            self._n_unassessed = Counter()
            for entry in self._videos:
                self._count(entry)
        return self._sorted_scores

    def shown_analysis(self, entry: VideoEntry) -> Analysis | None:
        """Return the analysis of a video whose score is shown, else None."""
        return self._videos.shown_analysis(entry)

    def comparable_entries(self, entry: VideoEntry) -> list[VideoEntry]:
        """Return the assessed videos of the cohort of a video, without the video itself."""
        self._ranked_scores()
        members = self._members.get(entry.task, {}).copy()
        members.pop(entry.clip, None)
        return list(members.values())

    def n_unassessed(self, entry: VideoEntry) -> int:
        """Return the number of assessable but unassessed videos of the same task, without the video itself."""
        self._ranked_scores()
        n_unassessed = self._n_unassessed[entry.task]
        itself = self._counted_entries.get(entry.clip)
        counts_itself = itself is not None and itself.task == entry.task and is_unassessed(itself)
        return n_unassessed - 1 if counts_itself else n_unassessed

    def position(self, entry: VideoEntry) -> CohortPosition | None:
        """Return the position of a video in its cohort, or None before it is assessed."""
        if entry.analysis is None or self.shown_analysis(entry) is None:
            return None
        ranked = self._ranked_scores().get(entry.task, [])
        counted = self._counted_entries.get(entry.clip)
        if counted is None or counted.analysis is not entry.analysis:
            return None
        return position_among(entry.analysis.score, entry.analysis.interval, ranked)
