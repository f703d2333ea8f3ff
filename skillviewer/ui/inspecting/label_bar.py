"""The labels of the study under the player: each with its key and its number in the video; a key marks a moment."""

from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from skillviewer.core.text import printable
from skillviewer.core.timelines.labels import MomentLabel, labels_from
from skillviewer.ui.session.program import Program
from skillviewer.ui.widgets.chip import Chip
from skillviewer.ui.widgets.flow_layout import Flow
from skillviewer.ui.widgets.layout import add_all, vertical


class LabelBar(QWidget):
    """Marks moments with the labels of the study, by a click or by a key while the picture has the focus.

    A label's key comes before the player's. While the video plays, the reaction time of the study is taken off.

    Args:
        picture: The widget whose keys are watched.
    """

    def __init__(self, program: Program, picture: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._program = program
        self._labels: tuple[MomentLabel, ...] = ()
        self.chips: dict[str, Chip] = {}
        self._row = Flow(gap_px=6)
        add_all(vertical(self, (16, 6, 12, 0)), self._row)
        picture.installEventFilter(self)
        program.studies.opened.connect(self._refresh)
        program.studies.closed.connect(self._refresh)
        program.remarks.changed.connect(self._count)
        self._refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys of labels before actions do."""
        kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if event.type() in kinds and isinstance(event, QKeyEvent) and self._program.remarks.writable:
            plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            label = next((one for one in self._labels if plain and one.key == event.text().lower()), None)
            if label is not None:
                if event.type() == QEvent.Type.KeyPress and not event.isAutoRepeat():
                    self.mark(label)
                event.accept()
                return True
        return super().eventFilter(watched, event)

    def mark(self, label: MomentLabel) -> None:
        """Keep the frame that was on screen a reaction time ago as a moment with a label."""
        playback, study = self._program.playback, self._program.studies.current
        video = playback.video
        if video is None or study is None:
            return
        late_s = study.settings.reaction_ms / 1000 * playback.speed if playback.playing else 0.0
        frame = video.frame_at(max(playback.time_s - late_s, playback.start_s))
        self._program.remarks.keep(float(video.times_s[frame]), video.end_s(frame), label.name)

    @Slot()
    def _refresh(self, *_: object) -> None:
        study = self._program.studies.current
        labels = labels_from(study.settings.labels) if study is not None else ()
        if labels != self._labels:
            self._labels = labels
            for chip in self.chips.values():
                self._row.removeWidget(chip)
                chip.deleteLater()
            self.chips = {label.name: Chip("", self) for label in labels}
            for label in labels:
                chip = self.chips[label.name]
                chip.clicked.connect(partial(self._on_chip, label))
                chip.setStyleSheet(f"border-left: 4px solid {label.colour}" if label.colour else "")
                self._row.addWidget(chip)
        self.setVisible(bool(labels))
        self._count()

    def _on_chip(self, label: MomentLabel, *_: object) -> None:
        self.mark(label)

    @Slot()
    def _count(self) -> None:
        remarks = self._program.remarks
        for label in self._labels:
            chip, n = self.chips[label.name], [m.label for m in remarks.moments].count(label.name)
            chip.setText(self.tr("{} {} ({})").format(label.key.upper(), printable(label.name), n))
            chip.setAccessibleName(self.tr("Mark {} (key {}), {} so far").format(printable(label.name), label.key, n))
            chip.setEnabled(remarks.writable)
            chip.updateGeometry()
