"""The curves of a running training: loss and accuracy."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.finetuning.forgetting import ForgettingMethod
from skillviewer.core.finetuning.tuning_report import BatchRow, TuningRow
from skillviewer.core.text import format_series
from skillviewer.ui.finetuning.plot_legend import PlotLegend
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, growing, vertical
from skillviewer.ui.widgets.speech import refresh_interface
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import Theme

CHANCE = 50.0
MIN_PLOT_HEIGHT_PX = 120


class _BatchAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis with ticks at whole batches only."""

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """Return the tick distances with their offsets, from large to small."""
        spacings = [(step, offset) for step, offset in super().tickSpacing(low, high, size) if step >= 1]
        return spacings or [(1.0, 0.0)]


class _CurvePlot(pg.PlotWidget):  # type: ignore[misc]
    """A plot without mouse control that fits its data."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent, axisItems={"bottom": _BatchAxis("bottom")}, background=None, enableMenu=False)
        plot = self.getPlotItem()
        plot.hideButtons()
        plot.getViewBox().setMouseEnabled(x=False, y=False)
        self.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        refresh_interface(self)

    def accessible_text(self) -> str:
        """Return the named curves, each by batch."""
        sentences = []
        for curve in self.listDataItems():
            times, values = curve.getOriginalDataset()
            if curve.name() and times is not None and len(times):
                sentences.append(f"{curve.name()}: {format_series((f'{x:.0f}' for x in times), values, 3)}")
        return " ".join(sentences)

    def show_ticks(self, side: str, *, are_shown: bool) -> None:
        """Show or hide the ticks of an axis, whose numbers have no meaning without data."""
        tick_levels: list[object] | None = None if are_shown else []
        self.getAxis(side).setTicks(tick_levels)

    def apply_theme(self, theme: Theme) -> None:
        self.setBackground(theme.base)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(theme.line)
            axis.setTextPen(theme.muted)
            axis.setStyle(tickLength=-4, tickFont=self.font())
        self.setMinimumHeight(scaled_px(MIN_PLOT_HEIGHT_PX))
        # room for the numbers, so that nothing moves when the first curve is drawn
        self.getAxis("left").setWidth(scaled_px(52))
        bottom = self.getAxis("bottom")
        bottom.setHeight(self.fontMetrics().height() + bottom.style["tickTextOffset"][1])


class TrainingCurves(QWidget):
    """Loss and accuracy of a training in progress."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._forgetting_method = ForgettingMethod.NOTHING
        column = vertical(self, margins=NO_MARGINS, spacing=8)
        losses = (("each batch", ""), ("smoothed", ""), ("held out", "s"))
        shares = (("held out, 95 % interval", "s"), ("known before", "t"))
        self.loss_legend = PlotLegend("Loss per pair", losses, self)
        self.share_legend = PlotLegend("Pairs ordered as the raters do, in %", shares, self)
        self._loss_plot = _CurvePlot("Loss over batches", self)
        self._share_plot = _CurvePlot("Accuracy over batches", self)
        add_all(column, self.loss_legend, growing(self._loss_plot), self.share_legend, growing(self._share_plot))
        self._batch_curve = self._loss_plot.plot()
        self._smoothed_curve = self._loss_plot.plot(name="smoothed")
        self._held_out_loss_curve = self._loss_plot.plot(symbol="s", name="held out")
        self._interval_bars = pg.ErrorBarItem(beam=0.0)
        self._share_plot.addItem(self._interval_bars)
        self._held_out_curve = self._share_plot.plot(symbol="s", name="held out")
        self._forgetting_curve = self._share_plot.plot(symbol="t", name="known before")
        self._chance_line = pg.InfiniteLine(pos=CHANCE, angle=0)
        self._share_plot.addItem(self._chance_line)
        self._share_plot.setYRange(0, 100, padding=0.03)
        self._share_plot.getPlotItem().disableAutoRange(pg.ViewBox.YAxis)
        self._restart_lines: list[pg.InfiniteLine] = []
        self._theme: Theme | None = None
        self.clear()

    def clear(self) -> None:
        self._batch_rows: list[BatchRow] = []
        self._epoch_rows: list[TuningRow] = []
        for line in self._restart_lines:
            self._loss_plot.removeItem(line)
        self._restart_lines.clear()
        self._update_curves()

    def add_batch(self, row: BatchRow) -> None:
        """Add the losses of a batch."""
        self._batch_rows.append(row)
        self._update_ticks()
        batches = [batch_row.batch for batch_row in self._batch_rows]
        self._batch_curve.setData(batches, [batch_row.loss for batch_row in self._batch_rows])
        self._smoothed_curve.setData(batches, [batch_row.smoothed for batch_row in self._batch_rows])

    def add_epoch(self, row: TuningRow) -> None:
        """Add the accuracies after an epoch; a line marks the restart of the training on all pairs."""
        if self._epoch_rows:
            last_row = self._epoch_rows[-1]
            if row.is_final and not last_row.is_final and last_row.epoch > 0:
                self._add_restart_line(last_row.batch)
        self._epoch_rows.append(row)
        self._update_curves()

    def _add_restart_line(self, batch: int) -> None:
        line = pg.InfiniteLine(pos=batch, angle=90, label="restart on all pairs")
        self._restart_lines.append(line)
        self._loss_plot.addItem(line)
        if self._theme is not None:
            self._style_restart_line(line, self._theme)

    def _update_ticks(self) -> None:
        has_loss = bool(self._batch_rows or self._epoch_rows)
        self._loss_plot.show_ticks("left", are_shown=has_loss)
        self._loss_plot.show_ticks("bottom", are_shown=has_loss)
        self._share_plot.show_ticks("bottom", are_shown=bool(self._epoch_rows))

    def _update_curves(self) -> None:
        self._update_ticks()
        rows = self._epoch_rows
        batches = np.array([row.batch for row in rows], dtype=np.float64)
        held_out = np.array([100 * row.held_out.value for row in rows])
        low = np.array([100 * row.held_out.low for row in rows])
        high = np.array([100 * row.held_out.high for row in rows])
        low = np.where(np.isfinite(low), low, held_out)  # a bar of no length without an interval
        high = np.where(np.isfinite(high), high, held_out)
        if not self._batch_rows:
            self._batch_curve.setData([], [])
            self._smoothed_curve.setData([], [])
        self._held_out_loss_curve.setData(batches, np.array([row.held_out_loss for row in rows]))
        self._held_out_curve.setData(batches, held_out)
        self._interval_bars.setData(x=batches, y=held_out, top=high - held_out, bottom=held_out - low)
        known_before = np.array([100 * row.forgetting_value for row in rows])
        is_accuracy = self._forgetting_method is ForgettingMethod.PAIRS
        if is_accuracy and rows and np.isfinite(known_before).all():
            self._forgetting_curve.setData(batches, known_before)
        else:
            self._forgetting_curve.setData([], [])

    def set_forgetting_method(self, method: ForgettingMethod) -> None:
        """Set the meaning of ``old`` in the rows of epochs, which is drawn if it is an accuracy."""
        self._forgetting_method = method
        self.share_legend.set_line_visible(1, visible=method is ForgettingMethod.PAIRS)
        self._update_curves()

    def on_theme(self, theme: Theme) -> None:
        """Apply the theme; lines differ not only in colour but also in width, dashes and marks."""
        self._theme = theme
        accent = QColor(theme.accent)
        text = QColor(theme.text)
        faint = QColor(theme.muted)
        faint.setAlphaF(0.75)
        self._loss_plot.apply_theme(theme)
        self._share_plot.apply_theme(theme)
        batch_pen = pg.mkPen(faint, width=1)
        smoothed_pen = pg.mkPen(text, width=2)
        held_out_pen = pg.mkPen(accent, width=2, style=Qt.PenStyle.DashLine)
        forgetting_pen = pg.mkPen(text, width=1, style=Qt.PenStyle.DotLine)
        self._batch_curve.setPen(batch_pen)
        self._smoothed_curve.setPen(smoothed_pen)
        self._held_out_loss_curve.setPen(held_out_pen)
        self._held_out_curve.setPen(held_out_pen)
        self._forgetting_curve.setPen(forgetting_pen)
        self.loss_legend.set_pens(batch_pen, smoothed_pen, held_out_pen)
        self.share_legend.set_pens(held_out_pen, forgetting_pen)
        self._interval_bars.setData(pen=pg.mkPen(accent, width=1))
        self._chance_line.setPen(pg.mkPen(theme.edge, width=1, style=Qt.PenStyle.DashLine))
        for curve, colour in (
            (self._held_out_loss_curve, accent),
            (self._held_out_curve, accent),
            (self._forgetting_curve, text),
        ):
            curve.setSymbolBrush(colour)
            curve.setSymbolPen(pg.mkPen(theme.base))
            curve.setSymbolSize(7)
        for line in self._restart_lines:
            self._style_restart_line(line, theme)

    def _style_restart_line(self, line: pg.InfiniteLine, theme: Theme) -> None:
        line.setPen(pg.mkPen(theme.edge, width=1))
        line.label.setColor(theme.muted)
        line.label.setPosition(0.06)
