"""Results of training: before and after, disagreements with the raters, and all versions."""

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QVBoxLayout, QWidget

from skillviewer.core.finetuning.tuning_report import AttentionChange, Shift, SplitRole, TuningReport
from skillviewer.core.ranking.disagreements import Disagreement
from skillviewer.core.text import percent, printable, signed
from skillviewer.data.study import ModelState, ModelVersion
from skillviewer.engine.finetuning.job import TuningResult
from skillviewer.ui.finetuning.requests import (
    RaterDisagreement,
    format_forgetting,
    format_gain,
    version_accuracy,
    with_interval,
)
from skillviewer.ui.finetuning.tuning import TuningController
from skillviewer.ui.widgets.form import DiscardButton, NamedLines
from skillviewer.ui.widgets.layout import (
    NONE,
    FlowLayout,
    Spacing,
    add_all,
    push_button,
    set_primary,
    splitter,
    text_label,
    vertical,
)
from skillviewer.ui.widgets.tables import VIDEO_ROLE, Cell, Column, SortedTable


class VersionList(QWidget):
    """Versions, the newest first; one of them is in use."""

    disagreement_asked = Signal()

    def __init__(self, tuning: TuningController, parent: QWidget) -> None:
        super().__init__(parent)
        self._tuning = tuning
        self._versions: list[ModelVersion] = []
        self._used = ""
        self._writable = True
        title = text_label("Versions", self, heading=True)
        self.disagree = push_button("Disagreements", self, self.disagreement_asked)
        self.disagree.setToolTip("The pairs on which the model in use and the raters disagree.")
        self.use = push_button("Use this version", self, self._on_use)
        tip = "Remove an undecided version; it stays listed."
        self.discard = DiscardButton("Discard", self, self._on_discard, tip)
        row = add_all(QHBoxLayout(), (title, 1), self.disagree, self.use, self.discard)
        self.empty = text_label("No versions yet. The first training makes one.", self, muted=True)
        accuracy = (
            "Share of the held-out pairs ordered as the raters do, with the 95 % interval. Versions may have been "
            "tested on different pairs."
        )
        columns = (
            Column("Version", number=False),
            Column("State", number=False),
            Column("Held out", accuracy),
            Column("Trained on", "Number of this study's pairs used for training."),
        )
        self.table = SortedTable("Versions of the study's models", columns, self)
        add_all(vertical(self, NONE, 8), row, (self.empty, 0, Qt.AlignmentFlag.AlignTop), (self.table, 1))
        self.table.selectionModel().selectionChanged.connect(self._on_selected)
        self.show_versions(((), ""))

    def show_versions(self, kept: tuple[tuple[ModelVersion, ...], str]) -> None:
        versions, self._used = kept
        self._versions = sorted(versions, key=lambda v: (v.added_at, v.version), reverse=True)
        self.table.show_rows([self._row(at, version) for at, version in enumerate(self._versions)])
        self.table.setVisible(bool(self._versions))
        self.empty.setVisible(not self._versions)
        self._on_selected()

    def set_writable(self, writable: bool) -> None:
        self._writable = writable
        self._on_selected()

    def _row(self, at: int, version: ModelVersion) -> list[Cell]:
        accuracy, pairs = version.facts.get("accuracy"), version.facts.get("pairs")
        states = {ModelState.PROPOSED: "undecided", ModelState.ACCEPTED: "accepted", ModelState.DISCARDED: "discarded"}
        state = states[version.state]
        if version.digest == self._used:
            state = "in use"
        elif version.path is None and version.state is not ModelState.DISCARDED:
            state = "files missing"
        elif version.state is ModelState.ACCEPTED and not version.facts:
            state = "original"  # it was not trained in this study
        return [
            Cell(f"{printable(version.name)} v{version.version}", video=str(at)),
            Cell(state),
            Cell(version_accuracy(version.facts), _number(accuracy)),
            Cell(f"{pairs} pairs" if isinstance(pairs, int) else "–", _number(pairs)),
        ]

    def chosen(self) -> ModelVersion | None:
        rows = self.table.selectionModel().selectedRows()
        if not rows:
            return None
        return self._versions[int(rows[0].data(VIDEO_ROLE))]

    def _on_selected(self, *_: object) -> None:
        version = self.chosen()
        possible = version is not None and version.path is not None and version.digest != self._used
        self.use.setEnabled(possible and self._writable)
        undecided = version is not None and version.state is ModelState.PROPOSED and version.digest != self._used
        self.discard.setEnabled(undecided and self._writable)
        self.discard.reset()

    def _on_use(self) -> None:
        version = self.chosen()
        if version is not None:
            self._tuning.use(version)

    def _on_discard(self) -> None:
        version = self.chosen()
        if version is not None:
            self._tuning.remove(version)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else -1.0


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
            text = "Held-out accuracy {} before, {} now, on {} pairs".format(
                percent(held.before.value, " %"), percent(held.after.value, " %"), held.after.n_pairs
            )
        else:
            text = "A first model: held-out accuracy {} on {} pairs".format(
                percent(held.after.value, " %"), held.after.n_pairs
            )
        self.title.setText(text)
        begun = f"trained from {printable(result.parent_name)}" if result.parent_name else ""
        trained = f"{report.n_trained} training pairs"
        self.subtitle.setText(" · ".join(filter(None, (printable(result.folder.name), begun, trained))))
        self._fill(report)
        set_primary(self.accept, primary=held.beyond_noise)
        self.discard.reset()
        warnings = (*report.warnings, *report.problems)
        self.warnings.setText("\n".join(f"• {warning}" for warning in warnings))
        self.warnings.setVisible(bool(warnings))
        self.shifts.show_rows([self._shift(shift) for shift in report.shifts])
        self.shifts.setColumnHidden(_SHIFT, held.before is None)
        self.attention.show_rows([self._attention(change) for change in report.attention])
        self._changes.setVisible(bool(report.attention))
        self.set_writable(writable)

    def set_writable(self, writable: bool) -> None:
        self.accept.setEnabled(writable)
        self.accept.setToolTip("" if writable else "The study is open for reading only.")

    def _fill(self, report: TuningReport) -> None:
        self._lines.clear()
        held = report.held_out
        self._lines.add("Held-out pairs", with_interval(held.after))
        self._lines.add("Gain", format_gain(held))
        if report.reserved is not None:
            text = f"{with_interval(report.reserved.after)}; {format_gain(report.reserved)}"
            self._lines.add("Set aside at random", text)
        self._lines.add("Known before", format_forgetting(report.forgetting), report.forgetting.description)
        self._lines.add("Epoch", f"{report.epoch}: {report.selection}")

    def _shift(self, shift: Shift) -> list[Cell]:
        texts = {
            SplitRole.TRAINED: "trained on",
            SplitRole.CHOSE: "chose the epoch",
            SplitRole.HELD_OUT: "held out",
            SplitRole.UNUSED: "in no pair",
        }
        score, rank = signed(shift.after, 2), f"{shift.rank_after:g}"
        if not math.isnan(shift.before):
            score, rank = f"{signed(shift.before, 2)} → {score}", f"{shift.rank_before:g} → {rank}"
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


