"""Panel with the score curves of all models, and the choice of their vertical scale."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.text import clock, format_series
from skillviewer.ui.comparing.compared_models import MIN_VIDEOS
from skillviewer.ui.comparing.curve_lines import CurveLine, LineStyle, VerticalScale, lines
from skillviewer.ui.player.time_plot import PlotPoint, TimePlot
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, growing, vertical
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed


class CurvesPlot(TimePlot):
    """The score curves of the models, each with the number of its model."""

    room = 0.045

    def __init__(self, playback: Playback, parent: QWidget | None = None) -> None:
        super().__init__(playback, parent)
        self.setAccessibleName("Scores of the models over time")
        self.lines: tuple[CurveLine, ...] = ()
        self._line_styles: Mapping[str, tuple[str, LineStyle]] = {}
        self._heights = VerticalScale.OWN
        self._theme = LIGHT
        self._plot_items: list[object] = []
        self.getPlotItem().setContentsMargins(0, 4, 12, 2)
        self.setMinimumHeight(80)
        self._zero_line = pg.InfiniteLine(angle=0, movable=False)
        self.addItem(self._zero_line)
        self.follow_playhead()

    def accessible_text(self) -> str:
        """Return the scores of every curve, by its number."""
        texts = []
        for line in self.lines:
            number, _ = self._line_styles[line.key]
            times = [clock(time_s) for time_s in line.times_s]
            texts.append(f"Curve {number}: {format_series(times, line.scores, 2)}")
        return " ".join(texts)

    def show_lines(
        self, lines: Sequence[CurveLine], line_styles: Mapping[str, tuple[str, LineStyle]], heights: VerticalScale
    ) -> None:
        self.lines = tuple(lines)
        self._line_styles = line_styles
        self._heights = heights
        self._draw()

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.apply_theme_to_axes(theme)
        self._zero_line.setPen(pg.mkPen(theme.edge, width=1))
        self._draw()

    def _draw(self) -> None:
        for item in self._plot_items:
            self.removeItem(item)
        self._plot_items = []
        has_common_scale = self._heights is VerticalScale.STANDARD and bool(self.lines)
        self.getAxis("left").setStyle(showValues=has_common_scale)
        axis_width_px = 40 if has_common_scale else 12
        self.getAxis("left").setWidth(axis_width_px)
        self._zero_line.setVisible(has_common_scale)
        low, high = self._range()
        label_heights = _spread_labels([float(line.heights[-1]) for line in self.lines], low, high)
        self._box.setYRange(low, high, padding=0)
        for line, label_height in zip(self.lines, label_heights, strict=True):
            number, line_style = self._line_styles[line.key]
            pen = line_style.pen(dark=self._theme.dark, width=2.0)
            curve = pg.PlotCurveItem(line.times_s, line.heights, pen=pen, antialias=True)
            label = pg.TextItem(number, color=pen.color(), anchor=(0, 0.5))
            label.setFont(self.font())
            label.setPos(float(line.times_s[-1]) + 0.006 * (self._stop_s - self._start_s), label_height)
            for item in (curve, label):
                self.addItem(item, ignoreBounds=True)
                self._plot_items.append(item)
        self.place_points()

    def _range(self) -> tuple[float, float]:
        """Return the lower and the upper end of the vertical axis."""
        if not self.lines:
            return -0.1, 1.1
        lowest = min(float(line.heights.min()) for line in self.lines)
        highest = max(float(line.heights.max()) for line in self.lines)
        margin = max((highest - lowest) * 0.1, 0.05)
        return lowest - margin, highest + margin

    def points_here(self) -> list[PlotPoint]:
        """Return the points of all curves at the playhead."""
        points = []
        for line in self.lines:
            index = line.at(self._playback.time_s)
            if index is not None:
                _, line_style = self._line_styles[line.key]
                colour = line_style.colour(dark=self._theme.dark)
                points.append(PlotPoint(float(line.times_s[index]), float(line.heights[index]), colour))
        return points


def _spread_labels(ends: list[float], low: float, high: float) -> list[float]:
    """Return heights of labels near the ends of the curves, such that labels do not overlap.

    Args:
        ends: Heights of the ends of the curves.
        low: Lower end of the vertical axis.
        high: Upper end of the vertical axis.
    """
    gap = (high - low) * min(0.12, 0.9 / max(len(ends), 1))
    order = np.argsort(ends, kind="stable")
    heights = np.array(ends, np.float64)
    for lower, upper in pairwise(order):
        heights[upper] = max(heights[upper], heights[lower] + gap)
    excess = heights.max(initial=low) - (high - gap / 3)
    if excess > 0:
        heights[order[-1]] -= excess
        for upper, lower in pairwise(order[::-1]):
            heights[lower] = min(heights[lower], heights[upper] - gap)
    return [float(height) for height in heights]


class CurvesPanel(QWidget):
    """The plot of the curves, with the choice of their vertical scale.

    Scores of different models are not comparable. If each model has scored enough videos of the study, the curves can
    be shown in standard deviations of its scores. Otherwise each curve has its own scale.
    """

    def __init__(self, playback: Playback, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._analyses: tuple[tuple[str, Analysis], ...] = ()
        self._scored_keys: tuple[str, ...] = ()
        self._line_styles: Mapping[str, tuple[str, LineStyle]] = {}
        self._spreads: Mapping[str, tuple[float, float]] = {}
        self.plot = CurvesPlot(playback, self)
        title = text_label("Scores", self, heading=True)
        self.scale_box = QComboBox(self)
        self.scale_box.addItem("In standard deviations", VerticalScale.STANDARD)
        self.scale_box.addItem("Each on its own scale", VerticalScale.OWN)
        self.scale_box.setToolTip(
            "Scores of different models are comparable only in standard deviations of each model's scores"
        )
        self.scale_box.setAccessibleName("Vertical scale of the curves")
        self.scale_box.activated.connect(self._on_chosen)
        self._chosen_scale = VerticalScale.STANDARD
        self._note_label = text_label("", self, muted=True)
        header = FlowLayout(gap_px=8)
        header.setContentsMargins(12, 4, 12, 0)
        for widget in (title, self.scale_box, self._note_label):
            header.addWidget(widget)
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), header, growing(self.plot))
        self.setAutoFillBackground(True)
        self.setBackgroundRole(self.palette().ColorRole.Base)
        self._draw()

    @property
    def shown_heights(self) -> VerticalScale:
        """The present vertical scale: the chosen one if it is possible."""
        return self._chosen_scale if self._is_standard_possible else VerticalScale.OWN

    @property
    def _is_standard_possible(self) -> bool:
        return bool(self._scored_keys) and all(key in self._spreads for key in self._scored_keys)

    def _on_chosen(self, _index: int) -> None:
        self._chosen_scale = VerticalScale(self.scale_box.currentData())
        self._draw()

    def show_curves(
        self,
        analyses: Sequence[tuple[str, Analysis]],
        line_styles: Mapping[str, tuple[str, LineStyle]],
        spreads: Mapping[str, tuple[float, float]],
    ) -> None:
        """Draw the curves of models. Unchanged curves are not drawn again, since this is called for every report.

        Args:
            analyses: Key of the model and analysis.
            line_styles: Number and line style of each model, by key.
            spreads: Mean and standard deviation of scores over the study, by key; only of models with enough scores.
        """
        to_draw = (tuple(analyses), line_styles, spreads)
        drawn = (self._analyses, self._line_styles, self._spreads)
        if to_draw == drawn:
            return
        self._analyses, self._line_styles, self._spreads = to_draw
        self._scored_keys = tuple(line.key for line in lines(self._analyses, VerticalScale.OWN, {}))
        self._draw()

    def _draw(self) -> None:
        heights = self.shown_heights
        self.plot.show_lines(lines(self._analyses, heights, self._spreads), self._line_styles, heights)
        self._update_choice(heights)
        note = ""
        if self._scored_keys and heights is VerticalScale.OWN:
            note = "not comparable"
        self._note_label.setText(note)
        self._note_label.setVisible(bool(note))

    def _update_choice(self, heights: VerticalScale) -> None:
        """Show the present scale, and disable standard deviations with the reason if they are not possible."""
        self.scale_box.setCurrentIndex(self.scale_box.findData(heights))
        model = self.scale_box.model()
        assert isinstance(model, QStandardItemModel)
        item = model.item(self.scale_box.findData(VerticalScale.STANDARD))
        if self._is_standard_possible or not self._scored_keys:
            item.setEnabled(True)
            item.setToolTip("")
        else:
            item.setEnabled(False)
            item.setToolTip(f"Each model must have scored {MIN_VIDEOS} videos of the study")
