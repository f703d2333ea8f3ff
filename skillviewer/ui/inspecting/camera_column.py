"""Further cameras of the video on screen: pictures without maps, on the clock of the video."""

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
    NO_MARGINS,
    GrowingSpace,
    add_all,
    growing,
    horizontal,
    scroll_area,
    tool_button,
    vertical,
    with_accessible_name,
)

MIN_PICTURE_PX = 84
"""Least height of a picture."""

_NO_FILE = "No picture."  # the pane shows the reason below
_NO_FRAME_HERE = "This camera has no picture here."


class CameraPane(QWidget):
    """One camera: its picture, its name, its offset in frames, and a sentence on missing parts."""

    def __init__(self, app_context: AppContext, index: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._cameras = app_context.cameras
        self._playback = app_context.playback
        self.camera: Camera | None = None
        worker = app_context.camera_workers[index]
        self.player = FollowingPlayer(worker, app_context.state, f"Picture of camera {index + 2}", self)
        self.player.caption.hide()
        self.player.canvas.setMinimumSize(120, MIN_PICTURE_PX)
        self.player.setMinimumHeight(MIN_PICTURE_PX)
        self.player.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # takes the remaining room
        self._name_label = ElidingLabel(self)
        self.offset_box = with_accessible_name(QSpinBox(self), "Offset in frames")
        self.offset_box.setKeyboardTracking(False)  # a number counts when it is typed in full
        self.offset_box.setSuffix(" frames")
        self.offset_box.valueChanged.connect(self._on_offset)
        menu = QMenu(self)
        self.find_action = menu.addAction("Find the offset by sound", self._find)
        self.remove_action = menu.addAction("Remove this camera", self._remove)
        self.more_button = tool_button("…", self)
        self.more_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more_button.setMenu(menu)
        self.missing_label = WrappingLabel(self, muted=True)
        self._name_label.setContentsMargins(8, 4, 8, 0)
        self.missing_label.setContentsMargins(8, 0, 8, 6)
        offset_row = add_all(
            horizontal(margins=(8, 2, 8, 4), spacing=6), self.offset_box, self.more_button, GrowingSpace()
        )
        add_all(
            vertical(self, margins=NO_MARGINS, spacing=0),
            growing(self.player),
            self._name_label,
            offset_row,
            self.missing_label,
        )
        self.player.playback.video_changed.connect(self._on_video)
        self.hide()

    def show_camera(self, camera: Camera | None, *, writable: bool) -> None:
        """Show a camera; None for no camera."""
        last_camera = self.camera
        self.camera = camera
        self.setVisible(camera is not None)
        if camera is None:
            self.player.close_video()
            return
        self._name_label.set_forms(printable(camera.name))
        self.more_button.setAccessibleName(f"Choices for camera {printable(camera.name)}")
        self.offset_box.setEnabled(writable)
        self.find_action.setEnabled(writable)
        self.remove_action.setEnabled(writable)
        self._show_offset(camera)
        if last_camera is None or (last_camera.path, last_camera.digest) != (camera.path, camera.digest):
            self.player.close_video()
            if camera.path is None:
                self.player.canvas.set_message(_NO_FILE)
            else:
                self.player.open(VideoClip(camera.path), None)
        self._show_missing()
        self.follow()

    def _show_offset(self, camera: Camera) -> None:
        video = self._playback.video
        rate_hz = video.rate_hz if video is not None else 1.0
        max_frames = min(round(MAX_OFFSET_S * rate_hz), 2**30)
        n_frames = offset_frames(camera.known_offset_s, rate_hz)
        self.offset_box.blockSignals(True)
        self.offset_box.setRange(-max_frames, max_frames)
        self.offset_box.setValue(n_frames)
        self.offset_box.blockSignals(False)
        if camera.offset_s is None:
            self.offset_box.setToolTip("The offset is not known.")
        else:
            origin = "by hand" if camera.confidence is None else f"by sound, confidence {camera.confidence:.2f}"
            self.offset_box.setToolTip(f"{camera.offset_s:+.3f} s, {origin}")

    def follow(self) -> None:
        """Show the frame at the playhead."""
        camera = self.camera
        video = self.player.playback.video
        if camera is None or video is None:
            return
        if camera.frame_at(video, self._playback.time_s) is None:
            self.player.show_nothing(_NO_FRAME_HERE)
        else:
            camera_time_s = self._playback.time_s + camera.known_offset_s
            self.player.show_time(camera_time_s, playing=self._playback.playing)

    def _on_video(self, video: VideoInfo | None) -> None:
        self._show_missing()
        if video is not None:
            self.follow()

    def _show_missing(self) -> None:
        """Show why there is no picture, or which part of the video the camera lacks."""
        camera = self.camera
        video = self.player.playback.video
        text = camera.problem if camera is not None else ""
        if camera is not None and video is not None and not text:
            text = camera.describe_missing(video, self._playback.start_s, self._playback.stop_s)
        self.missing_label.setText(printable(text))
        self.missing_label.setVisible(bool(text))
        self._fit_missing()

    def _fit_missing(self) -> None:
        """Give the sentence its full height: panes of equal height would cut a long sentence."""
        height_px = self.missing_label.heightForWidth(self.width())
        self.missing_label.setMinimumHeight(max(height_px, 0))

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
    """A column of the cameras of the video on screen, scrolled if they are too high; hidden without cameras."""

    def __init__(self, app_context: AppContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        area = scroll_area(self, "Further cameras")
        column = QWidget(area)
        self.panes = [CameraPane(app_context, index, column) for index in range(MAX_CAMERAS)]
        add_all(vertical(column, margins=NO_MARGINS, spacing=2), *(growing(pane) for pane in self.panes))
        area.setWidget(column)
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), growing(area))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumWidth(150)
        app_context.cameras.changed.connect(self._refresh)
        app_context.playback.frame_changed.connect(self._follow)
        app_context.playback.playing_changed.connect(self._follow)
        self._refresh()

    def sizeHint(self) -> QSize:
        """Return the size of a usual column."""
        return QSize(300, 400)

    def _refresh(self) -> None:
        cameras = self._app_context.cameras.cameras
        writable = self._app_context.studies.writable
        for index, pane in enumerate(self.panes):
            camera = cameras[index] if index < len(cameras) else None
            pane.show_camera(camera, writable=writable)
        self.setVisible(bool(cameras))

    def _follow(self, *_: object) -> None:
        for pane in self.panes:
            pane.follow()
