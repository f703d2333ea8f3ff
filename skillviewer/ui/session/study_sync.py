"""Synchronisation of the list of videos and their analyses with the open study."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
from skillviewer.ui.session.assessment_queue import AssessmentQueue
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.loaded_model import LoadedModel
from skillviewer.ui.session.open_study import OpenStudy
from skillviewer.ui.session.path_importer import PathImporter
from skillviewer.ui.session.study_controller import MODELS, StudyController
from skillviewer.ui.session.video_entry import VideoEntry, VideoState
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.throttle import Portions
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

if TYPE_CHECKING:
    from skillviewer.core.video.clips import ClipRange
    from skillviewer.engine.exporting.export_results import AnalysisReady

BATCH_SIZE = 25  # stored analyses that are read in one task
MAX_CHANGES_AT_ONCE = 200  # entries of the list that change in one turn of the event loop


def entry_of(video: StudyVideo) -> VideoEntry:
    """Return a video of a study as an entry of the list."""
    path = video.path if video.path is not None else Path(video.recorded_path)
    state = VideoState.NEW
    reason = ""
    if video.state is FileState.REPLACED:
        state = VideoState.REPLACED
        reason = f"Another file has replaced this video: {path}"
    elif video.path is None:
        state = VideoState.MISSING
        last_path = video.recorded_path or video.name
        reason = f"The file is not where it was: {last_path}"
    return VideoEntry(
        path,
        state=state,
        reason=reason,
        study_name=video.name,
        participant=video.participant,
        task=video.task,
        clip_range=video.clip_range,
        occasion=video.occasion,
    )


def load_analyses(
    videos: Sequence[StudyVideo], model_digest: str, token: CancelToken, report: Report
) -> dict[VideoClip, Analysis]:
    """Load the stored analyses of videos by a model.

    Full batches are reported as values of progress; the last, smaller batch is returned.
    """
    analyses: dict[VideoClip, Analysis] = {}
    for i, video in enumerate(videos):
        token.check()
        if video.path is not None and video.state is not FileState.REPLACED:
            analysis = cached_analysis(video, model_digest)
            if analysis is not None:
                analyses[analysis.clip] = analysis
        if len(analyses) >= BATCH_SIZE:
            report(Progress("reading analyses", i, len(videos), analyses))
            analyses = {}
    return analyses


@dataclass(frozen=True, slots=True)
class _UnsavedAnalysis:
    """An analysis of a video that the study does not contain yet."""

    analysis: Analysis
    model_digest: str
    model_name: str
    model_folder: Path
    changes: tuple[str, ...]  # kinds of changes that saving it announces


class StudySync(QObject):
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
        self._unsaved: dict[tuple[VideoClip, str], _UnsavedAnalysis] = {}  # by video and digest of the model
        self._loaded_digest = ""  # model whose stored analyses have been loaded, or wait to be
        self._loaded_clips: frozenset[tuple[str, ClipRange | None]] = frozenset()  # videos of these analyses
        self._to_load: OrderedDict[VideoClip, StudyVideo] = OrderedDict()
        self._task: Task | None = None
        self._changes = Portions(self)
        studies.replaced.connect(self._on_replaced)
        studies.listed.connect(self._on_listed)
        studies.opened.connect(self._on_opened)
        state.digest_changed.connect(self._load_analyses)
        state.current_changed.connect(self._load_first)
        assessments.assessed.connect(self._on_assessed)

    def _on_replaced(self) -> None:
        self.known_videos = ()
        self._changes.clear()
        self._unsaved.clear()
        self._to_load.clear()
        self._loaded_digest = ""
        self._loaded_clips = frozenset()
        self._assessments.stop()
        self._assessments.forget()
        self._state.set_current(None)
        self._videos.clear()

    def _on_opened(self, study: OpenStudy) -> None:
        self._videos.study_task = study.settings.task
        self._assessments.rescale()

    def _on_listed(self, videos: tuple[StudyVideo, ...]) -> None:
        self.known_videos = videos
        study_entries = {entry.clip: entry for entry in map(entry_of, videos)}
        listed_clips = {entry.clip for entry in self._videos}
        self._change_listed(study_entries, listed_clips)
        new_entries = self._add_new(study_entries, listed_clips)
        self._intake.probe_all([entry.clip for entry in new_entries if entry.state.has_picture])
        if self._state.current_clip is None and new_entries:
            study = self._studies.current_study
            first_video = study.first_video if study is not None else ""
            first_entry = next((entry for entry in new_entries if entry.study_name == first_video), new_entries[0])
            self._state.set_current(first_entry.clip)
        self._assessments.rescale()
        unsaved = list(self._unsaved.values())
        self._unsaved = {}
        for new in unsaved:
            self.save_analysis(new.analysis, new.model_digest, new.model_name, new.model_folder, *new.changes)
        self._load_analyses()

    def _change_listed(self, study_entries: dict[VideoClip, VideoEntry], listed_clips: set[VideoClip]) -> None:
        """Remove entries that the study no longer contains, and update the others, in portions."""
        study_names = {entry.study_name for entry in study_entries.values()}
        changes: list[Callable[[], None]] = []
        for entry in reversed([*self._videos]):  # from the end, so that no other row moves
            was_moved = entry.study_name in study_names and entry.clip not in study_entries
            was_removed = entry.study_name and entry.study_name not in study_names
            if was_moved or was_removed:
                changes.append(partial(self._remove, entry.clip))
        changes += [partial(self._update, study_entries[clip]) for clip in listed_clips & set(study_entries)]
        self._changes.run(changes, MAX_CHANGES_AT_ONCE)  # each costs up to 0.1 ms

    def _add_new(self, study_entries: dict[VideoClip, VideoEntry], listed_clips: set[VideoClip]) -> list[VideoEntry]:
        """Add the videos of the study that are not listed. A single video, such as a restored one, gets its old row."""
        new_entries = [entry for clip, entry in study_entries.items() if clip not in listed_clips]
        row = None
        if len(new_entries) == 1:
            clips_before = [*takewhile(lambda clip: clip != new_entries[0].clip, study_entries)]
            row = 0
            if clips_before:
                row_before = self._videos.row(clips_before[-1])
                row = 0 if row_before is None else row_before
                row += 1
        return self._videos.add_entries(new_entries, row)

    def _remove(self, clip: VideoClip) -> None:
        if clip == self._state.current_clip:
            self._state.set_current(None)
        self._videos.remove(clip)

    def _update(self, new_entry: VideoEntry) -> None:
        entry = self._videos.get(new_entry.clip)
        if entry is None:
            return
        changes: dict[str, object] = {}
        for name in ("study_name", "participant", "task", "occasion"):
            new_value = getattr(new_entry, name)
            if new_value != getattr(entry, name):
                changes[name] = new_value
        is_lost_or_found = new_entry.state.is_lost or entry.state.is_lost
        if is_lost_or_found and new_entry.state is not entry.state:
            changes |= {"state": new_entry.state, "reason": new_entry.reason}
            if new_entry.state.is_lost:
                changes["analysis"] = None
                if new_entry.clip == self._state.current_clip:
                    self._state.set_analysis(None)
        if changes:
            self._videos.update(new_entry.clip, **changes)

    def _load_analyses(self) -> None:
        model_digest = self._state.digest
        if not model_digest or self._index.stopped:
            return
        is_other_model = model_digest != self._loaded_digest
        checked_videos = [
            video for video in self.known_videos if not video.must_check
        ]  # the others are listed again later
        checked_clips = frozenset(video.clip_id for video in checked_videos)
        clips_to_load = checked_clips if is_other_model else checked_clips - self._loaded_clips
        self._loaded_digest = model_digest
        self._loaded_clips = checked_clips
        videos = [video for video in checked_videos if video.clip_id in clips_to_load]
        if not videos:
            return
        if is_other_model:
            self._to_load.clear()
            if self._task is not None:
                self._task.cancel()
        for video in videos:
            if video.path is not None:
                self._to_load[VideoClip(video.path, video.clip_range)] = video
        self._load_first(self._state.current_clip)
        self._load_next_batch()

    def _load_first(self, clip: VideoClip | None) -> None:
        """Load the analysis of the video on screen first."""
        if clip is not None and clip in self._to_load:
            self._to_load.move_to_end(clip, last=False)

    def _load_next_batch(self) -> None:
        """Load a batch of analyses. Other tasks of the thread, such as the results of votes, run between batches."""
        if self._task is not None or not self._to_load or self._index.stopped:
            return
        digest = self._loaded_digest
        batch: list[StudyVideo] = []
        while self._to_load and len(batch) < BATCH_SIZE:
            _, video = self._to_load.popitem(last=False)
            batch.append(video)
        self._task = self._index.submit(lambda _backend, token, report: load_analyses(batch, digest, token, report))
        self._task.then(progressed=self._on_progress, succeeded=self._assessments.take, finished=self._on_batch_loaded)

    def _on_batch_loaded(self) -> None:
        self._task = None
        self._load_next_batch()

    def _on_progress(self, progress: Progress) -> None:
        if isinstance(progress.value, dict):
            self._assessments.take(progress.value)

    def save_analysis(self, analysis: Analysis, model_digest: str, name: str, folder: Path, *changes: str) -> None:
        """Save an analysis in the study, at once or as soon as the study contains its video."""
        clip = (analysis.video.path, analysis.clip_range)
        is_in_study = any((video.path, video.clip_range) == clip for video in self.known_videos)
        if not is_in_study:
            unsaved = _UnsavedAnalysis(analysis, model_digest, name, folder, changes)
            self._unsaved[analysis.clip, model_digest] = unsaved
        elif self._studies.writable:

            def save(study: Study) -> None:
                study.models.add(model_digest, name, folder)
                study.models.save_analysis(analysis)

            self._studies.submit_write(save, *changes)

    def on_export_event(self, event: "AnalysisReady | LoggedExport") -> None:
        """Show and save an analysis that was computed for an export, or record an exported file."""
        if isinstance(event, LoggedExport):
            self.log_export(event)
            return
        folder = event.source.model
        analysis = event.analysis
        if folder is not None:
            self._assessments.take({event.source.clip: analysis})
            self.save_analysis(analysis, analysis.provenance.model_digest, folder.name, folder, MODELS)

    def log_export(self, export: LoggedExport) -> None:
        """Record an export in the log of its study, unless the study is read-only."""

        def log(study: Study) -> None:
            if not study.read_only:
                study.log_export(export)

        self._studies.submit_write_to(export.study, log)

    def _on_assessed(self, analysis: Analysis, model: LoadedModel) -> None:
        if model.digest:
            self.save_analysis(analysis, model.digest, model.name, model.folder, MODELS)
