"""Table of the videos on which the compared models disagree most."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.model_agreement import MIN_VIDEOS, RankDisagreement
from skillviewer.core.text import printable
from skillviewer.ui.comparing.agreement_loader import AgreementLoader
from skillviewer.ui.comparing.compared_models import ComparedModel
from skillviewer.ui.comparing.contrast import StudyAgreement
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, growing, horizontal, push_button, vertical
from skillviewer.ui.widgets.plain_table import Cells, Column, PlainTable


class DisagreementsView(QWidget):
    """The videos that the models rank most differently, and a button that assesses the other videos."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message_label = text_label("", self, muted=True, wrap=True)
        self.assess_all_button = push_button("Assess all with these models", self)
        bar = add_all(horizontal(margins=(8, 4, 8, 0)), growing(self.message_label), self.assess_all_button)
        self.table = PlainTable("Videos with the greatest disagreement between models", self)
        add_all(vertical(self, margins=NO_MARGINS, spacing=4), bar, growing(self.table))

    def show_progress(self, agreement_loader: AgreementLoader, *, busy: bool) -> None:
        """Show the number of assessed videos; ``busy`` while videos are being assessed."""
        n_models = len(agreement_loader.keys)
        n_videos = len(agreement_loader.names)
        n_shared = agreement_loader.n_shared
        of_task = " of this task" if agreement_loader.has_several_tasks else ""
        if n_models < 2:
            self.message_label.setText("Choose two models that give a score to see where they disagree.")
        elif n_shared < MIN_VIDEOS:
            message = "{} of {} videos{} are assessed by all {} models; at least {} are needed to compare ranks."
            self.message_label.setText(message.format(n_shared, n_videos, of_task, n_models, MIN_VIDEOS))
        else:
            message = "{} of {} videos{} are assessed by all {} models."
            self.message_label.setText(message.format(n_shared, n_videos, of_task, n_models))
        has_button = busy or agreement_loader.is_incomplete
        button_text = "Assessing…" if busy else "Assess all with these models"
        self.assess_all_button.setVisible(n_models > 0 and has_button)
        self.assess_all_button.setEnabled(not busy)
        self.assess_all_button.setText(button_text)

    def show_agreement(self, agreement: StudyAgreement | None, models: Sequence[ComparedModel]) -> None:
        """List the videos, those with the greatest disagreement first."""
        models_by_key = {model.key: model for model in models}
        if agreement is None or any(key not in models_by_key for key in agreement.keys):
            self.table.fill((), ())
            return
        columns = [
            Column("Video", number=False, fills=True),
            Column("Rank difference", "Greatest difference between two ranks"),
        ]
        for key in agreement.keys:
            model = models_by_key[key]
            columns.append(Column(f"Rank {model.pane_number}", printable(model.name)))
        has_enough_videos = len(agreement.disagreements) >= MIN_VIDEOS
        rows = [_cells(disagreement) for disagreement in agreement.disagreements] if has_enough_videos else []
        self.table.fill(columns, rows)


def _cells(disagreement: RankDisagreement) -> Cells:
    ranks = [_format_rank(rank) for rank in disagreement.ranks]
    return Cells(
        disagreement.video,
        (disagreement.video, _format_rank(disagreement.spread), *ranks),
        tip=f"{printable(disagreement.video)}: rank 1 is the highest of {disagreement.n_videos} scores",
    )


def _format_rank(rank: float) -> str:
    return f"{rank:.0f}" if rank == int(rank) else f"{rank:.1f}"
