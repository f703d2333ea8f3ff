"""Sound of the video on screen, in step with its picture."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance

from skillviewer.core.errors import DeviceError, SkillViewerError, VideoError
from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.video.info import VideoInfo
from skillviewer.core.video.sound import MAX_SPEED, MIN_SPEED, SoundEnvelope, plays_sound
from skillviewer.ui.session.sound_feeder import OpenSound, QueueSlot, SoundFeeder
from skillviewer.ui.session.sound_queue import PlaybackRun, SoundQueue
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

CHECK_MS = 100  # interval at which the picture takes the clock of the sound
FOLLOW_S = 0.004  # smaller differences stay
RESTART_S = 0.25  # at greater ones the sound begins again where the picture is
MAX_RESTARTS = 10  # so often in a row, then the device is given up
LONGEST_S = 1800.0  # the sound of longer videos is looked through on request alone


class Playhead(Protocol):
    """A QObject that moves through a video whose sound is heard; times are in seconds from its first frame."""

    @property
    def video_changed(self) -> SignalInstance: ...  # VideoInfo, or None

    @property
    def run_changed(self) -> SignalInstance: ...  # PlaybackRun that began, or None on pause

    @property
    def now_s(self) -> Callable[[], float]: ...  # the clock, which the sound device reads too

    @property
    def playing(self) -> bool: ...

    @property
    def speed(self) -> float: ...

    @property
    def start_s(self) -> float: ...  # start of the part that plays ...

    @property
    def stop_s(self) -> float: ...  # ... and its end

    def position_s(self) -> float: ...

    def follow(self, position_s: float) -> None: ...


class SoundPlayer(QObject):
    """Plays the sound of the video on screen while the playhead plays; the picture takes the clock of the sound.

    Args:
        worker: The thread that decodes.
        slot: Shared with the resource of the worker.
        looker: A thread that looks through whole files.
        open_sound: Opens the sound of a file, in a worker thread.
        playback: The playhead.
        messages: Where it is said what is missing.
        on: Whether sound is on.
        blind: True if a rater judges: no message and no error names the video.
        parent: Owner of the player.
    """

    changed = Signal()  # sound was switched, or what is known of it changed
    envelope_changed = Signal(object)  # SoundEnvelope of the video on screen, or None

    def __init__(
        self,
        worker: WorkerThread[SoundFeeder],
        slot: QueueSlot,
        looker: WorkerThread[None],
        open_sound: OpenSound,
        playback: Playhead,
        messages: Messages,
        *,
        on: bool,
        blind: bool = False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._worker = worker
        self._slot = slot
        self._looker = looker
        self._open = open_sound
        self._playback = playback
        self._messages = messages
        self.on = on
        self._blind = blind
        self.envelope: SoundEnvelope | None = None
        self.wants_envelope = False  # true while the waveform is shown
        self._has_sound: bool | None = None  # of the video on screen; None until it is known
        self._no_device = ""  # why there is none
        self._video: VideoInfo | None = None
        self._queue: SoundQueue | None = None
        self._task: Task | None = None
        self._looking: Task | None = None
        self._noted: set[str] = set()
        self._restarts = 0  # in a row
        self._check = QTimer(self)
        self._check.setInterval(CHECK_MS)
        self._check.timeout.connect(self.keep_step)
        playback.video_changed.connect(self._on_video)
        playback.run_changed.connect(self._on_run)

    @property
    def trouble(self) -> str:
        """Reason why the sound is not heard whole, in a sentence, or ""."""
        if self._no_device:
            return self._no_device
        if self._has_sound is False:
            return "This video has no sound."
        if not plays_sound(self._playback.speed):
            return f"Sound plays at {MIN_SPEED:g} to {MAX_SPEED:g} times the speed."
        return self.envelope.describe_missing(self._playback.start_s, self._playback.stop_s) if self.envelope else ""

    @property
    def brief(self) -> str:
        """State of the sound in two or three words."""
        if self._no_device:
            return "no device"
        if self._has_sound is False:
            return "no sound"
        return "sound not whole" if self.trouble else "sound on"

    @property
    def message(self) -> str:
        """State of the sound in a sentence, for a tooltip."""
        if self._video is None:
            return ""
        if not self.on and not self._no_device and self._has_sound is not False:
            return "The sound is off."
        return self.trouble or "The sound is on."

    def set_on(self, on: bool) -> None:
        """Switch the sound on or off."""
        if on == self.on:
            return
        self.on = on
        self._no_device = ""  # one may have been plugged in
        self._restarts = 0
        if self._playback.playing:
            self._begin_here()
        if on:
            self._look_through()
        self.changed.emit()

    def want_envelope(self, on: bool) -> None:
        """Begin or end to need the envelope of every video on screen."""
        self.wants_envelope = on
        self._look_through()

    def stop(self) -> None:
        """Fall silent."""
        self._check.stop()
        if self._slot.queue is self._queue:  # another playhead may be heard by now
            self._slot.queue = None
        self._queue = None
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def keep_step(self) -> None:
        """Let the picture take the clock of the sound, or begin the sound again where the picture has gone."""
        queue, playback = self._queue, self._playback
        heard_s = queue.position_s(playback.now_s()) if queue is not None else None
        if heard_s is None:
            return
        difference_s = heard_s - playback.position_s()
        if abs(difference_s) > RESTART_S:
            self._restarts += 1
            if self._restarts > MAX_RESTARTS:  # a device without a clock, as ALSA's null device
                self._no_device = "Videos play without sound: the sound device does not keep time."
                self._begin_here()
                self.changed.emit()
            else:
                self._begin_here()
        else:
            self._restarts = 0
            if abs(difference_s) > FOLLOW_S:
                playback.follow(heard_s)

    def _begin_here(self) -> None:
        playback = self._playback
        self._on_run(PlaybackRun(playback.position_s(), playback.now_s(), playback.speed))

    def _on_run(self, run: PlaybackRun | None) -> None:
        was_playing = self._task is not None
        self.stop()
        video = self._video
        if self._worker.stopped:
            return
        if run is None or video is None or not self.on or not plays_sound(run.speed):
            if was_playing:
                self._worker.submit(lambda feeder, _token, _report: feeder.stop())
            return
        if self._has_sound is False or self._no_device:
            return
        queue = SoundQueue(run)
        part_s = self._playback.start_s, self._playback.stop_s
        path, blind = video.path, self._blind
        self._queue = queue
        self._task = self._worker.submit(
            lambda feeder, token, _report: feeder.feed(path, queue, part_s, token, blind=blind)
        )
        self._task.failed.connect(self._on_failed)
        self._check.start()

    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, DeviceError):
            self._no_device = str(error)
            self._note(str(error), str(error))
        elif isinstance(error, VideoError) or self._blind:
            self._has_sound = False
        else:
            self._messages.fail(error)
        self.stop()
        self.changed.emit()

    def _on_video(self, video: VideoInfo | None) -> None:
        self.stop()
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        self._video = video
        self._has_sound = None
        self.envelope = None
        self.envelope_changed.emit(None)
        self._look_through()
        self.changed.emit()

    def _look_through(self) -> None:
        """Find out what sound the video has, unless it is known or is not asked for."""
        video = self._video
        is_needed = self.wants_envelope or (self.on and video is not None and video.duration_s <= LONGEST_S)
        if video is None or not is_needed or self.envelope is not None or self._looking is not None:
            return
        if self._looker.stopped:
            return
        open_sound = self._open
        self._looking = self._looker.submit(
            lambda _none, token, report: looked_through(open_sound, video, token, report)
        )
        self._looking.then(succeeded=self._on_envelope, failed=self._on_not_looked_through)

    def _on_not_looked_through(self, error: Exception) -> None:
        if not self._blind:
            self._messages.fail(error)

    def _on_envelope(self, envelope: SoundEnvelope) -> None:
        video = self._video
        self._looking = None
        if video is None or envelope.digest != video.digest:
            return
        self.envelope = envelope
        self._has_sound = envelope.facts is not None
        missing = envelope.describe_missing(self._playback.start_s, self._playback.stop_s)
        if envelope.facts is not None and missing and self.on and not self._blind:
            self._note(str(video.path), f"{video.path.name}: {missing}")
        self.envelope_changed.emit(envelope)
        self.changed.emit()

    def _note(self, key: str, text: str) -> None:
        """Say something once a session."""
        if key not in self._noted:
            self._noted.add(key)
            self._messages.note(text)


def looked_through(open_sound: OpenSound, video: VideoInfo, token: CancelToken, report: Report) -> SoundEnvelope:
    """Load the envelope of a video, or read its sound and save it; one without facts if the video has no sound."""
    from skillviewer.data.envelope_file import load_envelope, save_envelope

    envelope = load_envelope(video.digest)
    if envelope is None:
        try:
            envelope = open_sound(video.path).envelope(video.digest, video.duration_s, token, report)
        except SkillViewerError:
            return SoundEnvelope(video.digest, np.zeros(0, np.float32), None)
        save_envelope(envelope)
    return envelope
