"""Queue of videos to be assessed."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.text import counted
from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.session.loaded_model import LoadedModel
from skillviewer.ui.session.model_holder import ModelHolder
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.jobs import Job, Jobs
from skillviewer.ui.threads.messages import Messages, error_text
from skillviewer.ui.threads.throttle import Throttle, single_shot
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

AUTOMATIC_DELAY_MS = 300
"""Time that a video must stay on screen before it is assessed automatically, so that paging through starts nothing."""


def _assess(
    holder: ModelHolder, clip: VideoClip, passes: int, token: CancelToken, report: Report
) -> tuple[Analysis, str]:
    analysis = holder.assessor.assess(clip.path, passes, token, report, clip.clip_range)
    return analysis, holder.assessor.memory_text()


class AssessmentQueue(QObject):
    """A queue of videos for the model worker thread, which gets one at a time, so that the order can still change.

    The video on screen goes first. An assessment that was not requested is interrupted when another video comes on
    screen; the interrupted video then waits behind the new one.
    """

    busy_changed = Signal(bool)
    assessed = Signal(object, object)  # a complete ``Analysis``, and the ``LoadedModel`` that made it

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
        self._automatic_clips: set[VideoClip] = set()  # queued because they came on screen, not requested
        self._to_repeat: set[VideoClip] = set()  # assessed videos that were requested again
        self.running: VideoClip | None = None
        self._running_passes = 0  # passes of the running assessment
        self._task: Task | None = None
        self._job: Job | None = None
        self._n_done = 0
        self.automatic = True  # whether the video on screen is assessed automatically
        self._automatic_delay = single_shot(self, AUTOMATIC_DELAY_MS, self._queue_current)
        self._throttle = Throttle(self)
        self._throttle.shown.connect(self._show_progress)
        state.current_changed.connect(self._on_current)
        state.model_changed.connect(self._on_model)
        state.digest_changed.connect(self._on_digest)
        videos.added.connect(self._on_added)

    @property
    def is_busy(self) -> bool:
        return self.running is not None or bool(self._queue)

    def set_automatic(self, on: bool) -> None:
        self.automatic = on
        if on:
            self._automatic_delay.start()

    def ask(self, clips: list[VideoClip], *, again: bool = False) -> None:
        """Append videos of the list to the queue, in this order. ``again`` also assesses those that are assessed."""
        for clip in clips:
            self._enqueue(clip, again=again)
        self._advance()

    def ask_all(self) -> None:
        """Assess every video that lacks an analysis with the chosen number of passes, the video on screen first."""
        current = self._state.current_clip
        passes = self._state.passes
        clips = [entry.clip for entry in self._videos]
        for clip in sorted(clips, key=lambda clip: clip != current):
            if clip == self.running and clip not in self._queue and self._running_passes < passes:
                self._to_repeat.add(clip)
                self._queue.append(clip)
            analysis = self._known_analysis(clip)
            has_fewer_passes = analysis is not None and analysis.n_passes < passes
            self._enqueue(clip, again=has_fewer_passes)
        self._advance()

    def _report_cancelled(self) -> None:
        """Report the number of requested videos whose assessment is cancelled because another model was chosen."""
        waiting = set(self._queue)
        if self.running is not None:
            waiting.add(self.running)
        n_requested = len(waiting - self._automatic_clips)
        if n_requested:
            videos = counted(n_requested, "waiting video")
            self._messages.note(f"Another model was chosen: the assessment of {videos} was cancelled.")

    def _suffices(self, clip: VideoClip, analysis: Analysis | None) -> bool:
        """Return True if an analysis makes the waiting of a video unnecessary."""
        if analysis is None or clip in self._to_repeat:
            return False
        return clip in self._automatic_clips or analysis.n_passes >= self._state.passes

    def _enqueue(self, clip: VideoClip, *, again: bool) -> None:
        self._automatic_clips.discard(clip)
        entry = self._videos.get(clip)
        if entry is None or not entry.state.has_picture or clip == self.running or clip in self._queue:
            return
        if again:
            self._to_repeat.add(clip)
        if again or entry.state is not VideoState.DONE:
            self._queue.append(clip)
            self._videos.update(clip, state=VideoState.WAITING, reason="", n_done=0, total=0)

    def stop(self) -> None:
        """Empty the queue and cancel the running assessment."""
        waiting = self._queue
        self._queue = []
        self._automatic_clips.clear()
        self._to_repeat.clear()
        self._throttle.stop()
        for clip in waiting:
            self._reset_entry(clip)
        if self._task is not None:
            self._task.cancel()
        else:
            self._finish_job()

    def take(self, analyses: Mapping[VideoClip, Analysis]) -> None:
        """Add stored analyses by one model, by video. An analysis made in this window is not replaced."""
        for clip, analysis in analyses.items():
            self._results.setdefault((clip, analysis.provenance.model_digest), analysis)
            if analysis.provenance.model_digest == self._state.digest:
                self._show_stored(clip, analysis)

    def _show_stored(self, clip: VideoClip, analysis: Analysis) -> None:
        entry = self._videos.get(clip)
        if entry is None:
            return
        if clip == self.running:
            if clip in self._automatic_clips and self._task is not None:
                self._task.cancel()  # the assessment began because no analysis was known
            return
        is_waiting_for_it = clip in self._queue and self._suffices(clip, analysis)
        if is_waiting_for_it or entry.state is VideoState.NEW:
            self._drop_from_queue(clip)
            if clip == self._state.current_clip:
                self._state.set_analysis(self._known_analysis(clip))

    def rescale(self) -> None:
        """Convert scores to the raters' scale again, after the tasks of videos have changed."""
        if not self._results:
            return
        for entry in self._videos:
            analysis = self._known_analysis(entry.clip)
            if entry.analysis is not None and analysis is not None and analysis.scaled != entry.analysis.scaled:
                self._videos.update(entry.clip, analysis=analysis)
                if entry.clip == self._state.current_clip:
                    self._state.set_analysis(analysis)

    def analyses_with_tracks(self) -> list[tuple[VideoClip, Analysis]]:
        """Return the known analyses, by any model, that depend on tracks."""
        return [(clip, analysis) for (clip, _), analysis in self._results.items() if analysis.tracks]

    def invalidate(self, clips: Collection[VideoClip]) -> None:
        """Forget the analyses of these videos that depend on tracks. A running assessment of such a video restarts.

        The video on screen is assessed again if assessment is automatic. The others count as not assessed.
        """
        outdated_keys = [key for key, analysis in self._results.items() if key[0] in clips and analysis.tracks]
        for key in outdated_keys:
            del self._results[key]
        for clip in clips:
            entry = self._videos.get(clip)
            if entry is None or not entry.state.has_picture or clip in self._queue:
                continue
            if clip != self.running:
                self._reset_entry(clip)
            elif self._task is not None:
                self._queue.insert(0, clip)
                self._task.cancel()
        if self._state.current_clip in clips:
            self._on_current(self._state.current_clip)

    def forget(self) -> None:
        """Forget all analyses: another study is opened."""
        self._results.clear()

    def _on_current(self, clip: VideoClip | None) -> None:
        entry = self._videos.get(clip)
        analysis = entry.analysis if entry is not None else None
        self._state.set_analysis(analysis)
        if self.automatic:
            self._automatic_delay.start()

    def _on_added(self, first: int, last: int) -> None:
        """Give videos that are added again their known analyses."""
        if not self._results:
            return
        for row in range(first, last + 1):
            clip = self._videos[row].clip
            if self._known_analysis(clip) is not None:
                self._reset_entry(clip)

    def _on_model(self, model: LoadedModel | None) -> None:
        previous_model = self._model
        self._model = model
        if model is not None and previous_model is not None and model.digest == previous_model.digest:
            return  # only the memory in use was read again
        if previous_model is not None:
            self._report_cancelled()
            self.stop()  # videos that waited for the first model keep waiting
        self._on_current(self._state.current_clip)
        self._advance()

    def _on_digest(self) -> None:
        """Show the known analyses by the chosen checkpoint, which may still be loading."""
        for entry in self._videos:
            clip = entry.clip
            if not entry.state.has_picture:
                self._videos.update(clip, analysis=self._known_analysis(clip))
            elif entry.state is not VideoState.WAITING:
                self._reset_entry(clip)
            elif self._suffices(clip, self._known_analysis(clip)):
                self._drop_from_queue(clip)
        self._on_current(self._state.current_clip)

    def _queue_current(self) -> None:
        clip = self._state.current_clip
        entry = self._videos.get(clip)
        if clip is None or entry is None or not self.automatic or self._model is None:
            return
        if entry.state is VideoState.WAITING:
            self._queue.remove(clip)
            self._queue.insert(0, clip)
        elif entry.state is VideoState.NEW:
            self._automatic_clips.add(clip)
            self._queue.insert(0, clip)
            self._videos.update(clip, state=VideoState.WAITING)
        else:
            return
        if self.running in self._automatic_clips and self._task is not None:
            self._queue.insert(1, self.running)
            self._task.cancel()
        self._advance()

    def _advance(self) -> None:
        if self._model is None or self.running is not None or not self._queue or self._worker.stopped:
            return
        clip = self._queue.pop(0)
        passes = self._state.passes
        self.running = clip
        self._running_passes = passes
        self._videos.update(clip, state=VideoState.WORKING, n_done=0, total=0)
        self._task = self._worker.submit(lambda holder, token, report: _assess(holder, clip, passes, token, report))
        self._task.then(
            progressed=self._throttle.report,
            succeeded=self._on_succeeded,
            failed=self._on_failed,
            cancelled=self._on_cancelled,
            finished=self._on_finished,
        )
        if self._job is None:
            self._n_done = 0
            self._job = self._jobs.begin("Assessing", keeps_work=True)
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

    def _show_progress(self, progress: Progress) -> None:
        if self.running is None:
            return
        self._videos.update(self.running, n_done=progress.done, total=progress.total)
        self._report_job(progress.done, progress.total)
        if isinstance(progress.value, Analysis) and self.running == self._state.current_clip:
            self._state.set_analysis(progress.value)

    def _on_succeeded(self, analysis_and_memory: tuple[Analysis, str]) -> None:
        analysis, memory = analysis_and_memory
        clip = self.running
        model = self._model
        if clip is None or model is None:
            return
        self._results[clip, model.digest] = analysis
        self.assessed.emit(analysis, model)
        self._reset_entry(clip)
        if clip == self._state.current_clip:
            self._state.set_analysis(self._known_analysis(clip))
        self._state.set_model(replace(model, memory=memory))

    def _on_failed(self, error: Exception) -> None:
        if self.running is not None:
            self._videos.update(self.running, state=VideoState.FAILED, reason=error_text(error), n_done=0, total=0)
            self._show_known(self.running)
            self._messages.fail(error)

    def _on_cancelled(self) -> None:
        clip = self.running
        if clip is not None and clip in self._queue:
            self._videos.update(clip, state=VideoState.WAITING, n_done=0, total=0)
        elif clip is not None:
            self._reset_entry(clip)
        if clip is not None:
            self._show_known(clip)

    def _show_known(self, clip: VideoClip) -> None:
        """Show the known analysis of a video whose assessment did not end, if it is on screen."""
        if clip == self._state.current_clip:
            entry = self._videos.get(clip)
            analysis = entry.analysis if entry is not None else None
            self._state.set_analysis(analysis)

    def _on_finished(self) -> None:
        self._n_done += 1
        if self.running is not None and self.running not in self._queue:
            self._automatic_clips.discard(self.running)
            self._to_repeat.discard(self.running)
        self.running = None
        self._task = None
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

    def _known_analysis(self, clip: VideoClip) -> Analysis | None:
        analysis = self._results.get((clip, self._state.digest))
        return None if analysis is None else analysis.in_task(*self._videos.tasks(clip))

    def _drop_from_queue(self, clip: VideoClip) -> None:
        if clip in self._queue:
            self._queue.remove(clip)
        self._reset_entry(clip)

    def _reset_entry(self, clip: VideoClip) -> None:
        """Set the state and analysis of a video to those known by the chosen model."""
        analysis = self._known_analysis(clip)
        state = VideoState.DONE if analysis is not None else VideoState.NEW
        self._videos.update(clip, state=state, analysis=analysis, n_done=0, total=0, reason="")
