"""Contribution of each area of the picture to the score."""

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.score_text import score_digits
from skillviewer.core.arrays import FloatArray
from skillviewer.core.explanation.moments import divided_area_text
from skillviewer.core.text import signed
from skillviewer.ui.actions.actions import Actions, plain
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.widgets.chip import Chip
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.form import Section
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import add_all
from skillviewer.ui.widgets.signed_bar import sign_colour
from skillviewer.ui.widgets.theme import PaintedWidget, Theme

WIDTH_PX = 128


N_SIGNED = 3  # the strongest cells of each sign are marked with + and −, so that colour is not the only cue


class CellMap(PaintedWidget):
    """A grid over the picture's outline; the stronger a cell, the fuller its colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells: FloatArray | None = None
        self._grey = False
        self._height_px = 72
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Contribution of each area")

    def sizeHint(self) -> QSize:
        """Return the height for the proportions of the picture."""
        return QSize(WIDTH_PX, self._height_px)

    def accessible_text(self) -> str:
        """Return the cells that lowered and raised the score most."""
        if self._cells is None:
            return ""
        h, w = self._cells.shape
        sentences = [f"{h} rows, {w} columns."]
        for index in _strongest(self._cells):
            row, column = divmod(index, w)
            amount = signed(float(self._cells[row, column]), 4)
            sentences.append(f"Row {row + 1}, column {column + 1}: {amount}.")
        return " ".join(sentences)

    def set_cells(self, cells: FloatArray | None, proportions: float, *, grey: bool) -> None:
        """Show (h, w) signed contributions, or none; ``proportions`` is height over width, ``grey`` without colour."""
        self._cells = cells
        self._grey = grey
        self._height_px = round(min(max(WIDTH_PX * proportions, 40), 200))
        self.updateGeometry()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._theme
        cells = self._cells
        painter.fillRect(self.rect(), QColor(theme.raised))
        if cells is None:
            painter.end()
            return
        h, w = cells.shape
        limit = float(np.abs(cells).max()) or 1.0
        marked = set(_strongest(cells))
        font = painter.font()
        font.setPixelSize(max(min(round(self.height() / h) - 2, 12), 8))
        painter.setFont(font)
        for index, amount in enumerate(cells.ravel().tolist()):
            row, column = divmod(index, w)
            left, right = (round(i * self.width() / w) for i in (column, column + 1))
            top, bottom = (round(i * self.height() / h) for i in (row, row + 1))
            box = QRectF(left, top, right - left, bottom - top)
            colour = sign_colour(amount, theme, grey=self._grey)
            share = abs(amount) / limit
            colour.setAlphaF(share)
            painter.fillRect(box, colour)
            if index in marked and share > 0.1:
                painter.setPen(sign_shade(share, theme))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "+" if amount > 0 else "−")
        painter.end()


def sign_shade(share: float, theme: Theme) -> QColor:
    """Return the colour of the mark on a cell whose colour has an opacity of ``share``."""
    return QColor(theme.base if share > (0.55 if theme.dark else 0.85) else theme.text)


def _strongest(cells: FloatArray) -> list[int]:
    """Return the places of the least and the greatest cells, in this order."""
    ranked = np.argsort(cells, axis=None).tolist()
    return list(dict.fromkeys((*ranked[:N_SIGNED], *ranked[-N_SIGNED:])))


class CellBlock(Section):
    """Map of the cells, the places that raised and lowered the score most, and a switch to see it on the picture."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__("Where in the picture", parent)
        self.message = WrappingLabel(self)
        self.map = CellMap(self)
        self.how = WrappingLabel(self, muted=True)
        action = actions["cell_evidence"]
        self.over = Chip("Show over the picture", self, checkable=True)
        self.over.setToolTip(plain(action.text()))
        self.over.clicked.connect(action.trigger)
        action.toggled.connect(self.over.setChecked)
        row = FlowLayout()
        row.addWidget(self.over)
        add_all(self.column, self.message, self.map, self.how, row)

    def show_findings(self, findings: Findings, *, grey: bool) -> None:
        """Show it, once there is evidence of a model that has cells."""
        evidence, ninths = findings.evidence, findings.regions
        cells = evidence.cell_contributions if evidence is not None else None
        self.setVisible(cells is not None)
        if evidence is None or cells is None or ninths is None:
            return
        digits = max(score_digits([findings.analysis]), 3)
        lines: list[str] = []
        for region, effect in zip(ninths, ("raised", "lowered"), strict=True):
            if region is None:
                continue
            number = signed(region.amount, digits)
            whole = divided_area_text(cropped=region.cropped)
            long_form = f"{region.place} of {whole} {effect} the score most ({number})."
            lines.append(f"{region.place} {effect} it most ({number})." if lines else long_form)
        text = " ".join(f"{line[0].upper()}{line[1:]}" for line in lines)
        self.message.set_plain(text or "No part of the picture changed the score.")
        rect, video = findings.analysis.map_rect, findings.analysis.video
        proportions = (rect.bottom - rect.top) * video.height_px / ((rect.right - rect.left) * video.width_px)
        self.map.set_cells(cells, proportions, grey=grey)
        message = "Each area was hidden throughout the video. Not explained by single areas: {}."
        self.how.set_plain(message.format(signed(evidence.cell_remainder, digits)))
