"""The page of a running training."""

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QProgressBar, QWidget

from skillviewer.core.evaluation.training_forecast import TrainingForecast
from skillviewer.core.finetuning.tuning_report import BatchRow, ForgettingMethod, TuningRow
from skillviewer.core.progress import Progress
from skillviewer.core.text import format_duration, percent
from skillviewer.engine.finetuning.job import ChoiceJob
from skillviewer.ui.finetuning.curves import Curves
from skillviewer.ui.finetuning.phase_list import PhaseList
from skillviewer.ui.finetuning.requests import TuningPlan, with_interval
from skillviewer.ui.finetuning.tuning import TuningController, TuningPhase
from skillviewer.ui.widgets.discard_button import DiscardButton
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, horizontal, push_button, scroll_area, vertical, with_accessible_name
from skillviewer.ui.widgets.pages import Pages
from skillviewer.ui.widgets.theme import by_text

SIDE_PX = 300


class RunningPage(QWidget):
    """A training in progress."""

    def __init__(self, tuning: TuningController, parent: QWidget) -> None:
        super().__init__(parent)
        self._tuning = tuning
        self._phase = TuningPhase.CHOOSING
        self._finished = False  # at least one epoch
        self._automatic = False  # whether the program chooses the model
        self._forecast: TrainingForecast | None = None
        row = horizontal(self, (24, 16, 24, 16), 32)
        self.curves = Curves(self)
        self.phases = PhaseList(self)
        self.views = Pages(self)
        self.views.addWidget(self.curves)
        self.views.addWidget(self.phases)
        row.addWidget(self.views, 1)
        area = scroll_area(self, "Progress of the training")
        area.setFixedWidth(by_text(SIDE_PX))
        side = QWidget(area)
        column = vertical(side, (0, 0, 8, 0), 12)
        self.stage = text_label("", side, heading=True, wrap=True, plain=True)
        self.bar = with_accessible_name(QProgressBar(side), "Progress of the training")
        self.bar.setTextVisible(False)
        add_all(column, self.stage, self.bar)
        self._lines = lines = QFormLayout()
        lines.setVerticalSpacing(10)
        lines.setHorizontalSpacing(16)
        column.addLayout(lines)
        self._fields = [text_label("–", side, wrap=True, plain=True) for _ in range(6)]
        self.epoch, self.left, self.loss, self.held, self.before, self.old = self._fields
        for label, field in (
            ("Epoch", self.epoch),
            ("Time left", self.left),
            ("Loss", self.loss),
            ("Held out", self.held),
            ("Before", self.before),
            ("Known before", self.old),
        ):
            name = text_label(label, side, muted=True)
            name.setAlignment(Qt.AlignmentFlag.AlignTop)
            lines.addRow(name, field)
        column.addSpacing(8)
        self.stop = push_button("Stop and keep best", side, tuning.stop)
        self.pause = push_button("Stop, continue later", side, tuning.pause)
        self.pause.setToolTip("Start it again later, and it continues from here.")
        self.cancel = DiscardButton("Cancel and discard", side, tuning.cancel)
        add_all(column, self.stop, self.pause, self.cancel)
        note = (
            "The model on screen does not change. Meanwhile, watch videos or judge pairs. If you close the window, the "
            "training continues when you start it again."
        )
        add_all(column, text_label(note, side, wrap=True, muted=True), 1)
        area.setWidget(side)
        row.addWidget(area)
        tuning.batch_done.connect(self.on_batch)
        tuning.epoch_done.connect(self.on_epoch)
        tuning.phase_changed.connect(self.on_phase)
        tuning.planned.connect(self._on_planned)
        tuning.forecast.connect(self._on_forecast)

    def _on_planned(self, request: TuningPlan) -> None:
        self._forecast = request.first

    def _on_forecast(self, forecast: TrainingForecast) -> None:
        self._forecast = forecast

    def _begin(self) -> None:
        self._finished = False
        self._automatic = self._tuning.request is not None and isinstance(self._tuning.request.job, ChoiceJob)
        self._enable()
        self.curves.clear()
        self.phases.begin(self._forecast)
        self.views.setCurrentWidget(self.phases if self._automatic else self.curves)
        for field in (self.epoch, self.loss, self.held, self.before, self.old):
            self._lines.setRowVisible(field, not self._automatic)
        self.bar.setVisible(not self._automatic)
        self.stop.setVisible(not self._automatic)
        for label in self._fields:
            label.setText("–")
        if self._tuning.request is not None and self._tuning.request.selection.parent is None:
            self.before.setText("no model yet")
            self.old.setText("nothing")
        self.stage.setText("Starting")
        self.bar.setRange(0, 0)

    def on_phase(self, phase: TuningPhase) -> None:
        self._phase = phase
        if phase is TuningPhase.RUNNING:
            self._begin()
        self._enable()
        for button in (self.pause, self.cancel):
            button.setEnabled(phase in {TuningPhase.RUNNING, TuningPhase.STOPPING})
        self.cancel.reset()
        if phase is TuningPhase.STOPPING:
            self.stage.setText("Stopping; the best epoch so far is kept")
        if phase is TuningPhase.PAUSING:
            self.stage.setText("Stopping; it can be continued")
        if phase is TuningPhase.CANCELLING:
            self.stage.setText("Stopping; nothing is kept")
        if phase in {TuningPhase.STOPPING, TuningPhase.PAUSING, TuningPhase.CANCELLING}:
            self.bar.setRange(0, 0)
            self.left.setText("–")

    def _enable(self) -> None:
        self.cancel.asks = self._finished or self._automatic
        self.stop.setEnabled(self._phase is TuningPhase.RUNNING and self._finished)
        self.stop.setToolTip("" if self._finished else "No epoch is finished yet.")

    def show_progress(self, progress: Progress) -> None:
        """Show the progress; after a stop was asked for, its text stays."""
        if self._phase is TuningPhase.RUNNING:
            self.stage.setText(progress.stage[:1].upper() + progress.stage[1:])
        elif self._phase is not TuningPhase.STOPPING or progress.value is not None:
            return  # late news of a finished training
        self.bar.setRange(0, max(progress.total, 0))
        self.bar.setValue(min(progress.done, progress.total))
        left_s = progress.left_s
        if self._automatic:
            self.phases.show_progress(progress)
            left_s = self.phases.left_s(progress)
        if left_s is not None and not isinstance(progress.value, BatchRow | TuningRow):
            self._show_left(left_s)

    def on_batch(self, row: BatchRow) -> None:
        self.curves.add_batch(row)
        self.loss.setText(f"{row.smoothed:.3f}")
        self._show_left(row.seconds_left)

    def on_epoch(self, row: TuningRow) -> None:
        kind = ForgettingMethod.NOTHING if math.isnan(row.old) else row.old_kind
        self.curves.set_old(kind)
        self.curves.add_epoch(row)
        if row.epoch == 0:
            self.before.setText(with_interval(row.held_out))
        else:
            self._finished = True
            self._enable()
            self.held.setText(with_interval(row.held_out))
            best = "the best so far" if row.best else ""
            self.epoch.setText(" · ".join(filter(None, (str(row.epoch), best))))
        if kind is ForgettingMethod.PAIRS:
            self.old.setText("{} of the pairs".format(percent(row.old, " %")))
        elif kind is ForgettingMethod.DRIFT and row.epoch:
            self.old.setText(f"scores drifted by {row.old:.2f} standard deviations")
        self._show_left(row.seconds_left)

    def _show_left(self, seconds: float) -> None:
        if self._phase is TuningPhase.RUNNING and not math.isnan(seconds):
            self.left.setText(f"about {format_duration(seconds)}")
