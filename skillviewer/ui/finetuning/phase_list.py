"""The phases of a training for which the program chooses the model, each with its progress.

The time left of all phases together stands elsewhere, in one place (``training_progress_page``).
"""

from PySide6.QtWidgets import QProgressBar, QWidget

from skillviewer.core.evaluation.training_forecast import TrainingForecast
from skillviewer.core.progress import Progress
from skillviewer.core.text import format_duration
from skillviewer.ui.finetuning.tuning_text import PHASES
from skillviewer.ui.widgets.labels import ElidingLabel, text_label
from skillviewer.ui.widgets.layout import NO_MARGINS, GrowingSpace, Spacing, add_all, vertical, with_accessible_name

ORDER = ("features", "checking", "training")
"""The phases in the order in which they happen."""
FEATURES_STAGE = "features of videos"
_STAGES = {FEATURES_STAGE: "features", "comparing models": "checking", "training": "training"}
_STEPS = {"features": "video {} of {}", "training": "epoch {} of {}"}


def phase_of(stage: str, current_phase: str) -> str:
    """Return the phase of a stage in a report of the training; an unknown stage belongs to the current phase."""
    return _STAGES.get(stage, current_phase)


class _PhaseRow(QWidget):
    """A phase with its progress."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._name = name
        self.progress_bar = with_accessible_name(QProgressBar(self), f"Progress: {PHASES[name]}")
        self.progress_bar.setTextVisible(False)
        self.text_label = ElidingLabel(self, muted=True)
        add_all(
            vertical(self, margins=NO_MARGINS, spacing=6),
            text_label(PHASES[name], self, heading=True),
            self.progress_bar,
            self.text_label,
        )

    def reset(self, seconds: float | None) -> None:
        """Show that the phase has not begun, and the time that it will take if known."""
        self.progress_bar.setRange(0, 1)
        self.progress_bar.setValue(0)
        duration_text = "" if seconds is None else f"about {format_duration(seconds)}"
        self.text_label.set_forms(duration_text)

    def show_progress(self, progress: Progress) -> None:
        """Show a report of the phase."""
        self.progress_bar.setRange(0, max(progress.total, 0))
        self.progress_bar.setValue(min(progress.done, progress.total))
        step_text = ""
        if progress.total and self._name in _STEPS:
            step_text = _STEPS[self._name].format(progress.done, progress.total)
        self.text_label.set_forms(step_text or f"{progress.stage} …")

    def show_step(self, step: str) -> None:
        """Show what is done now, for a step whose share of the phase is not known."""
        self.text_label.set_forms(f"{step} …")

    def finish(self) -> None:
        """Show that the phase is over."""
        self.progress_bar.setRange(0, 1)
        self.progress_bar.setValue(1)
        self.text_label.set_forms("done")


class PhaseList(QWidget):
    """Phases from top to bottom: finished ones, the current one, and those to come with their forecast."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows = {name: _PhaseRow(name, self) for name in ORDER}
        column = vertical(self, margins=NO_MARGINS, spacing=8)
        for row in self.rows.values():
            add_all(column, row, Spacing(12))
        add_all(column, GrowingSpace())
        self.begin(None)

    def begin(self, forecast: TrainingForecast | None) -> None:
        """Show a training that begins; without a forecast no time is known."""
        self.phase = ORDER[0]
        self._forecast_s: dict[str, float] = {}  # seconds by phase
        if forecast is not None:
            self._forecast_s = {phase.name: phase.seconds for phase in forecast.phases}
        for name, row in self.rows.items():
            row.reset(self._forecast_s.get(name))

    def show_progress(self, progress: Progress) -> None:
        """Show a report; earlier phases are finished."""
        self.phase = phase_of(progress.stage, self.phase)
        for name in ORDER[: ORDER.index(self.phase)]:
            self.rows[name].finish()
        row = self.rows[self.phase]
        if progress.stage in _STAGES:
            row.show_progress(progress)
        else:  # a step of the phase, whose counts are not those of the phase
            row.show_step(progress.stage)

    def left_s(self, progress: Progress) -> float | None:
        """Return the seconds left of the current phase and of those to come; None if not known."""
        if progress.left_s is None or progress.stage not in _STAGES or not self._forecast_s:
            return None
        later_phases = ORDER[ORDER.index(self.phase) + 1 :]
        return progress.left_s + sum(self._forecast_s.get(name, 0.0) for name in later_phases)
