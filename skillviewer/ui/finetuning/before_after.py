"""The third page: effects of a training on accuracy, scores and attention; accept or discard."""

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from skillviewer.core.finetuning.tuning_report import AttentionChange, Shift, TuningReport, Use
from skillviewer.core.text import percent, printable, signed
from skillviewer.engine.finetuning.job import TuningResult
from skillviewer.ui.finetuning.tuning import Tuning
from skillviewer.ui.finetuning.tuning_wording import forgetting_words, gain_words, with_interval
from skillviewer.ui.widgets.form import NamedLines
from skillviewer.ui.widgets.layout import add_all, horizontal, push_button, splitter, text_label, vertical
from skillviewer.ui.widgets.tables import Cell, SortedTable

_SHIFT = 3


class BeforeAfterPage(QWidget):
    """Effects of a training, and the decision on it."""

    def __init__(self, tuning: Tuning, parent: QWidget) -> None:
        super().__init__(parent)
        self._tuning = tuning
        column = add_all(vertical(self, (24, 16, 24, 16), 12), self._make_head())
        self._lines = NamedLines(6)
        column.addLayout(self._lines)
        self.cautions = text_label("", self, wrap=True, plain=True, warns=True)
        add_all(column, self.cautions, (self._make_tables(), 1))

    def _make_head(self) -> QHBoxLayout:
        self.title = text_label("", self, letters="figure", wrap=True)
        self.subtitle = text_label("", self, muted=True, wrap=True)
        words = add_all(vertical(spacing=4), self.title, self.subtitle)
        self.accept = push_button(self.tr("Accept as new version"), self, self._tuning.accept, primary=True)
        self.discard = push_button(self.tr("Discard"), self, self._tuning.discard)
        self.later = push_button(self.tr("Decide later"), self, self._tuning.later)
        self.later.setToolTip(self.tr("The version stays in the list of versions, where you can use or discard it"))
        buttons = horizontal(spacing=8)
        for button in (self.later, self.discard, self.accept):
            buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return add_all(horizontal(spacing=24), (words, 1), buttons)

    def _make_tables(self) -> QWidget:
        columns = (self.tr("Video"), self.tr("Part"), self.tr("Score"), self.tr("Shift"), self.tr("Rank"))
        self.shifts = SortedTable(self.tr("Scores before and after"), columns)
        changes = (self.tr("Video"), self.tr("Similarity"), self.tr("Moved"), self.tr("Frame"))
        self.attention = SortedTable(self.tr("Attention that changed most"), changes)
        scores = self._titled(self.tr("Score of every video"), self.tr("only the order has a meaning"), self.shifts)
        self._changes = self._titled(self.tr("Attention that changed most"), self.tr("1 is no change"), self.attention)
        split = splitter(self, Qt.Orientation.Horizontal, (scores, self._changes), (), (540, 420))
        split.setHandleWidth(24)
        split.setStyleSheet("QSplitter::handle { background: transparent; }")
        return split

    def _titled(self, title: str, why: str, table: SortedTable) -> QWidget:
        part = QWidget(self)
        column = vertical(part, (0, 8, 0, 0), 4)
        row = QHBoxLayout()
        heading, muted = text_label(title, part, heading=True), text_label(why, part, muted=True)
        muted.setMinimumWidth(1)
        add_all(row, heading, (muted, 1))
        add_all(column, row, (table, 1))
        return part

    def show_result(self, result: TuningResult, *, writable: bool) -> None:
        report = result.report
        held = report.held_out
        if held.before is not None:
            text = self.tr("Held-out accuracy {} before, {} now, on {} pairs").format(
                percent(held.before.value, " %"), percent(held.after.value, " %"), held.after.n_pairs
            )
        else:
            text = self.tr("A first model: held-out accuracy {} on {} pairs").format(
                percent(held.after.value, " %"), held.after.n_pairs
            )
        self.title.setText(text)
        begun = self.tr("trained from {}").format(printable(result.parent_name)) if result.parent_name else ""
        trained = self.tr("{} training pairs").format(report.n_trained)
        self.subtitle.setText(" · ".join(filter(None, (printable(result.folder.name), begun, trained))))
        self._fill(report)
        cautions = (*report.warnings, *report.problems)
        self.cautions.setText("\n".join(f"• {caution}" for caution in cautions))
        self.cautions.setVisible(bool(cautions))
        self.shifts.show_rows([self._shift(shift) for shift in report.shifts])
        self.shifts.setColumnHidden(_SHIFT, held.before is None)
        self.attention.show_rows([self._attention(change) for change in report.attention])
        self._changes.setVisible(bool(report.attention))
        self.set_writable(writable)

    def set_writable(self, writable: bool) -> None:
        self.accept.setEnabled(writable)
        self.accept.setToolTip("" if writable else self.tr("The study is open for reading only."))

    def _fill(self, report: TuningReport) -> None:
        self._lines.clear()
        held = report.held_out
        self._lines.add(self.tr("Held-out pairs"), with_interval(held.after))
        self._lines.add(self.tr("Gain"), gain_words(held))
        if report.set_aside is not None:
            text = f"{with_interval(report.set_aside.after)}; {gain_words(report.set_aside)}"
            self._lines.add(self.tr("Set aside at random"), text)
        self._lines.add(self.tr("Known before"), forgetting_words(report.forgetting), report.forgetting.what)
        self._lines.add(self.tr("Epoch"), f"{report.epoch}: {report.selection}")

    def _shift(self, shift: Shift) -> list[Cell]:
        words = {
            Use.TRAINED: self.tr("trained on"),
            Use.CHOSE: self.tr("chose the epoch"),
            Use.HELD_OUT: self.tr("held out"),
            Use.UNUSED: self.tr("in no pair"),
        }
        score, rank = signed(shift.after, 2), f"{shift.rank_after:g}"
        if not math.isnan(shift.before):
            score, rank = f"{signed(shift.before, 2)} → {score}", f"{shift.rank_before:g} → {rank}"
        return [
            Cell(printable(shift.video), video=shift.video),
            Cell(words[shift.use]),
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
        above = (self.title.text(), self.subtitle.text(), self.cautions.text())
        return "\n".join((*above, *(text for _, text in self._lines.texts)))


def _sortable(value: float) -> float:
    return -math.inf if math.isnan(value) else value
