"""The score curve of one of two aligned videos, in which the parts are marked that differ."""

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.score_curve import ScoreCurve
from skillviewer.ui.inspecting.score_plot import ScorePlot
from skillviewer.ui.player.time_plot import Seek
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.widgets.signed_bar import sign_colour
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import Theme, themed

PART_OPACITY = 0.22
LARGE_TEXT_PERCENT = 130  # text size above which only the main numbers fit on the axis of a low plot


class AlignedPlot(ScorePlot):
    """A score curve with numbered parts, and a vertical scale that two curves can share."""

    min_height_px = 72

    def __init__(self, state: ViewerState, playback: Playback, seek: Seek, parent: QWidget | None = None) -> None:
        self._parts: tuple[tuple[float, float], ...] = ()
        self._regions: list[pg.LinearRegionItem] = []
        self._number_items: list[pg.TextItem] = []
        self._limits: tuple[float, float] | None = None
        super().__init__(state, playback, parent, seek=seek)
        self.getPlotItem().setContentsMargins(0, 4, 16, 0)
        self._box.sigYRangeChanged.connect(self._place_numbers)

    @property
    def parts(self) -> tuple[tuple[float, float], ...]:
        """Start and end of each marked part, in seconds."""
        return self._parts

    def set_parts(self, parts: Sequence[tuple[float, float]]) -> None:
        """Mark parts, numbered from 1; start and end in seconds."""
        if tuple(parts) == self._parts:
            return
        self._parts = tuple(parts)
        for item in (*self._regions, *self._number_items):
            self.removeItem(item)
        self._regions = []
        self._number_items = []
        for number, part in enumerate(self._parts, start=1):
            region = pg.LinearRegionItem(part, movable=False)
            region.setZValue(-30)
            number_item = pg.TextItem(str(number), anchor=(0, 0))
            number_item.setFont(self.font())
            for item in (region, number_item):
                self.addItem(item, ignoreBounds=True)
            self._regions.append(region)
            self._number_items.append(number_item)
        self._colour_parts()
        self._place_numbers()

    def set_limits(self, low: float, high: float) -> None:
        """Fix the scores at the lower and the upper end of the vertical scale."""
        self._limits = (low, high)
        self._apply_limits()

    def accessible_text(self) -> str:
        """Return the text of the curve, and the number of marked parts."""
        text = super().accessible_text()
        return f"{text} {len(self._parts)} marked parts." if self._parts else text

    @themed
    def on_theme(self, theme: Theme) -> None:
        super().on_theme(theme)
        has_large_text = scaled_px(100) > LARGE_TEXT_PERCENT
        max_text_level = 0 if has_large_text else 2
        self.getAxis("left").setStyle(maxTextLevel=max_text_level)
        self._colour_parts()

    def _draw(self, curve: ScoreCurve | None) -> None:
        super()._draw(curve)
        self._apply_limits()

    def _apply_limits(self) -> None:
        if self._limits is not None and self.curve is not None:
            self._set_score_range(*self._limits)

    def _colour_parts(self) -> None:
        line_colour = sign_colour(-1.0, self._theme)
        fill_colour = QColor(line_colour)
        fill_colour.setAlphaF(PART_OPACITY)
        for region in self._regions:
            region.setBrush(fill_colour)
            for line in region.lines:
                line.setPen(pg.mkPen(line_colour, width=1))
        for number_item in self._number_items:
            number_item.setColor(QColor(self._theme.text))

    def _place_numbers(self, *_: object) -> None:
        (_, _), (_, top) = self._box.viewRange()
        for part, number_item in zip(self._parts, self._number_items, strict=True):
            start_s = part[0]
            number_item.setPos(start_s, top)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
