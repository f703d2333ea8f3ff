"""Tabs with the tables of the Compare screen."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabWidget, QWidget

from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.comparing.agreement_loader import AgreementLoader
from skillviewer.ui.comparing.compared_models import ComparedModel
from skillviewer.ui.comparing.contrast import Contrast
from skillviewer.ui.comparing.disagreements_view import DisagreementsView
from skillviewer.ui.comparing.matrix_view import MatrixView
from skillviewer.ui.comparing.model_set import ModelSet
from skillviewer.ui.comparing.numbers import ModelsView, NumbersView

NARROW_CELLS = "QHeaderView::section { padding: 6px 5px; } QTableView::item { padding: 0 5px; }"


class NumbersColumn(QTabWidget):
    """Tabs of five tables: numbers at the frame and over the video, models, disagreements and agreement."""

    second_chosen = Signal(str)  # key of the model with which the first one is to be compared
    video_chosen = Signal(str)  # name of a video of the study

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.setStyleSheet(NARROW_CELLS)
        self.setMinimumWidth(280)
        self.frame_numbers_view = NumbersView(over_video=False, parent=self)
        self.video_numbers_view = NumbersView(over_video=True, parent=self)
        self.models_view = ModelsView(self)
        self.disagreements_view = DisagreementsView(self)
        self.matrix_view = MatrixView(self)
        for view, title in (
            (self.frame_numbers_view, "This frame"),
            (self.video_numbers_view, "This video"),
            (self.models_view, "Models"),
            (self.disagreements_view, "Disagreement"),
            (self.matrix_view, "Agreement"),
        ):
            self.addTab(view, title)
        for table in (self.frame_numbers_view.table, self.video_numbers_view.table, self.models_view.table):
            table.row_chosen.connect(self.second_chosen)
            actions.attach_player(table, lists=True)
        self.disagreements_view.table.row_chosen.connect(self.video_chosen)
        actions.attach_player(self.disagreements_view.table, self.matrix_view.table, lists=True)

    def set_frame(self, frame_index: int) -> None:
        self.frame_numbers_view.set_frame(frame_index)

    def show_numbers(
        self,
        rows: tuple[ComparedModel, ...],
        contrast: Contrast | None,
        models: ModelSet,
        agreement_loader: AgreementLoader,
        frame_index: int,
    ) -> None:
        """Fill all tables."""
        for view in (self.frame_numbers_view, self.video_numbers_view):
            view.show_contrast(contrast, rows)
        self.set_frame(frame_index)
        lacks_evidence = any(
            row.complete_analysis is not None and row.evidence is None and not row.is_uniform for row in rows
        )
        self.models_view.show_rows(rows, measurable=lacks_evidence and not models.is_busy)
        self.disagreements_view.show_progress(agreement_loader, busy=models.is_busy)
        self.disagreements_view.show_agreement(agreement_loader.agreement, rows)
        self.matrix_view.show_agreement(agreement_loader.agreement, rows)
