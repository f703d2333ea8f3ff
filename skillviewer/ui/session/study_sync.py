"""Synchronises the list of videos with the open study, and stores analyses between sessions."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.study_log import LoggedExport
from skillviewer.core.video.clips import VideoClip
from skillviewer.data.study import FileState, Study, StudyVideo, cached_analysis
from skillviewer.ui.session.assessments import AssessmentQueue
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.loaded_model import LoadedModel
from skillviewer.ui.session.open_study import OpenStudy
from skillviewer.ui.session.path_importer import PathImporter
from skillviewer.ui.session.studies import MODELS, StudyController
from skillviewer.ui.session.video_entry import VideoEntry, VideoState
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.throttle import Portions
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

if TYPE_CHECKING:
    from skillviewer.core.video.clips import ClipRange
    from skillviewer.engine.exporting.requests import AnalysisReady

AT_ONCE = 25  # stored analyses that are read at once
MAX_CHANGES_AT_ONCE = 200  # entries of the list that change in one turn of the event loop


def entry_of(video: StudyVideo) -> VideoEntry:
    """Return a video of a study as an entry of the list."""
    path = video.path if video.path is not None else Path(video.recorded_path)
    state = VideoState.NEW
    reason = ""
    if video.state is FileState.REPLACED:
        state = VideoState.REPLACED
        text = "Another file has replaced this video: {}"
        reason = text.format(path)
    elif video.path is None:
        state = VideoState.MISSING
        text = "The file is not where it was: {}"
        reason = text.format(video.recorded_path or video.name)
    facts = {name: getattr(video, name) for name in ("participant", "task", "clip_range", "occasion")}
    return VideoEntry(path, state=state, reason=reason, study_name=video.name, **facts)


def load_analyses(
    videos: Sequence[StudyVideo], model_digest: str, token: CancelToken, report: Report
) -> dict[VideoClip, Analysis]:
    """Return the stored analyses of videos by a model; some at a time also as values of progress."""
    analyses: dict[VideoClip, Analysis] = {}
    for i, video in enumerate(videos):
        token.check()
        if video.path is not None and video.state is not FileState.REPLACED:
            analysis = cached_analysis(video, model_digest)
            if analysis is not None:
                analyses[analysis.clip] = analysis
        if len(analyses) >= AT_ONCE:
            report(Progress("reading analyses", i, len(videos), analyses))
            analyses = {}
    return analyses


class StudyList(QObject):
    """Connects the open study, the list of videos and the queue of assessments."""

    def __init__(
        self,
        studies: StudyController,
        videos: VideoList,
        assessments: AssessmentQueue,
        intake: PathImporter,
        index: WorkerThread[Backend],
        state: ViewerState,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._studies = studies
        self._videos = videos
        self._assessments = assessments
        self._intake = intake
        self._index = index
        self._state = state
        self.known_videos: tuple[StudyVideo, ...] = ()
        # by video and digest
        self._early: dict[tuple[VideoClip, str], tuple[Analysis, str, Path, tuple[str, ...]]] = {}
        self._loaded: tuple[str, frozenset[tuple[str, ClipRange | None]]] = ("", frozenset())
        self._to_recall: OrderedDict[VideoClip, StudyVideo] = OrderedDict()
        self._task: Task | None = None
        self._changes = Portions(self)
        studies.replaced.connect(self._on_replaced)
        studies.listed.connect(self._on_listed)
        studies.opened.connect(self._on_opened)
        state.digest_changed.connect(self._load_analyses)
        state.current_changed.connect(self._prefer)
        assessments.assessed.connect(self._on_assessed)

    def _on_replaced(self) -> None:
        self.known_videos = ()
        self._changes.clear()
        self._early.clear()
        self._to_recall.clear()
        self._loaded = ("", frozenset())
        self._assessments.stop()
        self._assessments.forget()
        self._state.set_current(None)
        self._videos.clear()

    def _on_opened(self, study: OpenStudy) -> None:
        self._videos.study_task = study.settings.task
        self._assessments.show_tasks()

    def _on_listed(self, videos: tuple[StudyVideo, ...]) -> None:
        self.known_videos = videos
        entries_by_clip = {entry.clip: entry for entry in map(entry_of, videos)}
        listed = {entry.study_name for entry in entries_by_clip.values()}
        before = {entry.clip for entry in self._videos}
        changes: list[Callable[[], None]] = []
        for entry in reversed([*self._videos]):  # from the end, where no other row moves
            moved = entry.study_name in listed and entry.clip not in entries_by_clip
            was_removed = entry.study_name and entry.study_name not in listed
            if moved or was_removed:
                changes.append(partial(self._remove, entry.clip))
        changes += [partial(self._update, entries_by_clip[clip]) for clip in before & set(entries_by_clip)]
        self._changes.run(changes, MAX_CHANGES_AT_ONCE)  # each costs up to 0.1 ms
        new = [entry for clip, entry in entries_by_clip.items() if clip not in before]
        row = None
        if len(new) == 1:  # one that comes back takes its place again
            earlier = [*takewhile(lambda clip: clip != new[0].clip, entries_by_clip)]
            row = (self._videos.row(earlier[-1]) or 0) + 1 if earlier else 0
        new_clips = self._videos.add_entries(new, row)
        self._intake.look_at([entry.clip for entry in new_clips if entry.state.has_picture])
        if self._state.current is None and new_clips:
            study = self._studies.current
            wanted_first = study.first_video if study is not None else ""
            first = next((entry for entry in new_clips if entry.study_name == wanted_first), new_clips[0])
            self._state.set_current(first.clip)
        self._assessments.show_tasks()
        # analyses of videos that were assessed before the study knew them
        early = self._early
        self._early = {}
        for (_, model_digest), (analysis, name, folder, changes_of) in early.items():
            self.save_analysis(analysis, model_digest, name, folder, *changes_of)
        self._load_analyses()

    def _remove(self, clip: VideoClip) -> None:
        if clip == self._state.current:
            self._state.set_current(None)
        self._videos.remove(clip)

    def _update(self, new_entry: VideoEntry) -> None:
        entry = self._videos.get(new_entry.clip)
        if entry is None:
            return
        facts = {name: getattr(new_entry, name) for name in ("study_name", "participant", "task", "occasion")}
        changes: dict[str, object] = {name: fact for name, fact in facts.items() if fact != getattr(entry, name)}
        if new_entry.state is not entry.state and (new_entry.state.is_lost or entry.state.is_lost):
            changes |= {"state": new_entry.state, "reason": new_entry.reason}
            if new_entry.state.is_lost:
                changes["analysis"] = None
                if new_entry.clip == self._state.current:
                    self._state.set_analysis(None)
        if changes:
            self._videos.update(new_entry.clip, **changes)

    def _load_analyses(self) -> None:
        model_digest = self._state.digest
        if not model_digest or self._index.stopped:
            return
        sure = [
            video for video in self.known_videos if not video.unsure
        ]  # the others are listed again once they are read
        sure_clips = frozenset(video.clip_id for video in sure)
        digest, before = self._loaded
        clips_to_load = sure_clips if digest != model_digest else sure_clips - before
        self._loaded = (model_digest, sure_clips)
        videos = [video for video in sure if video.clip_id in clips_to_load]
        if not videos:
            return
        if digest != model_digest:
            self._to_recall.clear()
            if self._task is not None:
                self._task.cancel()
        self._to_recall.update(
            (VideoClip(video.path, video.clip_range), video) for video in videos if video.path is not None
        )
        self._prefer(self._state.current)
        self._recall_next()

    def _prefer(self, clip: VideoClip | None) -> None:
        """Read the analysis of the video on screen first."""
        if clip is not None and clip in self._to_recall:
            self._to_recall.move_to_end(clip, last=False)

    def _recall_next(self) -> None:
        """Read some analyses; what else was asked of the thread, such as the results of votes, has its turn between."""
        if self._task is not None or not self._to_recall or self._index.stopped:
            return
        n = min(AT_ONCE, len(self._to_recall))
        digest = self._loaded[0]
        batch = [self._to_recall.popitem(last=False)[1] for _ in range(n)]
        self._task = self._index.submit(lambda _backend, token, report: load_analyses(batch, digest, token, report))
        self._task.then(progressed=self._on_some, succeeded=self._assessments.take, finished=self._on_recalled)

    def _on_recalled(self) -> None:
        self._task = None
        self._recall_next()

    def _on_some(self, progress: Progress) -> None:
        if isinstance(progress.value, dict):
            self._assessments.take(progress.value)

    def save_analysis(self, analysis: Analysis, model_digest: str, name: str, folder: Path, *changes: str) -> None:
        """Store an analysis; of a video that the study does not know yet, once it does."""
        in_study = any(
            (video.path, video.clip_range) == (analysis.video.path, analysis.clip_range) for video in self.known_videos
        )
        if not in_study:
            self._early[analysis.clip, model_digest] = (analysis, name, folder, changes)
        elif self._studies.writable:

            def save(study: Study) -> None:
                study.models.add(model_digest, name, folder)
                study.models.save_analysis(analysis)

            self._studies.submit_write(save, *changes)

    def learn(self, new: "AnalysisReady | LoggedExport") -> None:
        """Store what an export tells: an analysis, as if the window had asked for it, or a file for the log."""
        if isinstance(new, LoggedExport):
            self.log_export(new)
            return
        folder = new.source.model
        analysis = new.analysis
        if folder is not None:
            self._assessments.take({new.source.clip: analysis})
            self.save_analysis(analysis, analysis.provenance.model_digest, folder.name, folder, MODELS)

    def log_export(self, export: LoggedExport) -> None:
        """Record an export in the log of its study; one that is open for reading only keeps no log."""
        self._studies.submit_write_to(export.study, lambda study: None if study.read_only else study.log_export(export))

    def _on_assessed(self, analysis: Analysis, model: LoadedModel) -> None:
        if model.digest:
            self.save_analysis(analysis, model.digest, model.name, model.folder, MODELS)
