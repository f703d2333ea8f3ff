"""Review of faces before an export: blurred boxes, doubtful frames, boxes drawn or removed by hand."""

from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QSlider, QWidget

from skillviewer.core.faces.faces import DoubtReason, FaceBox, FaceReviewItem, Faces, doubtful_frames
from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.text import clock, printable
from skillviewer.core.video.info import VideoInfo
from skillviewer.engine.exporting.video_faces import load_faces, reload_faces, save_faces, search_faces
from skillviewer.ui.exporting.face_canvas import FaceCanvas
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.frame_feed import DisplayPicture, FrameFeed
from skillviewer.ui.session.undo import Command
from skillviewer.ui.widgets.form import offer
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import (
    NO_MARGINS,
    GrowingSpace,
    add_all,
    as_tip,
    growing,
    horizontal,
    push_button,
    vertical,
    with_accessible_name,
)
from skillviewer.ui.widgets.text_scaling import scaled_px

if TYPE_CHECKING:
    from skillviewer.ui.threads.worker_thread import Task

SIDE_PX = 264

_REASONS = {
    DoubtReason.WEAK: "found with low confidence",
    DoubtReason.HELD: "not found; the box is kept",
    DoubtReason.LOST: "lost in the middle of the picture",
    DoubtReason.APPEARED: "appeared in the middle of the picture",
    DoubtReason.PERHAPS: "possibly a face; not blurred",
}


class BlurSpan(IntEnum):
    """Frames in which a drawn box is blurred. Values are indices of the combo box."""

    WHOLE = 0
    FROM_HERE = 1
    AROUND = 2


