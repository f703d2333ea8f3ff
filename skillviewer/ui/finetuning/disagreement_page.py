"""Pairs on which the trained model disagrees with the raters."""

import math

from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QWidget

from skillviewer.core.ranking.disagreements import Disagreement
from skillviewer.core.text import percent, printable
from skillviewer.data.study import ModelVersion
from skillviewer.ui.finetuning.requests import RaterDisagreement
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, push_button, vertical
from skillviewer.ui.widgets.plain_table import Column
from skillviewer.ui.widgets.sorted_table import Cell, SortedTable


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

    def show_disagreement(self, result: RaterDisagreement, version: ModelVersion | None) -> None:
        """Show the pairs of a study, and the model's version if it belongs to the study."""
        model = "The model"
        if version is not None:
            model = f"{printable(version.name)} (version {version.version})"
        if math.isnan(result.share):
            self.summary.setText(
                f"{model} has not yet assessed both videos of any judged pair. Assess the videos first."
                if result.n_pairs
                else "No pair has been judged yet."
            )
        else:
            text = "{} and the raters agree on {} of {} pairs with assessed videos ({} pairs in all)."
            self.summary.setText(text.format(model, percent(result.share, " %"), result.n_assessed, result.n_pairs))
            n_trained = version.facts.get("pairs") if version is not None else None
            if isinstance(n_trained, int):
                warning = "It was trained on {} pairs of this study, so agreement on these is no fair test."
                self.summary.setText(f"{self.summary.text()} {warning.format(n_trained)}")
            if result.pairs:
                self.summary.setText(self.summary.text() + " " + "Click a name to see the video.")
        self.table.setVisible(bool(result.pairs))
        self.table.show_rows([self._row(disagreement) for disagreement in result.pairs])

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
