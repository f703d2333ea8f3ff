"""The result of a fine-tuning, before and after, and the decision on it."""

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from skillviewer.core.finetuning.split import SplitRole
from skillviewer.core.finetuning.tuning_report import TuningReport
from skillviewer.core.finetuning.video_changes import AttentionChange, Shift
from skillviewer.core.text import percent, printable, signed
from skillviewer.engine.finetuning.job import TuningResult
from skillviewer.ui.finetuning.tuning_controller import TuningController
from skillviewer.ui.finetuning.tuning_text import format_accuracy, format_forgetting, format_gain
from skillviewer.ui.widgets.discard_button import DiscardButton
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.form import NamedLines
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import Spacing, add_all, push_button, set_primary, splitter, vertical
from skillviewer.ui.widgets.plain_table import Column
from skillviewer.ui.widgets.sorted_table import Cell, SortedTable

SHIFT_COLUMN = 3
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
        self._tuning = tuning
        self._lines = NamedLines(6)
        self.warnings = text_label("", self, wrap=True, plain=True, warns=True)
        column = vertical(self, (24, 16, 24, 16), 12)
        add_all(column, self._make_header(), self._lines, self.warnings, (self._make_tables(), 1))

    def _make_header(self) -> QVBoxLayout:
        self.title = text_label("", self, letters="figure", wrap=True)
        self.subtitle = text_label("", self, muted=True, wrap=True)
        self.accept = push_button("Accept as new version", self, self._tuning.accept, primary=True)
        self.discard = DiscardButton("Discard", self, self._tuning.discard)
        self.later = push_button("Decide later", self, self._tuning.later)
        self.later.setToolTip("The version stays in the list of versions, where you can use or discard it")
        buttons = FlowLayout(gap_px=8)
        for button in (self.accept, self.discard, self.later):
            buttons.addWidget(button)
        return add_all(vertical(spacing=4), self.title, self.subtitle, Spacing(4), buttons)

    def _make_tables(self) -> QWidget:
        score_columns = (
            Column("Video", number=False),
            Column("Part", number=False),
            Column("Score"),
            Column("Shift"),
            Column("Rank"),
        )
        self.shifts = SortedTable("Scores before and after", score_columns)
        attention_columns = (Column("Video", number=False), Column("Similarity"), Column("Moved"), Column("Frame"))
        self.attention = SortedTable("Attention that changed most", attention_columns)
        scores = self._with_heading(self.shifts, "Score of every video", "only the order has a meaning")
        self._attention_block = self._with_heading(self.attention, "Attention that changed most", "1 is no change")
        tables = splitter(self, Qt.Orientation.Horizontal, (scores, self._attention_block), (), (540, 420))
        tables.setHandleWidth(24)
        tables.setStyleSheet("QSplitter::handle { background: transparent; }")
        return tables

    def _with_heading(self, table: SortedTable, title: str, note: str) -> QWidget:
        block = QWidget(self)
        note_label = text_label(note, block, muted=True)
        note_label.setMinimumWidth(1)
        heading_row = add_all(QHBoxLayout(), text_label(title, block, heading=True), (note_label, 1))
        add_all(vertical(block, (0, 8, 0, 0), 4), heading_row, (table, 1))
        return block

    def show_result(self, result: TuningResult, *, writable: bool) -> None:
        """Show a result; the button to accept stands out only if the gain is beyond noise."""
        report = result.report
        held_out = report.held_out
        now_text = percent(held_out.after.value, " %")
        n_pairs = held_out.after.n_pairs
        if held_out.before is not None:
            before_text = percent(held_out.before.value, " %")
            self.title.setText(f"Held-out accuracy {before_text} before, {now_text} now, on {n_pairs} pairs")
        else:
            self.title.setText(f"A first model: held-out accuracy {now_text} on {n_pairs} pairs")
        facts = [printable(result.folder.name)]
        if result.parent_name:
            facts.append(f"trained from {printable(result.parent_name)}")
        facts.append(f"{report.n_trained} training pairs")
        self.subtitle.setText(" · ".join(facts))
        self._show_lines(report)
        set_primary(self.accept, primary=held_out.beyond_noise)
        self.discard.reset()
        warnings = (*report.warnings, *report.problems)
        self.warnings.setText("\n".join(f"• {warning}" for warning in warnings))
        self.warnings.setVisible(bool(warnings))
        self.shifts.show_rows([_shift_row(shift) for shift in report.shifts])
        self.shifts.setColumnHidden(SHIFT_COLUMN, held_out.before is None)
        self.attention.show_rows([_attention_row(change) for change in report.attention])
        self._attention_block.setVisible(bool(report.attention))
        self.set_writable(writable)

    def set_writable(self, writable: bool) -> None:
        """Allow the user to accept only if the study can be written."""
        self.accept.setEnabled(writable)
        self.accept.setToolTip("" if writable else "The study is open for reading only.")

    def _show_lines(self, report: TuningReport) -> None:
        self._lines.clear()
        if report.both_new is not None and report.both_new.n_pairs:
            self._lines.add("Pairs of new people", format_accuracy(report.both_new))
        self._lines.add("All held-out pairs", format_accuracy(report.held_out.after))
        self._lines.add("Gain", format_gain(report.held_out))
        if report.reserved is not None:
            text = f"{format_accuracy(report.reserved.after)}; {format_gain(report.reserved)}"
            self._lines.add("Reserved test pairs", text)
        self._lines.add("Known before", format_forgetting(report.forgetting), report.forgetting.description)
        self._lines.add("Epoch", f"{report.epoch}: {report.selection}")

    def texts(self) -> str:
        """Return all texts of the page, apart from the tables."""
        texts = [self.title.text(), self.subtitle.text(), self.warnings.text()]
        texts += [text for _, text in self._lines.texts]
        return "\n".join(texts)


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
