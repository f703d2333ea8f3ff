"""Splitter whose parts are below each other if they do not fit next to each other."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget, QWidgetItem

from skillviewer.ui.widgets.text_scaling import scaled_px

SIZE_AT_FIRST_PX = 240  # of a part with a weight of 1, until the splitter is shown


class TurningSplitter(QSplitter):
    """A horizontal splitter that turns vertical if it is narrow.

    Args:
        widgets: Its parts, which cannot be collapsed.
        factors: Weights by which they grow.
        min_width_px: Width below which it turns, for text of the default size.
        parent: Its parent.
    """

    def __init__(self, widgets: Sequence[QWidget], factors: Sequence[int], min_width_px: int, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setChildrenCollapsible(False)
        self._parts = tuple(widgets)
        self._factors = tuple(factors)
        self._min_width_px = min_width_px
        for index, widget in enumerate(widgets):
            self.addWidget(widget)
            self.setStretchFactor(index, factors[index])
        self.setSizes([SIZE_AT_FIRST_PX * factor for factor in factors])

    def _min_widths_px(self) -> list[int]:
        return [QWidgetItem(part).minimumSize().width() for part in self._parts]

    def _turn(self) -> None:
        needed_px = sum(self._min_widths_px()) + self.handleWidth() * (self.count() - 1)
        fits = max(needed_px, scaled_px(self._min_width_px)) <= self.width()
        orientation = Qt.Orientation.Horizontal if fits else Qt.Orientation.Vertical
        if orientation is self.orientation():
            return
        self.setOrientation(orientation)
        length_px = self.width() if fits else self.height()
        self.setSizes([length_px * factor // sum(self._factors) for factor in self._factors])
        self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        """Return the width of the widest part, since the splitter can turn."""
        width_px = max(self._min_widths_px(), default=0)
        height_px = super().minimumSizeHint().height()
        return QSize(width_px, height_px)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._turn()
        super().resizeEvent(event)
