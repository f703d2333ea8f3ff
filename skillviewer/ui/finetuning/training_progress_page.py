"""Page with the progress of a training."""

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QLabel, QProgressBar, QWidget

from skillviewer.core.evaluation.training_forecast import TrainingForecast
from skillviewer.core.finetuning.forgetting import ForgettingMethod
from skillviewer.core.finetuning.tuning_report import BatchRow, TuningRow
from skillviewer.core.progress import Progress
from skillviewer.core.text import format_duration, percent
from skillviewer.engine.finetuning.job import AutoModelJob
from skillviewer.ui.finetuning.phase_list import FEATURES_STAGE, PhaseList
from skillviewer.ui.finetuning.training_curves import TrainingCurves
from skillviewer.ui.finetuning.tuning_controller import TuningController, TuningPhase
from skillviewer.ui.finetuning.tuning_plan import TuningPlan
from skillviewer.ui.finetuning.tuning_text import format_accuracy
from skillviewer.ui.widgets.adaptive_grid import AdaptiveGrid, Place
from skillviewer.ui.widgets.button_bar import ButtonBar
from skillviewer.ui.widgets.discard_button import DiscardButton
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import (
    NO_MARGINS,
    GrowingSpace,
    Spacing,
    add_all,
    growing,
    push_button,
    scroll_area,
    vertical,
    with_accessible_name,
)
from skillviewer.ui.widgets.pages import Pages
from skillviewer.ui.widgets.text_scaling import scaled_px

SIDE_PX = 300  # width of each half below which they are below each other
TIME_NOT_KNOWN = "not known yet"
STOPPING_TEXTS = {
    TuningPhase.STOPPING: "Stopping; the best epoch so far is kept",
    TuningPhase.PAUSING: "Stopping; it can be continued",
    TuningPhase.CANCELLING: "Stopping; nothing is kept",
}


