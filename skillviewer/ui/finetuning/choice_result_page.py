"""The result of a training for which the program chose the model, and the decision on it."""

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from skillviewer.core.evaluation.model_choice import CandidateAccuracy, CheckLevel, ModelChoice
from skillviewer.core.text import counted, percent, printable
from skillviewer.engine.finetuning.job import ChoiceResult
from skillviewer.ui.finetuning.accuracy_chart import AccuracyChart, AccuracyRow
from skillviewer.ui.finetuning.tuning_controller import TuningController
from skillviewer.ui.finetuning.tuning_text import format_accuracy
from skillviewer.ui.widgets.button_bar import ButtonBar
from skillviewer.ui.widgets.discard_button import DiscardButton
from skillviewer.ui.widgets.form import NamedLines
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import (
    NO_MARGINS,
    Spacing,
    add_all,
    growing,
    push_button,
    scroll_area,
    set_primary,
    vertical,
)
from skillviewer.ui.widgets.plain_table import Column
from skillviewer.ui.widgets.sorted_table import Cell, SortedTable

TABLE_PX = 200
TOO_GOOD = "These accuracies chose the model within the training people, so they are too good."


class ChoiceResultPage(QWidget):
    """The verdict, accuracies on held-out people next to those of baselines, and the comparison of the models."""

    def __init__(self, tuning: TuningController, parent: QWidget) -> None:
        super().__init__(parent)
        page = QWidget(self)
        self.title_label = text_label("", page, letters="figure", wrap=True, plain=True)
        self.details_label = text_label("", page, wrap=True, plain=True)
        self.subtitle_label = text_label("", page, muted=True, wrap=True, plain=True)
        self.accept_button = push_button("Accept as new version", self, tuning.accept, primary=True)
        self.discard_button = DiscardButton("Discard", self, tuning.discard)
        self.later_button = push_button("Decide later", self, tuning.postpone)
        self.later_button.setToolTip("The version stays in the list of versions, where you can use or discard it")
        decision = ButtonBar(self)
        decision.add_buttons(self.accept_button, self.discard_button, self.later_button)
        self.heading_label = text_label("", page, heading=True, wrap=True)
        self.accuracy_chart = AccuracyChart(page)
        self.facts_lines = NamedLines(gap_px=6)
        columns = (Column("Model", number=False), Column("Accuracy"), Column("Chosen"), Column("Kept", number=False))
        self.models_table = SortedTable("Models that were compared", columns, page)
        self.models_table.setMinimumHeight(TABLE_PX)
        self.warnings_label = text_label("", page, wrap=True, plain=True, warns=True)
        self.comparison_note = text_label("", page, muted=True, wrap=True)
        add_all(
            vertical(page, margins=(24, 16, 24, 16), spacing=8),
            self.title_label,
            self.details_label,
            self.subtitle_label,
            Spacing(12),
            self.heading_label,
            self.accuracy_chart,
            Spacing(4),
            self.facts_lines,
            self.warnings_label,
            Spacing(8),
            text_label("Comparison of models", page, heading=True),
            self.comparison_note,
            growing(self.models_table),
        )
        area = scroll_area(self, "Accuracies of the trained model")
        area.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        area.setWidget(page)
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), growing(area), decision)

    def show_result(self, result: ChoiceResult, *, writable: bool) -> None:
        """Show a result; the button to accept stands out only if the model is an improvement."""
        choice = result.choice
        verdict = choice.verdict
        self.title_label.setText(verdict.sentence)
        self.details_label.setText(" ".join(verdict.details))
        self.details_label.setVisible(bool(verdict.details))
        n_pairs = result.facts.get("pairs")
        self.subtitle_label.setText(
            f"{printable(result.folder.name)} · {choice.title}, trained on {n_pairs} pairs of all people"
        )
        set_primary(self.accept_button, primary=verdict.is_improvement)
        self.discard_button.reset()
        self.heading_label.setText(f"{choice.pairs_text.capitalize()}, ordered as the raters do")
        self.accuracy_chart.show_rows(list(chart_rows(choice)))
        comparison_note = TOO_GOOD
        if choice.has_coarse_comparison:
            comparison_note += " They are of trainings with coarser maps, which are quicker."
        self.comparison_note.setText(comparison_note)
        self.facts_lines.clear()
        for name, text in result_lines(result):
            self.facts_lines.add(name, text)
        warnings = [warning for warning in (choice.warning, *result.problems) if warning]
        self.warnings_label.setText("\n".join(f"• {warning}" for warning in warnings))
        self.warnings_label.setVisible(bool(warnings))
        self.models_table.show_rows([_candidate_row(candidate, choice) for candidate in choice.candidates])
        self.set_writable(writable)

    def set_writable(self, writable: bool) -> None:
        """Allow the user to accept only if the study can be written."""
        tip = "" if writable else "The study is open for reading only."
        self.accept_button.setEnabled(writable)
        self.accept_button.setToolTip(tip)

    def texts(self) -> str:
        """Return all texts of the page, apart from the table."""
        texts = [
            self.title_label.text(),
            self.details_label.text(),
            self.subtitle_label.text(),
            self.warnings_label.text(),
        ]
        texts.append(self.accuracy_chart.accessible_text())
        texts += [f"{name}: {text}" for name, text in self.facts_lines.texts]
        return "\n".join(texts)


def _candidate_row(candidate: CandidateAccuracy, choice: ModelChoice) -> list[Cell]:
    chosen_text = f"in {counted(candidate.n_chosen, 'part')}" if candidate.n_chosen else "–"
    if candidate.model == choice.winner:
        kept_text = "trained on all people"
    elif candidate.can_be_kept:
        kept_text = ""
    else:
        kept_text = "for comparison only"
    return [
        Cell(candidate.title),
        Cell(percent(candidate.accuracy, " %"), candidate.accuracy),
        Cell(chosen_text, float(candidate.n_chosen)),
        Cell(kept_text),
    ]


def chart_rows(choice: ModelChoice) -> Iterator[AccuracyRow]:
    """Yield the accuracy of the chosen model, of baselines, of one rater, and of training on fewer people."""
    yield AccuracyRow("Chosen by the program", choice.accuracy, is_highlighted=True)
    for baseline in choice.baselines:
        yield AccuracyRow(baseline.title, baseline.accuracy)
    if choice.one_rater is not None and choice.one_rater.n_pairs:
        yield AccuracyRow("One rater", choice.one_rater)
    people = "people" if choice.unit == "participant" else "videos"
    points = choice.curve if choice.has_coarse_comparison else choice.curve[:-1]
    suffix = ", coarser maps" if choice.has_coarse_comparison else " only"
    for point in points:
        yield AccuracyRow(f"Trained on {point.n_people:.0f} {people}{suffix}", point.accuracy)


def result_lines(result: ChoiceResult) -> list[tuple[str, str]]:
    """Return (name, sentence) lines about the check and the raters' scale."""
    choice = result.choice
    check_texts = {
        CheckLevel.CROSS_VALIDATED: f"every {choice.unit} held out once; the model was chosen without those held out",
        CheckLevel.QUICK: f"one quarter held out by {choice.unit}; the model was chosen without it",
    }
    lines = [("Checked", f"{check_texts[choice.level]}: {format_accuracy(choice.accuracy)}")]
    if choice.on_new_people:
        lines.append(("All pairs", f"{format_accuracy(choice.all_pairs)}; most have one person seen in training"))
    raters_scale = result.facts.get("raters_scale")
    if raters_scale:
        lines.append(("Your scale", str(raters_scale)))
    return lines
