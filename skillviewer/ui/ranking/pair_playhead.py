"""Playhead of the sound of a pair."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from skillviewer.ui.ranking.aligned_clip import AlignedClip
from skillviewer.ui.ranking.pair_clock import PairClock
from skillviewer.ui.session.sound_queue import PlaybackRun

if TYPE_CHECKING:
    from skillviewer.core.video.info import VideoInfo


class PairPlayhead(QObject):
    """Playhead of the pair's active video, in the time of its file; the sound follows it.

    The active video is the one that was clicked last.

    Args:
        read_clock_s: Returns the time of the sound device in seconds. The pair clocks use the same function.
        parent: Owner of the playhead.
    """

    video_changed = Signal(object)  # VideoInfo, or None
    run_changed = Signal(object)  # PlaybackRun that began, or None on pause

    def __init__(self, read_clock_s: Callable[[], float], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.read_clock_s = read_clock_s
        self._clock: PairClock | None = None
        self._video: VideoInfo | None = None

    def set_clock(self, clock: PairClock | None) -> None:
        """Follow the active video of this clock; None to follow no video."""
        if clock is self._clock:
            return
        if self._clock is not None:
            self._clock.mode_changed.disconnect(self._on_mode)
            self._clock.run_changed.disconnect(self._on_run)
        self._clock = clock
        if clock is not None:
            clock.mode_changed.connect(self._on_mode)
            clock.run_changed.connect(self._on_run)
        self._on_mode()

    @property
    def clip(self) -> AlignedClip | None:
        """The clip whose sound plays, or None without a pair."""
        clock = self._clock
        if clock is None or not clock.clips:
            return None
        return clock.clips[clock.active_video]

    @property
    def playing(self) -> bool:
        clock = self._clock
        return clock is not None and bool(clock.clips) and clock.is_playing(clock.active_video)

    @property
    def speed(self) -> float:
        """Playing speed in seconds of video per second."""
        return self._clock.speed if self._clock is not None else 1.0

    @property
    def start_s(self) -> float:
        """Start of the clip, in seconds from the first frame of its file."""
        clip = self.clip
        return clip.start_s + clip.sync_s if clip is not None else 0.0

    @property
    def stop_s(self) -> float:
        """End of the clip, in seconds from the first frame of its file."""
        clip = self.clip
        return clip.stop_s + clip.sync_s if clip is not None else 0.0

    def due_time_s(self) -> float:
        """Return the time, in seconds of the file, that should be heard now. It may lie outside the clip."""
        clock = self._clock
        clip = self.clip
        if clock is None or clip is None:
            return 0.0
        return clock.time_s(clock.active_video) + clip.sync_s

    def synchronise(self, position_s: float) -> None:
        """Move the pair to where the sound is: at ``position_s`` seconds of the file."""
        clock = self._clock
        clip = self.clip
        if clock is not None and clip is not None:
            clock.synchronise(position_s - clip.sync_s)

    def _on_mode(self) -> None:
        clip = self.clip
        video = clip.video if clip is not None else None
        if video is not self._video:
            self._video = video
            self.video_changed.emit(video)
        self._on_run()

    def _on_run(self) -> None:
        run = PlaybackRun(self.due_time_s(), self.read_clock_s(), self.speed) if self.playing else None
        self.run_changed.emit(run)
