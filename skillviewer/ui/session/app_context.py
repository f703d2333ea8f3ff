"""The program behind the window: worker threads, state, services. No widgets."""

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
from skillviewer.core.text import counted
from skillviewer.core.video.clips import FrameRange, VideoClip
from skillviewer.data.study import Added, Study
from skillviewer.nets.library import criterion_of, model_folder
from skillviewer.ui.session.assessments import AssessmentQueue
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.classified_paths import ClassifiedPaths
from skillviewer.ui.session.frame_feed import FrameFeed
from skillviewer.ui.session.insight.evidence_loader import EvidenceLoader
from skillviewer.ui.session.insight.reference_loader import ReferenceLoader
from skillviewer.ui.session.insight.tour import Tour
from skillviewer.ui.session.insight.video_annotations import VideoAnnotations
from skillviewer.ui.session.insight.why_loader import WhyLoader
from skillviewer.ui.session.loaded_model import LoadedModel
from skillviewer.ui.session.model_chooser import ModelChooser, ModelHolder
from skillviewer.ui.session.open_study import OpenStudy, StudyHolder
from skillviewer.ui.session.open_videos import OpenVideos
from skillviewer.ui.session.path_importer import PathImporter
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.proxies import Proxies
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.session.sound_feeder import QueueSlot, SoundFeeder
from skillviewer.ui.session.sound_player import Playhead, SoundPlayer
from skillviewer.ui.session.studies import SETTINGS, VIDEOS, VOTES, StudyController
from skillviewer.ui.session.study_sync import StudyList
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
    """Everything that is not a widget, wired."""

    table_taken = Signal(object, object)
    """A table of ratings was opened: its path, and the folder of its videos or None."""
    tracks_taken = Signal(object)  # a file or folder of tracks was opened: its path
    closed = Signal()  # all worker threads have ended

    def __init__(
        self, backend: Backend, settings: Settings, themes: ThemeSource, icons: Icons, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.settings = settings
        self.themes = themes
        self.icons = icons
        # the study that opened videos join while one is open; None to ask each time
        self.destination: VideoDestination | None = None
        self._make_workers(backend)
        self._make_parts(backend)
        self._connect()

    def _make_workers(self, backend: Backend) -> None:
        videos = partial(OpenVideos, backend.open_reader, backend.open_proxy)
        close = methodcaller("close")
        self.frames = WorkerThread("frames", videos, close, self)
        self.model = WorkerThread("model", lambda: ModelHolder(backend.open_model), close, self, computes=True)
        self.index = WorkerThread("index", lambda: backend, _leave_open, self)
        self.copies = WorkerThread("copies", lambda: backend, _leave_open, self, computes=True)
        self.study = WorkerThread("study", lambda: StudyHolder(lambda: self.settings.user_name), close, self)
        self.files: WorkerThread[None] = WorkerThread("files", lambda: None, _leave_open, self)
        self.compared = WorkerThread("compare", backend.open_model_cache, close, self, computes=True)
        self.train = WorkerThread("train", backend.open_tuner, close, self)
        self.hands_worker = WorkerThread("hands", backend.open_hand_finder, close, self, computes=True)
        self.tracks_worker = WorkerThread("tracks", lambda: backend, _leave_open, self)
        self.exports = WorkerThread("export", backend.open_desk, close, self, computes=True)
        self.export_previews = WorkerThread("preview", backend.open_desk, close, self, computes=True)
        self.reference_frames = WorkerThread("reference", partial(videos, 1), close, self)
        self.sound_slot = QueueSlot()
        self.playback = Playback(parent=self)
        self.sounds = WorkerThread(
            "sound",
            lambda: SoundFeeder(backend.open_sound, backend.open_output(self.playback.now_s), self.sound_slot),
            close,
            self,
        )
        self.looker: WorkerThread[None] = WorkerThread("waveform", lambda: None, _leave_open, self, computes=True)
        self.camera_frames = tuple(WorkerThread(f"camera {i}", partial(videos, 1), close, self) for i in range(3))
        # two for the pair that is judged, and two that open the next one
        self.pairs = tuple(WorkerThread(f"pair {i}", partial(videos, 1), close, self) for i in range(4))
        self.workers: tuple[WorkerThread[Any], ...] = tuple(
            child for child in self.children() if isinstance(child, WorkerThread)
        )
        self._alive = len(self.workers)
        for worker in self.workers:
            worker.finished.connect(self._on_worker_finished)

    def _make_parts(self, backend: Backend) -> None:
        settings = self.settings
        self.messages = Messages(self)
        self.jobs = Jobs(self)
        self.videos = VideoList(self)
        self.videos.show_unfamiliar(settings.unfamiliar_scores)
        self.state = ViewerState(settings.map_style, settings.passes, self)
        self.sound = SoundPlayer(
            self.sounds,
            self.sound_slot,
            self.looker,
            backend.open_sound,
            self.playback,
            self.messages,
            on=settings.sound,
            parent=self,
        )
        self._open_sound = backend.open_sound
        self.feed = FrameFeed(self.frames, self)
        self.opening = VideoOpener(self.state, self.playback, self.feed, self.videos, self.messages)
        self.models = ModelChooser(backend, self.model, self.state, self.jobs, self.messages)
        self.assessments = AssessmentQueue(self.model, self.state, self.videos, self.jobs, self.messages)
        self.assessments.set_automatic(settings.automatic)
        self.intake = PathImporter(self.index, self.videos, self.messages, self)
        self.studies = StudyController(self.study, self.files, self.jobs, self.messages)
        self.undo = UndoStack(self.studies, self)
        self.study_list = StudyList(
            self.studies, self.videos, self.assessments, self.intake, self.index, self.state, self
        )
        self._make_tracks()
        self.video_ratings = VideoRatings(self.studies, self.videos, self)
        self._make_insight()
        self.proxies = Proxies(self.copies, self.feed, self.jobs)

    def _make_tracks(self) -> None:
        state = self.state
        playback = self.playback
        videos = self.videos
        messages = self.messages
        self.point_requests = PointRequests(self)
        self.tracks = VideoTracks(self.tracks_worker, state, playback, videos, self.studies, self.undo, messages)
        self.hand_searches = HandSearches(self.hands_worker, state, videos, self.tracks, self.jobs, messages)
        self.following = ClickFollowing(
            self.tracks_worker, playback, self.tracks, self.point_requests, self.jobs, messages
        )
        self.stale_assessments = StaleAssessments(
            self.tracks_worker, state, videos, self.tracks, self.assessments, messages
        )
        playback.video_changed.connect(self._end_point_request)

    def _end_point_request(self, _video: object) -> None:
        self.point_requests.ask(None)

    def _make_insight(self) -> None:
        state, studies, videos = self.state, self.studies, self.videos
        self.explanations = EvidenceLoader(self.model, state, self.jobs, self)
        self.annotations = VideoAnnotations(studies, self.undo, videos, state, self.settings)
        self.inquiry = WhyLoader(
            self.index, state, videos, studies, self.explanations, self.annotations, self.messages, self
        )
        self.models.requested_changed.connect(self.inquiry.on_wanted)
        self.reference = ReferenceLoader(self.model, state, videos, self.inquiry, self)
        self.cameras = VideoCameras(
            studies, self.undo, videos, state, self.playback, self.looker, self.jobs, self.messages
        )
        self.pictures = ThumbnailLoader(self.index, self)
        self.tour = Tour(self.inquiry, self.annotations, self.playback, self)

    def _connect(self) -> None:
        self.playback.video_changed.connect(self.proxies.on_video)
        self.intake.must_ask = self._must_ask
        self.intake.took.connect(self._on_took)
        self.videos.cleared.connect(self.intake.forget)
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
        return self.frames.stopped

    def open(self, paths: Sequence[Path]) -> None:
        """Take files and folders in, and remember them."""
        for path in paths[:3]:
            self.settings.remember(path.absolute())
        self.intake.take(paths)

    def _must_ask(self, paths: ClassifiedPaths) -> bool:
        """Decide whether the study that videos join has to be asked for; one that was remembered takes them at once."""
        study = self.studies.current
        listed = {entry.clip.path for entry in self.videos}
        new = set(paths.videos) - listed
        if not new or study is None or study.draft or paths.study is not None or paths.archive is not None:
            return False
        if self.destination is VideoDestination.NEW_STUDY:
            self.studies.close()
        return self.destination is None

    def take_videos(self, paths: ClassifiedPaths, destination: VideoDestination) -> None:
        """Take opened videos into the open study or a new one."""
        if destination is VideoDestination.NEW_STUDY:
            self.studies.close()
        self.intake.accept(paths)

    def _on_enrolled(self, added: Added) -> None:
        """Let the user take an opening back: the videos leave the study, and their files stay."""
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
        """Store the participant (or, as ``fact``, the occasion) of the video on screen; "" for none."""
        entry = self.videos.get(self.state.current)
        value = value.strip()
        if entry is None or not entry.study_name or value == (getattr(entry, fact) or ""):
            return
        name = entry.study_name
        cleared = None if fact == "participant" else ""

        def change(study: Study, value: str | None) -> str | None:
            before = getattr(study.videos.get(name), fact)
            study.videos.change(name, **{fact: value})
            return cast("str | None", before)

        text = "participant in {}" if cleared is None else "occasion of {}"
        self.undo.perform(Command(text.format(name), lambda study: change(study, value or cleared), change, (VIDEOS,)))

    def remove_current(self) -> None:
        """Take the video on screen out of the study; the file, its scores and its votes stay."""
        entry = self.videos.get(self.state.current)
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
        """Show or hide the scores of videos that the model does not know, and keep the choice."""
        self.settings.unfamiliar_scores = on
        self.videos.show_unfamiliar(on)

    def play_sound(self, on: bool) -> None:
        """Switch the sound on or off, and keep the choice."""
        self.settings.sound = on
        self.sound.set_on(on)

    def blind_sound(self, playhead: Playhead, parent: QObject) -> SoundPlayer:
        """Return a player for the sound at a playhead on the clock of ``playback``, off, without names in messages."""
        return SoundPlayer(
            self.sounds,
            self.sound_slot,
            self.looker,
            self._open_sound,
            playhead,
            self.messages,
            on=False,
            blind=True,
            parent=parent,
        )

    def choose_theme(self, choice: ThemeChoice) -> None:
        """Follow the system's theme or take one, and keep the choice."""
        self.settings.theme = choice
        self.themes.choose(choice)

    def look_at(self, criterion: str) -> None:
        """Look at a criterion in list, curve, Why, Rank and exports: its votes count, and a model of it is loaded."""

        def change(study: Study) -> None:
            study.settings = replace(study.settings, criterion=criterion)

        if self.studies.writable:
            self.studies.submit_write(change, SETTINGS, VOTES)
        chosen_model = self.models.requested
        if not criterion or (chosen_model is not None and criterion_of(chosen_model) == criterion):
            return
        folders = [entry.folder for entry in self.models.entries if entry.criterion == criterion]
        with suppress(CheckpointError, OSError):  # of several criteria that were trained together
            folders += [model_folder(chosen_model.parent, criterion)] if chosen_model is not None else []
        if folders:
            self.models.choose(folders[-1])
        else:
            self.messages.note(f"No model here scores the criterion “{criterion}”: scores are of another.")

    def forget_current(self) -> None:
        """Delete everything kept about the file on screen; the study is then as newly opened, without undo."""
        entry = self.videos.get(self.state.current)
        if entry is None or not entry.study_name:
            return
        self.state.set_current(None)  # or it is assessed again
        self.settings.forget_recent()

        def forget(digest: str, file_name: str) -> None:
            from skillviewer.engine.features.forget import forget_video

            forget_video(digest, file_name)

        self.studies.erase(entry.study_name, forget)

    def forget_rater(self, name: str) -> None:
        """Delete everything kept about a rater of the open study; the study is then as newly opened, without undo."""

        def forget(name: str) -> None:
            from skillviewer.engine.features.forget import forget_rater

            forget_rater(name)

        self.studies.erase_rater(name, forget)

    def split_off(self) -> None:
        """Make the selection a separate video of the study: an attempt in a long recording."""
        entry = self.videos.get(self.state.current)
        selection = self.playback.selection
        if entry is None or not entry.study_name or selection is None:
            return
        clip_range = FrameRange(selection.start, selection.stop)
        name = entry.study_name
        self.playback.clear_marks()
        text, message = "new video of a part of {}", "“{}” is now a separate video in the list."
        command = Command(
            text.format(name),
            lambda study: study.videos.split(name, clip_range),
            lambda study, part: study.videos.remove(part),
            (VIDEOS,),
        )
        self.undo.perform(command).then(succeeded=lambda name: self.messages.note(message.format(name)))

    def score_here(self) -> float | None:
        """Return the mean score after the last step known at the playhead, or None."""
        analysis = self.state.analysis
        point = score_curve(analysis).at(self.playback.time_s) if analysis is not None and analysis.n_samples else None
        return point[1] if point is not None else None

    def close(self) -> None:
        """Stop everything and end the worker threads; ``closed`` fires when they have ended. Returns at once."""
        self.playback.pause()
        self.sound.stop()
        self.assessments.stop()
        self.jobs.stop_all()
        for worker in self.workers:
            worker.stop()

    def wait(self, timeout_ms: int = 10_000) -> bool:
        """End the worker threads and wait; for tests and the end of the process."""
        return all([worker.wait(timeout_ms) for worker in self.workers])  # noqa: C419 - all are waited for

    def _on_worker_finished(self) -> None:
        self._alive -= 1
        if self._alive == 0:
            self.closed.emit()

    def _on_took(self, paths: ClassifiedPaths) -> None:
        if paths.checkpoint is not None:
            self.models.choose(paths.checkpoint)
        if paths.study is not None:
            self.studies.open(paths.study)
        elif paths.archive is not None:
            self.studies.unpack(paths.archive)
        if paths.videos:
            has_study = self.studies.current is not None  # a draft that is made for them leaves with them
            self.studies.enrol(paths.videos, self._on_enrolled if has_study else None)
            self.state.set_current(VideoClip(paths.videos[0]))
        if paths.tracks is not None:
            self.tracks_taken.emit(paths.tracks)
        if paths.table is not None:
            self.table_taken.emit(paths.table, paths.table_folder)

    def _on_leaving(self) -> None:
        if self.studies.current is not None:
            self.messages.clear()

    def _on_study(self, study: OpenStudy) -> None:
        if not study.draft:
            self.settings.remember(study.path)

    def _save_looks(self, *_: object) -> None:
        state, settings = self.state, self.settings
        settings.map_style = state.map_style
        settings.curve_look = state.curve_look
        settings.passes = state.passes

    def _on_model(self, model: LoadedModel | None) -> None:
        if model is not None:
            self.settings.model = str(model.folder.absolute())  # it may have been given relative to the current folder


def _leave_open(_resource: object) -> None:
    """Free nothing: a backend holds no resource."""