class FacesReview(QWidget):
    """Review of the faces in the exported videos, one video at a time. Edits are saved at once and can be undone."""

    changed = Signal(object)  # the new ``Faces``, which exports of the video blur

    def __init__(self, app_context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._path: Path | None = None
        self._video: VideoInfo | None = None
        self._picture: DisplayPicture | None = None
        self._generation = 0  # number of the last edit; results of earlier reads are dropped
        self._n_writing = 0  # edits that are being saved
        self._search_task: Task | None = None
        self._shown_doubt: FaceReviewItem | None = None
        self._chosen_face: int | None = None
        self.faces: Faces | None = None
        self.feed = FrameFeed(app_context.frames_worker, self)
        self.canvas = FaceCanvas(self)
        self._lay_out()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        self.back_button = push_button("Back to the export", self)
        self.video_box = with_accessible_name(QComboBox(self), "Video")
        header = add_all(QHBoxLayout(), self.back_button, self.video_box, GrowingSpace())
        self.slider = with_accessible_name(QSlider(Qt.Orientation.Horizontal, self), "Frame")
        self.time_label = text_label("", self, muted=True)
        transport = add_all(QHBoxLayout(), growing(self.slider), self.time_label)
        left = add_all(vertical(spacing=8), growing(self.canvas), transport)
        body = add_all(horizontal(spacing=16), growing(left), self._make_side())
        add_all(vertical(self, margins=(16, 12, 16, 12), spacing=12), header, growing(body))

    def _make_side(self) -> QWidget:
        side = QWidget(self)
        side.setFixedWidth(scaled_px(SIDE_PX))
        self.summary_label = text_label("", side, wrap=True, plain=True)
        self.search_button = push_button("Look for faces", side, self.search)
        self.blur_span_box = with_accessible_name(QComboBox(side), "Frames in which a drawn box is blurred")
        self.blur_span_box.addItems(
            ["Drawn boxes: whole video", "Drawn boxes: from here on", "Drawn boxes: 1 s around this frame"]
        )
        self.remove_button = push_button("Remove the chosen box", side, self.remove)
        self.remove_from_here_button = push_button("Remove it from here on", side, self.remove_from_here)
        heading = QLabel("Doubtful frames", side)
        self.doubt_list = with_accessible_name(QListWidget(side), "Doubtful frames")
        self.doubt_list.setWordWrap(True)
        self.doubt_list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.reviewed_button = push_button("Reviewed, OK", side, self.mark_reviewed)
        warning = text_label("Faces can be missed. Check the file before you pass it on.", side, wrap=True, muted=True)
        buttons = (self.search_button, self.blur_span_box, self.remove_button, self.remove_from_here_button)
        column = vertical(side, margins=NO_MARGINS, spacing=8)
        add_all(column, self.summary_label, *buttons, heading, growing(self.doubt_list), self.reviewed_button, warning)
        return side

    def _connect(self) -> None:
        self.video_box.currentIndexChanged.connect(lambda: self.open(self.video_box.currentData()))
        self.feed.opened.connect(self._on_opened)
        self.feed.arrived.connect(self._on_picture)
        self.feed.failed.connect(self._app_context.messages.fail)
        self.slider.valueChanged.connect(self._on_frame)
        self.canvas.drawn.connect(self._on_drawn)
        self.canvas.picked.connect(self._on_picked)
        self.doubt_list.currentRowChanged.connect(self._on_doubt)
        self._app_context.undo.changed.connect(self._reread)

    def show_videos(self, paths: Sequence[Path]) -> None:
        with QSignalBlocker(self.video_box):
            offer(self.video_box, [(path, printable(path.stem)) for path in paths], paths[0])
        self.video_box.setVisible(len(paths) > 1)
        self.open(paths[0])

    def open(self, path: Path | None) -> None:
        if path == self._path:
            return
        self._generation += 1
        self._path = path
        self._video = None
        self._picture = None
        self.faces = None
        self._shown_doubt = None
        self._chosen_face = None
        self.canvas.set_picture(None)
        if self._search_task is not None:
            self._search_task.cancel()
        if path is None:
            self.feed.close()
        else:
            self.feed.open(path)
            self._reread()
        self._show()

    @property
    def frame(self) -> int:
        return self.slider.value()

    # results from the worker threads

    def _reread(self) -> None:
        """Read the saved faces of the video in a worker thread, and show them."""
        path = self._path
        present_faces = self.faces
        generation = self._generation
        if path is None or self._n_writing or self._app_context.preview_worker.stopped:
            return

        def read(_service: object, _token: CancelToken, _report: Report) -> Faces:
            return load_faces(path) if present_faces is None else reload_faces(present_faces)

        def show(faces: Faces) -> None:
            if generation == self._generation and faces != self.faces:
                self.faces = faces
                self.changed.emit(faces)
                self._show()

        self._app_context.preview_worker.submit(read).then(succeeded=show, failed=self._app_context.messages.fail)

    def _on_opened(self, video: VideoInfo) -> None:
        self._video = video
        self.slider.setRange(0, video.n_frames - 1)
        self.slider.setValue(0)
        self._on_frame(0)

    def _on_picture(self, picture: DisplayPicture) -> None:
        self._picture = picture
        self.canvas.set_picture(picture.pixels)
        self._show_boxes()

    def _on_frame(self, frame: int) -> None:
        if self._video is not None:
            self.feed.request(frame)
            time = clock(float(self._video.times_s[frame]))
            self.time_label.setText(f"frame {frame + 1} · {time}")

    # edits

    def search(self) -> None:
        """Search for faces. They replace the present boxes, which can be undone."""
        path = self._path
        if path is None or self._search_task is not None:
            return
        self._search_task = self._app_context.preview_worker.submit(
            lambda _service, token, report: search_faces(path, token, report)
        )
        self._search_task.then(
            succeeded=lambda faces: self._on_found(path, faces),
            failed=self._app_context.messages.fail,
            finished=self._on_searched,
        )
        self._app_context.jobs.follow(f"Looking for faces in {path.stem}", self._search_task, confirm_stop=False)
        self._show()

    def _on_found(self, path: Path, faces: Faces) -> None:
        if path == self._path:
            self._edit(faces, "search for faces")

    def _on_searched(self) -> None:
        self._search_task = None
        self._show()

    def _edit(self, faces: Faces, text: str) -> None:
        """Replace the faces and save them; ``text`` names the edit for undo."""
        previous_faces = self.faces
        if previous_faces is None or faces == previous_faces:
            return
        self.faces = faces
        self._generation += 1
        self._n_writing += 1
        command = Command(
            text, lambda _study: save_faces(faces), lambda _study, _result: save_faces(previous_faces), ()
        )
        self._app_context.undo.perform(command).finished.connect(self._on_saved)
        self.changed.emit(faces)
        self._show()

    def _on_saved(self) -> None:
        """Read the saved faces again, so that an edit that could not be saved does not stay on screen."""
        self._n_writing -= 1
        self._reread()

    def _on_drawn(self, box: FaceBox) -> None:
        if self.faces is None or self._video is None or self._picture is None:
            return
        video = self._video
        frame = self._picture.frame_index
        start = 0
        stop = video.n_frames
        if self.blur_span_box.currentIndex() == BlurSpan.FROM_HERE:
            start = frame
        elif self.blur_span_box.currentIndex() == BlurSpan.AROUND:
            time_s = float(video.times_s[frame])
            start = video.frame_at(max(time_s - 0.5, 0.0))
            stop = video.frame_at(min(time_s + 0.5, float(video.times_s[-1]))) + 1
        faces = self.faces.with_drawn(box, frame, start, stop)
        self._chosen_face = faces.tracks[-1].number
        self._edit(faces, "face box")

    def _on_picked(self, number: int | None) -> None:
        self._chosen_face = number
        self._show()

    def remove(self) -> None:
        if self.faces is not None and self._chosen_face is not None:
            number = self._chosen_face
            self._chosen_face = None
            self._edit(self.faces.without(number), "removed face box")

    def remove_from_here(self) -> None:
        """Remove the chosen box from the frame on screen onwards."""
        if self.faces is not None and self._chosen_face is not None:
            number = self._chosen_face
            self._chosen_face = None
            frame = self.frame if self._picture is None else self._picture.frame_index
            faces = self.faces.without_interval(number, frame, self.faces.n_frames)
            self._edit(faces, "removed face box")

    def mark_reviewed(self) -> None:
        """Mark the doubtful frames on screen as reviewed."""
        if self.faces is not None and self._shown_doubt is not None:
            doubt = self._shown_doubt
            self._shown_doubt = None
            self._edit(self.faces.without_doubt(doubt), "doubtful frames")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace} and self._chosen_face is not None:
            self.remove()
        else:
            super().keyPressEvent(event)

    def _on_doubt(self, row: int) -> None:
        if self.faces is not None and 0 <= row < len(self.faces.doubts):
            self._shown_doubt = self.faces.doubts[row]
            self._chosen_face = self._shown_doubt.track
            self.slider.setValue(self._shown_doubt.start)
            self._show_boxes()
            self._show_buttons()

    # display

    def _show(self) -> None:
        doubts = self.faces.doubts if self.faces is not None else ()
        with QSignalBlocker(self.doubt_list):
            self.doubt_list.clear()
            for doubt in doubts:
                frames = f"{doubt.start + 1}"
                if doubt.stop - doubt.start > 1:
                    frames = f"{frames}–{doubt.stop}"
                item = QListWidgetItem(f"{frames}: {_REASONS[doubt.reason]}", self.doubt_list)
                item.setToolTip(as_tip(item.text()))
                if doubt == self._shown_doubt:
                    self.doubt_list.setCurrentItem(item)
        self.summary_label.setText(self._describe_state())
        self._show_boxes()
        self._show_buttons()

    def _show_buttons(self) -> None:
        is_open = self.faces is not None
        self.search_button.setEnabled(is_open and self._search_task is None)
        self.blur_span_box.setEnabled(is_open)
        self.remove_button.setEnabled(is_open and self._chosen_face is not None)
        self.remove_from_here_button.setEnabled(is_open and self._chosen_face is not None)
        self.reviewed_button.setEnabled(is_open and self._shown_doubt is not None)

    def _show_boxes(self) -> None:
        if self.faces is None or self._picture is None:
            self.canvas.set_boxes(())
            return
        frame = self._picture.frame_index
        boxes = []
        for track in self.faces.tracks:
            box = track.box_at(frame)
            if box is not None:
                boxes.append((track.number, box))
        doubt = self._shown_doubt
        doubtful_box = None
        if doubt is not None and doubt.track is None and doubt.start <= frame < doubt.stop:
            doubtful_box = doubt.box
        self.canvas.set_boxes(boxes, self._chosen_face, doubtful_box)

    def _describe_state(self) -> str:
        faces = self.faces
        if self._path is None:
            return "Choose a video to review its faces."
        if faces is None:
            return "Opening …"
        if self._search_task is not None:
            return "Looking for faces …"
        return _describe_faces(faces)


def _describe_faces(faces: Faces) -> str:
    frames = f"{faces.n_frames_with_faces} of {faces.n_frames} frames"
    if not faces.searched:
        if not faces.tracks:
            return "Not searched yet. Look for faces, or draw boxes on the picture with the mouse."
        return f"Not searched: only your own boxes are blurred, in {frames}."
    if not faces.tracks:
        return "No face was found. Draw boxes on faces that were missed."
    n_doubtful = doubtful_frames(faces.doubts)
    # “tracks”, not “faces”: a face that is lost and found again has two
    return f"Blurred in {frames}, in {len(faces.tracks)} tracks; {n_doubtful} frames are doubtful."
