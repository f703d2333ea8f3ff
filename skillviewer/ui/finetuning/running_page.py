"""The page of a running training, with its curves."""

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFormLayout, QLabel, QProgressBar, QSizePolicy, QWidget

from skillviewer.core.finetuning.tuning_report import BatchRow, ForgettingMethod, TuningRow
from skillviewer.core.progress import Progress
from skillviewer.core.text import format_duration, format_series, percent
from skillviewer.ui.finetuning.requests import with_interval
from skillviewer.ui.finetuning.tuning import TuningController, TuningPhase
from skillviewer.ui.widgets.colour_bar import ask_again
from skillviewer.ui.widgets.form import DiscardButton
from skillviewer.ui.widgets.layout import NONE, add_all, horizontal, named, push_button, text_label, vertical
from skillviewer.ui.widgets.theme import Theme, by_text

SWATCH_PX = QSize(24, 14)
MARK_PX = 3.0


class Swatch(QWidget):
    """A sample of a line, with the mark of its points: ``s`` for a square, ``t`` for a triangle, or ""."""

    def __init__(self, mark: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._mark = mark
        self._pen = QPen(Qt.GlobalColor.gray)
        self.setFixedSize(SWATCH_PX)

    def set_pen(self, pen: QPen) -> None:
        self._pen = pen
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF(self.width() / 2, self.height() / 2)
        painter.setPen(self._pen)
        painter.drawLine(QPointF(0, middle.y()), QPointF(self.width(), middle.y()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._pen.color()))
        r = MARK_PX
        corners = {"s": ((-r, -r), (r, -r), (r, r), (-r, r)), "t": ((-r, -r), (r, -r), (0, r))}.get(self._mark, ())
        if corners:
            painter.drawConvexPolygon([middle + QPointF(x, y) for x, y in corners])


class PlotLegend(QWidget):
    """A heading, followed by the names of the lines."""

    def __init__(self, heading: str, lines: tuple[tuple[str, str], ...], parent: QWidget) -> None:
        super().__init__(parent)
        row = horizontal(self, NONE, 8)
        title = text_label(heading, self, heading=True)
        title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(title, 1)
        self._parts: list[tuple[Swatch, QLabel]] = []
        for name, mark in lines:
            swatch, label = Swatch(mark, self), QLabel(name, self)
            label.setProperty("muted", True)
            row.addSpacing(8)
            add_all(row, swatch, label)
            self._parts.append((swatch, label))

    def set_pens(self, *pens: QPen) -> None:
        for (swatch, _), pen in zip(self._parts, pens, strict=True):
            swatch.set_pen(pen)

    def show_line(self, at: int, *, shown: bool) -> None:
        for widget in self._parts[at]:
            widget.setVisible(shown)


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
        ask_again(self)

    def accessible_text(self) -> str:
        """Return the named curves, each by batch."""
        said = []
        for curve in self.listDataItems():
            at, values = curve.getOriginalDataset()
            if curve.name() and at is not None and len(at):
                said.append(f"{curve.name()}: {format_series((f'{x:.0f}' for x in at), values, 3)}")
        return " ".join(said)

    def show_ticks(self, side: str, *, shown: bool) -> None:
        """Show or hide the ticks of an axis: without data its numbers have no meaning."""
        self.getAxis(side).setTicks(None if shown else [])

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
        self._raw, self._smoothed = self._loss.plot(), self._loss.plot(name="smoothed")
        self._held_loss = self._loss.plot(symbol="s", name="held out")
        self._bars = pg.ErrorBarItem(beam=0.0)
        self._share.addItem(self._bars)
        self._held = self._share.plot(symbol="s", name="held out")
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
        at = [b.batch for b in self._batches]
        self._raw.setData(at, [b.loss for b in self._batches])
        self._smoothed.setData(at, [b.smoothed for b in self._batches])

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
        self._loss.show_ticks("left", shown=anything)
        self._loss.show_ticks("bottom", shown=anything)
        self._share.show_ticks("bottom", shown=bool(self._rows))

    def _draw(self) -> None:
        self._show_ticks()
        at = np.array([row.batch for row in self._rows], dtype=np.float64)
        held = np.array([100 * row.held_out.value for row in self._rows])
        ends = np.array([[100 * row.held_out.low, 100 * row.held_out.high] for row in self._rows]).reshape(-1, 2)
        low, high = np.where(np.isfinite(ends), ends, held[:, np.newaxis]).T
        if not self._batches:
            self._raw.setData([], [])
            self._smoothed.setData([], [])
        self._held_loss.setData(at, np.array([row.held_out_loss for row in self._rows]))
        self._held.setData(at, held)
        self._bars.setData(x=at, y=held, top=high - held, bottom=held - low)
        old = np.array([100 * row.old for row in self._rows])
        shown = self._old_kind is ForgettingMethod.PAIRS and len(old) > 0 and bool(np.isfinite(old).all())
        self._old.setData(at if shown else [], old if shown else [])

    def set_old(self, kind: ForgettingMethod) -> None:
        """Set the meaning of the rows' ``old``: only accuracies are drawn."""
        self._old_kind = kind
        self.share_key.show_line(1, shown=kind is ForgettingMethod.PAIRS)
        self._draw()

    def on_theme(self, theme: Theme) -> None:
        """Apply the theme; lines also differ in width, dashes and marks."""
        self._theme = theme
        accent, text, muted = QColor(theme.accent), QColor(theme.text), QColor(theme.muted)
        faint = QColor(muted)
        faint.setAlphaF(0.75)
        for plot in (self._loss, self._share):
            plot.apply_theme(theme)
        dash = Qt.PenStyle.DashLine
        raw, smoothed = pg.mkPen(faint, width=1), pg.mkPen(text, width=2)
        held, old = pg.mkPen(accent, width=2, style=dash), pg.mkPen(text, width=1, style=Qt.PenStyle.DotLine)
        for curve, pen in (
            (self._raw, raw),
            (self._smoothed, smoothed),
            (self._held_loss, held),
            (self._held, held),
            (self._old, old),
        ):
            curve.setPen(pen)
        self.loss_key.set_pens(raw, smoothed, held)
        self.share_key.set_pens(held, old)
        self._bars.setData(pen=pg.mkPen(accent, width=1))
        self._chance.setPen(pg.mkPen(theme.edge, width=1, style=dash))
        for curve, colour in ((self._held_loss, accent), (self._held, accent), (self._old, text)):
            curve.setSymbolBrush(colour)
            curve.setSymbolPen(pg.mkPen(theme.base))
            curve.setSymbolSize(7)
        for line in self._stages:
            self._dress_line(line, theme)

    def _dress_line(self, line: pg.InfiniteLine, theme: Theme) -> None:
        line.setPen(pg.mkPen(theme.edge, width=1))
        line.label.setColor(theme.muted)
        line.label.setPosition(0.06)


SIDE_PX = 300


class RunningPage(QWidget):
    """A training in progress."""

    def __init__(self, tuning: TuningController, parent: QWidget) -> None:
        super().__init__(parent)
        self._tuning = tuning
        self._phase = TuningPhase.CHOOSING
        self._finished = False  # at least one epoch
        row = horizontal(self, (24, 16, 24, 16), 32)
        self.curves = Curves(self)
        row.addWidget(self.curves, 1)
        side = QWidget(self)
        side.setFixedWidth(by_text(SIDE_PX))
        column = vertical(side, NONE, 12)
        self.stage = text_label("", side, heading=True, wrap=True, plain=True)
        self.bar = named(QProgressBar(side), "Progress of the training")
        self.bar.setTextVisible(False)
        add_all(column, self.stage, self.bar)
        lines = QFormLayout()
        lines.setVerticalSpacing(10)
        lines.setHorizontalSpacing(16)
        column.addLayout(lines)
        self._fields = [text_label("–", side, wrap=True, plain=True) for _ in range(6)]
        self.epoch, self.left, self.loss, self.held, self.before, self.old = self._fields
        for label, field in (
            ("Epoch", self.epoch),
            ("Time left", self.left),
            ("Loss", self.loss),
            ("Held out", self.held),
            ("Before", self.before),
            ("Known before", self.old),
        ):
            name = text_label(label, side, muted=True)
            name.setAlignment(Qt.AlignmentFlag.AlignTop)
            lines.addRow(name, field)
        column.addSpacing(8)
        self.stop = push_button("Stop and keep best", side, tuning.stop)
        self.cancel = DiscardButton("Cancel and discard", side, tuning.cancel)
        add_all(column, self.stop, self.cancel)
        note = "The model on screen does not change. Meanwhile, watch videos or judge pairs."
        add_all(column, text_label(note, side, wrap=True, muted=True), 1)
        row.addWidget(side)
        tuning.batch_done.connect(self.on_batch)
        tuning.epoch_done.connect(self.on_epoch)
        tuning.phase_changed.connect(self.on_phase)

    def _begin(self) -> None:
        self._finished = False
        self._enable()
        self.curves.clear()
        for label in self._fields:
            label.setText("–")
        if self._tuning.request is not None and self._tuning.request.selection.parent is None:
            self.before.setText("no model yet")
            self.old.setText("nothing")
        self.stage.setText("Starting")
        self.bar.setRange(0, 0)

    def on_phase(self, phase: TuningPhase) -> None:
        self._phase = phase
        if phase is TuningPhase.RUNNING:
            self._begin()
        self._enable()
        self.cancel.setEnabled(phase in {TuningPhase.RUNNING, TuningPhase.STOPPING})
        self.cancel.reset()
        if phase is TuningPhase.STOPPING:
            self.stage.setText("Stopping; the best epoch so far is kept")
        if phase is TuningPhase.CANCELLING:
            self.stage.setText("Stopping; nothing is kept")
        if phase in {TuningPhase.STOPPING, TuningPhase.CANCELLING}:
            self.bar.setRange(0, 0)
            self.left.setText("–")

    def _enable(self) -> None:
        self.cancel.asks = self._finished
        self.stop.setEnabled(self._phase is TuningPhase.RUNNING and self._finished)
        self.stop.setToolTip("" if self._finished else "No epoch is finished yet.")

    def show_progress(self, progress: Progress) -> None:
        """Show the progress; after a stop was asked for, its text stays."""
        if self._phase is TuningPhase.RUNNING:
            self.stage.setText(progress.stage[:1].upper() + progress.stage[1:])
        elif self._phase is not TuningPhase.STOPPING or progress.value is not None:
            return  # late news of a finished training
        self.bar.setRange(0, max(progress.total, 0))
        self.bar.setValue(min(progress.done, progress.total))

    def on_batch(self, row: BatchRow) -> None:
        self.curves.add_batch(row)
        self.loss.setText(f"{row.smoothed:.3f}")
        self._show_left(row.seconds_left)

    def on_epoch(self, row: TuningRow) -> None:
        kind = ForgettingMethod.NOTHING if math.isnan(row.old) else row.old_kind
        self.curves.set_old(kind)
        self.curves.add_epoch(row)
        if row.epoch == 0:
            self.before.setText(with_interval(row.held_out))
        else:
            self._finished = True
            self._enable()
            self.held.setText(with_interval(row.held_out))
            best = "the best so far" if row.best else ""
            self.epoch.setText(" · ".join(filter(None, (str(row.epoch), best))))
        if kind is ForgettingMethod.PAIRS:
            self.old.setText("{} of the pairs".format(percent(row.old, " %")))
        elif kind is ForgettingMethod.DRIFT and row.epoch:
            self.old.setText(f"scores drifted by {row.old:.2f} standard deviations")
        self._show_left(row.seconds_left)

    def _show_left(self, seconds: float) -> None:
        if self._phase is TuningPhase.RUNNING and not math.isnan(seconds):
            self.left.setText(f"about {format_duration(seconds)}")
