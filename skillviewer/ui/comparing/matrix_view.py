"""The matrix of agreement between the models."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.comparing.compared_models import ComparedModel
from skillviewer.ui.comparing.contrast import StudyAgreement
from skillviewer.ui.comparing.numbers import number_text
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NONE, add_all, horizontal, vertical
from skillviewer.ui.widgets.plain_table import Cells, Column, PlainTable
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed

MAX_NAMED = 6  # number of models above which their names do not fit next to the numbers


def _rank(rank: float) -> str:
    return f"{rank:.0f}" if rank == int(rank) else f"{rank:.1f}"


class MatrixView(QWidget):
    """Agreement of every two models, in their scores or in their maps."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._agreement: StudyAgreement | None = None
        self._models: tuple[ComparedModel, ...] = ()
        self._theme = LIGHT
        self.measure = QComboBox(self)
        self.measure.addItem("Spearman's correlation of the scores")
        self.measure.addItem("Correlation of the maps")
        self.measure.setAccessibleName("Measure of agreement")
        self.measure.currentIndexChanged.connect(self._refresh)
        self._note = text_label("", self, muted=True)
        self.table = PlainTable("Agreement between models over the study", self)
        head = add_all(horizontal(margins=(8, 4, 8, 0)), self.measure, (self._note, 1))
        add_all(vertical(self, NONE, 4), head, (self.table, 1))

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._shade()

    def show_agreement(self, agreement: StudyAgreement | None, models: Sequence[ComparedModel]) -> None:
        self._agreement = agreement
        self._models = tuple(models)
        self._refresh()

    def _refresh(self) -> None:
        agreement = self._agreement
        titles = {model.key: (model.number, model.name) for model in self._models}
        if agreement is None or any(key not in titles for key in agreement.keys):
            self._note.setText("waiting for two models that have assessed three videos")
            self.table.fill((), ())
            return
        n = int(agreement.matrix.n_videos.min(initial=10**9)) if len(agreement.keys) else 0
        self._note.setText(f"over at least {n} videos per pair of models")
        columns = [
            Column("", number=False),
            *self._named_column,
            *(Column(titles[key][0], printable(titles[key][1])) for key in agreement.keys),
        ]
        values = self._values(agreement)
        rows = [
            Cells(
                key,
                (*titles[key][: self._offset], *(number_text(float(v)) for v in values[row])),
                tip=printable(titles[key][1]),
                tips={
                    self._offset
                    + j: f"{titles[key][1]} and {titles[other][1]}: {int(agreement.matrix.n_videos[row, j])} videos"
                    for j, other in enumerate(agreement.keys)
                },
            )
            for row, key in enumerate(agreement.keys)
        ]
        self.table.fill(columns, rows)
        self._shade()

    @property
    def _named_column(self) -> tuple[Column, ...]:
        """Return the column of names where it fits; otherwise the numbers of the panes identify the models."""
        agreement = self._agreement
        roomy = agreement is None or len(agreement.keys) <= MAX_NAMED
        return (Column("Model", number=False, fills=True),) if roomy else ()

    @property
    def _offset(self) -> int:
        return 1 + len(self._named_column)

    def _values(self, agreement: StudyAgreement) -> np.ndarray:
        return agreement.matrix.scores if self.measure.currentIndex() == 0 else agreement.matrix.maps

    def _shade(self) -> None:
        agreement = self._agreement
        if agreement is None or self.table.rowCount() != len(agreement.keys):
            return
        values = self._values(agreement)
        for (row, j), value in np.ndenumerate(values):
            item = self.table.item(row, self._offset + j)
            if item is None:
                continue
            colour = QColor(self._theme.accent)
            colour.setAlphaF(0.0 if np.isnan(value) else 0.35 * max(float(value), 0.0))
            item.setBackground(colour)
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
