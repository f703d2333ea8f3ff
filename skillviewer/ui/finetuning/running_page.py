"""The second page: live curves, held-out accuracy, forgetting, time left, and two ways to stop."""

import math

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFormLayout, QProgressBar, QWidget

from skillviewer.core.finetuning.tuning_report import BatchRow, OldKind, TuningRow
from skillviewer.core.progress import Progress
from skillviewer.core.text import percent
from skillviewer.ui.finetuning.training_curves import Curves
from skillviewer.ui.finetuning.tuning import Tuning, TuningPhase
from skillviewer.ui.finetuning.tuning_wording import duration, with_interval
from skillviewer.ui.widgets.layout import NONE, add_all, horizontal, push_button, text_label, vertical
from skillviewer.ui.widgets.theme import by_text

SIDE_PX = 300


class RunningPage(QWidget):
    """A training in progress."""

    def __init__(self, tuning: Tuning, parent: QWidget) -> None:
        super().__init__(parent)
        self._tuning = tuning
        self._phase = TuningPhase.CHOOSING
        self._finished = False  # at least one epoch
        row = horizontal(self, (24, 16, 24, 16), 32)
        self.curves = Curves(self)
        row.addWidget(self.curves, 1)
        side = QWidget(self)
        side.setFixedWidth(by_text(SIDE_PX))
        column = vertical(side, NONE, 12)
        self.stage = text_label("", side, heading=True, wrap=True, plain=True)
        self.bar = QProgressBar(side)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of the training"))
        add_all(column, self.stage, self.bar)
        lines = QFormLayout()
        lines.setVerticalSpacing(10)
        lines.setHorizontalSpacing(16)
        column.addLayout(lines)
        self._fields = [text_label("–", side, wrap=True, plain=True) for _ in range(6)]
        self.epoch, self.left, self.loss, self.held, self.before, self.old = self._fields
        for label, field in (
            (self.tr("Epoch"), self.epoch),
            (self.tr("Time left"), self.left),
            (self.tr("Loss"), self.loss),
            (self.tr("Held out"), self.held),
            (self.tr("Before"), self.before),
            (self.tr("Known before"), self.old),
        ):
            name = text_label(label, side, muted=True)
            name.setAlignment(Qt.AlignmentFlag.AlignTop)
            lines.addRow(name, field)
        column.addSpacing(8)
        self.stop = push_button(self.tr("Stop and keep best"), side, tuning.stop)
        self.cancel = push_button(self.tr("Cancel and discard"), side, tuning.cancel)
        add_all(column, self.stop, self.cancel)
        note = text_label(
            self.tr("The model on screen does not change. Meanwhile, watch videos or judge pairs."),
            side,
            wrap=True,
            muted=True,
        )
        add_all(column, note, 1)
        row.addWidget(side)
        tuning.batch_done.connect(self.on_batch)
        tuning.epoch_done.connect(self.on_epoch)
        tuning.phase_changed.connect(self.on_phase)

    def _begin(self) -> None:
        self._finished = False
        self._enable()
        self.curves.clear()
        for label in self._fields:
            label.setText("–")
        if self._tuning.request is not None and self._tuning.request.selection.parent is None:
            self.before.setText(self.tr("no model yet"))
            self.old.setText(self.tr("nothing"))
        self.stage.setText(self.tr("Starting"))
        self.bar.setRange(0, 0)

    @Slot(object)
    def on_phase(self, phase: TuningPhase) -> None:
        """Show that the training has begun, or the stop that was asked for."""
        self._phase = phase
        if phase is TuningPhase.RUNNING:
            self._begin()
        self._enable()
        self.cancel.setEnabled(phase in {TuningPhase.RUNNING, TuningPhase.STOPPING})
        if phase is TuningPhase.STOPPING:
            self.stage.setText(self.tr("Stopping; the best epoch so far is kept"))
        if phase is TuningPhase.CANCELLING:
            self.stage.setText(self.tr("Stopping; nothing is kept"))
        if phase in {TuningPhase.STOPPING, TuningPhase.CANCELLING}:
            self.bar.setRange(0, 0)
            self.left.setText("–")

    def _enable(self) -> None:
        self.stop.setEnabled(self._phase is TuningPhase.RUNNING and self._finished)
        self.stop.setToolTip("" if self._finished else self.tr("No epoch is finished yet."))

    @Slot(object)
    def show_progress(self, progress: Progress) -> None:
        """Show the progress; after a stop was asked for, its text stays."""
        if self._phase is TuningPhase.RUNNING:
            self.stage.setText(progress.stage[:1].upper() + progress.stage[1:])
        elif self._phase is not TuningPhase.STOPPING or progress.value is not None:
            return  # late news of a finished training
        self.bar.setRange(0, max(progress.total, 0))
        self.bar.setValue(min(progress.done, progress.total))

    @Slot(object)
    def on_batch(self, row: BatchRow) -> None:
        self.curves.add_batch(row)
        self.loss.setText(f"{row.smoothed:.3f}")
        self._show_left(row.seconds_left)

    @Slot(object)
    def on_epoch(self, row: TuningRow) -> None:
        kind = OldKind.NOTHING if math.isnan(row.old) else row.old_kind
        self.curves.set_old(kind)
        self.curves.add_epoch(row)
        if row.epoch == 0:
            self.before.setText(with_interval(row.held_out))
        else:
            self._finished = True
            self._enable()
            self.held.setText(with_interval(row.held_out))
            best = self.tr("the best so far") if row.best else ""
            self.epoch.setText(" · ".join(filter(None, (str(row.epoch), best))))
        if kind is OldKind.PAIRS:
            self.old.setText(self.tr("{} of the pairs").format(percent(row.old, " %")))
        elif kind is OldKind.DRIFT and row.epoch:
            self.old.setText(self.tr("scores drifted by {:.2f} standard deviations").format(row.old))
        self._show_left(row.seconds_left)

    def _show_left(self, seconds: float) -> None:
        if self._phase is TuningPhase.RUNNING and not math.isnan(seconds):
            self.left.setText(self.tr("about {}").format(duration(seconds)))
