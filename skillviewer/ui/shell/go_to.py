"""Sheet in which the user types a time or a frame to go to."""

import re

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from skillviewer.core.text import clock
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, vertical, with_accessible_name
from skillviewer.ui.widgets.overlay_sheet import OverlaySheet

ROUNDING_S = 0.0005  # error of a time that is shown in milliseconds; without it, a typed time may miss its frame
_TIME = re.compile(r"^(?:(?:(\d+):)?(\d{1,3}):)?(\d+(?:[.,]\d*)?)\s*s?$")


def parse_place(text: str, video: VideoInfo, frames: range | None = None) -> int | None:
    """Return the frame, from 0, that a text denotes; None if the text is invalid or the frame is not in ``frames``.

    A whole number is a frame, counted from 1. A text with a colon, a dot or an s is a time: ``13.5``, ``13s``,
    ``1:02``, ``00:13.733``, ``1:00:00``.
    """
    frame = _parse(text.strip().lower(), video)
    if frame is not None and frames is not None and frame not in frames:
        return None
    return frame


def _parse(text: str, video: VideoInfo) -> int | None:
    if text.isdecimal():
        number = int(text)
        return number - 1 if 1 <= number <= video.n_frames else None
    match = _TIME.match(text)
    if match is None:
        return None
    hours, minutes, seconds = match.groups(default="0")
    time_s = int(hours) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))
    if time_s > video.duration_s + ROUNDING_S:
        return None
    return video.frame_at(time_s + ROUNDING_S)


class GoTo(OverlaySheet):
    """A field for a time or a frame of the shown part of a video."""

    chosen = Signal(int)  # frame, from 0

    def __init__(self, video: VideoInfo, frames: range, frame: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._video = video
        self._frames = frames
        column = vertical(self, margins=(12, 12, 12, 12))
        self.place_edit = with_accessible_name(QLineEdit(self), "Time or frame")
        self.place_edit.setPlaceholderText("Frame 412, or time 00:13.733")
        self.place_edit.setMinimumWidth(260)
        self._hint_label = text_label("", self, muted=True)
        add_all(column, self.place_edit, self._hint_label)
        self.place_edit.textChanged.connect(self._on_text)
        self.place_edit.returnPressed.connect(self._on_return)
        self.place_edit.setText(str(frame + 1))
        self.place_edit.selectAll()
        self.setFocusProxy(self.place_edit)

    def _on_text(self, text: str) -> None:
        frame = parse_place(text, self._video, self._frames)
        if frame is None:
            self._hint_label.setText(self._range_text())
        else:
            self._hint_label.setText(f"Frame {frame + 1} at {clock(float(self._video.times_s[frame]))}")

    def _range_text(self) -> str:
        """Return the frames and times that can be typed."""
        video = self._video
        first = self._frames[0]
        last = self._frames[-1]
        if len(self._frames) == video.n_frames:
            return f"Frames 1 to {last + 1}, times to {clock(video.duration_s)}"
        start = clock(float(video.times_s[first]))
        end = clock(video.end_s(last))
        return f"This part has frames {first + 1} to {last + 1}, times {start} to {end}"

    def _on_return(self) -> None:
        frame = parse_place(self.place_edit.text(), self._video, self._frames)
        if frame is not None:
            self.dismiss()
            self.chosen.emit(frame)
