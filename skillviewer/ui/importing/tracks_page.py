"""The page on which a file of tracks is placed on the video on screen, with a preview of its points."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QDialog, QDoubleSpinBox, QSizePolicy, QSpinBox, QWidget

from skillviewer.core.arrays import RGBImage
from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.text import printable
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.core.video.clips import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.tracks.placing import Placement, TrackImport, UnitsUnknownError
from skillviewer.data.tracks.track_formats import read_tracks, recognised_track_format
from skillviewer.ui.player.track_layer import TrackLayer
from skillviewer.ui.player.viewport import Viewport
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.tracks.shown_tracks import frames_of
from skillviewer.ui.threads.messages import error_text
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.widgets.form import Form, indented
from skillviewer.ui.widgets.icons import as_image
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import add_all, horizontal, push_button, vertical
from skillviewer.ui.widgets.theme import PaintedWidget, by_text

SETTLE_MS = 250
"""Time after which changed units are tried."""

MIN_SIZE = QSize(420, 360)
UNITS = (
    "The lengths in this file are in units of its own. State how many pixels one unit is, the pixel at its zero, and "
    "the direction of its y axis: nothing in the file tells them."
)


@dataclass(frozen=True, slots=True, eq=False)
class PlacedTracks:
    """A file of tracks placed on a video."""

    track_import: TrackImport
    title: str  # name of the format
    frame: int  # first frame of the file with a point
    picture: RGBImage  # that frame


def place_file(
    backend: Backend, path: Path, clip: VideoClip, video: VideoInfo, placement: Placement, token: CancelToken
) -> PlacedTracks:
    """Read a file of tracks, and the first frame with a point.

    Raises:
        DatasetError: The file cannot be read, or belongs to another video.
        UnitsUnknownError: Units and axes have to be stated.
        VideoError: The frame cannot be decoded, or no point lies in the part on screen.
    """
    track_import = read_tracks(path, video, placement)
    frames = frames_of(clip, video) or range(video.n_frames)
    has_points = np.any([track.has_points for track in track_import.tracks.tracks], axis=0)
    inside = np.flatnonzero(has_points[frames.start : frames.stop])
    frame = frames.start + int(inside[0]) if len(inside) else frames.start
    reader = backend.open_reader(video.path, token)
    try:
        picture = reader.frame(frame, token)
    finally:
        reader.close()
    return PlacedTracks(track_import, recognised_track_format(path).title, frame, picture)


class TrackPreview(PaintedWidget):
    """One frame with the points of the file."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.layer = TrackLayer(self)
        self._picture: RGBImage | None = None
        self._frame = 0
        self.setAccessibleName("Preview of the points")
        self.setMinimumSize(200, 140)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_placed(self, placed: PlacedTracks | None) -> None:
        """Show a frame with its points; None for nothing."""
        self._picture = placed.picture if placed is not None else None
        self._frame = placed.frame if placed is not None else 0
        self.layer.set_tracks(placed.track_import.tracks if placed is not None else None)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.stage)
        if self._picture is not None:
            height, width = self._picture.shape[:2]
            viewport = Viewport(self.width(), self.height(), width, height)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF(*viewport.rect), as_image(np.ascontiguousarray(self._picture)))
            self.layer.paint(painter, viewport, self._frame)
        painter.end()


