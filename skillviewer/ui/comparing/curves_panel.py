"""The score curves of all models, with the choice of their vertical scale."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.ui.comparing.curve_style import Heights, Stroke, lines
from skillviewer.ui.comparing.curves_plot import CurvesPlot
from skillviewer.ui.comparing.results import MIN_VIDEOS
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.widgets.layout import NONE, as_tip, horizontal, text_label, vertical


class CurvesPanel(QWidget):
    """Plot with a line that names its vertical scale.

    Scores of different models are on different scales. Where each model has scored enough of the study, curves are in
    standard deviations of its scores; else each has a scale of its own.
    """

    def __init__(self, playback: Playback, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._analyses: tuple[tuple[str, Analysis], ...] = ()
        self._strokes: Mapping[str, tuple[str, Stroke]] = {}
        self._spreads: Mapping[str, tuple[float, float]] = {}
        self.plot = CurvesPlot(playback, self)
        title = text_label(self.tr("Scores"), self, heading=True)
        self.heights = QComboBox(self)
        self.heights.addItem(self.tr("In standard deviations"), Heights.STANDARD)
        self.heights.addItem(self.tr("Each on its own scale"), Heights.OWN)
        self.heights.setToolTip(
            self.tr("Scores of different models are comparable only in standard deviations of each model's scores")
        )
        self.heights.setAccessibleName(self.tr("Vertical scale of the curves"))
        self.heights.activated.connect(self._on_chosen)
        self._wanted = Heights.STANDARD
        self._note = text_label("", self, muted=True)
        self._note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = horizontal(margins=(12, 4, 12, 0), spacing=8)
        row.addWidget(title)
        row.addWidget(self.heights)
        row.addWidget(self._note, 1)
        column = vertical(self, NONE, 0)
        column.addLayout(row)
        column.addWidget(self.plot, 1)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(self.palette().ColorRole.Base)

    @property
    def note(self) -> str:
        """The vertical scale in words."""
        return self._note.text()

    @property
    def shown_heights(self) -> Heights:
        """The vertical scale in force: the chosen one where it is possible."""
        return self._wanted if self._standard_known else Heights.OWN

    @property
    def _standard_known(self) -> bool:
        return bool(self._scored) and all(key in self._spreads for key in self._scored)

    @Slot(int)
    def _on_chosen(self, _index: int) -> None:
        self._wanted = Heights(self.heights.currentData())
        self._draw()

    @property
    def _scored(self) -> tuple[str, ...]:
        return tuple(line.key for line in lines(self._analyses, Heights.OWN, {}))

    def show_curves(
        self,
        analyses: Sequence[tuple[str, Analysis]],
        strokes: Mapping[str, tuple[str, Stroke]],
        spreads: Mapping[str, tuple[float, float]],
    ) -> None:
        """Draw curves.

        Args:
            analyses: Analyses by key of the model, whole or so far.
            strokes: Number and stroke of each model.
            spreads: Mean and standard deviation of the scores over the study, where they are known.
        """
        self._analyses, self._strokes, self._spreads = tuple(analyses), strokes, spreads
        self._draw()

    def _draw(self) -> None:
        heights = self.shown_heights
        self.plot.show_lines(lines(self._analyses, heights, self._spreads), self._strokes, heights)
        self._offer(heights)
        words = self.tr("not comparable") if self._scored and heights is Heights.OWN else ""
        self._note.setText(words)
        self._note.setToolTip(as_tip(words))

    def _offer(self, heights: Heights) -> None:
        """Show the scale in force; a scale that is not possible is greyed and says why."""
        self.heights.setCurrentIndex(self.heights.findData(heights))
        model, at = self.heights.model(), self.heights.findData(Heights.STANDARD)
        assert isinstance(model, QStandardItemModel)
        item = model.item(at)
        item.setEnabled(self._standard_known or not self._scored)
        words = self.tr("Each model must have scored {} videos of the study").format(MIN_VIDEOS)
        item.setToolTip("" if item.isEnabled() else words)
