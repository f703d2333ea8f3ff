"""The curves of a running training: loss and accuracy."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.finetuning.tuning_report import BatchRow, ForgettingMethod, TuningRow
from skillviewer.core.text import format_series
from skillviewer.ui.finetuning.plot_legend import PlotLegend
from skillviewer.ui.widgets.layout import NONE, add_all, vertical
from skillviewer.ui.widgets.speech import refresh_interface
from skillviewer.ui.widgets.theme import Theme

CHANCE = 50.0


class _BatchAxis(pg.AxisItem):  # type: ignore[misc]
    """Axis with ticks at whole batches only."""

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """Return the tick distances with their offsets, from large to small."""
        spacings = [(step, offset) for step, offset in super().tickSpacing(low, high, size) if step >= 1]
        return spacings or [(1.0, 0.0)]


class _Plot(pg.PlotWidget):  # type: ignore[misc]
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
        self.setMinimumHeight(120)
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
        """Show or hide the ticks of an axis: without data its numbers have no meaning."""
        self.getAxis(side).setTicks(None if are_shown else [])

    def apply_theme(self, theme: Theme) -> None:
        self.setBackground(theme.base)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(theme.line)
            axis.setTextPen(theme.muted)
            axis.setStyle(tickLength=-4, tickFont=self.font())
        # room for the numbers, so that nothing moves when the first curve comes
        self.getAxis("left").setWidth(52)
        bottom = self.getAxis("bottom")
        bottom.setHeight(self.fontMetrics().height() + bottom.style["tickTextOffset"][1])


class Curves(QWidget):
    """Loss and accuracy of a training in progress."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._old_kind = ForgettingMethod.NOTHING
        column = vertical(self, NONE, 8)
        losses = (("each batch", ""), ("smoothed", ""), ("held out", "s"))
        shares = (("held out, 95 % interval", "s"), ("known before", "t"))
        self.loss_key = PlotLegend("Loss per pair", losses, self)
        self.share_key = PlotLegend("Pairs ordered as the raters do, in %", shares, self)
        self._loss = _Plot("Loss over batches", self)
        self._share = _Plot("Accuracy over batches", self)
        for key, plot in ((self.loss_key, self._loss), (self.share_key, self._share)):
            add_all(column, key, (plot, 1))
        self._raw = self._loss.plot()
        self._smoothed = self._loss.plot(name="smoothed")
        self._held_loss = self._loss.plot(symbol="s", name="held out")
        self._bars = pg.ErrorBarItem(beam=0.0)
        self._share.addItem(self._bars)
        self._held_out = self._share.plot(symbol="s", name="held out")
        self._old = self._share.plot(symbol="t", name="known before")
        self._chance = pg.InfiniteLine(pos=CHANCE, angle=0)
        self._share.addItem(self._chance)
        self._share.setYRange(0, 100, padding=0.03)
        self._share.getPlotItem().disableAutoRange(pg.ViewBox.YAxis)
        self._stages: list[pg.InfiniteLine] = []
        self._theme: Theme | None = None
        self.clear()

    def clear(self) -> None:
        self._batches: list[BatchRow] = []
        self._rows: list[TuningRow] = []
        for line in self._stages:
            self._loss.removeItem(line)
        self._stages.clear()
        self._draw()

    def add_batch(self, row: BatchRow) -> None:
        self._batches.append(row)
        self._show_ticks()
        batches = [b.batch for b in self._batches]
        self._raw.setData(batches, [b.loss for b in self._batches])
        self._smoothed.setData(batches, [b.smoothed for b in self._batches])

    def add_epoch(self, row: TuningRow) -> None:
        begins = row.final and self._rows and not self._rows[-1].final and self._rows[-1].epoch > 0
        if begins:
            line = pg.InfiniteLine(pos=self._rows[-1].batch, angle=90, label="restart on all pairs")
            self._stages.append(line)
            self._loss.addItem(line)
            if self._theme is not None:
                self._dress_line(line, self._theme)
        self._rows.append(row)
        self._draw()

    def _show_ticks(self) -> None:
        anything = bool(self._batches or self._rows)
        self._loss.show_ticks("left", are_shown=anything)
        self._loss.show_ticks("bottom", are_shown=anything)
        self._share.show_ticks("bottom", are_shown=bool(self._rows))

    def _draw(self) -> None:
        self._show_ticks()
        batches = np.array([row.batch for row in self._rows], dtype=np.float64)
        held_out = np.array([100 * row.held_out.value for row in self._rows])
        ends = np.array([[100 * row.held_out.low, 100 * row.held_out.high] for row in self._rows]).reshape(-1, 2)
        low, high = np.where(np.isfinite(ends), ends, held_out[:, np.newaxis]).T
        if not self._batches:
            self._raw.setData([], [])
            self._smoothed.setData([], [])
        self._held_loss.setData(batches, np.array([row.held_out_loss for row in self._rows]))
        self._held_out.setData(batches, held_out)
        self._bars.setData(x=batches, y=held_out, top=high - held_out, bottom=held_out - low)
        old = np.array([100 * row.old for row in self._rows])
        is_known = self._old_kind is ForgettingMethod.PAIRS and len(old) > 0 and bool(np.isfinite(old).all())
        self._old.setData(batches if is_known else [], old if is_known else [])

    def set_old(self, kind: ForgettingMethod) -> None:
        """Set the meaning of the rows' ``old``: only accuracies are drawn."""
        self._old_kind = kind
        self.share_key.show_line(1, shown=kind is ForgettingMethod.PAIRS)
        self._draw()

    def on_theme(self, theme: Theme) -> None:
        """Apply the theme; lines also differ in width, dashes and marks."""
        self._theme = theme
        accent = QColor(theme.accent)
        text = QColor(theme.text)
        muted = QColor(theme.muted)
        faint = QColor(muted)
        faint.setAlphaF(0.75)
        for plot in (self._loss, self._share):
            plot.apply_theme(theme)
        dash = Qt.PenStyle.DashLine
        raw, smoothed = pg.mkPen(faint, width=1), pg.mkPen(text, width=2)
        held_out_pen = pg.mkPen(accent, width=2, style=dash)
        old = pg.mkPen(text, width=1, style=Qt.PenStyle.DotLine)
        for curve, pen in (
            (self._raw, raw),
            (self._smoothed, smoothed),
            (self._held_loss, held_out_pen),
            (self._held_out, held_out_pen),
            (self._old, old),
        ):
            curve.setPen(pen)
        self.loss_key.set_pens(raw, smoothed, held_out_pen)
        self.share_key.set_pens(held_out_pen, old)
        self._bars.setData(pen=pg.mkPen(accent, width=1))
        self._chance.setPen(pg.mkPen(theme.edge, width=1, style=dash))
        for curve, colour in ((self._held_loss, accent), (self._held_out, accent), (self._old, text)):
            curve.setSymbolBrush(colour)
            curve.setSymbolPen(pg.mkPen(theme.base))
            curve.setSymbolSize(7)
        for line in self._stages:
            self._dress_line(line, theme)

    def _dress_line(self, line: pg.InfiniteLine, theme: Theme) -> None:
        line.setPen(pg.mkPen(theme.edge, width=1))
        line.label.setColor(theme.muted)
        line.label.setPosition(0.06)
