"""The compared models, their results on the video on screen, and the order of their queries."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from skillviewer.core.analysis.model_facts import ModelFacts
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.progress import Progress
from skillviewer.core.video.clips import ClipRange, VideoClip
from skillviewer.data.evidence_file import load_or_compute_evidence
from skillviewer.ui.comparing.compared_models import (
    UNIFORM,
    ComparedModel,
    ModelProgress,
    Results,
    uniform_model,
    with_result,
)
from skillviewer.ui.comparing.curve_lines import MAX_MODELS
from skillviewer.ui.comparing.model_queries import (
    Assessment,
    ModelRequest,
    QueryKind,
    Work,
    assess,
    load_matching_analyses,
)
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.threads.jobs import SlowJob
from skillviewer.ui.threads.messages import Message, Severity, error_text
from skillviewer.ui.threads.throttle import Throttle, single_shot

if TYPE_CHECKING:
    from skillviewer.ui.threads.worker_thread import Task

QUERY_DELAY_MS = 450
"""Time that a video must stay on screen before the compared models assess it. By then the loaded model has begun with
it, and the compared models wait for its features instead of computing them a second time."""


class ModelSet(QObject):
    """The compared models, in the order of their panes.

    While the set is active, the models are queried about the video on screen. Work started by ``assess_all`` and
    ``explain`` always continues.
    """

    models_changed = Signal()  # a model was added or removed
    row_changed = Signal(str)  # key of a model whose result has changed
    study_changed = Signal()  # results on the study's videos have changed
    busy_changed = Signal()

    def __init__(self, app_context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self.results = Results()
        self.keys: tuple[str, ...] = ()
        self._names: dict[str, str] = {}
        self._is_active = False
        self._is_stopped = False
        self._batch_requests: list[ModelRequest] = []  # waiting requests of ``assess_all`` and ``explain``
        self._n_batch_requests = 0  # number of requests since the batch began
        # videos whose saved analyses have been requested: key of the model, digest of the file, and range
        self._loaded_videos: set[tuple[str, str, ClipRange | None]] = set()
        self._running_progress: tuple[ModelRequest, Progress] | None = None
        self._job = SlowJob(app_context.jobs, "Comparing models", self)
        self._job.stop_asked.connect(self.stop)
        self._running_request: ModelRequest | None = None
        self._task: Task | None = None
        self._throttle = Throttle(self)
        self._throttle.shown.connect(self._on_progress)
        self._query_delay = single_shot(self, QUERY_DELAY_MS, self.advance)
        app_context.playback.video_changed.connect(self._on_video)
        app_context.state.passes_changed.connect(self._forget_results)
        app_context.videos.changed.connect(self._on_entry)
        app_context.studies.replaced.connect(self._forget_results)
        app_context.studies.listed.connect(self.study_changed)
        app_context.studies.listed.connect(self.advance)

    @property
    def clip(self) -> VideoClip | None:
        """The video on screen, or None until it is open."""
        return self._app_context.state.current_clip if self._app_context.playback.video is not None else None

    @property
    def rows(self) -> tuple[ComparedModel, ...]:
        return tuple(replace(self.row(key), pane_number=str(number)) for number, key in enumerate(self.keys, start=1))

    @property
    def is_busy(self) -> bool:
        """True while requests of ``assess_all`` or ``explain`` are answered."""
        if self._batch_requests:
            return True
        return self._n_batch_requests > 0 and self._running_request is not None

    @property
    def can_retry(self) -> bool:
        """True if a model has failed or was stopped."""
        return any(row.progress in {ModelProgress.FAILED, ModelProgress.STOPPED} for row in self.rows)

    def row(self, key: str) -> ComparedModel:
        """Return a compared model with its result on the video on screen."""
        facts = self.results.facts.get(key)
        model = ComparedModel(key, self._names[key], facts, duration_s=self.results.durations_s.get(key))
        if key == UNIFORM:
            return uniform_model(model, self.keys, self.clip, self.results)
        running = None
        if self._running_progress is not None:
            request, progress = self._running_progress
            if request == ModelRequest(QueryKind.ASSESS, key, self.clip):
                running = progress
        return with_result(model, self.clip, self.results, running, stopped=self._is_stopped)

    # Choice of the models

    def add(self, key: str, name: str) -> None:
        """Compare a further model, up to ``MAX_MODELS``."""
        if key not in self.keys and len(self.keys) < MAX_MODELS:
            self._set_models((*self.keys, key), {**self._names, key: name})

    def remove(self, key: str) -> None:
        if key in self.keys:
            self._set_models(tuple(other for other in self.keys if other != key), self._names)

    def choose(self, models: Sequence[tuple[str, str]]) -> None:
        """Compare exactly these models, given as (key, name)."""
        self._set_models(tuple(key for key, _ in models[:MAX_MODELS]), dict(models))

    def _set_models(self, keys: tuple[str, ...], names: dict[str, str]) -> None:
        previous_keys = self.keys
        self.keys = keys
        self._names = names
        if keys == previous_keys:
            return
        self._batch_requests = [request for request in self._batch_requests if request.key in keys]
        if self._running_request is not None and self._running_request.key not in keys:
            self._cancel()
        removed_keys = set(previous_keys) - set(keys)
        if removed_keys:
            self._loaded_videos = {video for video in self._loaded_videos if video[0] in keys}
            folders = {Path(key) for key in self._trained_keys()}
            if not self._app_context.compare_worker.stopped:
                self._app_context.compare_worker.submit(
                    lambda model_cache, _token, _report: model_cache.retain(folders)
                )
        for key in set(keys) - set(previous_keys):
            self.results.load_failures.pop(key, None)
        self._app_context.settings.compared_models = keys
        self._share_analysis()
        self.models_changed.emit()
        self.study_changed.emit()
        self.advance()

    # Queries

    def set_active(self, active: bool) -> None:
        """Set whether the models are queried about the video on screen."""
        self._is_active = active
        self._share_analysis()
        self.advance()

    def assess_all(self) -> None:
        """Make every model assess every video, after the one on screen."""
        self._is_stopped = False
        waiting = set(self._batch_requests)
        requests = []
        for entry in self._app_context.videos:
            if not entry.state.has_picture:
                continue
            for key in self._trained_keys():
                request = ModelRequest(QueryKind.ASSESS, key, entry.clip)
                if self.results.needs_assessment(key, entry.clip) and request not in waiting:
                    requests.append(request)
        self._queue(requests)

    def explain(self) -> None:
        """Measure the faithfulness of every model's attention for the video on screen."""
        clip = self.clip
        rows = [
            row
            for row in self.rows
            if not row.is_uniform and row.complete_analysis is not None and row.evidence is None
        ]
        self._queue([ModelRequest(QueryKind.EXPLAIN, row.key, clip) for row in rows if clip is not None])

    def _queue(self, requests: list[ModelRequest]) -> None:
        if requests:
            self._batch_requests += requests
            self._n_batch_requests += len(requests)
            self._job.begin(confirm_stop=True)
            self.busy_changed.emit()
            self.advance()

    def stop(self) -> None:
        self._is_stopped = True
        self._batch_requests = []
        self._n_batch_requests = 0
        self._cancel()
        self._job.finish()
        self._emit_rows()
        self.busy_changed.emit()

    def retry(self) -> None:
        """Try again after failures or a stop."""
        self._is_stopped = False
        self.results.clear_failures(self.clip)
        self._loaded_videos.clear()
        self._emit_rows()
        self.advance()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _trained_keys(self) -> tuple[str, ...]:
        return tuple(key for key in self.keys if key != UNIFORM)

    def advance(self) -> None:
        """Run the next query, unless a query is running."""
        if self._running_request is not None or self._app_context.compare_worker.stopped:
            return
        request = self._next_request()
        if request is None:
            self._n_batch_requests = 0
            self._job.finish()
            self.busy_changed.emit()
            return
        self._running_request = request
        self._running_progress = (request, Progress("waiting"))
        self._task = self._app_context.compare_worker.submit(self._work_for(request))
        self._task.then(
            progressed=self._throttle.report,
            succeeded=self._on_answered,
            failed=self._on_failed,
            finished=self._on_finished,
        )
        self._job.begin()
        self._report_job()
        self.row_changed.emit(request.key)

    def _work_for(self, request: ModelRequest) -> Work:
        folder = Path(request.key)
        clip = request.clip
        passes = self._app_context.state.passes
        if request.kind is QueryKind.SAVED:
            videos = self._app_context.study_sync.known_videos
            digest = self.results.facts[request.key].digest
            return lambda _model_cache, token, _report: load_matching_analyses(videos, digest, passes, token)
        if clip is None:
            return lambda model_cache, _token, _report: model_cache.facts(folder)
        analysis = self.results.analysis(request.key, clip) if request.kind is QueryKind.EXPLAIN else None
        if analysis is not None:
            return lambda model_cache, token, report: load_or_compute_evidence(
                analysis, lambda: model_cache.explain(folder, analysis, token, report)
            )
        return lambda model_cache, token, report: assess(model_cache, folder, clip, passes, token, report)

    def _next_request(self) -> ModelRequest | None:
        if self._is_active and not self._is_stopped:
            request = self._next_for_video()
            if request is not None:
                return request
        while self._batch_requests:
            request = self._batch_requests.pop(0)
            assert request.clip is not None
            is_listed = self._app_context.videos.get(request.clip) is not None
            is_needed = is_listed and self.results.needs_assessment(request.key, request.clip)
            if request.kind is QueryKind.EXPLAIN or is_needed:
                return request
        if not self._is_active or self._is_stopped:
            return None
        return self._next_for_study()

    def _next_for_video(self) -> ModelRequest | None:
        clip = self.clip
        for key in self._trained_keys():
            if key not in self.results.facts and key not in self.results.load_failures:
                return ModelRequest(QueryKind.FACTS, key)
        if clip is None or self._is_being_assessed(clip):
            return None
        for key in self._trained_keys():
            if self.results.needs_assessment(key, clip):
                return ModelRequest(QueryKind.ASSESS, key, clip)
        return None

    def _is_being_assessed(self, clip: VideoClip) -> bool:
        """Return True if the loaded model assesses a video, or is about to."""
        entry = self._app_context.videos.get(clip)
        is_automatic = self._app_context.assessments.automatic
        if entry is None or self._app_context.state.model is None:
            return False
        if entry.state is VideoState.NEW:
            return is_automatic and self._query_delay.isActive()
        if entry.state is VideoState.WAITING:
            return is_automatic
        return entry.state is VideoState.WORKING

    def _next_for_study(self) -> ModelRequest | None:
        study_clips = {video.clip_id for video in self._app_context.study_sync.known_videos}
        for key in self._trained_keys():
            unloaded = {(key, *video) for video in study_clips} - self._loaded_videos
            if unloaded and key in self.results.facts:
                self._loaded_videos |= unloaded
                return ModelRequest(QueryKind.SAVED, key)
        return None

    # Results

    def _on_progress(self, progress: Progress) -> None:
        request = self._running_request
        if request is not None and self._task is not None and not self._task.token.cancelled:
            self._running_progress = (request, progress)
            self._report_job()
            self.row_changed.emit(request.key)

    def _on_answered(self, answer: object) -> None:
        request = self._running_request
        if request is None:
            return
        key = request.key
        clip = request.clip
        results = self.results
        self._running_progress = None
        if isinstance(answer, ModelFacts):
            results.facts[key] = answer
        elif isinstance(answer, Assessment) and clip is not None:
            self._add_assessment(key, clip, answer)
        elif isinstance(answer, Evidence) and clip is not None:
            results.evidence[key, clip] = answer
        elif isinstance(answer, dict):
            for video, analysis in answer.items():
                if results.analysis(key, video) is None:
                    results.add_analysis(key, video, analysis)
        self._emit_row(key)
        if request.kind in {QueryKind.ASSESS, QueryKind.SAVED}:
            self.study_changed.emit()

    def _add_assessment(self, key: str, clip: VideoClip, assessment: Assessment) -> None:
        """Add an assessment to the results, save it in the study, and show it on the other screens."""
        facts = assessment.facts
        analysis = assessment.analysis
        self.results.facts[key] = facts
        self.results.durations_s[key] = assessment.duration_s
        self.results.add_analysis(key, clip, analysis)
        self._app_context.study_sync.save_analysis(analysis, facts.digest, facts.name, Path(key))
        self._app_context.assessments.take({clip: analysis})

    def _on_failed(self, error: Exception) -> None:
        request = self._running_request
        if request is None or self._task is None or self._task.token.cancelled:
            return
        reason = error_text(error)
        self._running_progress = None
        if request.clip is None:
            self.results.load_failures[request.key] = reason
        elif request.kind is QueryKind.ASSESS:
            self.results.assessment_failures[request.key, request.clip] = reason
        else:
            self._app_context.messages.post(Message(reason, Severity.ERROR))
        if request.clip != self.clip and request.clip is not None:
            name = self._names.get(request.key, request.key)
            text = f"{name} could not assess {self._title(request.clip)}: {reason}"
            self._app_context.messages.post(Message(text, Severity.WARNING))
        self._emit_row(request.key)

    def _on_finished(self) -> None:
        self._running_request = None
        self._task = None
        self._running_progress = None
        self._throttle.stop()
        self.advance()

    def _emit_row(self, key: str) -> None:
        if key in self.keys:
            self.row_changed.emit(key)
        if UNIFORM in self.keys:
            self.row_changed.emit(UNIFORM)

    def _emit_rows(self) -> None:
        for key in self.keys:
            self.row_changed.emit(key)

    # Changes of the video, the list and the study

    def _on_video(self, _video: object) -> None:
        running = self._running_request
        if running is not None and running.kind is QueryKind.ASSESS and not self.is_busy:
            self._cancel()
        self._is_stopped = False
        self._query_delay.start()
        self._share_analysis()
        self._emit_rows()
        self.advance()

    def _on_entry(self, row: int) -> None:
        if self._app_context.videos[row].clip == self.clip:
            self._share_analysis()
            self.advance()

    def _share_analysis(self) -> None:
        """Use the loaded model's analysis of the video on screen instead of computing it a second time."""
        model = self._app_context.state.model
        clip = self.clip
        entry = self._app_context.videos.get(clip)
        if model is None or clip is None or entry is None or entry.analysis is None:
            return
        key = str(model.folder)
        analysis = entry.analysis
        has_enough_passes = analysis.n_passes >= self._app_context.state.passes
        is_by_loaded_model = analysis.provenance.model_digest == model.digest
        is_missing = key in self.keys and self.results.analysis(key, clip) is None
        if is_missing and has_enough_passes and is_by_loaded_model:
            self.results.add_analysis(key, clip, analysis)
            self._emit_row(key)
            self.study_changed.emit()

    def _forget_results(self, *_: object) -> None:
        self._batch_requests = []
        self._n_batch_requests = 0
        self._cancel()
        self._loaded_videos.clear()
        self.results.forget_videos()
        self._emit_rows()
        self.study_changed.emit()
        self.advance()

    def _title(self, clip: VideoClip) -> str:
        entry = self._app_context.videos.get(clip)
        return entry.name if entry is not None else clip.path.name

    def _report_job(self) -> None:
        running = self._running_request
        if running is None:
            return
        name = self._names.get(running.key, "")
        stage = name if running.clip is None else f"{name}: {self._title(running.clip)}"
        progress = Progress("")
        if self._running_progress is not None:
            _, progress = self._running_progress
        if not self._n_batch_requests:
            self._job.report(stage, progress.done, progress.total)
            return
        total = max(progress.total, 1)
        n_done = self._n_batch_requests - len(self._batch_requests) - 1
        self._job.report(stage, max(n_done, 0) * total + progress.done, self._n_batch_requests * total)
