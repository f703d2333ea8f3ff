"""The compared models, their progress with the video on screen, and the order of queries."""

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
from skillviewer.ui.comparing.compared_models import UNIFORM, ComparedModel, ModelProgress, Results, baseline, filled
from skillviewer.ui.comparing.curve_lines import MAX_MODELS
from skillviewer.ui.comparing.model_queries import Answer, ModelRequest, QueryKind, Work, ask, saved
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.threads.jobs import SlowJob
from skillviewer.ui.threads.messages import Message, Severity, error_text
from skillviewer.ui.threads.throttle import Throttle, single_shot

if TYPE_CHECKING:
    from skillviewer.ui.threads.worker_thread import Task

SETTLE_MS = 450
"""Time a video must stay on screen before the models are queried about it, unless it is already analysed: by then the
loaded model has begun with it, and its features are waited for instead of computed twice."""


class ModelSet(QObject):
    """The compared models, in the order of their panes.

    While ``active``, the models are queried about the video on screen. Work started by ``assess_all`` and ``explain``
    continues in any case.
    """

    models_changed = Signal()  # a model was added or removed
    row_changed = Signal(str)  # key of a model whose row has changed; the uniform baseline follows the others
    study_changed = Signal()  # more results on the study's videos are known
    busy_changed = Signal()

    def __init__(self, app_context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self.results = Results()
        self.keys: tuple[str, ...] = ()
        self._names: dict[str, str] = {}
        self._active = self._stopped = False
        self._batch: list[ModelRequest] = []
        self._n_batch = 0
        self._loaded: set[tuple[str, str, ClipRange | None]] = set()  # (key, digest of the file, part of it)
        self._growing: tuple[ModelRequest, Progress] | None = None
        self._job = SlowJob(app_context.jobs, "Comparing models", self)
        self._job.stop_asked.connect(self.stop)
        self._running: ModelRequest | None = None  # one at a time; nothing is reported of a cancelled one
        self._task: Task | None = None
        self._throttle = Throttle(self)
        self._throttle.shown.connect(self._on_progress)
        self._settle = single_shot(self, SETTLE_MS, self.advance)
        app_context.playback.video_changed.connect(self._on_video)
        app_context.state.passes_changed.connect(self._forget)
        app_context.videos.changed.connect(self._on_entry)
        app_context.studies.replaced.connect(self._forget)
        app_context.studies.listed.connect(self.study_changed)
        app_context.studies.listed.connect(self.advance)

    @property
    def clip(self) -> VideoClip | None:
        """The video on screen, once it is open."""
        return self._app_context.state.current if self._app_context.playback.video is not None else None

    @property
    def rows(self) -> tuple[ComparedModel, ...]:
        return tuple(replace(self.row(key), number=str(number)) for number, key in enumerate(self.keys, start=1))

    @property
    def busy(self) -> bool:
        """True while long work runs: all videos, or evidence."""
        return bool(self._batch) or (self._n_batch > 0 and self._running is not None)

    @property
    def troubled(self) -> bool:
        return any(row.progress in {ModelProgress.FAILED, ModelProgress.STOPPED} for row in self.rows)

    def row(self, key: str) -> ComparedModel:
        row = ComparedModel(key, self._names[key], self.results.facts.get(key), seconds=self.results.seconds.get(key))
        if key == UNIFORM:
            return baseline(row, self.keys, self.clip, self.results)
        request = ModelRequest(QueryKind.ASSESS, key, self.clip)
        growing = self._growing[1] if self._growing and self._growing[0] == request else None
        return filled(row, self.clip, self.results, growing, stopped=self._stopped)

    # which models

    def add(self, key: str, name: str) -> None:
        """Compare one more model; up to nine."""
        if key not in self.keys and len(self.keys) < MAX_MODELS:
            self._set((*self.keys, key), {**self._names, key: name})

    def remove(self, key: str) -> None:
        if key in self.keys:
            self._set(tuple(other for other in self.keys if other != key), self._names)

    def choose(self, models: Sequence[tuple[str, str]]) -> None:
        """Compare exactly these models, given as (key, name)."""
        self._set(tuple(key for key, _ in models[:MAX_MODELS]), dict(models))

    def _set(self, keys: tuple[str, ...], names: dict[str, str]) -> None:
        before = self.keys
        self.keys = keys
        self._names = names
        if keys == before:
            return
        self._batch = [request for request in self._batch if request.key in keys]
        if self._running is not None and self._running.key not in keys:
            self._cancel()
        if set(before) - set(keys):
            self._loaded = {item for item in self._loaded if item[0] in keys}
            folders = {Path(key) for key in self._models()}
            if not self._app_context.compared.stopped:
                self._app_context.compared.submit(lambda model_cache, _token, _report: model_cache.retain(folders))
        for key in set(keys) - set(before):
            self.results.broken.pop(key, None)
        self._app_context.settings.compared = keys
        self._take_over()
        self.models_changed.emit()
        self.study_changed.emit()
        self.advance()

    # queries

    def set_active(self, active: bool) -> None:
        """Query the models about the video on screen, or not."""
        self._active = active
        self._take_over()
        self.advance()

    def assess_all(self) -> None:
        """Have every model assess every video, after the one on screen."""
        self._stopped = False
        videos = [entry.clip for entry in self._app_context.videos if entry.state.has_picture]
        missing = [(key, clip) for clip in videos for key in self._models() if self.results.lacks(key, clip)]
        waiting = set(self._batch)
        self._queue(
            [q for q in (ModelRequest(QueryKind.ASSESS, *key_and_clip) for key_and_clip in missing) if q not in waiting]
        )

    def explain(self) -> None:
        """Measure the faithfulness of every model's attention for the video on screen."""
        clip = self.clip
        rows = [row for row in self.rows if not row.is_uniform and row.whole is not None and row.evidence is None]
        self._queue([ModelRequest(QueryKind.EXPLAIN, row.key, clip) for row in rows if clip is not None])

    def _queue(self, requests: list[ModelRequest]) -> None:
        if requests:
            self._batch += requests
            self._n_batch += len(requests)
            self._job.begin(confirm_stop=True)
            self.busy_changed.emit()
            self.advance()

    def stop(self) -> None:
        self._stopped = True
        self._batch = []
        self._n_batch = 0
        self._cancel()
        self._job.finish()
        self._emit_rows()
        self.busy_changed.emit()

    def again(self) -> None:
        """Retry what failed or was stopped."""
        self._stopped = False
        self.results.clear_failures(self.clip)
        self._loaded.clear()
        self._emit_rows()
        self.advance()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _models(self) -> tuple[str, ...]:
        return tuple(key for key in self.keys if key != UNIFORM)

    def advance(self) -> None:
        """Run the next query, if there is one and none is running."""
        if self._running is not None or self._app_context.compared.stopped:
            return
        request = self._next()
        if request is None:
            self._n_batch = 0
            self._job.finish()
            self.busy_changed.emit()
            return
        self._running = request
        self._growing = (request, Progress("waiting"))
        self._task = self._app_context.compared.submit(self._work(request))
        self._task.then(
            progressed=self._throttle.report,
            succeeded=self._on_answered,
            failed=self._on_failed,
            finished=self._on_finished,
        )
        self._job.begin()
        self._report_job()
        self.row_changed.emit(request.key)

    def _work(self, request: ModelRequest) -> Work:
        folder = Path(request.key)
        clip = request.clip
        passes = self._app_context.state.passes
        if request.kind is QueryKind.SAVED:
            videos = self._app_context.study_list.known_videos
            digest = self.results.facts[request.key].digest
            return lambda _model_cache, token, _report: saved(videos, digest, passes, token)
        if clip is None:
            return lambda model_cache, _token, _report: model_cache.facts(folder)
        analysis = self.results.analysis(request.key, clip) if request.kind is QueryKind.EXPLAIN else None
        if analysis is not None:
            return lambda model_cache, *arguments: load_or_compute_evidence(
                analysis, lambda: model_cache.explain(folder, analysis, *arguments)
            )
        return lambda model_cache, token, report: ask(model_cache, folder, clip, passes, token, report)

    def _next(self) -> ModelRequest | None:
        if self._active and not self._stopped:
            request = self._about_current()
            if request is not None:
                return request
        while self._batch:
            request = self._batch.pop(0)
            assert request.clip is not None
            missing = self.results.lacks(request.key, request.clip)
            if request.kind is QueryKind.EXPLAIN or (
                missing and self._app_context.videos.get(request.clip) is not None
            ):
                return request
        return self._about_study() if self._active and not self._stopped else None

    def _about_current(self) -> ModelRequest | None:
        clip = self.clip
        for key in self._models():
            if key not in self.results.facts and key not in self.results.broken:
                return ModelRequest(QueryKind.FACTS, key)
        if clip is None or self._on_its_way(clip):
            return None
        return next(
            (ModelRequest(QueryKind.ASSESS, k, clip) for k in self._models() if self.results.lacks(k, clip)), None
        )

    def _on_its_way(self, clip: VideoClip) -> bool:
        """Return True if the loaded model computes the features of a video, or is about to."""
        entry = self._app_context.videos.get(clip)
        automatic = self._app_context.assessments.automatic
        if entry is None or self._app_context.state.model is None:
            return False
        if entry.state is VideoState.NEW:
            return automatic and self._settle.isActive()
        return entry.state is VideoState.WORKING or (automatic and entry.state is VideoState.WAITING)

    def _about_study(self) -> ModelRequest | None:
        study_clips = {video.clip_id for video in self._app_context.study_list.known_videos}
        for key in self._models():
            unloaded = {(key, *video) for video in study_clips} - self._loaded
            if unloaded and key in self.results.facts:
                self._loaded |= unloaded
                return ModelRequest(QueryKind.SAVED, key)
        return None

    # results

    def _on_progress(self, progress: Progress) -> None:
        request = self._running
        if request is not None and self._task is not None and not self._task.token.cancelled:
            self._growing = (request, progress)
            self._report_job()
            self.row_changed.emit(request.key)

    def _on_answered(self, answer: object) -> None:
        request = self._running
        if request is None:
            return
        key, clip, results = request.key, request.clip, self.results
        self._growing = None
        if isinstance(answer, ModelFacts):
            results.facts[key] = answer
        elif isinstance(answer, Answer) and clip is not None:
            results.facts[key], results.seconds[key] = answer.facts, answer.seconds
            results.add(key, clip, answer.analysis)
            self._app_context.study_list.save_analysis(
                answer.analysis, answer.facts.digest, answer.facts.name, Path(key)
            )
            self._app_context.assessments.take({clip: answer.analysis})  # other screens need not query again
        elif isinstance(answer, Evidence) and clip is not None:
            results.evidence[key, clip] = answer
        elif isinstance(answer, dict):
            for video, analysis in answer.items():
                if results.analysis(key, video) is None:
                    results.add(key, video, analysis)
        self._emit_row(key)
        if request.kind in {QueryKind.ASSESS, QueryKind.SAVED}:
            self.study_changed.emit()

    def _on_failed(self, error: Exception) -> None:
        request = self._running
        if request is None or self._task is None or self._task.token.cancelled:
            return
        reason = error_text(error)
        self._growing = None
        if request.clip is None:
            self.results.broken[request.key] = reason
        elif request.kind is QueryKind.ASSESS:
            self.results.failures[request.key, request.clip] = reason
        else:
            self._app_context.messages.post(Message(reason, Severity.ERROR))
        if request.clip != self.clip and request.clip is not None:
            template = "{} could not assess {}: {}"
            text = template.format(self._names.get(request.key, request.key), self._title(request.clip), reason)
            self._app_context.messages.post(Message(text, Severity.WARNING))
        self._emit_row(request.key)

    def _on_finished(self) -> None:
        self._running = self._task = self._growing = None
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

    # changes elsewhere

    def _on_video(self, _video: object) -> None:
        running = self._running
        if running is not None and running.kind is QueryKind.ASSESS and running not in self._batch and not self.busy:
            self._cancel()
        self._stopped = False
        self._settle.start()
        self._take_over()
        self._emit_rows()
        self.advance()

    def _on_entry(self, row: int) -> None:
        if self._app_context.videos[row].clip == self.clip:
            self._take_over()
            self.advance()

    def _take_over(self) -> None:
        """Use the loaded model's result for the video on screen instead of computing it twice."""
        model = self._app_context.state.model
        clip = self.clip
        entry = self._app_context.videos.get(clip)
        if model is None or clip is None or entry is None or entry.analysis is None:
            return
        key = str(model.folder)
        analysis = entry.analysis
        # a result of more passes is kept: fewer would lose the interval in the list
        fits = analysis.n_passes >= self._app_context.state.passes and analysis.provenance.model_digest == model.digest
        if key in self.keys and fits and self.results.analysis(key, clip) is None:
            self.results.add(key, clip, analysis)
            self._emit_row(key)
            self.study_changed.emit()

    def _forget(self, *_: object) -> None:
        self._batch = []
        self._n_batch = 0
        self._cancel()
        self._loaded.clear()
        self.results.forget_videos()
        self._emit_rows()
        self.study_changed.emit()
        self.advance()

    def _title(self, clip: VideoClip) -> str:
        entry = self._app_context.videos.get(clip)
        return entry.name if entry is not None else clip.path.name

    def _report_job(self) -> None:
        running = self._running
        if running is None:
            return
        name = self._names.get(running.key, "")
        stage = name if running.clip is None else f"{name}: {self._title(running.clip)}"
        progress = self._growing[1] if self._growing is not None else Progress("")
        if not self._n_batch:
            self._job.report(stage, progress.done, progress.total)
            return
        total = max(progress.total, 1)
        n_done = self._n_batch - len(self._batch) - 1
        self._job.report(stage, max(n_done, 0) * total + progress.done, self._n_batch * total)
