"""The result of a fine-tuning, before and after, and the decision on it."""

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from skillviewer.core.finetuning.split import SplitRole
from skillviewer.core.finetuning.tuning_report import TuningReport
from skillviewer.core.finetuning.video_changes import AttentionChange, Shift
from skillviewer.core.text import percent, printable, signed
from skillviewer.engine.finetuning.job import TuningResult
from skillviewer.ui.finetuning.tuning_controller import TuningController
from skillviewer.ui.finetuning.tuning_text import format_accuracy, format_forgetting, format_gain
from skillviewer.ui.widgets.button_bar import ButtonBar
from skillviewer.ui.widgets.discard_button import DiscardButton
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.form import NamedLines
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, growing, push_button, scroll_area, set_primary, vertical
from skillviewer.ui.widgets.plain_table import Column
from skillviewer.ui.widgets.sorted_table import Cell, SortedTable
from skillviewer.ui.widgets.turning_splitter import TurningSplitter

SHIFT_COLUMN = 3
TABLES_PX = 760  # width below which the tables are below each other
ROLE_TEXTS = {
    SplitRole.TRAINED: "trained on",
    SplitRole.CHOSE: "chose the epoch",
    SplitRole.HELD_OUT: "held out",
    SplitRole.UNUSED: "in no pair",
}


class BeforeAfterPage(QWidget):
    """Accuracy, scores and attention before and after a fine-tuning, and the decision on it."""

    def __init__(self, tuning: TuningController, parent: QWidget) -> None:
        super().__init__(parent)
        page = QWidget(self)
        self.title_label = text_label("", page, letters="figure", wrap=True)
        self.subtitle_label = text_label("", page, muted=True, wrap=True)
        self._summary_lines = NamedLines(gap_px=6)
        self.warnings_label = text_label("", page, wrap=True, plain=True, warns=True)
        column = vertical(page, margins=(24, 16, 24, 16), spacing=12)
        header = add_all(vertical(spacing=4), self.title_label, self.subtitle_label)
        add_all(column, header, self._summary_lines, self.warnings_label, growing(self._make_tables(page)))
        area = scroll_area(self, "Before and after the training")
        area.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        area.setWidget(page)
        self.accept_button = push_button("Accept as new version", self, tuning.accept, primary=True)
        self.discard_button = DiscardButton("Discard", self, tuning.discard)
        self.later_button = push_button("Decide later", self, tuning.postpone)
        self.later_button.setToolTip("The version stays in the list of versions, where you can use or discard it")
        decision = ButtonBar(self)
        decision.add_buttons(self.accept_button, self.discard_button, self.later_button)
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), growing(area), decision)

    def _make_tables(self, page: QWidget) -> QWidget:
        score_columns = (
            Column("Video", number=False),
            Column("Part", number=False),
            Column("Score"),
            Column("Shift"),
            Column("Rank"),
        )
        self.shifts_table = SortedTable("Scores before and after", score_columns)
        attention_columns = (Column("Video", number=False), Column("Similarity"), Column("Moved"), Column("Frame"))
        self.attention_table = SortedTable("Attention that changed most", attention_columns)
        scores = _with_heading(self.shifts_table, "Score of every video", "only the order has a meaning", page)
        self._attention_block = _with_heading(
            self.attention_table, "Attention that changed most", "1 is no change", page
        )
        tables = TurningSplitter((scores, self._attention_block), factors=(5, 4), min_width_px=TABLES_PX, parent=page)
        tables.setHandleWidth(24)
        tables.setStyleSheet("QSplitter::handle { background: transparent; }")
        return tables

    def show_result(self, result: TuningResult, *, writable: bool) -> None:
        """Show a result; the button to accept stands out only if the gain is beyond noise."""
        report = result.report
        held_out = report.held_out
        now_text = percent(held_out.after.value, " %")
        n_pairs = held_out.after.n_pairs
        if held_out.before is not None:
            before_text = percent(held_out.before.value, " %")
            self.title_label.setText(f"Held-out accuracy {before_text} before, {now_text} now, on {n_pairs} pairs")
        else:
            self.title_label.setText(f"A first model: held-out accuracy {now_text} on {n_pairs} pairs")
        facts = [printable(result.folder.name)]
        if result.parent_name:
            facts.append(f"trained from {printable(result.parent_name)}")
        facts.append(f"{report.n_trained} training pairs")
        self.subtitle_label.setText(" · ".join(facts))
        self._show_lines(report)
        set_primary(self.accept_button, primary=held_out.beyond_noise)
        self.discard_button.reset()
        warnings = (*report.warnings, *report.problems)
        self.warnings_label.setText("\n".join(f"• {warning}" for warning in warnings))
        self.warnings_label.setVisible(bool(warnings))
        self.shifts_table.show_rows([_shift_row(shift) for shift in report.shifts])
        self.shifts_table.setColumnHidden(SHIFT_COLUMN, held_out.before is None)
        self.attention_table.show_rows([_attention_row(change) for change in report.attention])
        self._attention_block.setVisible(bool(report.attention))
        self.set_writable(writable)

    def set_writable(self, writable: bool) -> None:
        """Allow the user to accept only if the study can be written."""
        tip = "" if writable else "The study is open for reading only."
        self.accept_button.setEnabled(writable)
        self.accept_button.setToolTip(tip)

    def _show_lines(self, report: TuningReport) -> None:
        self._summary_lines.clear()
        if report.both_new is not None and report.both_new.n_pairs:
            self._summary_lines.add("Pairs of new people", format_accuracy(report.both_new))
        self._summary_lines.add("All held-out pairs", format_accuracy(report.held_out.after))
        if report.verdict:
            self._summary_lines.add("Verdict", report.verdict)
        for baseline in report.baselines:
            self._summary_lines.add(baseline.title, format_accuracy(baseline.accuracy))
        if report.one_rater is not None and report.one_rater.n_pairs:
            self._summary_lines.add("One rater", format_accuracy(report.one_rater))
        self._summary_lines.add("Gain", format_gain(report.held_out))
        if report.reserved is not None:
            text = f"{format_accuracy(report.reserved.after)}; {format_gain(report.reserved)}"
            self._summary_lines.add("Reserved test pairs", text)
        self._summary_lines.add("Known before", format_forgetting(report.forgetting), report.forgetting.description)
        self._summary_lines.add("Epoch", f"{report.epoch}: {report.selection}")

    def texts(self) -> str:
        """Return all texts of the page, apart from the tables."""
        texts = [self.title_label.text(), self.subtitle_label.text(), self.warnings_label.text()]
        texts += [text for _, text in self._summary_lines.texts]
        return "\n".join(texts)


