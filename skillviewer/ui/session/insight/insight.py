"""Objects that the panels of Inspect share: evidence, findings, remarks, thumbnails and the tour of the moments."""

from PySide6.QtCore import QObject

from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.insight.explanations import Explanations
from skillviewer.ui.session.insight.moment_tour import Tour
from skillviewer.ui.session.insight.remarks import VideoRemarks
from skillviewer.ui.session.insight.thumbnails import Pictures
from skillviewer.ui.session.insight.why_loader import WhyLoader
from skillviewer.ui.session.models import ModelChooser, ModelSlot
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.session.studies import Studies
from skillviewer.ui.session.undo import UndoStack
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.jobs import Jobs
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.worker_thread import WorkerThread


class Insight(QObject):
    """One of each, wired.

    Args:
        model: Worker thread that owns the loaded model.
        index: Worker thread for looking at files, and for what takes longer than the window may wait.
        state: What is on screen.
        videos: The list of videos.
        playback: The playhead.
        studies: The open study.
        undo: Where deeds are done.
        models: Tells whether a model is being loaded.
        settings: Tells who works here.
        jobs: Shows long work.
        messages: Told of failures.
        parent: Owner.
    """

    def __init__(
        self,
        *,
        model: WorkerThread[ModelSlot],
        index: WorkerThread[Backend],
        state: ViewerState,
        videos: VideoList,
        playback: Playback,
        studies: Studies,
        undo: UndoStack,
        models: ModelChooser,
        settings: Settings,
        jobs: Jobs,
        messages: Messages,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.explanations = Explanations(model, state, jobs, self)
        self.remarks = VideoRemarks(studies, undo, videos, state, settings, self)
        self.inquiry = WhyLoader(index, state, videos, studies, self.explanations, self.remarks, messages, self)
        self.pictures = Pictures(index, self)
        self.tour = Tour(self.inquiry, self.remarks, playback, self)
        models.wanted_changed.connect(self.inquiry.on_wanted)
