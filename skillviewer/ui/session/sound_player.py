"""Playing of a video's sound in step with its picture."""

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

SYNC_INTERVAL_MS = 100  # interval at which the picture is synchronised with the sound
FOLLOW_S = 0.004  # smaller differences of picture and sound are tolerated
RESTART_S = 0.25  # at greater differences the sound begins again where the picture is
MAX_RESTARTS = 10  # after more restarts in a row, the device is not used any more
MAX_SCANNED_S = 1800.0  # the whole sound of longer videos is read only for the waveform


class Playhead(Protocol):
    """A QObject that moves through a video; times are in seconds from the first frame of the file."""

    @property
    def video_changed(self) -> SignalInstance: ...  # VideoInfo, or None

    @property
    def run_changed(self) -> SignalInstance: ...  # PlaybackRun that began, or None on pause

    @property
    def read_clock_s(self) -> Callable[[], float]: ...  # the clock, which the sound device reads too

    @property
    def playing(self) -> bool: ...

    @property
    def speed(self) -> float: ...

    @property
    def start_s(self) -> float: ...  # start of the part that plays

    @property
    def stop_s(self) -> float: ...  # end of the part that plays

    def due_time_s(self) -> float: ...

    def synchronise(self, position_s: float) -> None: ...


class SoundPlayer(QObject):
    """Plays the sound of a video while its playhead plays. The picture follows the clock of the sound.

    Args:
        worker: The thread that decodes the sound.
        slot: Holder of the queue, shared with the resource of ``worker``.
        waveform_worker: The thread that reads the whole sound of files.
        open_sound: Opens the sound of a file, in a worker thread.
        playback: The playhead.
        messages: Where missing sound is reported.
        on: Whether the sound is on.
        blind: True while a rater judges: no message and no error names the video.
        parent: Owner of the player.
    """

    changed = Signal()  # the sound was switched, or its state changed
    envelope_changed = Signal(object)  # SoundEnvelope of the video, or None

    def __init__(
        self,
        worker: WorkerThread[SoundFeeder],
        slot: QueueSlot,
        waveform_worker: WorkerThread[None],
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
        self._waveform_worker = waveform_worker
        self._open = open_sound
        self._playback = playback
        self._messages = messages
        self.on = on
        self._blind = blind
        self.envelope: SoundEnvelope | None = None
        self.wants_envelope = False  # true while the waveform is shown
        self._has_sound: bool | None = None  # whether the video has sound; None until it is known
        self._device_problem = ""  # reason why there is no sound device, or ""
        self._video: VideoInfo | None = None
        self._queue: SoundQueue | None = None
        self._task: Task | None = None
        self._scan: Task | None = None
        self._reported: set[str] = set()
        self._restarts = 0  # restarts in a row
        self._sync_timer = QTimer(self)
        self._sync_timer.setInterval(SYNC_INTERVAL_MS)
        self._sync_timer.timeout.connect(self.synchronise)
        playback.video_changed.connect(self._on_video)
        playback.run_changed.connect(self._on_run)

    @property
    def trouble(self) -> str:
        """Reason why the sound is not heard or is incomplete, in a sentence, or ""."""
        if self._device_problem:
            return self._device_problem
        if self._has_sound is False:
            return "This video has no sound."
        if not plays_sound(self._playback.speed):
            return f"Sound plays at {MIN_SPEED:g} to {MAX_SPEED:g} times the speed."
        if self.envelope is None:
            return ""
        return self.envelope.describe_missing(self._playback.start_s, self._playback.stop_s)

    @property
    def brief(self) -> str:
        """State of the sound in two or three words."""
        if self._device_problem:
            return "no device"
        if self._has_sound is False:
            return "no sound"
        return "sound not whole" if self.trouble else "sound on"

    @property
    def message(self) -> str:
        """State of the sound in a sentence, for a tooltip."""
        if self._video is None:
            return ""
        if not self.on and not self._device_problem and self._has_sound is not False:
            return "The sound is off."
        return self.trouble or "The sound is on."

    def set_on(self, on: bool) -> None:
        """Switch the sound on or off."""
        if on == self.on:
            return
        self.on = on
        self._device_problem = ""  # a device may have been plugged in
        self._restarts = 0
        if self._playback.playing:
            self._restart_at_playhead()
        if on:
            self._begin_scan()
        self.changed.emit()

    def want_envelope(self, on: bool) -> None:
        """Set whether the envelope of every opened video is computed."""
        self.wants_envelope = on
        self._begin_scan()

    def stop(self) -> None:
        """Stop the sound."""
        self._sync_timer.stop()
        if self._slot.queue is self._queue:  # else the sound of another playhead is playing
            self._slot.queue = None
        self._queue = None
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def synchronise(self) -> None:
        """Move the picture to the sound, or restart the sound at the picture if they differ by more than RESTART_S."""
        playback = self._playback
        if self._queue is None:
            return
        heard_s = self._queue.position_s(playback.read_clock_s())
        if heard_s is None:
            return
        difference_s = heard_s - playback.due_time_s()
        if abs(difference_s) <= RESTART_S:
            self._restarts = 0
            if abs(difference_s) > FOLLOW_S:
                playback.synchronise(heard_s)
            return
        self._restarts += 1
        gives_up = self._restarts > MAX_RESTARTS  # the device has no clock, like ALSA's null device
        if gives_up:
            self._device_problem = "Videos play without sound: the sound device does not keep time."
        self._restart_at_playhead()
        if gives_up:
            self.changed.emit()

    def _restart_at_playhead(self) -> None:
        playback = self._playback
        self._on_run(PlaybackRun(playback.due_time_s(), playback.read_clock_s(), playback.speed))

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
        if self._has_sound is False or self._device_problem:
            return
        queue = SoundQueue(run)
        part_s = self._playback.start_s, self._playback.stop_s
        path = video.path
        blind = self._blind
        self._queue = queue
        self._task = self._worker.submit(
            lambda feeder, token, _report: feeder.feed(path, queue, part_s, token, blind=blind)
        )
        self._task.failed.connect(self._on_failed)
        self._sync_timer.start()

    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, DeviceError):
            self._device_problem = str(error)
            self._report_once(str(error), str(error))
        elif isinstance(error, VideoError) or self._blind:
            self._has_sound = False
        else:
            self._messages.fail(error)
        self.stop()
        self.changed.emit()

    def _on_video(self, video: VideoInfo | None) -> None:
        self.stop()
        if self._scan is not None:
            self._scan.cancel()
            self._scan = None
        self._video = video
        self._has_sound = None
        self.envelope = None
        self.envelope_changed.emit(None)
        self._begin_scan()
        self.changed.emit()

    def _begin_scan(self) -> None:
        """Compute the envelope of the video, unless it is known, being computed, or not needed."""
        video = self._video
        if video is None or self.envelope is not None or self._scan is not None:
            return
        is_played = self.on and video.duration_s <= MAX_SCANNED_S
        if not self.wants_envelope and not is_played:
            return
        if self._waveform_worker.stopped:
            return
        open_sound = self._open
        self._scan = self._waveform_worker.submit(
            lambda _none, token, report: load_or_compute_envelope(open_sound, video, token, report)
        )
        self._scan.then(succeeded=self._on_scanned, failed=self._on_scan_failed)

    def _on_scan_failed(self, error: Exception) -> None:
        if not self._blind:
            self._messages.fail(error)

    def _on_scanned(self, envelope: SoundEnvelope) -> None:
        video = self._video
        self._scan = None
        if video is None or envelope.digest != video.digest:
            return
        self.envelope = envelope
        self._has_sound = envelope.facts is not None
        missing = envelope.describe_missing(self._playback.start_s, self._playback.stop_s)
        if envelope.facts is not None and missing and self.on and not self._blind:
            self._report_once(str(video.path), f"{video.path.name}: {missing}")
        self.envelope_changed.emit(envelope)
        self.changed.emit()

    def _report_once(self, key: str, text: str) -> None:
        """Show a message, but only once for each key."""
        if key not in self._reported:
            self._reported.add(key)
            self._messages.note(text)


def load_or_compute_envelope(
    open_sound: OpenSound, video: VideoInfo, token: CancelToken, report: Report
) -> SoundEnvelope:
    """Load the envelope of a video, or compute and save it. That of a silent video has no facts and is not saved."""
    from skillviewer.data.envelope_file import load_envelope, save_envelope

    envelope = load_envelope(video.digest)
    if envelope is None:
        try:
            envelope = open_sound(video.path).envelope(video.digest, video.duration_s, token, report)
        except SkillViewerError:
            return SoundEnvelope(video.digest, np.zeros(0, np.float32), facts=None)
        save_envelope(envelope)
    return envelope
