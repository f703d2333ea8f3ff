"""The objects of one running window that are not widgets: worker threads, state and services."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from operator import methodcaller
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QObject, Signal

from skillviewer.core.analysis.score_curve import score_curve
from skillviewer.core.errors import CheckpointError
from skillviewer.core.ranking.rater_names import match_key
from skillviewer.core.text import counted
from skillviewer.core.video.clips import FrameRange, VideoClip
from skillviewer.data.study import AddedVideos, Study
from skillviewer.nets.model_library import criterion_of, model_folder
from skillviewer.ui.session.assessment_queue import AssessmentQueue
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.classified_paths import ClassifiedPaths
from skillviewer.ui.session.frame_feed import FrameFeed
from skillviewer.ui.session.insight.evidence_loader import EvidenceLoader
from skillviewer.ui.session.insight.reference_loader import ReferenceLoader
from skillviewer.ui.session.insight.tour import Tour
from skillviewer.ui.session.insight.video_annotations import VideoAnnotations
from skillviewer.ui.session.insight.why_loader import WhyLoader
from skillviewer.ui.session.loaded_model import LoadedModel
from skillviewer.ui.session.model_chooser import ModelChooser
from skillviewer.ui.session.model_holder import ModelHolder
from skillviewer.ui.session.open_study import OpenStudy
from skillviewer.ui.session.open_videos import OpenVideos
from skillviewer.ui.session.path_importer import PathImporter
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.proxies import Proxies
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.session.sound_feeder import QueueSlot, SoundFeeder
from skillviewer.ui.session.sound_player import Playhead, SoundPlayer
from skillviewer.ui.session.study_controller import SETTINGS, VIDEOS, VOTES, StudyController
from skillviewer.ui.session.study_holder import StudyHolder
from skillviewer.ui.session.study_sync import StudySync
from skillviewer.ui.session.thumbnail_loader import ThumbnailLoader
from skillviewer.ui.session.tracks.click_following import ClickFollowing
from skillviewer.ui.session.tracks.hand_searches import HandSearches
from skillviewer.ui.session.tracks.point_requests import PointRequests
from skillviewer.ui.session.tracks.stale_assessments import StaleAssessments
from skillviewer.ui.session.tracks.video_tracks import VideoTracks
from skillviewer.ui.session.undo import Command, UndoStack
from skillviewer.ui.session.video_cameras import VideoCameras
from skillviewer.ui.session.video_destination import VideoDestination
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.session.video_opener import VideoOpener
from skillviewer.ui.session.video_ratings import VideoRatings
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.jobs import Jobs
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.worker_thread import WorkerThread
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.theme import ThemeChoice, ThemeSource


class AppContext(QObject):
    """Owner of all objects of a running window that are not widgets, connected with each other."""

    table_opened = Signal(object, object)
    """Emitted with the path of an opened table of ratings, and the folder of its videos or None."""
    tracks_opened = Signal(object)  # path of an opened file or folder of tracks
    closed = Signal()  # all worker threads have ended

    def __init__(
        self, backend: Backend, settings: Settings, themes: ThemeSource, icons: Icons, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.settings = settings
        self.themes = themes
        self.icons = icons
        # Study that opened videos join while a study is open; None: ask each time.
        self.destination: VideoDestination | None = None
        self._make_workers(backend)
        self._make_services(backend)
        self._connect()

    def _make_workers(self, backend: Backend) -> None:
        make_open_videos = partial(OpenVideos, backend.open_reader, backend.open_proxy)
        make_single_video = partial(make_open_videos, 1)
        close = methodcaller("close")
        self.frames_worker = WorkerThread("frames", make_open_videos, close, self)
        self.model_worker = WorkerThread("model", lambda: ModelHolder(backend.open_model), close, self, computes=True)
        self.index_worker = WorkerThread("index", lambda: backend, _leave_open, self)
        self.copies_worker = WorkerThread("copies", lambda: backend, _leave_open, self, computes=True)
        self.study_worker = WorkerThread("study", lambda: StudyHolder(lambda: self.settings.user_name), close, self)
        self.files_worker: WorkerThread[None] = WorkerThread("files", lambda: None, _leave_open, self)
        self.compare_worker = WorkerThread("compare", backend.open_model_cache, close, self, computes=True)
        self.train_worker = WorkerThread("train", backend.open_tuner, close, self)
        self.hands_worker = WorkerThread("hands", backend.open_hand_finder, close, self, computes=True)
        self.tracks_worker = WorkerThread("tracks", lambda: backend, _leave_open, self)
        self.export_worker = WorkerThread("export", backend.open_desk, close, self, computes=True)
        self.preview_worker = WorkerThread("preview", backend.open_desk, close, self, computes=True)
        self.reference_worker = WorkerThread("reference", make_single_video, close, self)
        self.sound_slot = QueueSlot()
        self.playback = Playback(parent=self)

        def make_sound_feeder() -> SoundFeeder:
            output = backend.open_output(self.playback.read_clock_s)
            return SoundFeeder(backend.open_sound, output, self.sound_slot)

        self.sound_worker = WorkerThread("sound", make_sound_feeder, close, self)
        self.waveform_worker: WorkerThread[None] = WorkerThread(
            "waveform", lambda: None, _leave_open, self, computes=True
        )
        self.camera_workers = tuple(WorkerThread(f"camera {i}", make_single_video, close, self) for i in range(3))
        # Two for the pair being judged, and two that open the next pair.
        self.pair_workers = tuple(WorkerThread(f"pair {i}", make_single_video, close, self) for i in range(4))
        self.workers: tuple[WorkerThread[Any], ...] = tuple(
            child for child in self.children() if isinstance(child, WorkerThread)
        )
        self._n_alive_workers = len(self.workers)
        for worker in self.workers:
            worker.finished.connect(self._on_worker_finished)

    def _make_services(self, backend: Backend) -> None:
        settings = self.settings
        self.messages = Messages(self)
        self.jobs = Jobs(self)
        self.videos = VideoList(self)
        self.videos.show_unfamiliar(settings.unfamiliar_scores)
        self.state = ViewerState(settings.map_style, settings.passes, self)
        self.sound = SoundPlayer(
            self.sound_worker,
            self.sound_slot,
            self.waveform_worker,
            backend.open_sound,
            self.playback,
            self.messages,
            on=settings.sound,
            parent=self,
        )
        self._open_sound = backend.open_sound
        self.feed = FrameFeed(self.frames_worker, self)
        self.video_opener = VideoOpener(self.state, self.playback, self.feed, self.videos, self.messages)
        self.models = ModelChooser(backend, self.model_worker, self.state, self.jobs, self.messages)
        self.assessments = AssessmentQueue(self.model_worker, self.state, self.videos, self.jobs, self.messages)
        self.assessments.set_automatic(settings.automatic)
        self.path_importer = PathImporter(self.index_worker, self.videos, self.messages, self)
        self.studies = StudyController(self.study_worker, self.files_worker, self.jobs, self.messages)
        self.undo = UndoStack(self.studies, self)
        self.study_sync = StudySync(
            self.studies,
            self.videos,
            self.assessments,
            intake=self.path_importer,
            index=self.index_worker,
            state=self.state,
            parent=self,
        )
        self._make_track_services()
        self.video_ratings = VideoRatings(self.studies, self.videos, self)
        self._make_insight_services()
        self.proxies = Proxies(self.copies_worker, self.feed, self.jobs)

    def _make_track_services(self) -> None:
        state = self.state
        playback = self.playback
        videos = self.videos
        messages = self.messages
        self.point_requests = PointRequests(self)
        self.tracks = VideoTracks(self.tracks_worker, state, playback, videos, self.studies, self.undo, messages)
        self.hand_searches = HandSearches(self.hands_worker, state, videos, self.tracks, self.jobs, messages)
        self.click_following = ClickFollowing(
            self.tracks_worker, playback, self.tracks, self.point_requests, self.jobs, messages
        )
        self.stale_assessments = StaleAssessments(
            self.tracks_worker, state, videos, self.tracks, self.assessments, messages
        )
        playback.video_changed.connect(self._end_point_request)

    def _end_point_request(self, _video: object) -> None:
        self.point_requests.ask(None)

    def _make_insight_services(self) -> None:
        state = self.state
        studies = self.studies
        videos = self.videos
        self.evidence_loader = EvidenceLoader(self.model_worker, state, self.jobs, self)
        self.annotations = VideoAnnotations(studies, self.undo, videos, state, self.settings)
        self.why_loader = WhyLoader(
            self.index_worker,
            state,
            videos,
            studies,
            explanations=self.evidence_loader,
            annotations=self.annotations,
            messages=self.messages,
            parent=self,
        )
        self.models.requested_changed.connect(self.why_loader.on_model_requested)
        self.reference_loader = ReferenceLoader(self.model_worker, state, videos, self.why_loader, parent=self)
        self.cameras = VideoCameras(
            studies, self.undo, videos, state, self.playback, self.waveform_worker, self.jobs, self.messages
        )
        self.thumbnails = ThumbnailLoader(self.index_worker, self)
        self.tour = Tour(self.why_loader, self.annotations, self.playback, self)

    def _connect(self) -> None:
        self.playback.video_changed.connect(self.proxies.on_video)
        self.path_importer.must_ask = self._must_ask
        self.path_importer.opened.connect(self._on_opened)
        self.videos.cleared.connect(self.path_importer.forget)
        self.state.set_curve_look(self.settings.curve_look)
        for signal in (self.state.map_style_changed, self.state.passes_changed, self.state.curve_look_changed):
            signal.connect(self._save_looks)
        self.state.model_changed.connect(self._on_model)
        self.studies.opened.connect(self._on_study)
        self.studies.about_to_replace.connect(self._on_leaving)
        self.studies.draft_filled.connect(self.settings.remember)

    @property
    def closing(self) -> bool:
        """True once the worker threads have been asked to end."""
        return self.frames_worker.stopped

    def open(self, paths: Sequence[Path]) -> None:
        """Open files and folders, and add the first three to the recent paths."""
        for path in paths[:3]:
            self.settings.remember(path.absolute())
        self.path_importer.take(paths)

    def _must_ask(self, paths: ClassifiedPaths) -> bool:
        """Return True if the user has to choose the study that videos join. A remembered choice is carried out."""
        study = self.studies.current_study
        listed_paths = {entry.clip.path for entry in self.videos}
        new_paths = set(paths.videos) - listed_paths
        if not new_paths or study is None or study.draft:
            return False
        if paths.study is not None or paths.archive is not None:
            return False
        if self.destination is VideoDestination.NEW_STUDY:
            self.studies.close()
        return self.destination is None

    def take_videos(self, paths: ClassifiedPaths, destination: VideoDestination) -> None:
        """Add opened videos to the open study or to a new one."""
        if destination is VideoDestination.NEW_STUDY:
            self.studies.close()
        self.path_importer.accept(paths)

    def _on_enrolled(self, added: AddedVideos) -> None:
        """Make the opening of videos undoable. Undoing it removes the videos from the study and keeps their files."""
        names = tuple(name for name in added.names if name is not None and name not in added.known_names)
        if not names:
            return

        def remove(study: Study, _result: object) -> None:
            for name in names:
                study.videos.remove(name)

        def restore(study: Study) -> object:
            for name in names:
                study.videos.restore(name)
            return names

        command = Command(f"opening of {counted(len(names), 'video')}", restore, remove, (VIDEOS,))
        self.undo.remember(command, names)

    def set_video_fact(self, value: str, fact: str = "participant") -> None:
        """Store the participant of the video on screen, or its occasion; "" removes it.

        Args:
            value: The participant or the occasion.
            fact: "participant" or "occasion".
        """
        entry = self.videos.get(self.state.current_clip)
        value = value.strip()
        if entry is None or not entry.study_name:
            return
        present_value = getattr(entry, fact) or ""
        if value == present_value:
            return
        name = entry.study_name
        is_participant = fact == "participant"
        empty_value = None if is_participant else ""

        def change(study: Study, new_value: str | None) -> str | None:
            old_value = getattr(study.videos.get(name), fact)
            study.videos.change(name, **{fact: new_value})
            return cast("str | None", old_value)

        text = f"participant in {name}" if is_participant else f"occasion of {name}"
        new_value = value or empty_value
        self.undo.perform(Command(text, lambda study: change(study, new_value), change, (VIDEOS,)))

    def remove_current(self) -> None:
        """Remove the video on screen from the study. Its file, its scores and its votes are kept."""
        entry = self.videos.get(self.state.current_clip)
        if entry is None or not entry.study_name:
            return
        name = entry.study_name
        command = Command(
            f"removal of {name}",
            lambda study: study.videos.remove(name),
            lambda study, _none: study.videos.restore(name).name,
            (VIDEOS,),
        )
        self.undo.perform(command)

    def show_unfamiliar(self, on: bool) -> None:
        """Show or hide the scores of videos unlike the training videos, and save the choice."""
        self.settings.unfamiliar_scores = on
        self.videos.show_unfamiliar(on)

    def play_sound(self, on: bool) -> None:
        """Switch the sound on or off, and save the choice."""
        self.settings.sound = on
        self.sound.set_on(on)

    def blind_sound(self, playhead: Playhead, parent: QObject) -> SoundPlayer:
        """Return a sound player for another playhead that runs by the clock of ``playback``.

        The player starts switched off, and its messages name no video.
        """
        return SoundPlayer(
            self.sound_worker,
            self.sound_slot,
            self.waveform_worker,
            self._open_sound,
            playback=playhead,
            messages=self.messages,
            on=False,
            blind=True,
            parent=parent,
        )

    def choose_theme(self, choice: ThemeChoice) -> None:
        """Apply a theme, and save the choice."""
        self.settings.theme = choice
        self.themes.choose(choice)

    def choose_criterion(self, criterion: str) -> None:
        """Use a criterion on all screens and in exports: count its votes, and load a model that scores it."""

        def change(study: Study) -> None:
            study.settings = replace(study.settings, criterion=criterion)

        if self.studies.writable:
            self.studies.submit_write(change, SETTINGS, VOTES)
        chosen_model = self.models.requested_folder
        if not criterion:
            return
        if chosen_model is not None and criterion_of(chosen_model) == criterion:
            return
        folders = [entry.folder for entry in self.models.entries if entry.criterion == criterion]
        if chosen_model is not None:
            # Models of several criteria that were trained together lie in one folder.
            with suppress(CheckpointError, OSError):
                folders.append(model_folder(chosen_model.parent, criterion))
        if folders:
            self.models.choose(folders[-1])
        else:
            self.messages.note(f"No model here scores the criterion “{criterion}”: scores are of another.")

    def forget_current(self) -> None:
        """Delete everything stored about the file on screen. The undo stack is emptied."""
        entry = self.videos.get(self.state.current_clip)
        if entry is None or not entry.study_name:
            return
        self.state.set_current(None)  # a video on screen would be assessed again
        self.settings.forget_recent()

        def forget(digest: str, file_name: str) -> None:
            from skillviewer.engine.features.forget import forget_video

            forget_video(digest, file_name)

        self.studies.erase(entry.study_name, forget)

    def forget_rater(self, name: str) -> None:
        """Delete everything kept about a rater of the open study; the study is then as newly opened, without undo.

        If this is the name of the user in the settings, that name is removed too.
        """
        if match_key(name) == match_key(self.annotations.author):
            self.annotations.set_author("")

        def forget(name: str) -> None:
            from skillviewer.engine.features.forget import forget_rater

            forget_rater(name)

        self.studies.erase_rater(name, forget)

    def split_off(self) -> None:
        """Make the selection a separate video of the study, such as one attempt in a long recording."""
        entry = self.videos.get(self.state.current_clip)
        selection = self.playback.selection
        if entry is None or not entry.study_name or selection is None:
            return
        clip_range = FrameRange(selection.start, selection.stop)
        name = entry.study_name
        self.playback.clear_marks()
        command = Command(
            f"new video of a part of {name}",
            lambda study: study.videos.split(name, clip_range),
            lambda study, new_name: study.videos.remove(new_name),
            (VIDEOS,),
        )
        message = "“{}” is now a separate video in the list."
        self.undo.perform(command).then(succeeded=lambda new_name: self.messages.note(message.format(new_name)))

    def score_here(self) -> float | None:
        """Return the mean score at the playhead, or None before the first sampled frame."""
        analysis = self.state.analysis
        if analysis is None or not analysis.n_samples:
            return None
        point = score_curve(analysis).at(self.playback.time_s)
        return point[1] if point is not None else None

    def close(self) -> None:
        """Stop everything and ask the worker threads to end, without waiting; ``closed`` fires when all have ended."""
        self.playback.pause()
        self.sound.stop()
        self.assessments.stop()
        self.jobs.stop_all()
        for worker in self.workers:
            worker.stop()

    def wait(self, timeout_ms: int = 10_000) -> bool:
        """End the worker threads and return whether each ended in time; for tests and the end of the process."""
        have_ended = [worker.wait(timeout_ms) for worker in self.workers]
        return all(have_ended)

    def _on_worker_finished(self) -> None:
        self._n_alive_workers -= 1
        if self._n_alive_workers == 0:
            self.closed.emit()

    def _on_opened(self, paths: ClassifiedPaths) -> None:
        if paths.checkpoint is not None:
            self.models.choose(paths.checkpoint)
        if paths.study is not None:
            self.studies.open(paths.study)
        elif paths.archive is not None:
            self.studies.unpack(paths.archive)
        if paths.videos:
            # A draft made for these videos needs no undo.
            on_enrolled = self._on_enrolled if self.studies.current_study is not None else None
            self.studies.enrol(paths.videos, on_enrolled)
            self.state.set_current(VideoClip(paths.videos[0]))
        if paths.tracks is not None:
            self.tracks_opened.emit(paths.tracks)
        if paths.table is not None:
            self.table_opened.emit(paths.table, paths.table_folder)

    def _on_leaving(self) -> None:
        if self.studies.current_study is not None:
            self.messages.clear()

    def _on_study(self, study: OpenStudy) -> None:
        if not study.draft:
            self.settings.remember(study.path)

    def _save_looks(self, *_: object) -> None:
        state = self.state
        settings = self.settings
        settings.map_style = state.map_style
        settings.curve_look = state.curve_look
        settings.passes = state.passes

    def _on_model(self, model: LoadedModel | None) -> None:
        if model is not None:
            self.settings.model = str(model.folder.absolute())  # the given path may be relative


def _leave_open(_resource: object) -> None:
    """Free nothing: a backend holds no resource."""
