"""Pairs on which the loaded model and the raters disagree; a click shows a video."""

import math

from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QWidget

from skillviewer.core.ranking.disagreements import Disagreement
from skillviewer.core.text import percent, printable
from skillviewer.data.study import ModelVersion
from skillviewer.ui.finetuning.requests import RaterDisagreement
from skillviewer.ui.widgets.layout import add_all, push_button, text_label, vertical
from skillviewer.ui.widgets.tables import Cell, SortedTable


class DisagreementPage(QWidget):
    """Pairs that the model orders differently from the raters, the largest score difference first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = text_label(self.tr("Disagreements between model and raters"), self, heading=True)
        self.back = push_button(self.tr("Back"), self)
        row = add_all(QHBoxLayout(), (title, 1), self.back)
        self.summary = text_label("", self, wrap=True)
        self.table = SortedTable(
            self.tr("Pairs on which model and raters disagree"),
            (self.tr("Better: raters"), self.tr("Better: model"), self.tr("Votes"), self.tr("Model's lead")),
            self,
        )
        self.table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        add_all(vertical(self, (24, 16, 24, 16), 12), row, self.summary, (self.table, 1), 0)

    def wait(self) -> None:
        self.summary.setText(self.tr("Comparing the votes with the scores…"))
        self.table.hide()

    def show_disagreement(self, found: RaterDisagreement, version: ModelVersion | None) -> None:
        """Show the pairs of a study, and the model's version if it belongs to the study."""
        model = self.tr("The model")
        if version is not None:
            model = self.tr("{} (version {})").format(printable(version.name), version.version)
        if math.isnan(found.share):
            self.summary.setText(
                self.tr("{} has not yet assessed both videos of any judged pair. Assess the videos first.").format(
                    model
                )
                if found.n_pairs
                else self.tr("No pair has been judged yet.")
            )
        else:
            words = self.tr("{} and the raters agree on {} of {} pairs with assessed videos ({} pairs in all).")
            self.summary.setText(words.format(model, percent(found.share, " %"), found.n_assessed, found.n_pairs))
            n_trained = version.facts.get("pairs") if version is not None else None
            if isinstance(n_trained, int):
                warning = self.tr("It was trained on {} pairs of this study, so agreement on these is no fair test.")
                self.summary.setText(f"{self.summary.text()} {warning.format(n_trained)}")
            if found.pairs:
                self.summary.setText(self.summary.text() + " " + self.tr("Click a name to see the video."))
        self.table.setVisible(bool(found.pairs))
        self.table.show_rows([self._row(disagreement) for disagreement in found.pairs])

    def _row(self, disagreement: Disagreement) -> list[Cell]:
        votes = disagreement.votes_for + disagreement.votes_against + disagreement.neither
        for_against = (disagreement.votes_for, disagreement.votes_against)
        counted = self.tr("{} to {}").format(*for_against) if votes else self.tr("by the data set")
        if disagreement.neither:
            counted += self.tr(", {} saw no difference").format(disagreement.neither)
        return [
            Cell(printable(disagreement.better), video=disagreement.better),
            Cell(printable(disagreement.worse), video=disagreement.worse),
            Cell(counted, float(disagreement.votes_for - disagreement.votes_against)),
            Cell(self.tr("{:.2f} sd").format(disagreement.lead), disagreement.lead),
        ]
