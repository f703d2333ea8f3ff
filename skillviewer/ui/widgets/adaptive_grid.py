"""Grid with two arrangements, one for a wide and one for a narrow widget."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget, QWidgetItem

from skillviewer.ui.widgets.layout import NO_MARGINS, Margins


@dataclass(frozen=True, slots=True)
class Place:
    """A widget and its place in a grid."""

    widget: QWidget
    row: int
    column: int
    n_columns: int = 1
    min_width_px: int = 0  # width below which the widget does not fit, for a text that could wrap to very short lines


def _min_width_px(place: Place) -> int:
    min_size = QWidgetItem(place.widget).minimumSize()
    return max(min_size.width(), place.min_width_px)


class AdaptiveGrid(QWidget):
    """A widget whose parts are arranged in one way if they fit its width, else in another way.

    Its minimum width is the width of the narrow arrangement.
    """

    arranged = Signal(bool)  # whether the parts are now arranged in the narrow way

    def __init__(self, parent: QWidget, margins: Margins = NO_MARGINS, spacing: int = 8) -> None:
        super().__init__(parent)
        self._wide_places: tuple[Place, ...] = ()
        self._narrow_places: tuple[Place, ...] = ()
        self._factors: dict[bool, Sequence[int]] = {}  # growth factors of the columns; the key is True if narrow
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(*margins)
        self._grid.setSpacing(spacing)
        self.is_narrow: bool | None = None  # None until the parts are arranged

    def set_arrangements(
        self,
        wide: Sequence[Place],
        narrow: Sequence[Place],
        *,
        wide_factors: Sequence[int],
        narrow_factors: Sequence[int],
    ) -> None:
        """Set both arrangements of the same widgets, and the growth factors of the columns in each."""
        self._wide_places = tuple(wide)
        self._narrow_places = tuple(narrow)
        self._factors = {False: tuple(wide_factors), True: tuple(narrow_factors)}
        self._arrange()

    def _row_width_px(self, places: Sequence[Place]) -> int:
        """Return the width of the widest row of an arrangement."""
        rows: dict[int, list[int]] = {}
        for place in places:
            if not place.widget.isHidden():
                rows.setdefault(place.row, []).append(_min_width_px(place))
        gap_px = self._grid.horizontalSpacing()
        margins = self._grid.contentsMargins()
        widest_px = max((sum(widths) + gap_px * (len(widths) - 1) for widths in rows.values()), default=0)
        return widest_px + margins.left() + margins.right()

    def _arrange(self) -> None:
        if not self._wide_places:
            return
        is_narrow = self._row_width_px(self._wide_places) > self.width()
        if is_narrow == self.is_narrow:
            return
        self.is_narrow = is_narrow
        places = self._narrow_places if is_narrow else self._wide_places
        for place in places:
            self._grid.removeWidget(place.widget)
        for place in places:
            self._grid.addWidget(place.widget, place.row, place.column, 1, place.n_columns)
        factors = self._factors[is_narrow]
        for column in range(self._grid.columnCount()):
            factor = factors[column] if column < len(factors) else 0
            self._grid.setColumnStretch(column, factor)
        self.updateGeometry()
        self.arranged.emit(is_narrow)

    def minimumSizeHint(self) -> QSize:
        """Return the width of the narrow arrangement, and the height of the present arrangement."""
        height_px = super().minimumSizeHint().height()
        return QSize(self._row_width_px(self._narrow_places), height_px)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def event(self, event: QEvent) -> bool:
        """Arrange the parts again if one of them needs another size."""
        is_handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._arrange()
        return is_handled
