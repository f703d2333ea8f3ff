"""The score curves of all models: their plot, with the choice of their vertical scale."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.text import clock, format_series
from skillviewer.ui.comparing.compared_models import MIN_VIDEOS
from skillviewer.ui.comparing.curve_lines import CurveLine, LineStyle, VerticalScale, lines
from skillviewer.ui.player.time_plot import PlotPoint, TimePlot
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.widgets.labels import ElidingLabel, text_label
from skillviewer.ui.widgets.layout import NONE, add_all, horizontal, vertical
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed


class CurvesPlot(TimePlot):
    """Curves that differ by number, dashes and lightness."""

    room = 0.045

    def __init__(self, playback: Playback, parent: QWidget | None = None) -> None:
        super().__init__(playback, parent)
        self.setAccessibleName("Scores of the models over time")
        self.lines: tuple[CurveLine, ...] = ()
        self._strokes: Mapping[str, tuple[str, LineStyle]] = {}
        self._heights = VerticalScale.OWN
        self._theme = LIGHT
        self._items: list[object] = []
        self.getPlotItem().setContentsMargins(0, 4, 12, 2)
        self.setMinimumHeight(80)
        self._zero = pg.InfiniteLine(angle=0, movable=False)
        self.addItem(self._zero)
        self.follow_playhead()

    def accessible_text(self) -> str:
        """Return the scores of every curve, by its number."""
        series = [(self._strokes[o.key][0], format_series(map(clock, o.times_s), o.scores, 2)) for o in self.lines]
        return " ".join("Curve {}: {}".format(*number_and_text) for number_and_text in series)

    def show_lines(
        self, lines: Sequence[CurveLine], strokes: Mapping[str, tuple[str, LineStyle]], heights: VerticalScale
    ) -> None:
        self.lines = tuple(lines)
        self._strokes = strokes
        self._heights = heights
        self._draw()

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.apply_theme_to_axes(theme)
        self._zero.setPen(pg.mkPen(theme.edge, width=1))
        self._draw()

    def _draw(self) -> None:
        for item in self._items:
            self.removeItem(item)
        self._items = []
        standard = self._heights is VerticalScale.STANDARD and bool(self.lines)
        self.getAxis("left").setStyle(showValues=standard)
        self.getAxis("left").setWidth(40 if standard else 12)
        self._zero.setVisible(standard)
        places = _spread_labels([float(line.heights[-1]) for line in self.lines], *self._range())
        low, high = self._range()
        self._box.setYRange(low, high, padding=0)
        for line, place in zip(self.lines, places, strict=True):
            number, stroke = self._strokes[line.key]
            pen = stroke.pen(dark=self._theme.dark, width=2.0)
            curve = pg.PlotCurveItem(line.times_s, line.heights, pen=pen, antialias=True)
            label = pg.TextItem(number, color=pen.color(), anchor=(0, 0.5))
            label.setFont(self.font())
            label.setPos(float(line.times_s[-1]) + 0.006 * (self._until - self._from), place)
            for item in (curve, label):
                self.addItem(item, ignoreBounds=True)
                self._items.append(item)
        self.place_points()

    def _range(self) -> tuple[float, float]:
        if not self.lines:
            return -0.1, 1.1
        lowest = min(float(line.heights.min()) for line in self.lines)
        highest = max(float(line.heights.max()) for line in self.lines)
        room = max((highest - lowest) * 0.1, 0.05)
        return lowest - room, highest + room

    def points_here(self) -> list[PlotPoint]:
        """Return the points of all curves at the playhead."""
        points = []
        for line in self.lines:
            index = line.at(self._playback.time_s)
            if index is not None:
                stroke = self._strokes[line.key][1]
                colour = QColor(stroke.on_dark if self._theme.dark else stroke.on_light)
                points.append(PlotPoint(float(line.times_s[index]), float(line.heights[index]), colour))
        return points


def _spread_labels(ends: list[float], low: float, high: float) -> list[float]:
    """Return label positions near the ends of the curves, such that no label covers another."""
    gap = (high - low) * min(0.12, 0.9 / max(len(ends), 1))
    order = np.argsort(ends, kind="stable")
    places = np.array(ends, np.float64)
    for before, after in pairwise(order):
        places[after] = max(places[after], places[before] + gap)
    over = places.max(initial=low) - (high - gap / 3)
    if over > 0:
        places[order[-1]] -= over
        for after, before in pairwise(order[::-1]):
            places[before] = min(places[before], places[after] - gap)
    return [float(place) for place in places]


class CurvesPanel(QWidget):
    """Plot with a line that names its vertical scale.

    Scores of different models are on different scales. Where each model has scored enough of the study, curves are in
    standard deviations of its scores; else each has a scale of its own.
    """

    def __init__(self, playback: Playback, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._analyses: tuple[tuple[str, Analysis], ...] = ()
        self._scored: tuple[str, ...] = ()
        self._strokes: Mapping[str, tuple[str, LineStyle]] = {}
        self._spreads: Mapping[str, tuple[float, float]] = {}
        self.plot = CurvesPlot(playback, self)
        title = text_label("Scores", self, heading=True)
        self.heights = QComboBox(self)
        self.heights.addItem("In standard deviations", VerticalScale.STANDARD)
        self.heights.addItem("Each on its own scale", VerticalScale.OWN)
        self.heights.setToolTip(
            "Scores of different models are comparable only in standard deviations of each model's scores"
        )
        self.heights.setAccessibleName("Vertical scale of the curves")
        self.heights.activated.connect(self._on_chosen)
        self._scale_chosen = VerticalScale.STANDARD
        self._note = ElidingLabel(self, muted=True)
        row = add_all(horizontal(margins=(12, 4, 12, 0), spacing=8), title, self.heights, (self._note, 1))
        add_all(vertical(self, NONE, 0), row, (self.plot, 1))
        self.setAutoFillBackground(True)
        self.setBackgroundRole(self.palette().ColorRole.Base)
        self._draw()

    @property
    def shown_heights(self) -> VerticalScale:
        """The vertical scale in force: the chosen one where it is possible."""
        return self._scale_chosen if self._standard_known else VerticalScale.OWN

    @property
    def _standard_known(self) -> bool:
        return bool(self._scored) and all(key in self._spreads for key in self._scored)

    def _on_chosen(self, _index: int) -> None:
        self._scale_chosen = VerticalScale(self.heights.currentData())
        self._draw()

    def show_curves(
        self,
        analyses: Sequence[tuple[str, Analysis]],
        strokes: Mapping[str, tuple[str, LineStyle]],
        spreads: Mapping[str, tuple[float, float]],
    ) -> None:
        """Draw curves of models by key; ``spreads`` are mean and standard deviation over the study, where known.

        Curves that are drawn already stay: while a whole study is assessed, this is asked for at every report.
        """
        to_draw = (tuple(analyses), strokes, spreads)
        drawn = (self._analyses, self._strokes, self._spreads)
        if to_draw == drawn:
            return
        self._analyses, self._strokes, self._spreads = to_draw
        self._scored = tuple(line.key for line in lines(self._analyses, VerticalScale.OWN, {}))
        self._draw()

    def _draw(self) -> None:
        heights = self.shown_heights
        self.plot.show_lines(lines(self._analyses, heights, self._spreads), self._strokes, heights)
        self._offer(heights)
        text = "not comparable" if self._scored and heights is VerticalScale.OWN else ""
        self._note.set_forms(text)

    def _offer(self, heights: VerticalScale) -> None:
        """Show the scale in force; a scale that is not possible is greyed and says why."""
        self.heights.setCurrentIndex(self.heights.findData(heights))
        model = self.heights.model()
        place = self.heights.findData(VerticalScale.STANDARD)
        assert isinstance(model, QStandardItemModel)
        item = model.item(place)
        item.setEnabled(self._standard_known or not self._scored)
        text = f"Each model must have scored {MIN_VIDEOS} videos of the study"
        item.setToolTip("" if item.isEnabled() else text)
