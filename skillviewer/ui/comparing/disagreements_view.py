"""The videos on which the compared models disagree most."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.model_agreement import MIN_VIDEOS
from skillviewer.core.text import printable
from skillviewer.ui.comparing.agreement_loader import AgreementLoader
from skillviewer.ui.comparing.compared_models import ComparedModel
from skillviewer.ui.comparing.contrast import StudyAgreement
from skillviewer.ui.comparing.matrix_view import _rank
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NONE, add_all, horizontal, push_button, vertical
from skillviewer.ui.widgets.plain_table import Cells, Column, PlainTable


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
        n_models = len(studying.keys)
        n_videos = len(studying.names)
        n_shared = studying.n_shared
        of_task = " of this task" if studying.one_of_several_tasks else ""
        if n_models < 2:
            self.message.setText("Choose two models that give a score to see where they disagree.")
        elif n_shared < MIN_VIDEOS:
            message = "{} of {} videos{} are assessed by all {} models; at least {} are needed to compare ranks."
            self.message.setText(message.format(n_shared, n_videos, of_task, n_models, MIN_VIDEOS))
        else:
            message = "{} of {} videos{} are assessed by all {} models."
            self.message.setText(message.format(n_shared, n_videos, of_task, n_models))
        self.assess_all.setVisible(n_models > 0 and (studying.missing or busy))
        self.assess_all.setEnabled(not busy)
        self.assess_all.setText("Assessing…" if busy else "Assess all with these models")

    def show_agreement(self, agreement: StudyAgreement | None, models: Sequence[ComparedModel]) -> None:
        """Show the videos, greatest disagreement first."""
        titles = {model.key: (model.number, model.name) for model in models}
        if agreement is None or any(key not in titles for key in agreement.keys):
            self.table.fill((), ())
            return
        columns = [
            Column("Video", number=False, fills=True),
            Column("Rank difference", "Greatest difference between two ranks"),
            *(Column(f"Rank {titles[key][0]}", printable(titles[key][1])) for key in agreement.keys),
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
