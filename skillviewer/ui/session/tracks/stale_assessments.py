"""Assessments that rest on tracks, which are dropped when the tracks change."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from skillviewer.core.text import counted
from skillviewer.data.analysis_file import has_its_tracks
from skillviewer.ui.session.assessments import AssessmentQueue
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
    """Looks, after every change of tracks, for assessments that rest on the tracks before it, and drops them.

    A video on screen that could not be assessed is tried again: the tracks that it lacked may be there now.
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
        current = self._videos.get(self._state.current)
        if current is not None and current.state is VideoState.FAILED:
            self._assessments.renew([current.clip])
        self._look()

    def _on_assessed(self, analysis: "Analysis", _model: object) -> None:
        if analysis.tracks:  # they may have changed meanwhile
            self._look()

    def _look(self) -> None:
        analyses = self._assessments.resting_on_tracks()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if analyses and not self._worker.stopped:

            def stale(*_: object) -> "list[VideoClip]":
                return list(dict.fromkeys(clip for clip, analysis in analyses if not has_its_tracks(analysis)))

            self._task = self._worker.submit(stale)
            self._task.then(succeeded=self._on_looked, failed=self._messages.fail)

    def _on_looked(self, clips: "list[VideoClip]") -> None:
        self._task = None
        if not clips:
            return
        self._assessments.renew(clips)
        again = self._assessments.automatic and self._state.current in clips
        n_left = len(clips) - again
        told = ["The tracks have changed: the video on screen is assessed again."] if again else []
        if n_left:
            told.append(f"The scores of {counted(n_left, 'video')} rested on other tracks: assess again.")
        self._messages.note(" ".join(told))
