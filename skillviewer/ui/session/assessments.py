"""The queue of videos to be assessed."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.session.loaded_model import LoadedModel
from skillviewer.ui.session.model_chooser import ModelHolder
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.jobs import Job, Jobs
from skillviewer.ui.threads.messages import Messages, error_text
from skillviewer.ui.threads.throttle import Throttle, single_shot
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

SETTLE_MS = 300
"""A video must stay on screen this long before it is assessed automatically, so that paging through starts nothing."""


def _assess(
    slot: ModelHolder, clip: VideoClip, passes: int, token: CancelToken, report: Report
) -> tuple[Analysis, str]:
    analysis = slot.assessor.assess(clip.path, passes, token, report, clip.clip_range)
    return analysis, slot.assessor.memory_text()


class AssessmentQueue(QObject):
    """A queue of videos for the model worker thread, one at a time, so that order can change until the last moment.

    The video on screen goes first. A video that was begun only because it was on screen makes way when another comes on
    screen, and waits behind it.
    """

    busy_changed = Signal(bool)
    assessed = Signal(object, object)  # a whole ``Analysis``, and the ``LoadedModel`` that made it

    def __init__(
        self, worker: WorkerThread[ModelHolder], state: ViewerState, videos: VideoList, jobs: Jobs, messages: Messages
    ) -> None:
        super().__init__(worker)
        self._worker = worker
        self._state = state
        self._videos = videos
        self._jobs = jobs
        self._messages = messages
        self._results: dict[tuple[VideoClip, str], Analysis] = {}  # (video, digest of the checkpoint)
        self._model: LoadedModel | None = None
        self._queue: list[VideoClip] = []
        self._unasked: set[VideoClip] = set()
        self._to_repeat: set[VideoClip] = set()  # requested again although they are assessed
        self.running: VideoClip | None = None
        self._passes = 0  # of the video that is being assessed
        self._task: Task | None = None
        self._job: Job | None = None
        self._n_done = 0
        self.automatic = True  # true if the video on screen is assessed automatically
        self._settle = single_shot(self, SETTLE_MS, self._ask_unasked)
        self._throttle = Throttle(self)
        self._throttle.shown.connect(self._show)
        state.current_changed.connect(self._on_current)
        state.model_changed.connect(self._on_model)
        state.digest_changed.connect(self._on_digest)
        videos.added.connect(self._on_added)

    @property
    def busy(self) -> bool:
        return self.running is not None or bool(self._queue)

    def set_automatic(self, on: bool) -> None:
        self.automatic = on
        if on:
            self._settle.start()

    def ask(self, clips: list[VideoClip], *, again: bool = False) -> None:
        """Assess videos of the list, in this order, behind those that wait; also assessed ones where ``again``."""
        for clip in clips:
            self._enqueue(clip, again=again)
        self._advance()

    def ask_all(self) -> None:
        """Assess every video that is not assessed yet with as many passes as are chosen, the one on screen first."""
        current = self._state.current
        clips = [entry.clip for entry in self._videos]
        for clip in sorted(clips, key=lambda clip: clip != current):
            saved = self._known(clip)
            if clip == self.running and clip not in self._queue and self._passes < self._state.passes:
                self._to_repeat.add(clip)
                self._queue.append(clip)
            self._enqueue(clip, again=saved is not None and saved.n_passes < self._state.passes)
        self._advance()

    def _report_dropped(self) -> None:
        waiting = dict.fromkeys([*self._queue, *([self.running] if self.running is not None else [])])
        n = sum(clip not in self._unasked for clip in waiting)
        if n:
            text = "Another model was chosen: the assessment of {} waiting videos was cancelled."
            single = "Another model was chosen: the assessment of 1 waiting video was cancelled."
            self._messages.note(text.format(n) if n > 1 else single)

    def _suffices(self, clip: VideoClip, analysis: Analysis | None) -> bool:
        """Return True if the known analysis of a video is the one that it waits for."""
        if analysis is None or clip in self._to_repeat:
            return False
        return clip in self._unasked or analysis.n_passes >= self._state.passes

    def _enqueue(self, clip: VideoClip, *, again: bool) -> None:
        self._unasked.discard(clip)
        entry = self._videos.get(clip)
        if entry is None or not entry.state.has_picture or clip == self.running or clip in self._queue:
            return
        if again or entry.state is not VideoState.DONE:
            self._to_repeat.update([clip] if again else [])
            self._queue.append(clip)
            self._videos.update(clip, state=VideoState.WAITING, reason="", n_done=0, total=0)

    def stop(self) -> None:
        waiting = self._queue
        self._queue = []
        self._unasked.clear()
        self._to_repeat.clear()
        self._throttle.stop()
        for clip in waiting:
            self._restore(clip)
        if self._task is not None:
            self._task.cancel()
        else:
            self._finish_job()

    def take(self, analyses: Mapping[VideoClip, Analysis]) -> None:
        """Take in what was kept of a model's earlier assessments, by video; what was made meanwhile stands."""
        for clip, analysis in analyses.items():
            digest = analysis.provenance.model_digest
            self._results.setdefault((clip, digest), analysis)
            entry = self._videos.get(clip)
            if digest == self._state.digest and entry is not None:
                if clip == self.running and clip in self._unasked and self._task is not None:
                    self._task.cancel()  # begun because it had no analysis
                waits = clip in self._queue and self._suffices(clip, analysis)
                if clip == self.running or not (waits or entry.state is VideoState.NEW):
                    continue
                self._leave_out(clip)
                if clip == self._state.current:
                    self._state.set_analysis(self._known(clip))

    def show_tasks(self) -> None:
        """Put scores on the raters' scale anew, since tasks have changed."""
        for entry in self._videos if self._results else ():
            saved = self._known(entry.clip)
            if entry.analysis is not None and saved is not None and saved.scaled != entry.analysis.scaled:
                self._videos.update(entry.clip, analysis=saved)
                if entry.clip == self._state.current:
                    self._state.set_analysis(saved)

    def resting_on_tracks(self) -> list[tuple[VideoClip, Analysis]]:
        """Return the known analyses, by any model, whose numbers depend on tracks."""
        return [(clip, analysis) for (clip, _), analysis in self._results.items() if analysis.tracks]

    def renew(self, clips: Collection[VideoClip]) -> None:
        """Forget the analyses of some videos that depend on tracks, and begin anew where one is under way.

        The video on screen is assessed again if that is automatic; the others count as not assessed.
        """
        self._results = {
            (clip, digest): analysis
            for (clip, digest), analysis in self._results.items()
            if clip not in clips or not analysis.tracks
        }
        for clip in clips:
            entry = self._videos.get(clip)
            if entry is None or not entry.state.has_picture or clip in self._queue:
                continue
            if clip != self.running:
                self._restore(clip)
            elif self._task is not None:
                self._queue.insert(0, clip)
                self._task.cancel()
        if self._state.current in clips:
            self._on_current(self._state.current)

    def forget(self) -> None:
        """Forget the analyses of videos that are no longer there."""
        self._results.clear()

    def _on_current(self, clip: VideoClip | None) -> None:
        entry = self._videos.get(clip)
        self._state.set_analysis(entry.analysis if entry is not None else None)
        if self.automatic:
            self._settle.start()

    def _on_added(self, first: int, last: int) -> None:
        """Give videos that come back their known analyses."""
        for row in range(first, last + 1) if self._results else ():
            if self._known(self._videos[row].clip) is not None:
                self._restore(self._videos[row].clip)

    def _on_model(self, model: LoadedModel | None) -> None:
        before = self._model
        self._model = model
        if model is not None and before is not None and model.digest == before.digest:
            return  # only the memory in use was read again
        if before is not None:
            self._report_dropped()
            self.stop()  # videos that waited for the first model keep waiting
        self._on_current(self._state.current)
        self._advance()

    def _on_digest(self) -> None:
        """Show what is known by the checkpoint chosen, which may still be loading."""
        for entry in self._videos:
            if entry.state.has_picture and entry.state is not VideoState.WAITING:
                self._restore(entry.clip)
            elif not entry.state.has_picture:
                self._videos.update(entry.clip, analysis=self._known(entry.clip))  # never that of another model
            elif entry.state is VideoState.WAITING and self._suffices(entry.clip, self._known(entry.clip)):
                self._leave_out(entry.clip)  # it waited for a model that has assessed it before
        self._on_current(self._state.current)

    def _ask_unasked(self) -> None:
        clip = self._state.current
        entry = self._videos.get(clip)
        if clip is None or entry is None or not self.automatic or self._model is None:
            return
        if entry.state is VideoState.WAITING:
            self._queue.remove(clip)
            self._queue.insert(0, clip)
        elif entry.state is VideoState.NEW:
            self._unasked.add(clip)
            self._queue.insert(0, clip)
            self._videos.update(clip, state=VideoState.WAITING)
        else:
            return
        if self.running in self._unasked and self._task is not None:
            self._queue.insert(1, self.running)
            self._task.cancel()
        self._advance()

    def _advance(self) -> None:
        if self._model is None or self.running is not None or not self._queue or self._worker.stopped:
            return
        clip = self._queue.pop(0)
        passes = self._state.passes
        self.running = clip
        self._passes = passes
        self._videos.update(clip, state=VideoState.WORKING, n_done=0, total=0)
        self._task = self._worker.submit(lambda slot, token, report: _assess(slot, clip, passes, token, report))
        self._task.then(
            progressed=self._throttle.report,
            succeeded=self._on_succeeded,
            failed=self._on_failed,
            cancelled=self._on_cancelled,
            finished=self._on_finished,
        )
        if self._job is None:
            self._n_done = 0
            self._job = self._jobs.begin("Assessing", keeps=True)
            self._job.stop_asked.connect(self.stop)
            self.busy_changed.emit(True)
        self._report_job(0, 0)

    def _report_job(self, n_done: int, total: int) -> None:
        if self._job is None or self.running is None:
            return
        n_videos = self._n_done + 1 + len(self._queue)
        entry = self._videos.get(self.running)
        stage = entry.name if entry is not None else self.running.path.stem
        if n_videos > 1:
            stage = f"{stage} ({self._n_done + 1} of {n_videos})"
        self._job.set_progress(stage, self._n_done * total + n_done, n_videos * total)

    def _show(self, progress: Progress) -> None:
        if self.running is None:
            return
        self._videos.update(self.running, n_done=progress.done, total=progress.total)
        self._report_job(progress.done, progress.total)
        if isinstance(progress.value, Analysis) and self.running == self._state.current:
            self._state.set_analysis(progress.value)

    def _on_succeeded(self, assessed: tuple[Analysis, str]) -> None:
        analysis, memory = assessed
        clip = self.running
        model = self._model
        if clip is None or model is None:
            return
        self._results[clip, model.digest] = analysis
        self.assessed.emit(analysis, model)
        self._restore(clip)
        if clip == self._state.current:
            self._state.set_analysis(self._known(clip))
        self._state.set_model(replace(model, memory=memory))

    def _on_failed(self, error: Exception) -> None:
        if self.running is not None:
            self._videos.update(self.running, state=VideoState.FAILED, reason=error_text(error), n_done=0, total=0)
            self._show_kept(self.running)
            self._messages.fail(error)

    def _on_cancelled(self) -> None:
        clip = self.running
        if clip is not None and clip in self._queue:
            self._videos.update(clip, state=VideoState.WAITING, n_done=0, total=0)
        elif clip is not None:
            self._restore(clip)
        if clip is not None:
            self._show_kept(clip)

    def _show_kept(self, clip: VideoClip) -> None:
        """Show the known analysis of a video whose assessment did not end, if it is on screen."""
        if clip == self._state.current:
            entry = self._videos.get(clip)
            self._state.set_analysis(entry.analysis if entry is not None else None)

    def _on_finished(self) -> None:
        self._n_done += 1
        if self.running is not None and self.running not in self._queue:
            self._unasked.discard(self.running)
            self._to_repeat.discard(self.running)
        self.running = self._task = None
        self._throttle.stop()
        if self._queue:
            self._advance()
        if self.running is None:
            self._finish_job()

    def _finish_job(self) -> None:
        job = self._job
        self._job = None
        if job is not None:
            job.finish()
            self.busy_changed.emit(False)

    def _known(self, clip: VideoClip) -> Analysis | None:
        analysis = self._results.get((clip, self._state.digest))
        return None if analysis is None else analysis.in_task(*self._videos.tasks(clip))

    def _leave_out(self, clip: VideoClip) -> None:
        if clip in self._queue:
            self._queue.remove(clip)
        self._restore(clip)

    def _restore(self, clip: VideoClip) -> None:
        """Give a video the state it has under the model chosen."""
        analysis = self._known(clip)
        state = VideoState.DONE if analysis is not None else VideoState.NEW
        self._videos.update(clip, state=state, analysis=analysis, n_done=0, total=0, reason="")
