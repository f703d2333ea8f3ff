"""The first page: what to learn from, what to start from, how to check it, and the resulting plan with its time."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QWidget,
)

from skillviewer.core.dataset.folds import FoldUnit
from skillviewer.core.dataset.label_source import LabelSource
from skillviewer.core.evaluation.choice_folds import CANDIDATES
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.evaluation.training_forecast import TrainingForecast
from skillviewer.core.finetuning.split import DEFAULT_NEW_MODEL, TuningChoices
from skillviewer.core.text import printable
from skillviewer.core.video.preprocessing import FEATURE_EFFORTS
from skillviewer.ui.finetuning.requests import TuningPlan, TuningSelection, forecast_lines
from skillviewer.ui.finetuning.tuning import TuningController
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.widgets.form import NamedLines, indented
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, horizontal, push_button, scroll_area, vertical
from skillviewer.ui.widgets.theme import by_text

SETTLE_MS = 350  # delay before planning, in milliseconds: quick changes are planned once
FORM_PX, PLAN_PX = 340, 240  # least widths of the choices and of the plan
FIELD_PX = 28
USUAL_CANDIDATES = TuningChoices().candidates
READ_ONLY = "The study is open for reading only, so it cannot hold a new model. Train in a copy of it."
AUTOMATIC = ""
"""The model that the program chooses, among the values of *Model*."""


class ChoicesPage(QWidget):
    """Choices on the left, the resulting plan on the right."""

    def __init__(self, tuning: TuningController, judge: QAction, save: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self._tuning = tuning
        self._request: TuningPlan | None = None
        self.has_forecast = False  # whether the time of the plan on screen is known, from what is available
        self._times: dict[str, QLabel] = {}  # texts of the plan's times by heading
        self._writable = True
        self._was_automatic = True
        self._settle = single_shot(self, SETTLE_MS, self._select)
        self._row = row = horizontal(self, (24, 16, 24, 16), 40)
        add_all(row, (self._make_form(save), 0, Qt.AlignmentFlag.AlignTop))
        self.right = add_all(vertical(spacing=16), (self._make_plan(judge), 3))
        row.addLayout(self.right, 1)
        tuning.planned.connect(self.show_request)
        tuning.forecast.connect(self.show_forecast)
        tuning.failed.connect(self.show_failure)
        tuning.version_used.connect(self.choose_model)

    def minimumSizeHint(self) -> QSize:
        return QSize(by_text(FORM_PX) + 48, self._row.totalMinimumSize().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the plan below the choices where both do not fit side by side."""
        fits = event.size().width() >= by_text(FORM_PX) + by_text(PLAN_PX) + 88
        self._row.setDirection(QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom)
        super().resizeEvent(event)

    def _make_form(self, save: QAction) -> QWidget:
        form = QWidget(self)
        form.setFixedWidth(by_text(FORM_PX))
        form.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Minimum)
        column = vertical(form, (0, 0, 0, 0), 12)
        self.labels = self._combo(
            form,
            ("Ratings and votes", LabelSource.BOTH.value),
            ("Ratings", LabelSource.RATINGS.value),
            ("Votes and stated pairs", LabelSource.VOTES.value),
        )
        self.criterion = self._combo(form)
        self.start = self._combo(form)
        self.level = self._combo(
            form, ("Cross-validated", CheckLevel.CROSS_VALIDATED.value), ("Quick look", CheckLevel.QUICK.value)
        )
        self.level.setToolTip(
            "Cross-validated: every person is held out once. Quick look: a quarter of the people is held out."
        )
        questions = QWidget(form)
        self._questions = lines = self._form_layout(questions)
        for label, field in (
            ("What to learn from", self.labels),
            ("Criterion", self.criterion),
            ("Start from", self.start),
            ("How to check it", self.level),
        ):
            lines.addRow(label, field)
            field.setAccessibleName(label)
        self.more = QToolButton(form)
        self.more.setText("More choices")
        self.more.setCheckable(True)
        self.more.setArrowType(Qt.ArrowType.RightArrow)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.details = self._make_details(form)
        self.details.hide()
        self.more.toggled.connect(self._show_details)
        self.button = push_button("Start training", form, self._tuning.start, primary=True)
        self.button.setEnabled(False)
        self.read_only = text_label(READ_ONLY, form, wrap=True, plain=True, warns=True)
        self.save = push_button("Save study as…", form, save.trigger)
        add_all(
            column,
            questions,
            (self.more, 0, Qt.AlignmentFlag.AlignLeft),
            self.details,
            self.button,
            self.read_only,
            (self.save, 0, Qt.AlignmentFlag.AlignLeft),
        )
        self.set_writable(writable=True)
        self._connect_fields()
        return form

    @staticmethod
    def _form_layout(parent: QWidget) -> QFormLayout:
        lines = QFormLayout(parent)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setVerticalSpacing(12)
        lines.setHorizontalSpacing(16)
        lines.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        return lines

    def _show_details(self, on: bool) -> None:
        self.more.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self.details.setVisible(on)

    def _make_details(self, parent: QWidget) -> QWidget:
        form = QWidget(parent)
        lines = self._form_layout(form)
        options = [(name, name) for name in CANDIDATES if name != "motion"]  # a ridge on motion has no checkpoint
        self.model = self._combo(form, ("Chosen by the program", AUTOMATIC), *options)
        self.rule = self._combo(
            form,
            ("Default rule", "default"),
            ("Unanimous", "unanimous"),
            ("Majority (60 % or more)", "majority:0.6"),
            ("Minimum number of votes", "at-least"),
            ("95 % probable (posterior)", "posterior:0.95"),
        )
        self.needed = indented(QSpinBox(form))
        self.needed.setRange(1, 99)
        self.needed.setValue(2)
        self.needed.setSuffix(" votes")
        self.by = self._combo(
            form,
            ("Participants where known", ""),
            ("Participants", FoldUnit.PARTICIPANT.value),
            ("Videos", FoldUnit.VIDEO.value),
        )
        self.epochs = indented(QSpinBox(form))
        self.epochs.setRange(0, 200)
        self.epochs.setSpecialValueText("default")
        self.seed = indented(QSpinBox(form))
        self.seed.setRange(0, 999_999)
        self.old_pairs = QCheckBox("Check what the model forgets", form)
        self.old_pairs.setChecked(True)
        trains = text_label("A copy of the head; features stay as they are", form, wrap=True)
        for label, field in (
            ("Model", self.model),
            ("Decide pairs by", self.rule),
            ("Votes needed", self.needed),
            ("Hold out", self.by),
            ("Trained part", trains),
            ("Epochs", self.epochs),
            ("Seed", self.seed),
        ):
            lines.addRow(label, field)
            field.setAccessibleName(label)
        lines.addRow("", self.old_pairs)
        self._form = lines
        self._trains = trains
        lines.setRowVisible(self.needed, False)
        return form

    def _connect_fields(self) -> None:
        for spin in (self.needed, self.epochs, self.seed):
            spin.setMinimumHeight(by_text(FIELD_PX))
            spin.valueChanged.connect(self._on_change)
        for combo in (self.labels, self.criterion, self.start, self.level, self.model, self.rule, self.by):
            combo.currentIndexChanged.connect(self._on_change)
        self.old_pairs.toggled.connect(self._on_change)

    @staticmethod
    def _combo(parent: QWidget, *choices: tuple[str, str]) -> QComboBox:
        combo = QComboBox(parent)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(12)
        for text, data in choices:
            combo.addItem(text, data)
        return combo

    def _make_plan(self, judge: QAction) -> QWidget:
        inside = QWidget(self)
        column = vertical(inside, (0, 0, 8, 0), 8)
        title = text_label("What will be trained", inside, heading=True)
        column.addWidget(title)
        self._lines = NamedLines(8)
        self._lines.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._lines)
        self._refusal = text_label("", inside, wrap=True, plain=True)
        self._refusal.setProperty("refuses", True)
        self._warnings = text_label("", inside, wrap=True, plain=True, warns=True)
        self._refusal.hide()
        self._warnings.hide()
        self.judge = push_button("Judge pairs", inside, judge.trigger)
        self.judge.hide()
        add_all(column, self._refusal, (self.judge, 0, Qt.AlignmentFlag.AlignLeft), self._warnings, 1)
        area = scroll_area(self, "What will be trained")
        area.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        area.setMinimumSize(by_text(PLAN_PX), by_text(PLAN_PX) // 2)
        area.setWidget(inside)
        return area

    # choices

    def set_models(self, models: list[tuple[str, Path]]) -> None:
        """Offer models (name, folder) to start from, after a new model; keep a choice that is still possible."""
        before = self.start.currentData() or ""
        with QSignalBlocker(self.start):
            self.start.clear()
            self.start.addItem("Nothing: a new model", "")
            for name, folder in models:
                self.start.addItem(printable(name), str(folder))
            self.start.setCurrentIndex(max(self.start.findData(before), 0))
        self._show_possible()

    def set_criteria(self, criteria: Sequence[str], default: str) -> None:
        """Offer the criteria of ratings and votes; with a single one there is nothing to choose."""
        before = self.criterion.currentData()
        with QSignalBlocker(self.criterion):
            self.criterion.clear()
            for criterion in criteria:
                self.criterion.addItem(printable(criterion), criterion)
            index = self.criterion.findData(before if before in criteria else default)
            self.criterion.setCurrentIndex(max(index, 0))
        self._questions.setRowVisible(self.criterion, len(criteria) > 1)

    def choose_model(self, folder: Path) -> None:
        index = self.start.findData(str(folder))
        if index >= 0:
            self.start.setCurrentIndex(index)

    def set_rule(self, rule: str) -> None:
        name, _, number = rule.partition(":")
        with QSignalBlocker(self.rule), QSignalBlocker(self.needed):
            index = self.rule.findData("at-least" if name == "at-least" else rule)
            if index < 0:
                self.rule.addItem(rule, rule)
                index = self.rule.count() - 1
            self.rule.setCurrentIndex(index)
            if name == "at-least" and number.isascii() and number.isdecimal() and len(number) < 10:
                self.needed.setValue(int(number))
        self._form.setRowVisible(self.needed, self.rule.currentData() == "at-least")

    def set_writable(self, writable: bool) -> None:
        """Say why nothing can be trained in a study that is open for reading only, and offer to save a copy."""
        self._writable = writable
        self.read_only.setVisible(not writable)
        self.save.setVisible(not writable)

    @property
    def selection(self) -> TuningSelection:
        rule = self.rule.currentData()
        unit = self.by.currentData()
        folder = self.start.currentData()
        choices = TuningChoices(
            rule=f"at-least:{self.needed.value()}" if rule == "at-least" else rule,
            by=FoldUnit(unit) if unit else None,
            seed=self.seed.value(),
            epochs=self.epochs.value() or None,
            old_pairs=self.old_pairs.isChecked(),
            labels=LabelSource(self.labels.currentData()),
            criterion=self.criterion.currentData() or "" if self.criterion.count() > 1 else "",
            model=self.model.currentData() or DEFAULT_NEW_MODEL,
            candidates=USUAL_CANDIDATES if folder else FEATURE_EFFORTS[0].candidates,
        )
        if self.is_automatic:
            return TuningSelection(choices, level=CheckLevel(self.level.currentData()))
        return TuningSelection(choices, Path(folder) if folder else None, Path(folder).name if folder else "")

    @property
    def is_automatic(self) -> bool:
        """True if the program chooses the model."""
        return not self.start.currentData() and self.model.currentData() == AUTOMATIC

    def _on_change(self, *_: object) -> None:
        self._show_possible()
        self.ask_soon()

    def _show_possible(self) -> None:
        """Show the choices that matter for the others."""
        automatic = self.is_automatic
        self._form.setRowVisible(self.needed, self.rule.currentData() == "at-least")
        self._form.setRowVisible(self.model, not self.start.currentData())
        for field in (self.by, self._trains, self.old_pairs):
            self._form.setRowVisible(field, not automatic)
        self.level.setEnabled(automatic)
        with QSignalBlocker(self.level):
            if not automatic:  # one quarter is held out
                self.level.setCurrentIndex(self.level.findData(CheckLevel.QUICK.value))
            elif not self._was_automatic:
                self.level.setCurrentIndex(self.level.findData(CheckLevel.CROSS_VALIDATED.value))
        self._was_automatic = automatic

    def ask_soon(self) -> None:
        """Plan again soon, since choices or study have changed; the last plan cannot be started any more."""
        self.button.setEnabled(False)
        self._settle.start()

    def _select(self) -> None:
        self._tuning.plan(self.selection)

    # plan and forecast

    def show_request(self, request: TuningPlan) -> None:
        """Show a plan, or why nothing can be trained."""
        self._request = request
        self.has_forecast = False
        self._lines.clear()
        for heading, text in request.lines:
            self._lines.add(heading, text)
        self._refusal.setText(request.refusal)
        self._refusal.setVisible(bool(request.refusal))
        self.judge.setVisible(bool(request.refusal) and self._writable)
        self._warnings.setText("\n".join(f"• {text}" for text in request.warnings))
        self._warnings.setVisible(bool(request.warnings))
        self.button.setText("Continue training" if request.can_continue else "Start training")
        self.button.setEnabled(not request.refusal and self._writable and not self._settle.isActive())
        tip = "A training of these pairs was stopped; it continues from there." if request.can_continue else ""
        self.button.setToolTip(tip if self._writable else READ_ONLY)
        self._times = {}
        if request.first is not None:
            self._show_times(request.first)

    def show_forecast(self, forecast: TrainingForecast) -> None:
        """Show the time of every phase, unless the choices have changed since."""
        if self._settle.isActive():
            return
        self.has_forecast = True
        self._show_times(forecast)

    def _show_times(self, forecast: TrainingForecast) -> None:
        for heading, text in forecast_lines(forecast):
            if heading in self._times:
                self._times[heading].setText(text)
            else:
                self._times[heading] = self._lines.add(heading, text)

    def show_failure(self, text: str) -> None:
        """Show why there is no plan, or no forecast of its time."""
        self._refusal.setText(text)
        self._refusal.show()
        if "Time" in self._times:
            self._times["Time"].setText("not known")

    def texts(self) -> str:
        lines = (part for line in self._lines.texts for part in line)
        return "\n".join((*lines, self._refusal.text(), self._warnings.text()))
