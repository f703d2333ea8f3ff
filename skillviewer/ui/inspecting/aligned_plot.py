"""The score curve of one of two aligned videos, with the parts marked in which they differ."""

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.score_curve import ScoreCurve
from skillviewer.ui.inspecting.score_plot import STRIP, ScorePlot
from skillviewer.ui.player.time_plot import Seek
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.widgets.signed_bar import sign_colour
from skillviewer.ui.widgets.theme import Theme, by_text, themed

PART_OPACITY = 0.22
LARGE_PERCENT = 130  # with larger letters only the main numbers fit on the axis of a low plot


class AlignedPlot(ScorePlot):
    """A score curve with numbered parts, on a vertical scale that it can share with another curve."""

    least_px = 72

    def __init__(self, state: ViewerState, playback: Playback, seek: Seek, parent: QWidget | None = None) -> None:
        self._parts: tuple[tuple[float, float], ...] = ()
        self._regions: list[pg.LinearRegionItem] = []
        self._numbers: list[pg.TextItem] = []
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
        for item in (*self._regions, *self._numbers):
            self.removeItem(item)
        self._regions = []
        self._numbers = []
        for number, part in enumerate(self._parts, start=1):
            region = pg.LinearRegionItem(part, movable=False)
            region.setZValue(-30)
            text = pg.TextItem(str(number), anchor=(0, 0))
            text.setFont(self.font())
            for item in (region, text):
                self.addItem(item, ignoreBounds=True)
            self._regions.append(region)
            self._numbers.append(text)
        self._colour_parts()
        self._place_numbers()

    def set_limits(self, low: float, high: float) -> None:
        """Show these scores from the foot to the top, whatever the curve needs."""
        self._limits = (low, high)
        self._apply_limits()

    def accessible_text(self) -> str:
        """Return the curve in words, and how many parts are marked."""
        marked = f" {len(self._parts)} marked parts." if self._parts else ""
        return super().accessible_text() + marked

    @themed
    def on_theme(self, theme: Theme) -> None:
        super().on_theme(theme)
        self.getAxis("left").setStyle(maxTextLevel=0 if by_text(100) > LARGE_PERCENT else 2)
        self._colour_parts()

    def _draw(self, curve: ScoreCurve | None) -> None:
        super()._draw(curve)
        self._apply_limits()

    def _apply_limits(self) -> None:
        if self._limits is not None and self.curve is not None:
            low, high = self._limits
            self._box.setYRange(low - (high - low) * STRIP / (1 - STRIP), high, padding=0)

    def _colour_parts(self) -> None:
        colour = sign_colour(-1.0, self._theme)
        ground = QColor(colour)
        ground.setAlphaF(PART_OPACITY)
        for region, text in zip(self._regions, self._numbers, strict=True):
            region.setBrush(ground)
            for line in region.lines:
                line.setPen(pg.mkPen(colour, width=1))
            text.setColor(QColor(self._theme.text))

    def _place_numbers(self, *_: object) -> None:
        top = self._box.viewRange()[1][1]
        for (start_s, _stop_s), text in zip(self._parts, self._numbers, strict=True):
            text.setPos(start_s, top)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
