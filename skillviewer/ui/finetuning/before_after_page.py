"""Scores of the videos before and after a training."""

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from skillviewer.core.finetuning.tuning_report import AttentionChange, Shift, SplitRole, TuningReport
from skillviewer.core.text import percent, printable, signed
from skillviewer.engine.finetuning.job import TuningResult
from skillviewer.ui.finetuning.requests import format_forgetting, format_gain, with_interval
from skillviewer.ui.finetuning.tuning import TuningController
from skillviewer.ui.widgets.discard_button import DiscardButton
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.form import NamedLines
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import Spacing, add_all, push_button, set_primary, splitter, vertical
from skillviewer.ui.widgets.plain_table import Column
from skillviewer.ui.widgets.sorted_table import Cell, SortedTable

_SHIFT = 3


class BeforeAfterPage(QWidget):
    """Effects of a training, and the decision on it."""

    def __init__(self, tuning: TuningController, parent: QWidget) -> None:
        super().__init__(parent)
        self._tuning = tuning
        column = add_all(vertical(self, (24, 16, 24, 16), 12), self._make_head())
        self._lines = NamedLines(6)
        column.addLayout(self._lines)
        self.warnings = text_label("", self, wrap=True, plain=True, warns=True)
        add_all(column, self.warnings, (self._make_tables(), 1))

    def _make_head(self) -> QVBoxLayout:
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
        video = Column("Video", number=False)
        numbers = map(Column, ("Score", "Shift", "Rank"))
        columns = (video, Column("Part", number=False), *numbers)
        self.shifts = SortedTable("Scores before and after", columns)
        changes = (video, *map(Column, ("Similarity", "Moved", "Frame")))
        self.attention = SortedTable("Attention that changed most", changes)
        scores = self._titled("Score of every video", "only the order has a meaning", self.shifts)
        self._changes = self._titled("Attention that changed most", "1 is no change", self.attention)
        split = splitter(self, Qt.Orientation.Horizontal, (scores, self._changes), (), (540, 420))
        split.setHandleWidth(24)
        split.setStyleSheet("QSplitter::handle { background: transparent; }")
        return split

    def _titled(self, title: str, reason: str, table: SortedTable) -> QWidget:
        part = QWidget(self)
        column = vertical(part, (0, 8, 0, 0), 4)
        row = QHBoxLayout()
        heading, muted = text_label(title, part, heading=True), text_label(reason, part, muted=True)
        muted.setMinimumWidth(1)
        add_all(row, heading, (muted, 1))
        add_all(column, row, (table, 1))
        return part

    def show_result(self, result: TuningResult, *, writable: bool) -> None:
        report = result.report
        held_out = report.held_out
        if held_out.before is not None:
            text = "Held-out accuracy {} before, {} now, on {} pairs".format(
                percent(held_out.before.value, " %"), percent(held_out.after.value, " %"), held_out.after.n_pairs
            )
        else:
            text = "A first model: held-out accuracy {} on {} pairs".format(
                percent(held_out.after.value, " %"), held_out.after.n_pairs
            )
        self.title.setText(text)
        begun = f"trained from {printable(result.parent_name)}" if result.parent_name else ""
        trained = f"{report.n_trained} training pairs"
        self.subtitle.setText(" · ".join(filter(None, (printable(result.folder.name), begun, trained))))
        self._fill(report)
        set_primary(self.accept, primary=held_out.beyond_noise)
        self.discard.reset()
        warnings = (*report.warnings, *report.problems)
        self.warnings.setText("\n".join(f"• {warning}" for warning in warnings))
        self.warnings.setVisible(bool(warnings))
        self.shifts.show_rows([self._shift(shift) for shift in report.shifts])
        self.shifts.setColumnHidden(_SHIFT, held_out.before is None)
        self.attention.show_rows([self._attention(change) for change in report.attention])
        self._changes.setVisible(bool(report.attention))
        self.set_writable(writable)

    def set_writable(self, writable: bool) -> None:
        self.accept.setEnabled(writable)
        self.accept.setToolTip("" if writable else "The study is open for reading only.")

    def _fill(self, report: TuningReport) -> None:
        self._lines.clear()
        held_out = report.held_out
        if report.both_new is not None and report.both_new.n_pairs:
            self._lines.add("Pairs of new people", with_interval(report.both_new))
        self._lines.add("All held-out pairs", with_interval(held_out.after))
        self._lines.add("Gain", format_gain(held_out))
        if report.reserved is not None:
            text = f"{with_interval(report.reserved.after)}; {format_gain(report.reserved)}"
            self._lines.add("Reserved test pairs", text)
        self._lines.add("Known before", format_forgetting(report.forgetting), report.forgetting.description)
        self._lines.add("Epoch", f"{report.epoch}: {report.selection}")

    def _shift(self, shift: Shift) -> list[Cell]:
        texts = {
            SplitRole.TRAINED: "trained on",
            SplitRole.CHOSE: "chose the epoch",
            SplitRole.HELD_OUT: "held out",
            SplitRole.UNUSED: "in no pair",
        }
        score = signed(shift.after, 2)
        rank = f"{shift.rank_after:g}"
        if not math.isnan(shift.before):
            score = f"{signed(shift.before, 2)} → {score}"
            rank = f"{shift.rank_before:g} → {rank}"
        return [
            Cell(printable(shift.video), video=shift.video),
            Cell(texts[shift.use]),
            Cell(score, shift.after),
            Cell(signed(shift.change, 2), _sortable(shift.change)),
            Cell(rank, shift.rank_after),
        ]

    @staticmethod
    def _attention(change: AttentionChange) -> list[Cell]:
        return [
            Cell(printable(change.video), video=change.video),
            Cell(signed(change.correlation, 2), _sortable(change.correlation)),
            Cell(percent(change.centre_distance, " %"), change.centre_distance),
            Cell(str(change.frame_index + 1), float(change.frame_index)),
        ]

    def texts(self) -> str:
        above = (self.title.text(), self.subtitle.text(), self.warnings.text())
        return "\n".join((*above, *(text for _, text in self._lines.texts)))


def _sortable(value: float) -> float:
    return -math.inf if math.isnan(value) else value
