"""The tracks of the video on screen: loaded when it is opened, edited with undo, shown while they are found."""

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
from skillviewer.ui.session.studies import TRACKS, StudyController
from skillviewer.ui.session.tracks.shown_tracks import ShownTracks, frames_of, load_shown, load_summary
from skillviewer.ui.session.undo import Command, UndoStack
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

if TYPE_CHECKING:  # scipy takes half a second
    from skillviewer.core.kinematics.motion_curves import MotionCurves

SETTLE_MS = 200
"""Time after which the list is looked through, so that adding a folder does it once."""


class VideoTracks(QObject):
    """Tracks of the video on screen, and the motion of the videos in the list."""

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
        self.shown: ShownTracks | None = None  # what is on screen
        self.saved: TrackSet | None = None  # what is stored
        self.visible = True  # whether tracks are drawn over the picture
        self._load: Task | None = None
        self._listing: Task | None = None
        self._summed: set[VideoClip] = set()  # videos whose motion was looked up
        self._soon = single_shot(self, SETTLE_MS, self._sum_up)
        playback.video_changed.connect(self._on_video)
        studies.changed.connect(self._on_changed)
        videos.added.connect(self._soon_again)
        videos.changed.connect(self._soon_again)
        videos.cleared.connect(self._summed.clear)

    @property
    def tracks(self) -> TrackSet | None:
        """The tracks on screen, or None."""
        return self.shown.tracks if self.shown is not None else None

    @property
    def curves(self) -> "MotionCurves | None":
        """Speed and opening of the tracks on screen, or None if none moves."""
        return self.shown.curves if self.shown is not None and self.shown.curves.curves else None

    @property
    def clip(self) -> VideoClip | None:
        """The video on screen, or None while none is open."""
        return self._state.current if self._playback.video is not None else None

    def set_visible(self, on: bool) -> None:
        """Show the tracks over the picture, or hide them."""
        if on != self.visible:
            self.visible = on
            self.visible_changed.emit(on)

    def reload(self) -> None:
        """Load the stored tracks of the video on screen."""
        clip = self.clip
        video = self._playback.video
        if self._load is not None:
            self._load.cancel()
            self._load = None
        if clip is None or video is None or self._worker.stopped:
            return
        others = self._comparable(clip)
        self._load = self._worker.submit(lambda _backend, token, _report: load_shown(clip, video, others, token))
        self._load.then(succeeded=self._on_loaded, failed=self._messages.fail)

    def show_live(self, clip: VideoClip, live_tracks: ShownTracks) -> None:
        """Show what a search has found so far, if its video is on screen."""
        if clip == self.clip:
            self.shown = live_tracks
            self.changed.emit()

    def edit(self, text: str, change: Callable[[TrackSet], TrackSet]) -> None:
        """Change the stored tracks of the video on screen, with undo; a refusal is shown."""
        clip = self.clip
        video = self._playback.video
        if clip is None or video is None:
            return
        before = self.saved or TrackSet.of_video(video, frames_of(clip, video))
        try:
            after = change(before)
        except SkillViewerError as error:
            self._messages.fail(error)
            return
        if self._load is not None:  # it would bring back what was stored before
            self._load.cancel()
            self._load = None
        self.saved = after
        if self.shown is not None:
            self.shown = replace(self.shown, tracks=after)
            self.changed.emit()
        self.put(text, [(before, after)])

    def put(self, text: str, changes: Sequence[tuple[TrackSet, TrackSet]]) -> None:
        """Store the tracks of some videos, with undo: pairs of before and after."""

        def do(_study: Study) -> None:
            for _, after in changes:
                TrackStore().put(after)

        def undo(_study: Study, _result: object) -> None:
            for before, _ in changes:
                TrackStore().put(before)

        self._undo.perform(Command(text, do, undo, (TRACKS,)))

    def remember(self, text: str, before: TrackSet, after: TrackSet) -> None:
        """Make a change undoable that was stored by a job."""

        def do(_study: Study) -> None:
            TrackStore().put(after)

        def undo(_study: Study, _result: object) -> None:
            TrackStore().put(before)

        self._undo.remember(Command(text, do, undo, (TRACKS,)), None)
        self.refresh()

    def refresh(self) -> None:
        """Look again at what is stored: a job has changed it."""
        self._summed.clear()
        self._soon.start()
        self.reload()
        self.edited.emit()

    def comparable(self) -> list[tuple[VideoClip, VideoInfo]]:
        """Return the other videos of the task on screen that are known."""
        return self._comparable(self.clip) if self.clip is not None else []

    def _comparable(self, clip: VideoClip) -> list[tuple[VideoClip, VideoInfo]]:
        entry = self._videos.get(clip)
        task = entry.task if entry is not None else ""
        return [(e.clip, e.info) for e in self._videos if e.info is not None and e.clip != clip and e.task == task]

    def _on_video(self, _video: VideoInfo | None) -> None:
        self.saved = None
        if self.shown is not None:
            self.shown = None
            self.changed.emit()
        self.reload()

    def _on_loaded(self, loaded_tracks: ShownTracks | None) -> None:
        self.shown = loaded_tracks
        self.saved = loaded_tracks.tracks if loaded_tracks is not None else None
        self.changed.emit()

    def _on_changed(self, changes: frozenset[str]) -> None:
        if TRACKS in changes:
            self.refresh()

    def _soon_again(self, *_: object) -> None:
        self._soon.start()

    def _sum_up(self) -> None:
        """Look up the motion of the videos in the list, once for each."""
        if self._worker.stopped or self._listing is not None:
            return
        todo = [(e.clip, e.info) for e in self._videos if e.info is not None and e.clip not in self._summed]
        if not todo:
            return
        self._summed.update(clip for clip, _ in todo)

        def look(_backend: object, token: CancelToken, _report: object) -> list[tuple[VideoClip, object]]:
            summaries: list[tuple[VideoClip, object]] = []
            for clip, video in todo:
                token.check()
                summaries.append((clip, load_summary(clip, video)))
            return summaries

        self._listing = self._worker.submit(look)
        self._listing.then(succeeded=self._on_summed, failed=self._messages.fail, finished=self._on_listed)

    def _on_summed(self, motions: list[tuple[VideoClip, object]]) -> None:
        for clip, motion in motions:
            entry = self._videos.get(clip)
            if entry is not None and entry.motion != motion:
                self._videos.update(clip, motion=motion)

    def _on_listed(self) -> None:
        self._listing = None
