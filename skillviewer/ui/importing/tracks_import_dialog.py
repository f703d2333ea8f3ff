"""The dialog in which a file of tracks is placed on the video on screen, with a preview of its points."""

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
from skillviewer.ui.widgets.layout import GrowingSpace, add_all, growing, horizontal, push_button, vertical
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import PaintedWidget

READ_AFTER_MS = 250
"""Delay before the file is read with changed units."""

MIN_SIZE = QSize(420, 360)
MAX_NAMED_POINTS = 8
UNITS_MESSAGE = (
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
    frames = frames_of(clip, video)
    if frames is None:
        frames = range(video.n_frames)
    has_points = np.any([track.has_points for track in track_import.tracks.tracks], axis=0)
    offsets = np.flatnonzero(has_points[frames.start : frames.stop])
    frame = frames.start + int(offsets[0]) if len(offsets) else frames.start
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
        """Show a frame with its points, or None for an empty preview."""
        if placed is None:
            self._picture = None
            self.layer.set_tracks(None)
        else:
            self._picture = placed.picture
            self._frame = placed.frame
            self.layer.set_tracks(placed.track_import.tracks)
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


class TracksImportDialog(QDialog):
    """A dialog, not modal, in which a file of tracks is checked and added to the video on screen when it opens."""

    def __init__(self, app_context: AppContext, path: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._path = path
        self._clip = app_context.state.current_clip
        self._video = app_context.playback.video
        self._placed_tracks: PlacedTracks | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Import tracks: {printable(path.name)}")
        self.message_label = WrappingLabel(self)
        self.counts_label = WrappingLabel(self, muted=True)
        self.track_preview = TrackPreview(self)
        self._make_unit_form()
        self.import_button = push_button("Import", self, self._on_import, primary=True)
        self.import_button.setEnabled(False)
        buttons = add_all(
            horizontal(spacing=8), GrowingSpace(), push_button("Close", self, self.close), self.import_button
        )
        column = vertical(self, margins=(16, 12, 16, 12), spacing=8)
        add_all(column, self.message_label, growing(self.track_preview), self.units_form, self.counts_label, buttons)
        self._read_timer = single_shot(self, READ_AFTER_MS, self._read)
        self.setMinimumSize(MIN_SIZE)
        default_size = QSize(scaled_px(620), scaled_px(560))
        fitting_size = default_size.boundedTo(parent.size())
        self.resize(fitting_size.expandedTo(MIN_SIZE))
        self.message_label.set_plain("Reading…")
        app_context.video_opener.opened.connect(self._on_opened)
        if self._video is not None:
            self._read()

    def _make_unit_form(self) -> None:
        self.units_form = Form(self)
        self.pixels_per_unit = indented(QDoubleSpinBox(self))
        self.zero_frame = indented(QSpinBox(self))
        self.zero_x = indented(QDoubleSpinBox(self))
        self.zero_y = indented(QDoubleSpinBox(self))
        self.y_up_box = QCheckBox("The y axis points up", self)
        self.pixels_per_unit.setRange(0.0, 1e6)
        self.pixels_per_unit.setDecimals(4)
        self.pixels_per_unit.setSpecialValueText("not stated")
        self.zero_frame.setRange(0, 1_000_000)
        for box in (self.zero_x, self.zero_y):
            box.setRange(-1e5, 1e5)
            box.setDecimals(1)
        for title, control in (
            ("Pixels of one unit", self.pixels_per_unit),
            ("Zero, x in pixels", self.zero_x),
            ("Zero, y in pixels", self.zero_y),
            ("", self.y_up_box),
            ("Frame of the video at its zero", self.zero_frame),
        ):
            self.units_form.add(title, control)
        for spin_box in (self.pixels_per_unit, self.zero_x, self.zero_y, self.zero_frame):
            spin_box.valueChanged.connect(self._read_soon)
        self.y_up_box.toggled.connect(self._read_soon)
        self.units_form.setVisible(False)

    def _placement(self) -> Placement:
        is_stated = self.units_form.isVisibleTo(self) and self.pixels_per_unit.value() > 0
        if not is_stated:
            return Placement(first_frame=self.zero_frame.value())
        zero = (self.zero_x.value(), self.zero_y.value())
        return Placement(self.pixels_per_unit.value(), zero, self.y_up_box.isChecked(), self.zero_frame.value())

    def _read_soon(self, *_: object) -> None:
        self._read_timer.start()

    def _on_opened(self, video: VideoInfo) -> None:
        """Read the file when the video that was dropped together with it is open."""
        if self._video is None:
            self._clip = self._app_context.state.current_clip
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
        self._placed_tracks = placed
        self.track_preview.show_placed(placed)
        assert self._clip is not None
        points = [point for track in placed.track_import.tracks.tracks for point in track.points]
        point_names = ", ".join(map(printable, points[:MAX_NAMED_POINTS]))
        if len(points) > MAX_NAMED_POINTS:
            point_names += " …"
        video_title = printable(self._app_context.videos.title(self._clip))
        self.message_label.set_plain(
            f"{placed.title}: {point_names}. Do the points lie right in frame {placed.frame + 1} of {video_title}?"
        )
        self.counts_label.set_plain(placed.track_import.summary)
        self.import_button.setEnabled(True)
        self.import_button.setFocus()

    def _on_failed(self, error: Exception) -> None:
        self._placed_tracks = None
        self.track_preview.show_placed(None)
        self.counts_label.set_plain("")
        self.import_button.setEnabled(False)
        needs_units = isinstance(error, UnitsUnknownError)
        message = UNITS_MESSAGE if needs_units else error_text(error)
        self.message_label.set_plain(message)
        if needs_units and not self.units_form.isVisibleTo(self):
            self.units_form.setVisible(True)
            self.pixels_per_unit.setFocus()

    def _on_import(self) -> None:
        placed = self._placed_tracks
        tracks = self._app_context.tracks
        clip = self._clip
        if placed is None or clip is None or self._video is None:
            return
        if tracks.clip != clip:
            self.message_label.set_plain(f"Show {printable(clip.path.name)} again to import its tracks.")
            return
        new_tracks = placed.track_import.tracks
        frames = frames_of(clip, self._video)
        if frames is not None:
            new_tracks = new_tracks.within(frames)

        def add(before: TrackSet) -> TrackSet:
            return before.with_tracks(new_tracks.tracks)

        tracks.edit("import of tracks", add)
        tracks.set_visible(on=True)
        self._app_context.messages.note(f"{printable(self._path.name)} is imported: {placed.track_import.summary}")
        self.close()