class TracksPage(QDialog):
    """A file of tracks on its way to a video. The dialog is not modal; the video stays the one on screen at first."""

    def __init__(self, app_context: AppContext, path: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._path = path
        self._clip = app_context.state.current
        self._video = app_context.playback.video
        self._placed: PlacedTracks | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Import tracks: {printable(path.name)}")
        self.message = WrappingLabel(self)
        self.counts = WrappingLabel(self, muted=True)
        self.preview = TrackPreview(self)
        self._make_units()
        self.button = push_button("Import", self, self._on_import, primary=True)
        self.button.setEnabled(False)
        foot = add_all(horizontal(spacing=8), 1, push_button("Close", self, self.close), self.button)
        add_all(vertical(self, (16, 12, 16, 12), 8), self.message, (self.preview, 1), self.units, self.counts, foot)
        self._soon = single_shot(self, SETTLE_MS, self._read)
        self.setMinimumSize(MIN_SIZE)
        self.resize(QSize(by_text(620), by_text(560)).boundedTo(parent.size()).expandedTo(MIN_SIZE))
        self.message.set_plain("Reading…")
        app_context.video_opener.opened.connect(self._on_opened)
        if self._video is not None:
            self._read()

    def _make_units(self) -> None:
        self.units = Form(self)
        self.scale = indented(QDoubleSpinBox(self))
        self.first = indented(QSpinBox(self))
        self.zero_x = indented(QDoubleSpinBox(self))
        self.zero_y = indented(QDoubleSpinBox(self))
        self.up = QCheckBox("The y axis points up", self)
        self.scale.setRange(0.0, 1e6)
        self.scale.setDecimals(4)
        self.scale.setSpecialValueText("not stated")
        self.first.setRange(0, 1_000_000)
        for box in (self.zero_x, self.zero_y):
            box.setRange(-1e5, 1e5)
            box.setDecimals(1)
        for title, control in (
            ("Pixels of one unit", self.scale),
            ("Zero, x in pixels", self.zero_x),
            ("Zero, y in pixels", self.zero_y),
            ("", self.up),
            ("Frame of the video at its zero", self.first),
        ):
            self.units.add(title, control)
        for spin in (self.scale, self.zero_x, self.zero_y, self.first):
            spin.valueChanged.connect(self._read_soon)
        self.up.toggled.connect(self._read_soon)
        self.units.setVisible(False)

    def _placement(self) -> Placement:
        if not self.units.isVisibleTo(self) or not self.scale.value():
            return Placement(first_frame=self.first.value())
        zero = (self.zero_x.value(), self.zero_y.value())
        return Placement(self.scale.value(), zero, self.up.isChecked(), self.first.value())

    def _read_soon(self, *_: object) -> None:
        self._soon.start()

    def _on_opened(self, video: VideoInfo) -> None:
        """Read the file once the video is open that was dropped together with it."""
        if self._video is None:
            self._clip = self._app_context.state.current
            self._video = video
            self._read()

    def _read(self) -> None:
        path = self._path
        clip = self._clip
        video = self._video
        placement = self._placement()
        worker = self._app_context.tracks_worker
        if clip is None or video is None or worker.stopped:
            return

        def read(backend: Backend, token: CancelToken, _report: Report) -> PlacedTracks:
            return place_file(backend, path, clip, video, placement, token)

        worker.submit(read).then(succeeded=self._on_placed, failed=self._on_failed)

    def _on_placed(self, placed: PlacedTracks) -> None:
        self._placed = placed
        self.preview.show_placed(placed)
        tracks = placed.track_import.tracks.tracks
        points = [point for track in tracks for point in track.points]
        point_names = ", ".join(map(printable, points[:8])) + (" …" if len(points) > 8 else "")
        assert self._clip is not None
        name = printable(self._app_context.videos.title(self._clip))
        self.message.set_plain(
            f"{placed.title}: {point_names}. Do the points lie right in frame {placed.frame + 1} of {name}?"
        )
        self.counts.set_plain(placed.track_import.summary)
        self.button.setEnabled(True)
        self.button.setFocus()

    def _on_failed(self, error: Exception) -> None:
        self._placed = None
        self.preview.show_placed(None)
        self.counts.set_plain("")
        self.button.setEnabled(False)
        unknown = isinstance(error, UnitsUnknownError)
        self.message.set_plain(UNITS if unknown else error_text(error))
        if unknown and not self.units.isVisibleTo(self):
            self.units.setVisible(True)
            self.scale.setFocus()

    def _on_import(self) -> None:
        placed = self._placed
        tracks = self._app_context.tracks
        clip = self._clip
        if placed is None or clip is None or self._video is None:
            return
        if tracks.clip != clip:
            self.message.set_plain(f"Show {printable(clip.path.name)} again to import its tracks.")
            return
        frames = frames_of(clip, self._video)
        placed_tracks = placed.track_import.tracks if frames is None else placed.track_import.tracks.within(frames)

        def add(before: TrackSet) -> TrackSet:
            return before.with_tracks(placed_tracks.tracks)

        tracks.edit("import of tracks", add)
        tracks.set_visible(True)
        self._app_context.messages.note(f"{printable(self._path.name)} is imported: {placed.track_import.summary}")
        self.close()
