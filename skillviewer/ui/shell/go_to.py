"""The sheet in which a time or a frame is typed."""

import re

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from skillviewer.core.text import clock
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, vertical, with_accessible_name
from skillviewer.ui.widgets.overlay_sheet import OverlaySheet

_TIME = re.compile(r"^(?:(?:(\d+):)?(\d{1,3}):)?(\d+(?:[.,]\d*)?)\s*s?$")


def parse_place(text: str, video: VideoInfo, frames: range | None = None) -> int | None:
    """Return the frame (from 0) that a text means, or None if the part of the video that is shown has no such frame.

    A whole number is a frame, counted from 1. Anything with a colon, a dot or an s is a time: ``13.5``, ``13s``,
    ``1:02``, ``00:13.733``, ``1:00:00``.
    """
    frame = _parsed(text.strip().lower(), video)
    return frame if frame is not None and (frames is None or frame in frames) else None


def _parsed(text: str, video: VideoInfo) -> int | None:
    if text.isdecimal():
        number = int(text)
        return number - 1 if 1 <= number <= video.n_frames else None
    match = _TIME.match(text)
    if match is None:
        return None
    hours, minutes, seconds = match.groups()
    time_s = int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds.replace(",", "."))
    # half a millisecond: a rounded time, as it is shown, finds its own frame
    return video.frame_at(time_s + 0.0005) if time_s <= video.duration_s + 0.0005 else None


class GoTo(OverlaySheet):
    """A field for a time or a frame of the part that is shown."""

    chosen = Signal(int)

    def __init__(self, video: VideoInfo, frames: range, frame: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._video = video
        self._frames = frames
        column = vertical(self, (12, 12, 12, 12))
        self.field = with_accessible_name(QLineEdit(self), "Time or frame")
        self.field.setPlaceholderText("Frame 412, or time 00:13.733")
        self.field.setMinimumWidth(260)
        self._hint = text_label("", self, muted=True)
        add_all(column, self.field, self._hint)
        self.field.textChanged.connect(self._on_text)
        self.field.returnPressed.connect(self._on_return)
        self.field.setText(str(frame + 1))
        self.field.selectAll()
        self.setFocusProxy(self.field)

    def _on_text(self, text: str) -> None:
        frame = parse_place(text, self._video, self._frames)
        if frame is None:
            first, last = self._frames[0], self._frames[-1]
            if len(self._frames) == self._video.n_frames:
                template = "Frames 1 to {}, times to {}"
                self._hint.setText(template.format(last + 1, clock(self._video.duration_s)))
            else:
                template = "This part has frames {} to {}, times {} to {}"
                times = (clock(float(self._video.times_s[first])), clock(self._video.end_s(last)))
                self._hint.setText(template.format(first + 1, last + 1, *times))
        else:
            template = "Frame {} at {}"
            self._hint.setText(template.format(frame + 1, clock(float(self._video.times_s[frame]))))

    def _on_return(self) -> None:
        frame = parse_place(self.field.text(), self._video, self._frames)
        if frame is not None:
            self.dismiss()
            self.chosen.emit(frame)
