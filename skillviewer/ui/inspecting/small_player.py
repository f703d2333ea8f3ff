"""A small player without controls."""

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.text import clock
from skillviewer.core.video.clips import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.frame_feed import FrameFeed
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NONE, add_all, named, tool_button, vertical


class SmallPlayer(QWidget):
    """A separate second player: exact frames with the map of the same frame, play and a slider."""

    def __init__(self, app_context: AppContext, parent: QWidget) -> None:
        from skillviewer.ui.player.video_canvas import VideoCanvas  # it brings OpenCV, and a reference is rarely shown

        super().__init__(parent)
        self.playback = Playback(parent=self)
        self.feed = FrameFeed(app_context.frames, self)
        self._clip: VideoClip | None = None
        self._analysis: Analysis | None = None
        self._leader: Playback | None = None
        self.canvas = VideoCanvas(self)
        self.canvas.setMinimumSize(160, 90)
        self.canvas.setFixedHeight(160)
        self.canvas.setAccessibleName("Picture of the reference video")
        self.canvas.set_map_style(app_context.state.map_style)
        self.play = tool_button("Play", self, self.playback.toggle)
        self.slider = named(QSlider(Qt.Orientation.Horizontal, self), "Frame of the reference video")
        self.slider.valueChanged.connect(self.playback.seek)
        self._time = text_label("", self, muted=True)
        row = add_all(QHBoxLayout(), self.play, (self.slider, 1), self._time)
        add_all(vertical(self, NONE, 4), self.canvas, row)
        app_context.state.map_style_changed.connect(self.canvas.set_map_style)
        self.feed.opened.connect(self._on_opened)
        self.feed.arrived.connect(self.canvas.set_picture)
        self.feed.failed.connect(lambda error: self.canvas.set_message(str(error)))
        self.playback.frame_changed.connect(self._on_frame)
        self.playback.playing_changed.connect(self._on_playing)

    def open(self, clip: VideoClip, analysis: Analysis | None) -> None:
        """Show a video from its first frame, with what the model on screen says of it."""
        self._clip, self._analysis = clip, analysis
        self.canvas.set_video(None)
        self.playback.open(None)
        self.feed.open(clip.path)

    def follow(self, leader: Playback | None, frame: int = 0) -> None:
        """Show the frame that another player's playhead asks for; None to play by its own controls again."""
        self._leader = leader
        for control in (self.play, self.slider):
            control.setEnabled(leader is None)
        if leader is not None:
            self.playback.seek(frame)

    def close_video(self) -> None:
        self.playback.open(None)
        self.feed.close()
        self.canvas.set_video(None)

    def _on_opened(self, video: VideoInfo) -> None:
        assert self._clip is not None
        frames = self._clip.frames(video)
        self.canvas.set_video(video)
        self.canvas.set_analysis(self._analysis)
        self.slider.setRange(frames[0], frames[-1])
        self.playback.open(video, frames)
        self.feed.request(frames[0])

    def _on_frame(self, frame: int) -> None:
        if self.playback.video is None:
            return
        with QSignalBlocker(self.slider):
            self.slider.setValue(frame)
        self._time.setText(clock(self.playback.time_s))
        self.feed.request(frame, playing=(self._leader or self.playback).playing)

    def _on_playing(self, playing: bool) -> None:
        self.play.setText("Pause" if playing else "Play")
        if not playing:
            self.feed.request(self.playback.frame)
