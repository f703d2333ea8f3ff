"""The page of the Train screen with the choices for a training, the resulting plan, and its time."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QComboBox, QFormLayout, QSizePolicy, QSpinBox, QWidget

from skillviewer.core.dataset.folds import FoldUnit
from skillviewer.core.dataset.label_source import LabelSource
from skillviewer.core.evaluation.choice_folds import CANDIDATES
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.evaluation.training_forecast import TrainingForecast
from skillviewer.core.finetuning.split import DEFAULT_NEW_MODEL, TuningChoices
from skillviewer.core.text import printable
from skillviewer.core.video.preprocessing import FEATURE_EFFORTS
from skillviewer.ui.finetuning.plan_view import PlanView
from skillviewer.ui.finetuning.tuning_controller import TuningController
from skillviewer.ui.finetuning.tuning_plan import TuningPlan, TuningSelection
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.widgets.fold_button import FoldButton
from skillviewer.ui.widgets.form import indented
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, aligned, growing, horizontal, push_button, scroll_area, vertical
from skillviewer.ui.widgets.text_scaling import scaled_px

PLAN_AFTER_MS = 350  # delay before planning: quick changes are planned once
FORM_PX = 340  # width of the choices
MAX_FORM_PX = 656
PLAN_PX = 240  # least width of the plan
FIELD_PX = 28
BUSY_REFRESH_MS = 30_000
"""Time after which a forecast is made again that other programs lengthen."""
DEFAULT_CANDIDATES = TuningChoices().candidates
READ_ONLY = "The study is open for reading only, so it cannot hold a new model. Train in a copy of it."
AUTOMATIC = ""
"""Value of *Model* if the program chooses the model."""
AT_LEAST = "at-least"
"""Rule for pairs that asks for a number of votes."""


def form_width_px() -> int:
    """Return the width of the choices, which fit the smallest window with the largest text."""
    return min(scaled_px(FORM_PX), MAX_FORM_PX)


class TrainingSetupPage(QWidget):
    """Choices on the left, the resulting plan on the right."""

    def __init__(self, tuning: TuningController, judge: QAction, save: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self._tuning = tuning
        self.has_forecast = False  # true once the forecast of the plan on screen has arrived
        self._writable = True
        self._was_automatic = True
        self._plan_timer = single_shot(self, PLAN_AFTER_MS, self._request_plan)
        self._busy_timer = single_shot(self, BUSY_REFRESH_MS, self._refresh_times)
        self._columns = horizontal(self, margins=(24, 16, 24, 16), spacing=40)
        add_all(self._columns, aligned(self._make_form(save), Qt.AlignmentFlag.AlignTop))
        self.right_column = add_all(vertical(spacing=16), growing(self._make_plan_area(judge), factor=3))
        self._columns.addLayout(self.right_column, 1)
        tuning.planned.connect(self.show_plan)
        tuning.forecast_ready.connect(self.show_forecast)
        tuning.plan_failed.connect(self.show_failure)
        tuning.version_used.connect(self.choose_model)

    def minimumSizeHint(self) -> QSize:
        return QSize(form_width_px() + 48, self._columns.totalMinimumSize().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the plan below the choices if both do not fit side by side."""
        is_wide = event.size().width() >= form_width_px() + scaled_px(PLAN_PX) + 88
        direction = QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom
        self._columns.setDirection(direction)
        super().resizeEvent(event)

    def _make_form(self, save: QAction) -> QWidget:
        form = QWidget(self)
        form.setFixedWidth(form_width_px())
        form.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Minimum)
        column = vertical(form, margins=(0, 0, 0, 0), spacing=12)
        self.label_source_box = self._combo(
            form,
            ("Ratings and votes", LabelSource.BOTH.value),
            ("Ratings", LabelSource.RATINGS.value),
            ("Votes and stated pairs", LabelSource.VOTES.value),
        )
        self.criterion_box = self._combo(form)
        self.initial_model_box = self._combo(form)
        self.check_level_box = self._combo(
            form, ("Cross-validated", CheckLevel.CROSS_VALIDATED.value), ("Quick look", CheckLevel.QUICK.value)
        )
        self.check_level_box.setToolTip(
            "Cross-validated: every person is held out once. Quick look: a quarter of the people is held out."
        )
        questions = QWidget(form)
        self._question_layout = self._make_form_layout(questions)
        for label, field in (
            ("What to learn from", self.label_source_box),
            ("Criterion", self.criterion_box),
            ("Start from", self.initial_model_box),
            ("How to check it", self.check_level_box),
        ):
            self._question_layout.addRow(label, field)
            field.setAccessibleName(label)
        self.details_area = self._make_details(form)
        self.more_button = FoldButton("More choices", self.details_area, form)
        self.start_button = push_button("Start training", form, self._tuning.start, primary=True)
        self.start_button.setEnabled(False)
        self.read_only_note = text_label(READ_ONLY, form, wrap=True, plain=True, warns=True)
        self.save_button = push_button("Save study as…", form, save.trigger)
        add_all(
            column,
            questions,
            aligned(self.more_button, Qt.AlignmentFlag.AlignLeft),
            self.details_area,
            self.start_button,
            self.read_only_note,
            aligned(self.save_button, Qt.AlignmentFlag.AlignLeft),
        )
        self.set_writable(writable=True)
        self._connect_fields()
        return form

    @staticmethod
    def _make_form_layout(parent: QWidget) -> QFormLayout:
        layout = QFormLayout(parent)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(12)
        layout.setHorizontalSpacing(16)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        return layout

    def _make_details(self, parent: QWidget) -> QWidget:
        form = QWidget(parent)
        layout = self._make_form_layout(form)
        model_options = [(name, name) for name in CANDIDATES if name != "motion"]  # a ridge on motion has no checkpoint
        self.model_box = self._combo(form, ("Chosen by the program", AUTOMATIC), *model_options)
        self.rule_box = self._combo(
            form,
            ("Default rule", "default"),
            ("Unanimous", "unanimous"),
            ("Majority (60 % or more)", "majority:0.6"),
            ("Minimum number of votes", AT_LEAST),
            ("95 % probable (posterior)", "posterior:0.95"),
        )
        self.min_votes_box = indented(QSpinBox(form))
        self.min_votes_box.setRange(1, 99)
        self.min_votes_box.setValue(2)
        self.min_votes_box.setSuffix(" votes")
        self.fold_unit_box = self._combo(
            form,
            ("Participants where known", ""),
            ("Participants", FoldUnit.PARTICIPANT.value),
            ("Videos", FoldUnit.VIDEO.value),
        )
        self.epochs_box = indented(QSpinBox(form))
        self.epochs_box.setRange(0, 200)
        self.epochs_box.setSpecialValueText("default")
        self.seed_box = indented(QSpinBox(form))
        self.seed_box.setRange(0, 999_999)
        self.forgetting_box = QCheckBox("Check what the model forgets", form)
        self.forgetting_box.setChecked(True)
        self._trained_part_label = text_label("A copy of the head; features stay as they are", form, wrap=True)
        for label, field in (
            ("Model", self.model_box),
            ("Decide pairs by", self.rule_box),
            ("Votes needed", self.min_votes_box),
            ("Hold out", self.fold_unit_box),
            ("Trained part", self._trained_part_label),
            ("Epochs", self.epochs_box),
            ("Seed", self.seed_box),
        ):
            layout.addRow(label, field)
            field.setAccessibleName(label)
        layout.addRow("", self.forgetting_box)
        layout.setRowVisible(self.min_votes_box, False)
        self._detail_layout = layout
        return form

    def _connect_fields(self) -> None:
        for spin_box in (self.min_votes_box, self.epochs_box, self.seed_box):
            spin_box.setMinimumHeight(scaled_px(FIELD_PX))
            spin_box.valueChanged.connect(self._on_change)
        combo_boxes = (self.label_source_box, self.criterion_box, self.initial_model_box, self.check_level_box)
        for combo_box in (*combo_boxes, self.model_box, self.rule_box, self.fold_unit_box):
            combo_box.currentIndexChanged.connect(self._on_change)
        self.forgetting_box.toggled.connect(self._on_change)

    @staticmethod
    def _combo(parent: QWidget, *options: tuple[str, str]) -> QComboBox:
        """Return a box that offers options (text, value)."""
        combo_box = QComboBox(parent)
        combo_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo_box.setMinimumContentsLength(12)
        for text, value in options:
            combo_box.addItem(text, value)
        return combo_box

    def _make_plan_area(self, judge: QAction) -> QWidget:
        area = scroll_area(self, "What will be trained")
        area.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        area.setMinimumSize(scaled_px(PLAN_PX), scaled_px(PLAN_PX) // 2)
        self.plan_view = PlanView(judge, self)
        area.setWidget(self.plan_view)
        return area

    # choices

    def set_models(self, models: list[tuple[str, Path]]) -> None:
        """Offer a new model and models (name, folder) to start from; a choice that is still possible stays."""
        previous_folder = self.initial_model_box.currentData() or ""
        with QSignalBlocker(self.initial_model_box):
            self.initial_model_box.clear()
            self.initial_model_box.addItem("Nothing: a new model", "")
            for name, folder in models:
                self.initial_model_box.addItem(printable(name), str(folder))
            self.initial_model_box.setCurrentIndex(max(self.initial_model_box.findData(previous_folder), 0))
        self._update_fields()

    def set_criteria(self, criteria: Sequence[str], default: str) -> None:
        """Offer the criteria of ratings and votes; the field is hidden if there is a single criterion."""
        previous = self.criterion_box.currentData()
        with QSignalBlocker(self.criterion_box):
            self.criterion_box.clear()
            for criterion in criteria:
                self.criterion_box.addItem(printable(criterion), criterion)
            chosen = previous if previous in criteria else default
            index = self.criterion_box.findData(chosen)
            self.criterion_box.setCurrentIndex(max(index, 0))
        self._question_layout.setRowVisible(self.criterion_box, len(criteria) > 1)

    def choose_model(self, folder: Path) -> None:
        index = self.initial_model_box.findData(str(folder))
        if index >= 0:
            self.initial_model_box.setCurrentIndex(index)

    def set_rule(self, rule: str) -> None:
        name, _, number = rule.partition(":")
        with QSignalBlocker(self.rule_box), QSignalBlocker(self.min_votes_box):
            choice = AT_LEAST if name == AT_LEAST else rule
            index = self.rule_box.findData(choice)
            if index < 0:
                self.rule_box.addItem(rule, rule)
                index = self.rule_box.count() - 1
            self.rule_box.setCurrentIndex(index)
            is_short_number = number.isascii() and number.isdecimal() and len(number) < 10
            if name == AT_LEAST and is_short_number:
                self.min_votes_box.setValue(int(number))
        self._detail_layout.setRowVisible(self.min_votes_box, self.rule_box.currentData() == AT_LEAST)

    def set_writable(self, writable: bool) -> None:
        """Explain that a study open for reading only cannot hold a new model, and offer to save a copy."""
        self._writable = writable
        self.read_only_note.setVisible(not writable)
        self.save_button.setVisible(not writable)

    @property
    def selection(self) -> TuningSelection:
        """The choices on the page."""
        rule = self.rule_box.currentData()
        if rule == AT_LEAST:
            rule = f"{AT_LEAST}:{self.min_votes_box.value()}"
        unit_value = self.fold_unit_box.currentData()
        unit = FoldUnit(unit_value) if unit_value else None
        criterion = ""
        if self.criterion_box.count() > 1:
            criterion = self.criterion_box.currentData() or ""
        parent_text = self.initial_model_box.currentData()
        parent = None
        parent_name = ""
        candidates = FEATURE_EFFORTS[0].candidates
        if parent_text:
            parent = Path(parent_text)
            parent_name = parent.name
            candidates = DEFAULT_CANDIDATES
        choices = TuningChoices(
            rule=rule,
            fold_unit=unit,
            seed=self.seed_box.value(),
            epochs=self.epochs_box.value() or None,
            old_pairs=self.forgetting_box.isChecked(),
            labels=LabelSource(self.label_source_box.currentData()),
            criterion=criterion,
            model=self.model_box.currentData() or DEFAULT_NEW_MODEL,
            candidates=candidates,
        )
        if self.is_automatic:
            return TuningSelection(choices, level=CheckLevel(self.check_level_box.currentData()))
        return TuningSelection(choices, parent, parent_name)

    @property
    def is_automatic(self) -> bool:
        """True if the program chooses the model."""
        return not self.initial_model_box.currentData() and self.model_box.currentData() == AUTOMATIC

    def _on_change(self, *_: object) -> None:
        self._update_fields()
        self.plan_soon()

    def _update_fields(self) -> None:
        """Show the fields that have an effect, given the other choices."""
        is_automatic = self.is_automatic
        self._detail_layout.setRowVisible(self.min_votes_box, self.rule_box.currentData() == AT_LEAST)
        self._detail_layout.setRowVisible(self.model_box, not self.initial_model_box.currentData())
        for field in (self.fold_unit_box, self._trained_part_label, self.forgetting_box):
            self._detail_layout.setRowVisible(field, not is_automatic)
        self.check_level_box.setEnabled(is_automatic)
        with QSignalBlocker(self.check_level_box):
            if not is_automatic:  # one quarter is held out
                self.check_level_box.setCurrentIndex(self.check_level_box.findData(CheckLevel.QUICK.value))
            elif not self._was_automatic:
                self.check_level_box.setCurrentIndex(self.check_level_box.findData(CheckLevel.CROSS_VALIDATED.value))
        self._was_automatic = is_automatic

    def plan_soon(self) -> None:
        """Plan again soon, since choices or study have changed; until then no training can start."""
        self.start_button.setEnabled(False)
        self._plan_timer.start()

    def _request_plan(self) -> None:
        self._tuning.plan(self.selection)

    # plan and forecast

    def show_plan(self, plan: TuningPlan) -> None:
        """Show a plan, or why nothing can be trained."""
        self.has_forecast = False
        self.plan_view.show_plan(plan, writable=self._writable)
        button_text = "Start training"
        tip = ""
        if plan.can_continue:
            button_text = "Continue training"
            tip = "A training of these pairs was stopped; it continues from there."
        if not self._writable:
            tip = READ_ONLY
        is_current = not self._plan_timer.isActive()
        self.start_button.setText(button_text)
        self.start_button.setEnabled(is_current and not plan.refusal and self._writable)
        self.start_button.setToolTip(tip)

    def show_forecast(self, forecast: TrainingForecast) -> None:
        """Show the time of every phase, unless the choices have changed since."""
        if self._plan_timer.isActive():
            return
        self.has_forecast = True
        self.plan_view.show_times(forecast)
        if forecast.busy_text:
            self._busy_timer.start()
        else:
            self._busy_timer.stop()

    def showEvent(self, event: QShowEvent) -> None:
        """Forecast the times again: other programs may have begun or ended."""
        super().showEvent(event)
        self._refresh_times()

    def _refresh_times(self) -> None:
        if self.has_forecast and self.isVisible() and not self._plan_timer.isActive():
            self._tuning.refresh_forecast()

    def show_failure(self, text: str) -> None:
        """Show why there is no plan, or no forecast of its time."""
        self.plan_view.show_failure(text)

    def texts(self) -> str:
        """Return all texts of the plan."""
        return self.plan_view.text
