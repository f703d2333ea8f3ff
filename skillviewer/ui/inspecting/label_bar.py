"""The bar of keyed labels under the picture."""

from collections import Counter
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from skillviewer.core.text import printable
from skillviewer.core.timelines.labels import MomentLabel, parse_labels
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.chip import Chip
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.layout import add_all, vertical

KEY_EVENTS = frozenset({QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease})


class LabelBar(QWidget):
    """A button for every label of the study; a click, or the label's key while ``picture`` has the focus, marks it.

    The keys of labels come before those of the player. A key that is held down marks the interval from its press to
    its release. While the video plays, the reaction time of the study is subtracted.
    """

    def __init__(self, app_context: AppContext, picture: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._labels: tuple[MomentLabel, ...] = ()
        self._press_frames: dict[str, int] = {}  # frame at which the key of a label was pressed, by label
        self.chips: dict[str, Chip] = {}
        self._row = FlowLayout(gap_px=6)
        add_all(vertical(self, margins=(16, 6, 12, 0)), self._row)
        picture.installEventFilter(self)
        app_context.studies.opened.connect(self._refresh)
        app_context.studies.closed.connect(self._refresh)
        app_context.annotations.changed.connect(self._show_counts)
        app_context.playback.video_changed.connect(self._press_frames.clear)
        self._refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle the keys of labels before actions do."""
        if event.type() == QEvent.Type.FocusOut:  # the release of a key will not be seen
            self._release_all()
        if isinstance(event, QKeyEvent) and event.type() in KEY_EVENTS and self._app_context.annotations.writable:
            label = self._label_of_key(event)
            if label is not None:
                if not event.isAutoRepeat():
                    self._on_key(label, event.type())
                event.accept()
                return True
        return super().eventFilter(watched, event)

    def _label_of_key(self, event: QKeyEvent) -> MomentLabel | None:
        if event.modifiers() not in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier):
            return None
        return next((label for label in self._labels if label.key == event.text().lower()), None)

    def mark(self, label: MomentLabel, *_: object) -> None:
        """Save the frame that the user reacted to as a moment with a label."""
        frame = self._reacted_frame()
        if frame is not None:
            self._save(label.name, frame, frame)

    def _on_key(self, label: MomentLabel, event_type: QEvent.Type) -> None:
        if event_type == QEvent.Type.KeyPress:
            frame = self._reacted_frame()
            if frame is not None:
                self._press_frames.setdefault(label.name, frame)
        elif event_type == QEvent.Type.KeyRelease:
            self._release(label.name)

    def _release(self, label_name: str) -> None:
        press_frame = self._press_frames.pop(label_name, None)
        release_frame = self._reacted_frame()
        if press_frame is not None and release_frame is not None:
            self._save(label_name, min(press_frame, release_frame), max(press_frame, release_frame))

    def _release_all(self) -> None:
        for label_name in tuple(self._press_frames):
            self._release(label_name)

    def _reacted_frame(self) -> int | None:
        """Return the frame that was on screen a reaction time ago; None without a video in a study."""
        playback = self._app_context.playback
        study = self._app_context.studies.current_study
        video = playback.video
        if video is None or study is None:
            return None
        delay_s = study.settings.reaction_ms / 1000 * playback.speed if playback.playing else 0.0
        return video.frame_at(max(playback.time_s - delay_s, playback.start_s))

    def _save(self, label_name: str, first_frame: int, last_frame: int) -> None:
        video = self._app_context.playback.video
        if video is not None:
            start_s = float(video.times_s[first_frame])
            self._app_context.annotations.save_moment(start_s, video.end_s(last_frame), label_name)

    def _refresh(self, *_: object) -> None:
        study = self._app_context.studies.current_study
        labels = parse_labels(study.settings.labels) if study is not None else ()
        if labels != self._labels:
            self._labels = labels
            self._make_chips()
        self.setVisible(bool(labels))
        self._show_counts()

    def _make_chips(self) -> None:
        for chip in self.chips.values():
            self._row.removeWidget(chip)
            chip.deleteLater()
        self.chips = {}
        for label in self._labels:
            chip = Chip("", self)
            chip.clicked.connect(partial(self.mark, label))
            if label.colour:
                chip.setStyleSheet(f"border-left: 4px solid {label.colour}")
            self._row.addWidget(chip)
            self.chips[label.name] = chip

    def _show_counts(self) -> None:
        annotations = self._app_context.annotations
        counts = Counter(moment.label for moment in annotations.moments)
        for label in self._labels:
            chip = self.chips[label.name]
            n = counts[label.name]
            chip.setText(f"{label.key.upper()} {printable(label.name)} ({n})")
            chip.setAccessibleName(f"Mark {printable(label.name)} (key {label.key}), {n} so far")
            chip.setEnabled(annotations.writable)
            chip.updateGeometry()
