"""Further cameras of the video on screen: pictures without maps, on the clock of the video."""

from functools import partial

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QSpinBox, QToolButton, QWidget

from skillviewer.core.text import printable
from skillviewer.core.video.cameras import MAX_CAMERAS, MAX_OFFSET_S, Camera, offset_frames
from skillviewer.core.video.clips import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.player.following_player import FollowingPlayer
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.labels import ElidingLabel, WrappingLabel
from skillviewer.ui.widgets.layout import (
    NONE,
    add_all,
    horizontal,
    scroll_area,
    tool_button,
    vertical,
    with_accessible_name,
)

LEAST_PICTURE_PX = 84
"""Least height of a picture."""

_NO_FILE = "No picture."  # the reason stands below
_NO_PICTURE = "This camera has no picture here."


class CameraPane(QWidget):
    """One camera: its picture, its name, its offset in frames, and what is missing of it."""

    def __init__(self, app_context: AppContext, number: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._cameras = app_context.cameras
        self._playback = app_context.playback
        self.camera: Camera | None = None
        worker = app_context.camera_workers[number]
        self.player = FollowingPlayer(worker, app_context.state, f"Picture of camera {number + 2}", self)
        self.player.caption.hide()
        self.player.canvas.setMinimumSize(120, LEAST_PICTURE_PX)
        self.player.setMinimumHeight(LEAST_PICTURE_PX)
        self.player.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # takes what is left
        self._name = ElidingLabel(self)
        self.offset = with_accessible_name(QSpinBox(self), "Offset in frames")
        self.offset.setKeyboardTracking(False)  # a number is taken when it is whole
        self.offset.setSuffix(" frames")
        self.offset.valueChanged.connect(self._on_offset)
        menu = QMenu(self)
        self.find_action = menu.addAction("Find the offset by sound", self._find)
        self.remove_action = menu.addAction("Remove this camera", self._remove)
        self.more = tool_button("…", self)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(menu)
        self.missing = WrappingLabel(self, muted=True)
        self._name.setContentsMargins(8, 4, 8, 0)
        self.missing.setContentsMargins(8, 0, 8, 6)
        row = add_all(horizontal(margins=(8, 2, 8, 4), spacing=6), self.offset, self.more, 1)
        add_all(vertical(self, NONE, 0), (self.player, 1), self._name, row, self.missing)
        self.player.playback.video_changed.connect(self._on_video)
        self.hide()

    def show_camera(self, camera: Camera | None, *, writable: bool) -> None:
        """Show a camera, or nothing."""
        before = self.camera
        self.camera = camera
        self.setVisible(camera is not None)
        if camera is None:
            self.player.close_video()
            return
        self._name.set_forms(printable(camera.name))
        self.more.setAccessibleName(f"Choices for camera {printable(camera.name)}")
        for part in (self.offset, self.find_action, self.remove_action):
            part.setEnabled(writable)
        video = self._playback.video
        rate_hz = video.rate_hz if video is not None else 1.0
        max_frames = min(round(MAX_OFFSET_S * rate_hz), 2**30)
        self.offset.blockSignals(True)
        self.offset.setRange(-max_frames, max_frames)
        self.offset.setValue(offset_frames(camera.offset_s or 0.0, rate_hz))
        self.offset.blockSignals(False)
        origin = "by hand" if camera.confidence is None else f"by sound, confidence {camera.confidence:.2f}"
        self.offset.setToolTip(
            "The offset is not known." if camera.offset_s is None else f"{camera.offset_s:+.3f} s, {origin}"
        )
        if before is None or (before.path, before.digest) != (camera.path, camera.digest):
            self.player.close_video()
            if camera.path is None:
                self.player.canvas.set_message(_NO_FILE)
            else:
                self.player.open(VideoClip(camera.path), None)
        self._say()
        self.follow()

    def follow(self) -> None:
        """Show the frame at the playhead."""
        camera = self.camera
        video = self.player.playback.video
        if camera is None or video is None:
            return
        if camera.frame_at(video, self._playback.time_s) is None:
            self.player.show_nothing(_NO_PICTURE)
        else:
            own_s = self._playback.time_s + (camera.offset_s or 0.0)
            self.player.show_time(own_s, playing=self._playback.playing)

    def _on_video(self, video: VideoInfo | None) -> None:
        self._say()
        if video is not None:
            self.follow()

    def _say(self) -> None:
        camera = self.camera
        video = self.player.playback.video
        text = ""
        if camera is not None:
            text = camera.problem
            if video is not None and not text:
                text = camera.describe_missing(video, self._playback.start_s, self._playback.stop_s)
        self.missing.setText(printable(text))
        self.missing.setVisible(bool(text))
        self._fit_missing()

    def _fit_missing(self) -> None:
        """Give the sentence the height that it needs; equal panes would cut the longest one."""
        self.missing.setMinimumHeight(max(self.missing.heightForWidth(self.width()), 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_missing()

    def _on_offset(self, frames: int) -> None:
        video = self._playback.video
        if self.camera is not None and video is not None:
            self._cameras.set_offset(self.camera.name, frames / video.rate_hz)

    def _find(self) -> None:
        if self.camera is not None and self.camera.path is not None:
            self._cameras.find_offset(self.camera.name, self.camera.path)

    def _remove(self) -> None:
        if self.camera is not None:
            self._cameras.remove(self.camera.name)


class CameraColumn(QWidget):
    """The cameras of the video on screen, one above the other, scrolled where they are too high; hidden without any."""

    def __init__(self, app_context: AppContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        area = scroll_area(self, "Further cameras")
        inside = QWidget(area)
        self.panes = [CameraPane(app_context, number, inside) for number in range(MAX_CAMERAS)]
        add_all(vertical(inside, NONE, 2), *((pane, 1) for pane in self.panes))
        area.setWidget(inside)
        add_all(vertical(self, NONE, 0), (area, 1))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumWidth(150)
        app_context.cameras.changed.connect(self._refresh)
        for signal in (app_context.playback.frame_changed, app_context.playback.playing_changed):
            signal.connect(partial(self._follow))
        self._refresh()

    def sizeHint(self) -> QSize:
        """Return a third of a usual picture."""
        return QSize(300, 400)

    def _refresh(self) -> None:
        cameras = self._app_context.cameras.cameras
        writable = self._app_context.studies.writable
        for number, pane in enumerate(self.panes):
            pane.show_camera(cameras[number] if number < len(cameras) else None, writable=writable)
        self.setVisible(bool(cameras))

    def _follow(self, *_: object) -> None:
        for pane in self.panes:
            pane.follow()
