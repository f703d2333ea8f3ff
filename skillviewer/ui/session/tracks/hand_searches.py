"""Searches for hands in the videos of the list, in a worker thread. A stopped search can be continued."""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.text import counted
from skillviewer.core.tracks.tracks import TrackMethod, TrackSet, nothing_found
from skillviewer.core.video.clips import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.tracks_file import TrackStore
from skillviewer.ui.session.backend import HandSource
from skillviewer.ui.session.tracks.shown_tracks import ShownTracks, frames_of, shown_live
from skillviewer.ui.session.tracks.video_tracks import VideoTracks
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.jobs import Job, Jobs
from skillviewer.ui.threads.messages import Message, Messages, Severity, error_text
from skillviewer.ui.threads.throttle import Throttle
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

if TYPE_CHECKING:
    from skillviewer.engine.tracking.hand_units import HandJob
    from skillviewer.engine.tracking.track_hands import HandProgress


NEEDS_MODEL = "Choose a model first: the search takes the frames that the model samples."


class FrameChoice(StrEnum):
    """Choice of the frames that are searched."""

    EVERY = "every frame"
    SECOND = "every second frame"
    SAMPLED = "sampled frames only"


@dataclass(frozen=True, slots=True)
class SearchChoice:
    """Settings of a search."""

    frames: FrameChoice = FrameChoice.EVERY
    small_networks: bool = False


@dataclass(frozen=True, slots=True)
class SearchCost:
    """Time that a search takes on this computer."""

    n_frames: int
    least_s: float
    most_s: float
    n_done: int = 0  # frames that an earlier search has processed

    @property
    def text(self) -> str:
        """A sentence such as "957 frames take 24 to 43 seconds on this computer."."""
        n_left = self.n_frames - self.n_done
        share = n_left / self.n_frames if self.n_frames else 0.0
        least_s = self.least_s * share
        most_s = self.most_s * share
        if most_s >= 90:
            duration = f"{least_s / 60:.2g} to {most_s / 60:.2g} minutes"
        else:
            duration = f"{least_s:.2g} to {most_s:.2g} seconds"
        if self.n_done:
            return f"{n_left} of {self.n_frames} frames are left and take {duration} on this computer."
        return f"{counted(n_left, 'frame')} take {duration} on this computer."


def _make_hand_job(choice: SearchChoice, model_folder: Path | None, *, force: bool) -> "HandJob":
    from skillviewer.engine.tracking.hand_tracker import HandModel
    from skillviewer.engine.tracking.hand_units import HandJob
    from skillviewer.engine.tracking.track_hands import HandSearch

    networks = HandModel.LITE if choice.small_networks else HandModel.FULL
    every = 2 if choice.frames is FrameChoice.SECOND else 1
    sampled_by = model_folder if choice.frames is FrameChoice.SAMPLED else None
    return HandJob(HandSearch(networks, every), sampled_by, force=force)


@dataclass(frozen=True, slots=True, eq=False)
class FoundHands:
    """Result of a search."""

    tracks_before: TrackSet  # tracks before the search; an empty set if there were none
    tracks_after: TrackSet
    was_skipped: bool = False  # True if the video had hands already and was not searched


def _find(
    source: HandSource,
    choice: SearchChoice,
    model_folder: Path | None,
    clip: VideoClip,
    video: VideoInfo,
    token: CancelToken,
    report: Report,
    *,
    force: bool,
) -> FoundHands:
    frames = frames_of(clip, video)
    saved = TrackStore().get(video.digest, frames)
    before = saved if saved is not None else TrackSet.of_video(video, frames)
    if not force and any(track.method is TrackMethod.HAND_NETWORK for track in before.tracks):
        return FoundHands(before, before, was_skipped=True)

    def show(progress: "HandProgress") -> None:
        live_tracks = shown_live(progress.tracks, saved)
        report(Progress("looking for hands", progress.n_done, progress.n_frames, (clip, live_tracks)))

    after = source.find(_make_hand_job(choice, model_folder, force=force), clip, token, report, show)
    return FoundHands(before, after)


