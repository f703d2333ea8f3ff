"""Opening of the video on screen."""

import numpy as np
from PySide6.QtCore import QObject, Signal

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.errors import DatasetError
from skillviewer.core.video.clips import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.session.frame_feed import FrameFeed
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.messages import Messages, error_text


class VideoOpener(QObject):
    """Opens the video on screen in the frame feed and the playhead, and requests the frames to be shown."""

    opened = Signal(object)  # VideoInfo of the video on screen
    cannot_open = Signal(str)  # reason why there is no picture

    def __init__(
        self, state: ViewerState, playback: Playback, feed: FrameFeed, videos: VideoList, messages: Messages
    ) -> None:
        super().__init__(state)
        self._state = state
        self._playback = playback
        self._feed = feed
        self._videos = videos
        self._messages = messages
        self._reported_notes: set[str] = set()
        state.current_changed.connect(self._on_current)
        state.analysis_changed.connect(self._on_analysis)
        videos.changed.connect(self._on_entry)
        playback.frame_changed.connect(self._on_frame)
        playback.playing_changed.connect(self._on_playing)
        feed.opened.connect(self._on_opened)
        feed.failed.connect(self._on_failed)

    def _on_current(self, clip: VideoClip | None) -> None:
        entry = self._videos.get(clip)
        is_replaced = entry is not None and entry.state is VideoState.REPLACED
        self._playback.open(None)
        if clip is None or is_replaced:
            self._feed.close()
        else:
            self._feed.open(clip.path)
        if entry is not None and is_replaced:
            self.cannot_open.emit(entry.reason)

    def _on_entry(self, row: int) -> None:
        """Close the video on screen when another file has replaced it, and open it when its file is back."""
        entry = self._videos[row]
        is_open = self._feed.path is not None
        must_change = entry.state is VideoState.REPLACED if is_open else entry.state.has_picture
        if must_change and entry.clip == self._state.current_clip:
            self._on_current(entry.clip)

    def _on_opened(self, info: VideoInfo) -> None:
        current = self._state.current_clip
        if current is None:
            return
        self._videos.update(current, info=info)
        try:
            frames = current.frames(info)
        except DatasetError as error:
            self._on_failed(error)
            return
        self._playback.open(info, frames)
        self._on_analysis(self._state.analysis)
        self._feed.request(self._playback.frame)
        if info.note and str(info.path) not in self._reported_notes:
            self._reported_notes.add(str(info.path))
            self._messages.note(f"{info.path.name}: {info.note}")
        self.opened.emit(info)

    def _on_failed(self, error: Exception) -> None:
        self._playback.pause()
        current = self._state.current_clip
        if self._playback.video is None and current is not None:
            entry = self._videos.get(current)
            if entry is not None and not entry.state.is_lost:
                self._videos.update(current, state=VideoState.UNREADABLE, reason=error_text(error))
            self.cannot_open.emit(error_text(error))
        else:
            self._messages.fail(error)

    def _on_analysis(self, analysis: Analysis | None) -> None:
        self._playback.sampled_frames = analysis.in_time_order[:, 0] if analysis is not None else np.empty(0, np.int64)

    def _on_frame(self, frame: int) -> None:
        if self._playback.video is not None:
            self._feed.request(frame, playing=self._playback.playing)

    def _on_playing(self, playing: bool) -> None:
        if not playing and self._playback.video is not None:
            self._feed.request(self._playback.frame)