def _with_heading(table: SortedTable, title: str, note: str, parent: QWidget) -> QWidget:
    block = QWidget(parent)
    heading = FlowLayout(gap_px=8)
    heading.addWidget(text_label(title, block, heading=True))
    heading.addWidget(text_label(note, block, muted=True))
    add_all(vertical(block, margins=(0, 8, 0, 0), spacing=4), heading, growing(table))
    return block


def _shift_row(shift: Shift) -> list[Cell]:
    score = signed(shift.after, 2)
    rank = f"{shift.rank_after:g}"
    if not math.isnan(shift.before):
        score = f"{signed(shift.before, 2)} → {score}"
        rank = f"{shift.rank_before:g} → {rank}"
    return [
        Cell(printable(shift.video), video=shift.video),
        Cell(ROLE_TEXTS[shift.use]),
        Cell(score, shift.after),
        Cell(signed(shift.change, 2), _sort_key(shift.change)),
        Cell(rank, shift.rank_after),
    ]


def _attention_row(change: AttentionChange) -> list[Cell]:
    return [
        Cell(printable(change.video), video=change.video),
        Cell(signed(change.correlation, 2), _sort_key(change.correlation)),
        Cell(percent(change.centre_distance, " %"), change.centre_distance),
        Cell(str(change.frame_index + 1), float(change.frame_index)),
    ]


def _sort_key(value: float) -> float:
    """Return a value for sorting; NaN comes first."""
    return -math.inf if math.isnan(value) else value
