"""Result of a training in which the program chose the model, and the decision on it."""

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from skillviewer.core.evaluation.model_choice import CheckLevel, ModelChoice
from skillviewer.core.text import counted, percent, printable
from skillviewer.engine.finetuning.job import ChoiceResult
from skillviewer.ui.finetuning.accuracy_chart import AccuracyChart, AccuracyRow
from skillviewer.ui.finetuning.requests import with_interval
from skillviewer.ui.finetuning.tuning import TuningController
from skillviewer.ui.widgets.discard_button import DiscardButton
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.form import NamedLines
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import Spacing, add_all, push_button, scroll_area, set_primary, vertical
from skillviewer.ui.widgets.plain_table import Column
from skillviewer.ui.widgets.sorted_table import Cell, SortedTable

TABLE_PX = 200
TOO_GOOD = "These accuracies chose the model within the training people, so they are too good."


class ChoicePage(QWidget):
    """The verdict first, then accuracies on people held out next to the baselines, then the comparison."""

    def __init__(self, tuning: TuningController, parent: QWidget) -> None:
        super().__init__(parent)
        self.title = text_label("", self, letters="figure", wrap=True, plain=True)
        self.details = text_label("", self, wrap=True, plain=True)
        self.subtitle = text_label("", self, muted=True, wrap=True, plain=True)
        self.accept = push_button("Accept as new version", self, tuning.accept, primary=True)
        self.discard = DiscardButton("Discard", self, tuning.discard)
        self.later = push_button("Decide later", self, tuning.later)
        self.later.setToolTip("The version stays in the list of versions, where you can use or discard it")
        buttons = FlowLayout(gap_px=8)
        for button in (self.accept, self.discard, self.later):
            buttons.addWidget(button)
        inside = QWidget(self)
        self.heading = text_label("", inside, heading=True, wrap=True)
        self.chart = AccuracyChart(inside)
        self.lines = NamedLines(6)
        columns = (Column("Model", number=False), Column("Accuracy"), Column("Chosen"), Column("Kept", number=False))
        self.table = SortedTable("Models that were compared", columns, inside)
        self.table.setMinimumHeight(TABLE_PX)
        self.warnings = text_label("", inside, wrap=True, plain=True, warns=True)
        self.compared = text_label("", inside, muted=True, wrap=True)
        add_all(
            vertical(inside, (0, 0, 8, 0), 8),
            self.heading,
            self.chart,
            Spacing(4),
            self.lines,
            self.warnings,
            Spacing(8),
            text_label("Comparison of models", inside, heading=True),
            self.compared,
            (self.table, 1),
        )
        area = scroll_area(self, "Accuracies of the trained model")
        area.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        area.setWidget(inside)
        head = add_all(vertical(spacing=6), self.title, self.details, self.subtitle, Spacing(4), buttons)
        add_all(vertical(self, (24, 16, 24, 16), 16), head, (area, 1))

    def show_result(self, result: ChoiceResult, *, writable: bool) -> None:
        """Show a result; accepting stands out only if the model is an improvement."""
        choice = result.choice
        verdict = choice.verdict
        self.title.setText(verdict.sentence)
        self.details.setText(" ".join(verdict.details))
        self.details.setVisible(bool(self.details.text()))
        pairs = result.facts.get("pairs")
        trained = f"{choice.title}, trained on {pairs} pairs of all people"
        self.subtitle.setText(f"{printable(result.folder.name)} · {trained}")
        set_primary(self.accept, primary=verdict.is_improvement)
        self.discard.reset()
        self.heading.setText(f"{choice.pairs_text.capitalize()}, ordered as the raters do")
        self.chart.show_rows(list(chart_rows(choice)))
        coarse = " They are of trainings with coarser maps, which are quicker." if choice.has_coarse_comparison else ""
        self.compared.setText(f"{TOO_GOOD}{coarse}")
        self.lines.clear()
        for name, text in result_lines(result):
            self.lines.add(name, text)
        warnings = tuple(filter(None, (choice.warning, *result.problems)))
        self.warnings.setText("\n".join(f"• {warning}" for warning in warnings))
        self.warnings.setVisible(bool(warnings))
        self.table.show_rows(
            [
                [
                    Cell(candidate.title),
                    Cell(percent(candidate.accuracy, " %"), candidate.accuracy),
                    Cell(_chosen(candidate.n_chosen), float(candidate.n_chosen)),
                    Cell(_kept(candidate.model, choice, can_be_kept=candidate.can_be_kept)),
                ]
                for candidate in choice.candidates
            ]
        )
        self.set_writable(writable)

    def set_writable(self, writable: bool) -> None:
        """Offer a decision only if the study can be written."""
        self.accept.setEnabled(writable)
        self.accept.setToolTip("" if writable else "The study is open for reading only.")

    def texts(self) -> str:
        """Return all texts of the page."""
        above = (self.title.text(), self.details.text(), self.subtitle.text(), self.warnings.text())
        return "\n".join((*above, self.chart.accessible_text(), *(": ".join(line) for line in self.lines.texts)))


def _chosen(n_parts: int) -> str:
    """Return in how many parts a model was chosen."""
    return f"in {counted(n_parts, 'part')}" if n_parts else "–"


def _kept(model: str, choice: ModelChoice, *, can_be_kept: bool) -> str:
    if model == choice.winner:
        return "trained on all people"
    return "" if can_be_kept else "no checkpoint can be made"


def chart_rows(choice: ModelChoice) -> Iterator[AccuracyRow]:
    """Yield the accuracy of the choice, of baselines, of one rater, and of training on fewer people."""
    yield AccuracyRow("Chosen by the program", choice.accuracy, stands_out=True)
    for baseline in choice.baselines:
        yield AccuracyRow(baseline.title, baseline.accuracy)
    if choice.one_rater is not None and choice.one_rater.n_pairs:
        yield AccuracyRow("One rater", choice.one_rater)
    people = "people" if choice.unit == "participant" else "videos"
    suffix, points = (", coarser maps", choice.curve) if choice.has_coarse_comparison else (" only", choice.curve[:-1])
    for point in points:
        yield AccuracyRow(f"Trained on {point.n_people:.0f} {people}{suffix}", point.accuracy)


def result_lines(result: ChoiceResult) -> list[tuple[str, str]]:
    """Return (name, sentence) lines about the check and the raters' scale."""
    choice = result.choice
    check_texts = {
        CheckLevel.CROSS_VALIDATED: f"every {choice.unit} held out once; the model was chosen without those held out",
        CheckLevel.QUICK: f"one quarter held out by {choice.unit}; the model was chosen without it",
    }
    lines = [("Checked", f"{check_texts[choice.level]}: {with_interval(choice.accuracy)}")]
    if choice.on_new_people:
        lines.append(("All pairs", f"{with_interval(choice.all_pairs)}; most have one person seen in training"))
    if scale := result.facts.get("raters_scale"):
        lines.append(("Your scale", str(scale)))
    return lines
