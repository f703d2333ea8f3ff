"""Agreement of the models over the study: the videos with the greatest disagreement, and a matrix."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QTabWidget, QWidget

from skillviewer.core.analysis.model_agreement import MIN_VIDEOS
from skillviewer.core.text import printable
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.comparing.compared_models import ComparedModel, Contrast, StudyAgreement
from skillviewer.ui.comparing.comparisons import AgreementLoader
from skillviewer.ui.comparing.model_set import ModelSet
from skillviewer.ui.comparing.numbers import ModelsView, NumbersView, number_text
from skillviewer.ui.widgets.layout import NONE, add_all, horizontal, push_button, text_label, vertical
from skillviewer.ui.widgets.tables import Cells, Column, PlainTable
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed

MAX_NAMED = 6  # number of models above which their names do not fit next to the numbers


class DisagreementsView(QWidget):
    """The videos that the models rank most differently, and the button that assesses the rest.

    A click opens a video.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message = text_label("", self, muted=True, wrap=True)
        self.assess_all = push_button("Assess all with these models", self)
        bar = add_all(horizontal(margins=(8, 4, 8, 0)), (self.message, 1), self.assess_all)
        self.table = PlainTable("Videos with the greatest disagreement between models", self)
        add_all(vertical(self, NONE, 4), bar, (self.table, 1))

    def show_progress(self, studying: AgreementLoader, *, busy: bool) -> None:
        """Show how many of the study's videos are assessed; ``busy`` while they are."""
        n_models, n_videos, n_shared = len(studying.keys), len(studying.names), studying.n_shared
        if n_models < 2:
            self.message.setText("Choose two models that give a score to see where they disagree.")
        elif n_shared < MIN_VIDEOS:
            message = "{} of {} videos are assessed by all {} models; at least {} are needed to compare ranks."
            self.message.setText(message.format(n_shared, n_videos, n_models, MIN_VIDEOS))
        else:
            message = "{} of {} videos are assessed by all {} models."
            self.message.setText(message.format(n_shared, n_videos, n_models))
        self.assess_all.setVisible(n_models > 0 and (studying.missing or busy))
        self.assess_all.setEnabled(not busy)
        self.assess_all.setText("Assessing…" if busy else "Assess all with these models")

    def show_agreement(self, agreement: StudyAgreement | None, models: Sequence[ComparedModel]) -> None:
        """Show the videos, greatest disagreement first."""
        named = {model.key: (model.number, model.name) for model in models}
        if agreement is None or any(key not in named for key in agreement.keys):
            self.table.fill((), ())
            return
        columns = [
            Column("Video", number=False, fills=True),
            Column("Rank difference", "Greatest difference between two ranks"),
            *(Column(f"Rank {named[key][0]}", printable(named[key][1])) for key in agreement.keys),
        ]
        rows = [
            Cells(
                disagreement.video,
                (disagreement.video, _rank(disagreement.spread), *(_rank(rank) for rank in disagreement.ranks)),
                tip=f"{printable(disagreement.video)}: rank 1 is the highest of {disagreement.n_videos} scores",
            )
            for disagreement in (agreement.disagreements if len(agreement.disagreements) >= MIN_VIDEOS else ())
        ]
        self.table.fill(columns, rows)


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
        self._agreement, self._models = agreement, tuple(models)
        self._refresh()

    def _refresh(self) -> None:
        found = self._agreement
        named = {model.key: (model.number, model.name) for model in self._models}
        if found is None or any(key not in named for key in found.keys):
            self._note.setText("waiting for two models that have assessed three videos")
            self.table.fill((), ())
            return
        n = int(found.matrix.n_videos.min(initial=10**9)) if len(found.keys) else 0
        self._note.setText(f"over at least {n} videos per pair of models")
        columns = [
            Column("", number=False),
            *self._named_column,
            *(Column(named[key][0], printable(named[key][1])) for key in found.keys),
        ]
        values = self._values(found)
        rows = [
            Cells(
                key,
                (*named[key][: self._offset], *(number_text(float(v)) for v in values[at])),
                tip=printable(named[key][1]),
                tips={
                    self._offset
                    + j: f"{named[key][1]} and {named[other][1]}: {int(found.matrix.n_videos[at, j])} videos"
                    for j, other in enumerate(found.keys)
                },
            )
            for at, key in enumerate(found.keys)
        ]
        self.table.fill(columns, rows)
        self._shade()

    @property
    def _named_column(self) -> tuple[Column, ...]:
        """Return the column of names where it fits; otherwise the numbers of the panes identify the models."""
        found = self._agreement
        roomy = found is None or len(found.keys) <= MAX_NAMED
        return (Column("Model", number=False, fills=True),) if roomy else ()

    @property
    def _offset(self) -> int:
        return 1 + len(self._named_column)

    def _values(self, found: StudyAgreement) -> np.ndarray:
        return found.matrix.scores if self.measure.currentIndex() == 0 else found.matrix.maps

    def _shade(self) -> None:
        found = self._agreement
        if found is None or self.table.rowCount() != len(found.keys):
            return
        values = self._values(found)
        for (at, j), value in np.ndenumerate(values):
            item = self.table.item(at, self._offset + j)
            if item is None:
                continue
            colour = QColor(self._theme.accent)
            colour.setAlphaF(0.0 if np.isnan(value) else 0.35 * max(float(value), 0.0))
            item.setBackground(colour)
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


