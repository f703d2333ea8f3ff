"""Reference video of the video on screen, and their alignment in time."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.explanation.alignment import Alignment, ScoreGap, score_gaps
from skillviewer.core.progress import CancelToken, Report
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.session.insight.why_loader import WhyLoader, WhyStage
from skillviewer.ui.session.model_holder import ModelHolder
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.messages import error_text
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

if TYPE_CHECKING:
    from skillviewer.core.analysis.cohort import ReferenceVideo
    from skillviewer.core.video.clips import VideoClip


def even_pace(own: Analysis, other: Analysis) -> Alignment:
    """Return a linear alignment of the start and end of two videos."""
    return Alignment(np.array([own.start_s, own.stop_s]), np.array([other.start_s, other.stop_s]), 0.0)


class ReferenceLoader(QObject):
    """Finds the reference video of the video on screen, and aligns both while a screen needs the alignment."""

    changed = Signal()  # the reference or its alignment changed, or an alignment began or failed

    def __init__(
        self,
        model: WorkerThread[ModelHolder],
        state: ViewerState,
        videos: VideoList,
        why_loader: WhyLoader,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._state = state
        self._videos = videos
        self._why_loader = why_loader
        self.own_analysis: Analysis | None = None  # analysis of the video on screen
        self.reference: ReferenceVideo | None = None
        self.clip: VideoClip | None = None  # the reference video as a clip
        self.analysis: Analysis | None = None  # analysis of the reference video by the same model
        self.alignment: Alignment | None = None  # alignment by features; None until it is computed
        self.gaps: tuple[ScoreGap, ...] = ()  # intervals in which the video on screen loses most, in order of time
        self.problem = ""  # error of the alignment, or ""
        self._is_wanted = False
        self._task: Task | None = None
        why_loader.changed.connect(self._on_findings)
        state.model_changed.connect(self._align)
        state.current_changed.connect(self._on_findings)

    @property
    def aligning(self) -> bool:
        """True while the alignment is being computed."""
        return self._task is not None

    @property
    def pace(self) -> Alignment | None:
        """The alignment by features, or else a linear alignment; None without an assessed reference video."""
        if self.alignment is not None:
            return self.alignment
        if self.own_analysis is None or self.analysis is None:
            return None
        return even_pace(self.own_analysis, self.analysis)

    def set_wanted(self, *, on: bool) -> None:
        """Set whether the video on screen is aligned with its reference video."""
        self._is_wanted = on
        self._align()

    def _on_findings(self, *_: object) -> None:
        findings = self._why_loader.findings if self._why_loader.stage is WhyStage.READY else None
        if findings is None:
            entry = self._why_loader.entry
            clip = entry.clip if entry is not None else None
            if self.own_analysis is not None and self.own_analysis.clip != clip:
                self._set_findings(None)
            return
        if findings.analysis != self.own_analysis or findings.reference_clip != self.clip:
            self._set_findings(findings)
        else:
            self.reference = findings.reference

    def _set_findings(self, findings: Findings | None) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = None
        self.alignment = None
        self.gaps = ()
        self.problem = ""
        self.own_analysis = findings.analysis if findings is not None else None
        self.reference = findings.reference if findings is not None else None
        self.clip = findings.reference_clip if findings is not None else None
        entry = self._videos.get(self.clip)
        self.analysis = entry.analysis if entry is not None else None
        self._align()
        self.changed.emit()

    def _align(self, *_: object) -> None:
        own_analysis = self.own_analysis
        other = self.analysis
        model = self._state.model
        if not self._is_wanted or self.alignment is not None or self.aligning:
            return
        if own_analysis is None or other is None:
            return
        if model is None or model.digest != own_analysis.provenance.model_digest or self._model.stopped:
            return

        def work(holder: ModelHolder, token: CancelToken, report: Report) -> tuple[Alignment, tuple[ScoreGap, ...]]:
            alignment = holder.assessor.align(own_analysis, other, token, report)
            gaps = score_gaps(own_analysis, other, alignment) if alignment.gain else ()
            return alignment, gaps

        self.problem = ""
        self._task = self._model.submit(work)
        self._task.then(succeeded=self._on_aligned, failed=self._on_failed)
        self.changed.emit()

    def _on_aligned(self, alignment_and_gaps: tuple[Alignment, tuple[ScoreGap, ...]]) -> None:
        self._task = None
        self.alignment, self.gaps = alignment_and_gaps
        self.changed.emit()

    def _on_failed(self, error: Exception) -> None:
        self._task = None
        self.problem = error_text(error)
        self.changed.emit()
