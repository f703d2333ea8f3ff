"""The list of the parts in which a video loses most against a better one."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QListWidget, QListWidgetItem, QWidget

from skillviewer.core.explanation.alignment import ScoreGap
from skillviewer.core.text import clock, signed
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import Theme, themed

N_LINES = 3
"""Number of lines of a part: times, lengths and changes of the score."""


class GapList(QListWidget):
    """Numbered parts; a click or Enter plays one."""

    play_asked = Signal(int)  # index of the part

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Parts where this video loses most")
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFont(QApplication.font())  # lists have another font by default
        self.setProperty("letters", "plain")
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # the page around it scrolls
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.itemClicked.connect(self._on_item)
        self.itemActivated.connect(self._on_item)

    def set_gaps(self, gaps: tuple[ScoreGap, ...], digits: int) -> None:
        """Show parts, with scores of so many decimals."""
        self.clear()
        for number, gap in enumerate(gaps, start=1):
            times = f"{number}   {clock(gap.start_s)} – {clock(gap.stop_s)}"
            length_s = gap.stop_s - gap.start_s
            other_length_s = gap.other_stop_s - gap.other_start_s
            lengths = f"{length_s:.1f} s; in the better video {other_length_s:.1f} s"
            change = signed(gap.change, digits)
            other_change = signed(gap.other_change, digits)
            changes = f"score {change}; in the better video {other_change}"
            list_item = QListWidgetItem(f"{times}\n{lengths}\n{changes}")
            list_item.setToolTip(f"Play this part: it {gap.text(digits)}")
            self.addItem(list_item)
        self._fit_height()

    @themed
    def on_theme(self, _theme: Theme) -> None:
        self._fit_height()

    def _fit_height(self) -> None:
        """Fit the rows to the text size, and the list to its rows."""
        row_px = N_LINES * QFontMetrics(QApplication.font()).lineSpacing() + scaled_px(12)
        for row in range(self.count()):
            self.item(row).setSizeHint(QSize(10, row_px))
        self.setFixedHeight(self.count() * row_px + 4)

    def _on_item(self, list_item: QListWidgetItem) -> None:
        self.play_asked.emit(self.row(list_item))