def _cost(
    source: HandSource,
    choice: SearchChoice,
    model_folder: Path | None,
    clip: VideoClip,
    video: VideoInfo,
    token: CancelToken,
) -> SearchCost:
    """Return the cost of a search in a video, and the number of frames that a stopped search has processed."""
    job = _make_hand_job(choice, model_folder, force=False)
    n_frames = source.n_frames(job, video, clip)
    frame_cost = source.cost(job, video, token)
    unfinished = source.unfinished(job, video, clip)
    n_done = unfinished.n_done if unfinished is not None else 0
    return SearchCost(n_frames, n_frames * frame_cost.least_s, n_frames * frame_cost.most_s, n_done)


class HandSearches(QObject):
    """A queue of videos that are searched for hands in the background."""

    changed = Signal()  # another video is searched, or the search progressed
    cost_changed = Signal()  # ``cost`` or ``cost_problem`` has changed

    def __init__(
        self,
        worker: WorkerThread[HandSource],
        state: ViewerState,
        videos: VideoList,
        tracks: VideoTracks,
        jobs: Jobs,
        messages: Messages,
    ) -> None:
        super().__init__(worker)
        self._worker = worker
        self._state = state
        self._videos = videos
        self._tracks = tracks
        self._jobs = jobs
        self._messages = messages
        self.choice = SearchChoice()
        self.running_clip: VideoClip | None = None
        self.n_done = 0  # processed frames of the running search
        self.n_frames = 0  # all frames of the running search
        self.cost: SearchCost | None = None  # cost of searching the video on screen
        self.cost_problem = ""  # reason why the cost is unknown, or ""
        self._queue: list[VideoClip] = []
        self._force = False
        self._task: Task | None = None
        self._job: Job | None = None
        self._cost_task: Task | None = None
        self._n_searched = 0
        self._n_skipped = 0
        self._problems: list[str] = []
        self._throttle = Throttle(self)
        self._throttle.shown.connect(self._show)

    @property
    def is_busy(self) -> bool:
        """True while a video is searched."""
        return self.running_clip is not None

    def choose(self, **changes: object) -> None:
        """Change settings of later searches, by field of ``SearchChoice``."""
        choice = replace(self.choice, **changes)  # type: ignore[arg-type]
        if choice != self.choice:
            self.choice = choice
            self.ask_cost()

    def ask_cost(self) -> None:
        """Measure how long a search of the video on screen takes; emits ``cost_changed``."""
        if self._cost_task is not None:
            self._cost_task.cancel()
        self.cost = None
        self.cost_problem = ""
        self._cost_task = None
        clip = self._tracks.clip
        entry = self._videos.get(clip)
        if clip is not None and entry is not None and entry.info is not None and not self._worker.stopped:
            self._begin_measuring(clip, entry.info)
        self.cost_changed.emit()

    def _begin_measuring(self, clip: VideoClip, video: VideoInfo) -> None:
        choice = self.choice
        model_folder = self._model_folder()
        if choice.frames is FrameChoice.SAMPLED and model_folder is None:
            self.cost_problem = NEEDS_MODEL
        elif not self.is_busy:  # a running search would falsify the measurement
            self._cost_task = self._worker.submit(
                lambda source, token, _report: _cost(source, choice, model_folder, clip, video, token)
            )
            self._cost_task.then(succeeded=self._on_cost, failed=self._on_cost_failed)

    def search(self, *, again: bool = False) -> None:
        """Search the video on screen; ``again`` also searches a video that has hands already."""
        if self._tracks.clip is not None and self.running_clip is None:
            self._begin([self._tracks.clip], force=again)

    def search_all(self) -> None:
        """Search every video of the list that has no hands, the video on screen first."""
        if self.running_clip is None:
            current = self._tracks.clip
            clips = [entry.clip for entry in self._videos if entry.state.has_picture]
            first_clips = [clip for clip in clips if clip == current]
            later_clips = [clip for clip in clips if clip != current]
            self._begin([*first_clips, *later_clips], force=False)

    def stop(self) -> None:
        """Stop. The tracks so far are kept, and the next search continues from there."""
        self._queue.clear()
        if self._task is not None:
            self._task.cancel()

    def _model_folder(self) -> Path | None:
        return self._state.model.folder if self._state.model is not None else None

    def _begin(self, clips: list[VideoClip], *, force: bool) -> None:
        if self.choice.frames is FrameChoice.SAMPLED and self._model_folder() is None:
            self._messages.post(Message(NEEDS_MODEL, Severity.WARNING))
            return
        if not clips or self._worker.stopped:
            return
        self._queue = clips
        self._force = force
        self._n_searched = 0
        self._n_skipped = 0
        self._problems = []
        title = "Finding hands" if len(clips) == 1 else f"Finding hands in {len(clips)} videos"
        self._job = self._jobs.begin(title, confirm_stop=False, keeps_work=True)
        self._job.stop_asked.connect(self.stop)
        self._next_clip()

    def _next_clip(self) -> None:
        if not self._queue or self._worker.stopped:
            self._end()
            return
        clip = self._queue.pop(0)
        entry = self._videos.get(clip)
        self.n_done = 0
        self.n_frames = 0
        if entry is None or entry.info is None:
            self._problems.append(f"{clip.path.name} was not searched: it has not been read yet.")
            self.running_clip = None
            self._next_clip()
            return
        self.running_clip = clip
        choice = self.choice
        model_folder = self._model_folder()
        video = entry.info
        force = self._force
        self._task = self._worker.submit(
            lambda source, token, report: _find(source, choice, model_folder, clip, video, token, report, force=force)
        )
        self._task.then(
            progressed=self._on_progress,
            succeeded=self._on_found,
            failed=self._on_failed,
            cancelled=self._on_stopped,
            finished=self._on_finished,
        )
        self.changed.emit()

    def _on_progress(self, progress: Progress) -> None:
        if isinstance(progress.value, tuple):
            clip, live_tracks = progress.value
            assert isinstance(live_tracks, ShownTracks)
            self._tracks.show_live(clip, live_tracks)
        self._throttle.report(progress)

    def _show(self, progress: Progress) -> None:
        self.n_done = progress.done
        self.n_frames = progress.total
        if self._job is not None:
            self._job.set_progress(progress.stage, progress.done, progress.total)
        self.changed.emit()

    def _on_found(self, found_hands: FoundHands) -> None:
        if found_hands.was_skipped:
            self._n_skipped += 1
            return
        self._n_searched += 1
        self._tracks.remember("search for hands", found_hands.tracks_before, found_hands.tracks_after)
        only_hands = replace(found_hands.tracks_after, tracks=found_hands.tracks_after.hands)
        no_hands_text = nothing_found(only_hands)
        if no_hands_text and self.running_clip is not None:
            self._problems.append(f"{self._videos.title(self.running_clip)}: {no_hands_text}")

    def _on_failed(self, error: Exception) -> None:
        self._problems.append(error_text(error))

    def _on_stopped(self) -> None:
        self._queue.clear()
        if self.running_clip is not None:
            self._tracks.reload()

    def _on_finished(self) -> None:
        self._task = None
        self._throttle.stop()
        self.running_clip = None
        self._next_clip()

    def _end(self) -> None:
        self.running_clip = None
        self._task = None
        if self._job is not None:
            self._job.finish()
            self._job = None
        if len(self._problems) == 1:
            self._messages.post(Message(self._problems[0], Severity.WARNING))
        elif self._problems:
            text = f"{len(self._problems)} videos have no tracks of hands."
            self._messages.post(Message(text, Severity.WARNING, tuple(self._problems)))
        elif self._n_skipped and not self._n_searched:
            self._messages.note("Hands were found in these videos before; search one again from its page.")
        self.changed.emit()
        self.ask_cost()

    def _on_cost(self, cost: SearchCost) -> None:
        self._cost_task = None
        self.cost = cost
        self.cost_changed.emit()

    def _on_cost_failed(self, error: Exception) -> None:
        self._cost_task = None
        self.cost_problem = error_text(error)
        self.cost_changed.emit()