class DisagreementPage(QWidget):
    """Pairs that the model orders differently from the raters, the largest score difference first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = text_label("Disagreements between model and raters", self, heading=True)
        self.back = push_button("Back", self)
        row = add_all(QHBoxLayout(), (title, 1), self.back)
        self.summary = text_label("", self, wrap=True)
        names = ("Better: raters", "Better: model")
        numbers = map(Column, ("Votes", "Model's lead"))
        columns = (*(Column(name, number=False) for name in names), *numbers)
        self.table = SortedTable("Pairs on which model and raters disagree", columns, self)
        self.table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        add_all(vertical(self, (24, 16, 24, 16), 12), row, self.summary, (self.table, 1), 0)

    def wait(self) -> None:
        self.summary.setText("Comparing the votes with the scores…")
        self.table.hide()

    def show_disagreement(self, found: RaterDisagreement, version: ModelVersion | None) -> None:
        """Show the pairs of a study, and the model's version if it belongs to the study."""
        model = "The model"
        if version is not None:
            model = f"{printable(version.name)} (version {version.version})"
        if math.isnan(found.share):
            self.summary.setText(
                f"{model} has not yet assessed both videos of any judged pair. Assess the videos first."
                if found.n_pairs
                else "No pair has been judged yet."
            )
        else:
            text = "{} and the raters agree on {} of {} pairs with assessed videos ({} pairs in all)."
            self.summary.setText(text.format(model, percent(found.share, " %"), found.n_assessed, found.n_pairs))
            n_trained = version.facts.get("pairs") if version is not None else None
            if isinstance(n_trained, int):
                warning = "It was trained on {} pairs of this study, so agreement on these is no fair test."
                self.summary.setText(f"{self.summary.text()} {warning.format(n_trained)}")
            if found.pairs:
                self.summary.setText(self.summary.text() + " " + "Click a name to see the video.")
        self.table.setVisible(bool(found.pairs))
        self.table.show_rows([self._row(disagreement) for disagreement in found.pairs])

    def _row(self, disagreement: Disagreement) -> list[Cell]:
        votes = disagreement.votes_for + disagreement.votes_against + disagreement.neither
        for_against = (disagreement.votes_for, disagreement.votes_against)
        counted = "{} to {}".format(*for_against) if votes else "by the data set"
        if disagreement.neither:
            counted += f", {disagreement.neither} saw no difference"
        return [
            Cell(printable(disagreement.better), video=disagreement.better),
            Cell(printable(disagreement.worse), video=disagreement.worse),
            Cell(counted, float(disagreement.votes_for - disagreement.votes_against)),
            Cell(f"{disagreement.lead:.2f} sd", disagreement.lead),
        ]
