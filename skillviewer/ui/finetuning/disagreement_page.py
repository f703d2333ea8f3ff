"""Pairs on which the model in use disagrees with the raters."""

import math
from collections.abc import Collection

from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QWidget

from skillviewer.core.ranking.disagreements import Disagreement
from skillviewer.core.text import counted, percent, printable
from skillviewer.data.study import ModelVersion
from skillviewer.ui.finetuning.rater_disagreement import RaterDisagreement
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import GrowingSpace, add_all, growing, push_button, vertical
from skillviewer.ui.widgets.plain_table import Column
from skillviewer.ui.widgets.sorted_table import Cell, SortedTable


class DisagreementPage(QWidget):
    """Pairs that the model orders differently from the raters, the largest score difference first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = text_label("Disagreements between model and raters", self, heading=True)
        self.back_button = push_button("Back", self)
        row = add_all(QHBoxLayout(), growing(title), self.back_button)
        self.summary_label = text_label("", self, wrap=True)
        columns = (
            Column("Better: raters", number=False),
            Column("Better: model", number=False),
            Column("Votes"),
            Column("Model's lead"),
        )
        self.pair_table = SortedTable("Pairs on which model and raters disagree", columns, self)
        self.pair_table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        add_all(
            vertical(self, margins=(24, 16, 24, 16), spacing=12),
            row,
            self.summary_label,
            growing(self.pair_table),
            GrowingSpace(factor=0),  # grows only if the table is hidden
        )

    def show_waiting(self) -> None:
        """Say that the comparison is running."""
        self.summary_label.setText("Comparing the votes with the scores…")
        self.pair_table.hide()

    def show_disagreement(self, disagreement: RaterDisagreement, version: ModelVersion | None) -> None:
        """Show the pairs of a study, and the model's version if it belongs to the study."""
        self.summary_label.setText(_summarize(disagreement, version))
        self.pair_table.setVisible(bool(disagreement.disagreements))
        self.pair_table.show_rows([_pair_row(pair, disagreement.trained_pairs) for pair in disagreement.disagreements])


def _summarize(disagreement: RaterDisagreement, version: ModelVersion | None) -> str:
    if not disagreement.n_pairs:
        return "No pair has been judged yet."
    model = "The model"
    if version is not None:
        model = f"{printable(version.name)} (version {version.number})"
    if math.isnan(disagreement.agreement_share):
        return f"{model} has not yet assessed both videos of any judged pair. Assess the videos first."
    share = percent(disagreement.agreement_share, " %")
    n_trained = len(disagreement.trained_pairs)
    if not disagreement.n_tested:
        described = f"of {counted(n_trained, 'pair')}, all of which it was trained on: this is no test"
    elif disagreement.is_training_known:
        described = f"of {counted(disagreement.n_tested, 'pair')} that it was not trained on"
        if n_trained:
            described += f"; {n_trained} more, which it was trained on, are not counted"
    else:
        described = f"of {counted(disagreement.n_tested, 'pair')}; whether it was trained on them is not known"
    sentences = [f"{model} and the raters agree on {share} {described}."]
    n_unassessed = disagreement.n_pairs - disagreement.n_assessed
    if n_unassessed:
        sentences.append(f"{counted(n_unassessed, 'more pair')} have a video without a score.")
    if disagreement.disagreements:
        sentences.append("Click a name to see the video.")
    return " ".join(sentences)


def _pair_row(pair: Disagreement, trained: Collection[tuple[str, str]]) -> list[Cell]:
    has_votes = pair.votes_for or pair.votes_against or pair.neither
    votes_text = f"{pair.votes_for} to {pair.votes_against}" if has_votes else "none: from ratings or stated pairs"
    if pair.neither:
        votes_text += f", {pair.neither} saw no difference"
    if (pair.better, pair.worse) in trained:
        votes_text += " (trained on)"
    return [
        Cell(printable(pair.better), video=pair.better),
        Cell(printable(pair.worse), video=pair.worse),
        Cell(votes_text, float(pair.votes_for - pair.votes_against)),
        Cell(f"{pair.lead:.2f} sd", pair.lead),
    ]