class TrainingProgressPage(QWidget):
    """Progress of a training, and buttons to stop it."""

    def __init__(self, tuning: TuningController, parent: QWidget) -> None:
        super().__init__(parent)
        self._tuning = tuning
        self._phase = TuningPhase.CHOOSING
        self._has_epoch = False  # true once an epoch is finished
        self._is_automatic = False  # true if the program chooses the model
        self._forecast: TrainingForecast | None = None
        area = scroll_area(self, "Progress of the training")
        area.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        page = AdaptiveGrid(area, margins=(24, 16, 24, 16), spacing=32)
        self.training_curves = TrainingCurves(page)
        self.phase_list = PhaseList(page)
        self.view_pages = Pages(page)
        self.view_pages.addWidget(self.training_curves)
        self.view_pages.addWidget(self.phase_list)
        side = self._make_side(page)
        min_width_px = scaled_px(SIDE_PX)
        page.set_arrangements(
            wide=(
                Place(self.view_pages, row=0, column=0, min_width_px=min_width_px),
                Place(side, row=0, column=1, min_width_px=min_width_px),
            ),
            narrow=(Place(side, row=0, column=0), Place(self.view_pages, row=1, column=0)),
            wide_factors=(5, 3),
            narrow_factors=(1, 0),
        )
        area.setWidget(page)
        self.stop_button = push_button("Stop and keep best", self, tuning.stop)
        self.pause_button = push_button("Stop, continue later", self, tuning.pause)
        self.pause_button.setToolTip("Start it again later, and it continues from here.")
        self.cancel_button = DiscardButton("Cancel and discard", self, tuning.cancel)
        buttons = ButtonBar(self)
        buttons.add_buttons(self.stop_button, self.pause_button, self.cancel_button)
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), growing(area), buttons)
        tuning.batch_done.connect(self.on_batch)
        tuning.epoch_done.connect(self.on_epoch)
        tuning.phase_changed.connect(self.on_phase)
        tuning.planned.connect(self._on_planned)
        tuning.forecast_ready.connect(self._on_forecast)

    def _make_side(self, parent: QWidget) -> QWidget:
        side = QWidget(parent)
        column = vertical(side, margins=NO_MARGINS, spacing=12)
        self.stage_label = text_label("", side, heading=True, wrap=True, plain=True)
        self.progress_bar = with_accessible_name(QProgressBar(side), "Progress of the training")
        self.progress_bar.setTextVisible(False)
        add_all(column, self.stage_label, self.progress_bar)
        self._field_layout = QFormLayout()
        self._field_layout.setVerticalSpacing(10)
        self._field_layout.setHorizontalSpacing(16)
        column.addLayout(self._field_layout)
        self._fields: list[QLabel] = []
        self.epoch_label = self._add_field("Epoch", side)
        self.time_left_label = self._add_field("Time left", side)
        self.loss_label = self._add_field("Loss", side)
        self.held_out_label = self._add_field("Held out", side)
        self.before_accuracy_label = self._add_field("Before", side)
        self.forgetting_label = self._add_field("Known before", side)
        note = (
            "The model on screen does not change. Meanwhile, watch videos or judge pairs. If you close the window, the "
            "training continues when you start the program again."
        )
        add_all(column, Spacing(8), text_label(note, side, wrap=True, muted=True), GrowingSpace())
        return side

    def _add_field(self, name: str, parent: QWidget) -> QLabel:
        name_label = text_label(name, parent, muted=True)
        name_label.setAlignment(Qt.AlignmentFlag.AlignTop)
        field = text_label("–", parent, wrap=True, plain=True)
        self._field_layout.addRow(name_label, field)
        self._fields.append(field)
        return field

    def _on_planned(self, plan: TuningPlan) -> None:
        self._forecast = plan.first_forecast

    def _on_forecast(self, forecast: TrainingForecast) -> None:
        self._forecast = forecast

    def _begin(self) -> None:
        plan = self._tuning.tuning_plan
        self._has_epoch = False
        self._is_automatic = plan is not None and isinstance(plan.job, AutoModelJob)
        self._update_buttons()
        self.training_curves.clear()
        self.phase_list.begin(self._forecast)
        if self._is_automatic:
            self.view_pages.setCurrentWidget(self.phase_list)
        else:
            self.view_pages.setCurrentWidget(self.training_curves)
        for field in (
            self.epoch_label,
            self.loss_label,
            self.held_out_label,
            self.before_accuracy_label,
            self.forgetting_label,
        ):
            self._field_layout.setRowVisible(field, not self._is_automatic)
        self.progress_bar.setVisible(not self._is_automatic)
        self.stop_button.setVisible(not self._is_automatic)
        for field in self._fields:
            field.setText("–")
        if self._forecast is not None:
            self._show_time_left(self._forecast.total_s)
        else:
            self.time_left_label.setText(TIME_NOT_KNOWN)
        if plan is not None and plan.selection.parent is None:
            self.before_accuracy_label.setText("no model yet")
            self.forgetting_label.setText("nothing")
        self.stage_label.setText("Starting")
        self.progress_bar.setRange(0, 0)

    def on_phase(self, phase: TuningPhase) -> None:
        self._phase = phase
        if phase is TuningPhase.RUNNING:
            self._begin()
        self._update_buttons()
        for button in (self.pause_button, self.cancel_button):
            button.setEnabled(phase in {TuningPhase.RUNNING, TuningPhase.STOPPING})
        self.cancel_button.reset()
        if phase in STOPPING_TEXTS:
            self.stage_label.setText(STOPPING_TEXTS[phase])
            self.progress_bar.setRange(0, 0)
            self.time_left_label.setText("–")

    def _update_buttons(self) -> None:
        tip = "" if self._has_epoch else "No epoch is finished yet."
        self.cancel_button.needs_confirmation = self._has_epoch or self._is_automatic
        self.stop_button.setEnabled(self._phase is TuningPhase.RUNNING and self._has_epoch)
        self.stop_button.setToolTip(tip)

    def show_progress(self, progress: Progress) -> None:
        """Show the progress; the text about a stop stays. Steps whose share is not known leave the time as it is."""
        if self._phase is TuningPhase.RUNNING:
            self.stage_label.setText(progress.stage[:1].upper() + progress.stage[1:])
        else:
            is_step = progress.value is None  # the step after the stop; reports on batches and epochs are older
            if self._phase is not TuningPhase.STOPPING or not is_step:
                return
        self.progress_bar.setRange(0, max(progress.total, 0))
        self.progress_bar.setValue(min(progress.done, progress.total))
        if self._is_automatic:
            self.phase_list.show_progress(progress)
            left_s = self.phase_list.left_s(progress)
            if left_s is not None:
                self._show_time_left(left_s)
        elif progress.left_s is not None and progress.stage == FEATURES_STAGE:
            self._show_time_left(progress.left_s + self._forecast_s("training", "checking"))

    def on_batch(self, row: BatchRow) -> None:
        self.training_curves.add_batch(row)
        self.loss_label.setText(f"{row.smoothed:.3f}")
        self._show_time_left(row.seconds_left + self._forecast_s("checking"))

    def on_epoch(self, row: TuningRow) -> None:
        method = row.forgetting_method
        if math.isnan(row.forgetting_value):  # the accuracy or drift is not known for this epoch
            method = ForgettingMethod.NOTHING
        self.training_curves.set_forgetting_method(method)
        self.training_curves.add_epoch(row)
        if row.epoch == 0:
            self.before_accuracy_label.setText(format_accuracy(row.held_out))
        else:
            self._has_epoch = True
            self._update_buttons()
            self.held_out_label.setText(format_accuracy(row.held_out))
            epoch_text = str(row.epoch)
            if row.is_best:
                epoch_text += " · the best so far"
            self.epoch_label.setText(epoch_text)
        if method is ForgettingMethod.PAIRS:
            self.forgetting_label.setText(f"{percent(row.forgetting_value, ' %')} of the pairs")
        elif method is ForgettingMethod.DRIFT and row.epoch:
            self.forgetting_label.setText(f"scores drifted by {row.forgetting_value:.2f} standard deviations")
        self._show_time_left(row.seconds_left + self._forecast_s("checking"))

    def _forecast_s(self, *names: str) -> float:
        """Return the forecast duration of some phases, in seconds; 0 without a forecast."""
        phases = self._forecast.phases if self._forecast is not None else ()
        return sum(phase.seconds for phase in phases if phase.name in names)

    def _show_time_left(self, seconds: float) -> None:
        if self._phase is TuningPhase.RUNNING and not math.isnan(seconds):
            self.time_left_label.setText(f"about {format_duration(seconds)}")