STYLE = """
QTabBar::tab {{ border: none; border-bottom: 2px solid transparent; padding: 6px 8px; color: {theme.muted};
  background: transparent; }}
QTabBar::tab:selected {{ color: {theme.text}; border-bottom-color: {theme.accent}; }}
QTabBar::tab:hover {{ color: {theme.text}; }}
QTabBar::tab:focus {{ color: {theme.accent}; }}
QTabWidget::pane {{ border: none; }}
QHeaderView::section {{ padding: 6px 5px; }}
QTableView::item {{ padding: 0 5px; }}
"""


class NumbersColumn(QTabWidget):
    """Five tables on tabs."""

    second_chosen = Signal(str)  # key of the model to compare the first one with
    video_chosen = Signal(str)  # name of a video of the study

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.setMinimumWidth(280)
        self.frame_numbers = NumbersView(over_video=False, parent=self)
        self.video_numbers = NumbersView(over_video=True, parent=self)
        self.models = ModelsView(self)
        self.disagreements, self.matrix = DisagreementsView(self), MatrixView(self)
        for view, message in (
            (self.frame_numbers, "This frame"),
            (self.video_numbers, "This video"),
            (self.models, "Models"),
            (self.disagreements, "Disagreement"),
            (self.matrix, "Agreement"),
        ):
            self.addTab(view, message)
        for table in (self.frame_numbers.table, self.video_numbers.table, self.models.table):
            table.row_chosen.connect(self.second_chosen)
            actions.attach_player(table, lists=True)
        self.disagreements.table.row_chosen.connect(self.video_chosen)
        actions.attach_player(self.disagreements.table, self.matrix.table, lists=True)

    @themed
    def on_theme(self, theme: Theme) -> None:
        self.setStyleSheet(STYLE.format(theme=theme))

    def set_frame(self, frame_index: int) -> None:
        self.frame_numbers.set_frame(frame_index)

    def show_numbers(
        self,
        rows: tuple[ComparedModel, ...],
        contrast: Contrast | None,
        models: ModelSet,
        studying: AgreementLoader,
        frame_index: int,
    ) -> None:
        for view in (self.frame_numbers, self.video_numbers):
            view.show_contrast(contrast, rows)
        self.set_frame(frame_index)
        measurable = any(row.whole is not None and row.evidence is None and not row.is_uniform for row in rows)
        self.models.show_rows(rows, measurable=measurable and not models.busy)
        self.disagreements.show_progress(studying, busy=models.busy)
        self.disagreements.show_agreement(studying.agreement, rows)
        self.matrix.show_agreement(studying.agreement, rows)
