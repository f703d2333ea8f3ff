"""Evidence of the video on screen: computed by the loaded model, with progress, and cached."""

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Signal

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.clips import ClipRange
from skillviewer.ui.session.model_holder import ModelHolder
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.jobs import Job, Jobs
from skillviewer.ui.threads.messages import error_text
from skillviewer.ui.threads.throttle import Throttle, single_shot
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

if TYPE_CHECKING:  # importing scipy takes as long as opening the window
    from skillviewer.core.explanation.evidence import Evidence

DELAY_MS = 250  # time that a video must stay on screen before it is explained, so that paging through starts nothing
MAX_CACHED = 400  # number of videos whose evidence is cached


class EvidenceKey(NamedTuple):
    """Identity of an analysis, by which its evidence is cached."""

    clip_id: tuple[str, ClipRange | None]  # digest of the file, and the part of it that is the video
    model: str  # digest of the model
    passes: int  # K


def _key(analysis: Analysis) -> EvidenceKey:
    return EvidenceKey(analysis.clip_id, analysis.provenance.model_digest, analysis.n_passes)


def _explain(analysis: Analysis, holder: ModelHolder, token: CancelToken, report: Report) -> "Evidence":
    from skillviewer.data.evidence_file import load_or_compute_evidence

    return load_or_compute_evidence(analysis, lambda: holder.assessor.explain(analysis, token=token, report=report))


class EvidenceLoader(QObject):
    """Computes the evidence of the video on screen while a widget shows evidence.

    The computation waits in the model worker thread for the running assessment, and is cancelled when another video is
    chosen.
    """

    changed = Signal()  # the evidence arrived, its computation started or ended, or another video is on screen
    progressed = Signal()

    def __init__(
        self, worker: WorkerThread[ModelHolder], state: ViewerState, jobs: Jobs, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._worker = worker
        self._state = state
        self._jobs = jobs
        self._cache: dict[EvidenceKey, Evidence] = {}
        self._failures: dict[EvidenceKey, str] = {}
        self._stopped_keys: set[EvidenceKey] = set()  # stopped by the user; computed only on request
        self._viewers: set[QObject] = set()
        self._running_key: EvidenceKey | None = None
        self._task: Task | None = None
        self._job: Job | None = None
        self._progress: Progress | None = None
        self._delay = single_shot(self, DELAY_MS, self._begin)
        self._throttle = Throttle(self)
        self._throttle.shown.connect(self._show_progress)
        state.analysis_changed.connect(self._on_analysis)
        state.model_changed.connect(self._schedule)

    @property
    def evidence(self) -> "Evidence | None":
        """The evidence of the video on screen, or None until it is known."""
        key = self._current_key
        return self._cache.get(key) if key is not None else None

    @property
    def failure(self) -> str:
        """Error of the computation, in a sentence, or ""."""
        key = self._current_key
        return self._failures.get(key, "") if key is not None else ""

    @property
    def working(self) -> bool:
        """True while the evidence of the video on screen is computed, or its computation is scheduled."""
        key = self._current_key
        if key is None:
            return False
        return key == self._running_key or self._delay.isActive()

    @property
    def is_stopped(self) -> bool:
        """True if the user stopped the computation for the video on screen."""
        return self._current_key in self._stopped_keys

    @property
    def progress(self) -> Progress | None:
        is_running = self._running_key is not None and self._running_key == self._current_key
        return self._progress if is_running else None

    @property
    def _current_key(self) -> EvidenceKey | None:
        analysis = self._state.analysis
        if analysis is None or not analysis.complete:
            return None
        return _key(analysis)

    def set_wanted(self, viewer: QObject, on: bool) -> None:
        """Register a widget that shows evidence (``on``), or unregister it."""
        if on:
            self._viewers.add(viewer)
        else:
            self._viewers.discard(viewer)
        self._schedule()

    def ask(self) -> None:
        """Compute the evidence of the video on screen, even after a failure or a stop."""
        key = self._current_key
        if key is not None:
            self._failures.pop(key, None)
            self._stopped_keys.discard(key)
            self._begin()
            self.changed.emit()

    def _on_analysis(self, _analysis: Analysis | None) -> None:
        if self._running_key is not None and self._running_key != self._current_key and self._task is not None:
            self._task.cancel()
        self._schedule()
        self.changed.emit()

    def _is_needed(self) -> bool:
        key = self._current_key
        model = self._state.model
        if key is None or model is None or not self._viewers or self._worker.stopped:
            return False
        if key in self._cache or key in self._failures or key in self._stopped_keys:
            return False
        return key.model == model.digest

    def _schedule(self) -> None:
        if self._is_needed() and self._running_key != self._current_key:
            self._delay.start()
        else:
            self._delay.stop()

    def _begin(self) -> None:
        self._delay.stop()
        analysis = self._state.analysis
        if self._task is not None or analysis is None or not self._is_needed():
            return
        self._running_key = _key(analysis)
        self._progress = None
        self._task = self._worker.submit(partial(_explain, analysis))
        self._task.then(
            progressed=self._on_progress,
            succeeded=self._on_succeeded,
            failed=self._on_failed,
            finished=self._on_finished,
        )
        self._job = self._jobs.begin(f"Explaining {analysis.video.path.stem}", confirm_stop=False)
        self._job.stop_asked.connect(self.stop)
        self.progressed.emit()

    def stop(self) -> None:
        """Stop the computation. It starts again only on request."""
        if self._task is not None and self._running_key is not None:
            self._stopped_keys.add(self._running_key)
            self._task.cancel()

    def _on_progress(self, progress: Progress) -> None:
        self._progress = progress
        self._throttle.report(progress)

    def _show_progress(self, progress: Progress) -> None:
        if self._job is not None:
            self._job.on_progress(progress)
            self.progressed.emit()

    def _on_succeeded(self, evidence: "Evidence") -> None:
        if self._running_key is not None:
            self._cache[self._running_key] = evidence
            while len(self._cache) > MAX_CACHED:
                del self._cache[next(iter(self._cache))]

    def _on_failed(self, error: Exception) -> None:
        if self._running_key is not None:
            self._failures[self._running_key] = error_text(error)

    def _on_finished(self) -> None:
        self._task = None
        self._running_key = None
        self._progress = None
        self._throttle.stop()
        job = self._job
        self._job = None
        if job is not None:
            job.finish()
        self._schedule()
        self.changed.emit()
