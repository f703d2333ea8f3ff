"""Matrix of the agreement between the models."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.comparing.compared_models import ComparedModel
from skillviewer.ui.comparing.contrast import StudyAgreement
from skillviewer.ui.comparing.numbers import number_text
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.labels import ElidingLabel
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, growing, vertical
from skillviewer.ui.widgets.plain_table import Cells, Column, PlainTable
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed

MAX_NAMED = 6  # number of models whose names fit next to the numbers
TIGHT_CELLS = "QHeaderView::section { padding: 6px 2px; } QTableView::item { padding: 0; }"  # for nine models
MIN_BOX_PX = 160
MAX_SHADE_ALPHA = 0.35  # opacity of the colour behind an agreement of 1


class MatrixView(QWidget):
    """Table of the agreement of every two models, in their scores or in their maps."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._agreement: StudyAgreement | None = None
        self._models: tuple[ComparedModel, ...] = ()
        self._theme = LIGHT
        self.measure_box = QComboBox(self)
        self.measure_box.addItem("Spearman's correlation of the scores")
        self.measure_box.addItem("Correlation of the maps")
        self.measure_box.setAccessibleName("Measure of agreement")
        self.measure_box.currentIndexChanged.connect(self._refresh)
        self.measure_box.setMinimumWidth(MIN_BOX_PX)
        self._note_label = ElidingLabel(self, muted=True)
        self.table = PlainTable("Agreement between models over the study", self)
        head = FlowLayout(gap_px=8)
        head.setContentsMargins(8, 4, 8, 0)
        for widget in (self.measure_box, self._note_label):
            head.addWidget(widget)
        add_all(vertical(self, margins=NO_MARGINS, spacing=4), head, growing(self.table))

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
        models_by_key = {model.key: model for model in self._models}
        if agreement is None or any(key not in models_by_key for key in agreement.keys):
            self._note_label.set_forms("waiting for two models that have assessed three videos")
            self.table.fill((), ())
            return
        models = [models_by_key[key] for key in agreement.keys]
        n_videos = agreement.matrix.n_videos
        min_videos = int(n_videos.min(initial=10**9)) if models else 0
        self._note_label.set_forms(f"over at least {min_videos} videos per pair of models")
        columns = [Column("", number=False)]
        if self._has_names:
            columns.append(Column("Model", number=False, fills=True))
        columns += [Column(model.pane_number, printable(model.name)) for model in models]
        values = self._values(agreement)
        rows = []
        for row, model in enumerate(models):
            titles = (model.pane_number, model.name) if self._has_names else (model.pane_number,)
            numbers = [number_text(float(value)) for value in values[row]]
            tips = {
                self._n_title_columns + j: f"{model.name} and {other.name}: {int(n_videos[row, j])} videos"
                for j, other in enumerate(models)
            }
            rows.append(Cells(model.key, (*titles, *numbers), tip=printable(model.name), tips=tips))
        style_sheet = "" if self._has_names else TIGHT_CELLS
        self.table.setStyleSheet(style_sheet)
        self.table.fill(columns, rows)
        self._shade()

    @property
    def _has_names(self) -> bool:
        """True if the names of the models fit; else the numbers of their panes identify them."""
        return self._agreement is None or len(self._agreement.keys) <= MAX_NAMED

    @property
    def _n_title_columns(self) -> int:
        """Number of columns before the matrix."""
        return 2 if self._has_names else 1

    def _values(self, agreement: StudyAgreement) -> np.ndarray:
        return agreement.matrix.scores if self.measure_box.currentIndex() == 0 else agreement.matrix.maps

    def _shade(self) -> None:
        agreement = self._agreement
        if agreement is None or self.table.rowCount() != len(agreement.keys):
            return
        values = self._values(agreement)
        for (row, j), value in np.ndenumerate(values):
            item = self.table.item(row, self._n_title_columns + j)
            if item is None:
                continue
            agreement_share = 0.0 if np.isnan(value) else max(float(value), 0.0)
            colour = QColor(self._theme.accent)
            colour.setAlphaF(MAX_SHADE_ALPHA * agreement_share)
            item.setBackground(colour)
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
