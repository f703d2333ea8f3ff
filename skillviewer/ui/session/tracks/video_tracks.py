"""Tracks of the video on screen: loading, editing with undo, and showing while they are found."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import CancelToken
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.core.video.clips import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study import Study
from skillviewer.data.tracks_file import TrackStore
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.study_controller import TRACKS, StudyController
from skillviewer.ui.session.tracks.shown_tracks import ShownTracks, frames_of, load_shown, load_summary
from skillviewer.ui.session.undo import Command, UndoStack
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

if TYPE_CHECKING:  # scipy takes half a second
    from skillviewer.core.kinematics.motion_curves import MotionCurves

DELAY_MS = 200
"""Delay before the motion of new videos in the list is summarised, so that a folder is summarised at once."""


class VideoTracks(QObject):
    """Tracks of the video on screen, and summaries of the motion of all videos in the list."""

    changed = Signal()  # other tracks are shown
    visible_changed = Signal(bool)
    edited = Signal()  # stored tracks of any video have changed

    def __init__(
        self,
        worker: WorkerThread[Backend],
        state: ViewerState,
        playback: Playback,
        videos: VideoList,
        studies: StudyController,
        undo: UndoStack,
        messages: Messages,
    ) -> None:
        super().__init__(worker)
        self._worker = worker
        self._state = state
        self._playback = playback
        self._videos = videos
        self._studies = studies
        self._undo = undo
        self._messages = messages
        self.shown_tracks: ShownTracks | None = None  # tracks on screen
        self.saved_tracks: TrackSet | None = None  # stored tracks
        self.are_visible = True  # whether tracks are drawn over the picture
        self._loading: Task | None = None
        self._summarising: Task | None = None
        self._summarised: set[VideoClip] = set()  # videos whose motion has been summarised
        self._summarise_soon = single_shot(self, DELAY_MS, self._summarise)
        playback.video_changed.connect(self._on_video)
        studies.changed.connect(self._on_changed)
        videos.added.connect(self._on_list_changed)
        videos.changed.connect(self._on_list_changed)
        videos.cleared.connect(self._summarised.clear)

    @property
    def tracks(self) -> TrackSet | None:
        """The tracks on screen, or None."""
        return self.shown_tracks.tracks if self.shown_tracks is not None else None

    @property
    def curves(self) -> "MotionCurves | None":
        """Speed and opening of the tracks on screen, or None if nothing moves."""
        if self.shown_tracks is None or not self.shown_tracks.curves.curves:
            return None
        return self.shown_tracks.curves

    @property
    def clip(self) -> VideoClip | None:
        """The video on screen, or None while no video is open."""
        return self._state.current_clip if self._playback.video is not None else None

    def set_visible(self, on: bool) -> None:
        """Show the tracks over the picture, or hide them."""
        if on != self.are_visible:
            self.are_visible = on
            self.visible_changed.emit(on)

    def reload(self) -> None:
        """Load the stored tracks of the video on screen."""
        clip = self.clip
        video = self._playback.video
        if self._loading is not None:
            self._loading.cancel()
            self._loading = None
        if clip is None or video is None or self._worker.stopped:
            return
        others = self._comparable(clip)
        self._loading = self._worker.submit(lambda _backend, token, _report: load_shown(clip, video, others, token))
        self._loading.then(succeeded=self._on_loaded, failed=self._messages.fail)

    def show_live(self, clip: VideoClip, live_tracks: ShownTracks) -> None:
        """Show the tracks that a search has found so far, if its video is on screen."""
        if clip == self.clip:
            self.shown_tracks = live_tracks
            self.changed.emit()

    def edit(self, text: str, change: Callable[[TrackSet], TrackSet]) -> None:
        """Change the stored tracks of the video on screen, with undo. A failure is shown."""
        clip = self.clip
        video = self._playback.video
        if clip is None or video is None:
            return
        before = self.saved_tracks
        if before is None:
            before = TrackSet.of_video(video, frames_of(clip, video))
        try:
            after = change(before)
        except SkillViewerError as error:
            self._messages.fail(error)
            return
        if self._loading is not None:  # it would show the tracks before the change
            self._loading.cancel()
            self._loading = None
        self.saved_tracks = after
        if self.shown_tracks is not None:
            self.shown_tracks = replace(self.shown_tracks, tracks=after)
            self.changed.emit()
        self.put(text, [(before, after)])

    def put(self, text: str, changes: Sequence[tuple[TrackSet, TrackSet]]) -> None:
        """Store tracks of some videos, with undo.

        Args:
            text: Name of the change.
            changes: Tracks before and after the change, for each video.
        """

        def do(_study: Study) -> None:
            for _, after in changes:
                TrackStore().put(after)

        def undo(_study: Study, _result: object) -> None:
            for before, _ in changes:
                TrackStore().put(before)

        self._undo.perform(Command(text, do, undo, (TRACKS,)))

    def remember(self, text: str, before: TrackSet, after: TrackSet) -> None:
        """Make a change undoable that a job has stored already."""

        def do(_study: Study) -> None:
            TrackStore().put(after)

        def undo(_study: Study, _result: object) -> None:
            TrackStore().put(before)

        self._undo.remember(Command(text, do, undo, (TRACKS,)), None)
        self.refresh()

    def refresh(self) -> None:
        """Load tracks and summaries again, after stored tracks have changed."""
        self._summarised.clear()
        self._summarise_soon.start()
        self.reload()
        self.edited.emit()

    def comparable(self) -> list[tuple[VideoClip, VideoInfo]]:
        """Return the readable videos of the same task as the video on screen, without that video."""
        return self._comparable(self.clip) if self.clip is not None else []

    def _comparable(self, clip: VideoClip) -> list[tuple[VideoClip, VideoInfo]]:
        entry = self._videos.get(clip)
        task = entry.task if entry is not None else ""
        return [(e.clip, e.info) for e in self._videos if e.info is not None and e.clip != clip and e.task == task]

    def _on_video(self, _video: VideoInfo | None) -> None:
        self.saved_tracks = None
        if self.shown_tracks is not None:
            self.shown_tracks = None
            self.changed.emit()
        self.reload()

    def _on_loaded(self, loaded_tracks: ShownTracks | None) -> None:
        self.shown_tracks = loaded_tracks
        self.saved_tracks = loaded_tracks.tracks if loaded_tracks is not None else None
        self.changed.emit()

    def _on_changed(self, changes: frozenset[str]) -> None:
        if TRACKS in changes:
            self.refresh()

    def _on_list_changed(self, *_: object) -> None:
        self._summarise_soon.start()

    def _summarise(self) -> None:
        """Summarise the motion of the videos in the list, once for each."""
        if self._worker.stopped or self._summarising is not None:
            return
        new_videos = [(e.clip, e.info) for e in self._videos if e.info is not None and e.clip not in self._summarised]
        if not new_videos:
            return
        self._summarised.update(clip for clip, _ in new_videos)

        def load_summaries(_backend: object, token: CancelToken, _report: object) -> list[tuple[VideoClip, object]]:
            summaries: list[tuple[VideoClip, object]] = []
            for clip, video in new_videos:
                token.check()
                summaries.append((clip, load_summary(clip, video)))
            return summaries

        self._summarising = self._worker.submit(load_summaries)
        self._summarising.then(succeeded=self._on_summaries, failed=self._messages.fail, finished=self._on_summarised)

    def _on_summaries(self, summaries: list[tuple[VideoClip, object]]) -> None:
        for clip, motion in summaries:
            entry = self._videos.get(clip)
            if entry is not None and entry.motion != motion:
                self._videos.update(clip, motion=motion)

    def _on_summarised(self) -> None:
        self._summarising = None
