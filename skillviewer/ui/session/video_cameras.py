"""Cameras of the video on screen, and the commands that change them."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from skillviewer.core.video.cameras import Camera
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.study_controller import VIDEOS, StudyController
from skillviewer.ui.session.undo import Command, UndoStack
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.jobs import Jobs
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.worker_thread import WorkerThread

if TYPE_CHECKING:  # imported when an offset is searched: scipy takes half a second
    from skillviewer.core.progress import CancelToken
    from skillviewer.core.video.sound_offset import SoundOffset


class VideoCameras(QObject):
    """Reads and changes the cameras of the video on screen."""

    changed = Signal()  # the cameras or their offsets have changed

    def __init__(
        self,
        studies: StudyController,
        undo: UndoStack,
        videos: VideoList,
        state: ViewerState,
        playback: Playback,
        waveform_worker: WorkerThread[None],
        jobs: Jobs,
        messages: Messages,
    ) -> None:
        super().__init__(playback)
        self._studies = studies
        self._undo = undo
        self._videos = videos
        self._state = state
        self._playback = playback
        self._waveform_worker = waveform_worker
        self._jobs = jobs
        self._messages = messages
        self.cameras: tuple[Camera, ...] = ()
        self._generation = 0
        playback.video_changed.connect(self._read)
        studies.changed.connect(self._on_changed)
        studies.opened.connect(self._read)
        studies.closed.connect(self._read)

    @property
    def video(self) -> str:
        """Name of the video on screen in the study, or ""."""
        entry = self._videos.get(self._state.current_clip)
        return entry.study_name if entry is not None else ""

    @property
    def can_add(self) -> bool:
        """True if a camera can be added to the video on screen."""
        return bool(self.video) and self._studies.writable and self._playback.video is not None

    def add(self, path: Path) -> None:
        """Add a camera to the video on screen, and find its offset by sound."""
        video = self.video
        command = Command(
            f"camera of {video}",
            do=lambda study: study.cameras.add(video, path).name,
            undo=lambda study, name: study.cameras.remove(name),
            changes=(VIDEOS,),
        )
        task = self._undo.perform(command)
        task.then(succeeded=lambda name: self.find_offset(str(name), path))

    def remove(self, name: str) -> None:
        """Remove a camera from the video. Its file is kept."""
        command = Command(
            f"removal of {name}",
            do=lambda study: study.cameras.remove(name),
            undo=lambda study, _none: study.cameras.restore(name),
            changes=(VIDEOS,),
        )
        self._undo.perform(command)

    def set_offset(self, name: str, offset_s: float, confidence: float | None = None) -> None:
        """Set the offset of a camera in seconds, with its confidence if it was found by sound."""
        command = Command(
            f"offset of {name}",
            do=lambda study: study.cameras.set_offset(name, offset_s, confidence),
            undo=lambda study, previous: study.cameras.set_offset(name, *previous),
            changes=(VIDEOS,),
        )
        self._undo.perform(command)

    def find_offset(self, name: str, path: Path) -> None:
        """Find the offset of a camera by sound, in a worker thread, and set it."""
        video = self._playback.video
        if video is None or self._waveform_worker.stopped:
            return
        video_path = video.path
        task = self._waveform_worker.submit(lambda _none, token, _report: _find_offset(video_path, path, token))
        task.then(succeeded=lambda offset: self._on_offset(name, offset), failed=self._messages.fail)
        self._jobs.follow(f"Finding the offset of {name} by sound", task, confirm_stop=False)

    def _on_offset(self, name: str, offset: "SoundOffset") -> None:
        if offset.reason:
            self._messages.note(f"No offset of {name} by sound. {offset.reason} Set it in frames under its picture.")
        elif self._studies.writable:
            self.set_offset(name, offset.offset_s, offset.confidence)

    def _on_changed(self, changes: frozenset[str]) -> None:
        if VIDEOS in changes:
            self._read()

    def _read(self, *_: object) -> None:
        self._generation += 1
        generation = self._generation
        video = self.video
        if not video or self._playback.video is None or self._studies.current_study is None:
            self._show(generation, ())
            return
        task = self._studies.read(lambda study: study.cameras.of(video))
        no_cameras: tuple[Camera, ...] = ()
        task.then(
            succeeded=lambda cameras: self._show(generation, cameras),
            failed=lambda _error: self._show(generation, no_cameras),
        )

    def _show(self, generation: int, cameras: tuple[Camera, ...]) -> None:
        if generation == self._generation and cameras != self.cameras:
            self.cameras = cameras
            self.changed.emit()


def _find_offset(video_path: Path, camera_path: Path, token: "CancelToken") -> "SoundOffset":
    """Return the offset of a camera; its ``reason`` is set if it cannot be found."""
    from skillviewer.core.errors import VideoError
    from skillviewer.core.video.sound_offset import SoundOffset
    from skillviewer.media.reading.sound_reader import offset_by_sound

    try:
        return offset_by_sound(video_path, camera_path, token)
    except VideoError as error:
        return SoundOffset(offset_s=0.0, correlation=0.0, confidence=0.0, reason=str(error))
