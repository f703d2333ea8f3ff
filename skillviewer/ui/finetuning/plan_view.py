"""The plan of a training and its time, with details below a fold."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QWidget

from skillviewer.core.evaluation.training_forecast import TrainingForecast
from skillviewer.ui.finetuning.tuning_plan import TuningPlan
from skillviewer.ui.finetuning.tuning_text import format_forecast, phase_lines
from skillviewer.ui.widgets.fold_button import FoldButton
from skillviewer.ui.widgets.form import NamedLines
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import GrowingSpace, add_all, aligned, push_button, vertical


class PlanView(QWidget):
    """The plan of a training, or why nothing can be trained."""

    def __init__(self, judge: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self._time_label: QLabel | None = None  # label of the time in all
        self._phase_labels: dict[str, QLabel] = {}  # labels of the times of the phases by heading
        self._other_check = ""  # the check that is not chosen, beside whose time that of the plan stands
        self._plan_lines = NamedLines(gap_px=8)
        self._detail_lines = NamedLines(gap_px=8)
        self._details_area = QWidget(self)
        for lines in (self._plan_lines, self._detail_lines):
            lines.setContentsMargins(0, 0, 0, 0)
        self._details_area.setLayout(self._detail_lines)
        self.details_button = FoldButton("Details", self._details_area, self)
        self.details_button.hide()
        self._refusal_label = text_label("", self, wrap=True, plain=True)
        self._refusal_label.setProperty("refuses", True)
        self._refusal_label.hide()
        self._warnings_label = text_label("", self, wrap=True, plain=True, warns=True)
        self._warnings_label.hide()
        self.judge_button = push_button("Judge pairs", self, judge.trigger)
        self.judge_button.hide()
        column = vertical(self, margins=(0, 0, 8, 0), spacing=8)
        column.addWidget(text_label("What will be trained", self, heading=True))
        column.addLayout(self._plan_lines)
        left = Qt.AlignmentFlag.AlignLeft
        add_all(column, self._refusal_label, aligned(self.judge_button, left), self._warnings_label)
        add_all(column, aligned(self.details_button, left), self._details_area, GrowingSpace())

    def show_plan(self, plan: TuningPlan, *, writable: bool) -> None:
        """Show a plan; ``writable`` tells whether pairs can be judged, if the plan has none."""
        self._plan_lines.clear()
        self._detail_lines.clear()
        for heading, text in plan.lines:
            self._plan_lines.add(heading, text)
        for heading, text in plan.details:
            self._detail_lines.add(heading, text)
        is_refused = bool(plan.refusal)
        self._refusal_label.setText(plan.refusal)
        self._refusal_label.setVisible(is_refused)
        self.judge_button.setVisible(is_refused and writable)
        self._warnings_label.setText("\n".join(f"• {text}" for text in plan.warnings))
        self._warnings_label.setVisible(bool(plan.warnings))
        self.details_button.setVisible(not is_refused)
        self._details_area.setVisible(not is_refused and self.details_button.isChecked())
        self._other_check = plan.other_check
        self._time_label = None
        self._phase_labels = {}
        if plan.first_forecast is not None:
            self.show_times(plan.first_forecast)

    def show_times(self, forecast: TrainingForecast) -> None:
        """Show the total time, and in the details the time of every phase."""
        if self._time_label is None:
            self._time_label = self._plan_lines.add("Time", "")
        self._time_label.setText(format_forecast(forecast, self._other_check))
        for heading, text in phase_lines(forecast):
            if heading in self._phase_labels:
                self._phase_labels[heading].setText(text)
            else:
                self._phase_labels[heading] = self._detail_lines.add(heading, text)

    def show_failure(self, text: str) -> None:
        """Show why there is no plan, or no forecast of its time."""
        self._refusal_label.setText(text)
        self._refusal_label.show()
        if self._time_label is not None:
            self._time_label.setText("not known")

    @property
    def shown_text(self) -> str:
        """Text that is read before a start: all but the details."""
        lines = [f"{heading}\n{text}" for heading, text in self._plan_lines.texts]
        return "\n".join((*lines, self._refusal_label.text(), self._warnings_label.text()))

    @property
    def text(self) -> str:
        """All texts, including the details."""
        return "\n".join((self.shown_text, *(f"{heading}\n{text}" for heading, text in self._detail_lines.texts)))
