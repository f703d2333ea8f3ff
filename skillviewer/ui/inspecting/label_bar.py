"""The bar of keyed labels under the picture."""

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


class LabelBar(QWidget):
    """Marks moments with the labels of the study, by a click, or by a key while ``picture`` has the focus.

    A label's key comes before the player's. A key that is held down marks from where it was pressed to where it is
    released. While the video plays, the reaction time of the study is taken off.
    """

    def __init__(self, app_context: AppContext, picture: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._labels: tuple[MomentLabel, ...] = ()
        self._pressed_at: dict[str, int] = {}  # frame at which the key of a label was pressed, by label
        self.chips: dict[str, Chip] = {}
        self._row = FlowLayout(gap_px=6)
        add_all(vertical(self, (16, 6, 12, 0)), self._row)
        picture.installEventFilter(self)
        app_context.studies.opened.connect(self._refresh)
        app_context.studies.closed.connect(self._refresh)
        app_context.annotations.changed.connect(self._count)
        app_context.playback.video_changed.connect(self._pressed_at.clear)
        self._refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys of labels before actions do."""
        if event.type() == QEvent.Type.FocusOut:  # the release of a key is not seen any more
            self._release_all()
        kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
        if event.type() in kinds and isinstance(event, QKeyEvent) and self._app_context.annotations.writable:
            plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            label = next(
                (candidate for candidate in self._labels if plain and candidate.key == event.text().lower()), None
            )
            if label is not None:
                if not event.isAutoRepeat():
                    self._on_key(label, event.type())
                event.accept()
                return True
        return super().eventFilter(watched, event)

    def mark(self, label: MomentLabel, *_: object) -> None:
        """Keep the frame that was on screen a reaction time ago as a moment with a label."""
        frame = self._frame_meant()
        if frame is not None:
            self._save(label.name, frame, frame)

    def _on_key(self, label: MomentLabel, kind: QEvent.Type) -> None:
        if kind == QEvent.Type.KeyPress:
            frame = self._frame_meant()
            if frame is not None:
                self._pressed_at.setdefault(label.name, frame)
        elif kind == QEvent.Type.KeyRelease:
            self._release(label.name)

    def _release(self, name: str) -> None:
        start = self._pressed_at.pop(name, None)
        stop = self._frame_meant()
        if start is not None and stop is not None:
            self._save(name, min(start, stop), max(start, stop))

    def _release_all(self) -> None:
        for name in tuple(self._pressed_at):
            self._release(name)

    def _frame_meant(self) -> int | None:
        """Return the frame that was on screen a reaction time ago; None without a video in a study."""
        playback = self._app_context.playback
        study = self._app_context.studies.current
        video = playback.video
        if video is None or study is None:
            return None
        late_s = study.settings.reaction_ms / 1000 * playback.speed if playback.playing else 0.0
        return video.frame_at(max(playback.time_s - late_s, playback.start_s))

    def _save(self, name: str, first: int, last: int) -> None:
        video = self._app_context.playback.video
        if video is not None:
            self._app_context.annotations.save_moment(float(video.times_s[first]), video.end_s(last), name)

    def _refresh(self, *_: object) -> None:
        study = self._app_context.studies.current
        labels = parse_labels(study.settings.labels) if study is not None else ()
        if labels != self._labels:
            for chip in self.chips.values():
                self._row.removeWidget(chip)
                chip.deleteLater()
            self._labels = labels
            self.chips = {}
            for label in labels:
                chip = self.chips[label.name] = Chip("", self)
                chip.clicked.connect(partial(self.mark, label))
                chip.setStyleSheet(f"border-left: 4px solid {label.colour}" if label.colour else "")
                self._row.addWidget(chip)
        self.setVisible(bool(labels))
        self._count()

    def _count(self) -> None:
        annotations = self._app_context.annotations
        for label in self._labels:
            chip = self.chips[label.name]
            n = [m.label for m in annotations.moments].count(label.name)
            chip.setText(f"{label.key.upper()} {printable(label.name)} ({n})")
            chip.setAccessibleName(f"Mark {printable(label.name)} (key {label.key}), {n} so far")
            chip.setEnabled(annotations.writable)
            chip.updateGeometry()
