"""Invalidation of assessments that depend on tracks when the tracks change."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from skillviewer.core.text import counted
from skillviewer.data.analysis_file import has_its_tracks
from skillviewer.ui.session.assessment_queue import AssessmentQueue
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.tracks.video_tracks import VideoTracks
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

if TYPE_CHECKING:
    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.core.video.clips import VideoClip


class StaleAssessments(QObject):
    """Drops assessments whose tracks have changed.

    If the assessment of the video on screen failed, it is tried again, since the missing tracks may be available now.
    """

    def __init__(
        self,
        worker: WorkerThread[Backend],
        state: ViewerState,
        videos: VideoList,
        tracks: VideoTracks,
        assessments: AssessmentQueue,
        messages: Messages,
    ) -> None:
        super().__init__(tracks)
        self._worker = worker
        self._state = state
        self._videos = videos
        self._assessments = assessments
        self._messages = messages
        self._task: Task | None = None
        tracks.edited.connect(self._on_edited)
        assessments.assessed.connect(self._on_assessed)

    def _on_edited(self) -> None:
        current = self._videos.get(self._state.current_clip)
        if current is not None and current.state is VideoState.FAILED:
            self._assessments.invalidate([current.clip])
        self._find_stale()

    def _on_assessed(self, analysis: "Analysis", _model: object) -> None:
        if analysis.tracks:  # the tracks may have changed meanwhile
            self._find_stale()

    def _find_stale(self) -> None:
        analyses = self._assessments.analyses_with_tracks()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if not analyses or self._worker.stopped:
            return

        def stale_clips(*_: object) -> "list[VideoClip]":
            clips = [clip for clip, analysis in analyses if not has_its_tracks(analysis)]
            return list(dict.fromkeys(clips))

        self._task = self._worker.submit(stale_clips)
        self._task.then(succeeded=self._on_stale, failed=self._messages.fail)

    def _on_stale(self, clips: "list[VideoClip]") -> None:
        self._task = None
        if not clips:
            return
        self._assessments.invalidate(clips)
        sentences = []
        n_other = len(clips)
        if self._assessments.automatic and self._state.current_clip in clips:
            sentences.append("The tracks have changed: the video on screen is assessed again.")
            n_other -= 1
        if n_other:
            sentences.append(f"The scores of {counted(n_other, 'video')} rested on other tracks: assess again.")
        self._messages.note(" ".join(sentences))
