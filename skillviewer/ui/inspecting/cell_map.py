"""Contribution of each cell of the picture to the score."""

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.score_text import score_decimals
from skillviewer.core.arrays import FloatArray
from skillviewer.core.explanation.moments import divided_area_text
from skillviewer.core.text import signed
from skillviewer.ui.actions.actions import Actions, without_mnemonic
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.widgets.chip import Chip
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.form import Section
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import add_all
from skillviewer.ui.widgets.signed_bar import sign_colour
from skillviewer.ui.widgets.theme import PaintedWidget, Theme

WIDTH_PX = 128
N_MARKED = 3  # number of cells of each sign that are marked with + or −, so that colour is not the only cue


class CellMap(PaintedWidget):
    """A grid with the proportions of the picture; the greater a contribution, the fuller the colour of its cell."""

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

    def set_cells(self, cells: FloatArray | None, height_over_width: float, *, grey: bool) -> None:
        """Show the contributions of cells.

        Args:
            cells: Signed contributions, (h, w), or None.
            height_over_width: Proportions of the picture.
            grey: True for no colour.
        """
        self._cells = cells
        self._grey = grey
        self._height_px = round(min(max(WIDTH_PX * height_over_width, 40), 200))
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
        max_amount = float(np.abs(cells).max()) or 1.0
        marked_indices = set(_strongest(cells))
        font = painter.font()
        text_px = round(self.height() / h) - 2
        font.setPixelSize(max(min(text_px, 12), 8))
        painter.setFont(font)
        xs = [round(column * self.width() / w) for column in range(w + 1)]
        ys = [round(row * self.height() / h) for row in range(h + 1)]
        for index, amount in enumerate(cells.ravel().tolist()):
            row, column = divmod(index, w)
            box = QRectF(xs[column], ys[row], xs[column + 1] - xs[column], ys[row + 1] - ys[row])
            opacity = abs(amount) / max_amount
            colour = sign_colour(amount, theme, grey=self._grey)
            colour.setAlphaF(opacity)
            painter.fillRect(box, colour)
            if index in marked_indices and opacity > 0.1:
                sign = "+" if amount > 0 else "−"
                painter.setPen(mark_colour(opacity, theme))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, sign)
        painter.end()


def mark_colour(opacity: float, theme: Theme) -> QColor:
    """Return the colour of the mark on a cell that is coloured with an opacity."""
    max_opacity_under_text = 0.55 if theme.dark else 0.85
    colour_name = theme.base if opacity > max_opacity_under_text else theme.text
    return QColor(colour_name)


def _strongest(cells: FloatArray) -> list[int]:
    """Return the flat indices of the cells with the least and with the greatest contributions, in this order."""
    ranked = np.argsort(cells, axis=None).tolist()
    return list(dict.fromkeys((*ranked[:N_MARKED], *ranked[-N_MARKED:])))


class CellBlock(Section):
    """The map of cells, the areas that raised and lowered the score most, and a switch to show it on the picture."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__("Where in the picture", parent)
        self.message_label = WrappingLabel(self)
        self.cell_map = CellMap(self)
        self.method_note = WrappingLabel(self, muted=True)
        action = actions["cell_evidence"]
        self.overlay_chip = Chip("Show over the picture", self, checkable=True)
        self.overlay_chip.setToolTip(without_mnemonic(action.text()))
        self.overlay_chip.clicked.connect(action.trigger)
        action.toggled.connect(self.overlay_chip.setChecked)
        chips = FlowLayout()
        chips.addWidget(self.overlay_chip)
        add_all(self.column, self.message_label, self.cell_map, self.method_note, chips)

    def show_findings(self, findings: Findings, *, grey: bool) -> None:
        """Show the contributions of cells if there is evidence on them, else hide."""
        evidence = findings.evidence
        regions = findings.regions
        cells = evidence.cell_contributions if evidence is not None else None
        self.setVisible(cells is not None)
        if evidence is None or cells is None or regions is None:
            return
        digits = max(score_decimals([findings.analysis]), 3)
        sentences: list[str] = []
        for region, effect in zip(regions, ("raised", "lowered"), strict=True):
            if region is None:
                continue
            number = signed(region.amount, digits)
            place = f"{region.place[0].upper()}{region.place[1:]}"
            if sentences:
                sentences.append(f"{place} {effect} it most ({number}).")
            else:
                whole = divided_area_text(cropped=region.cropped)
                sentences.append(f"{place} of {whole} {effect} the score most ({number}).")
        if not sentences:
            sentences.append("No part of the picture changed the score.")
        self.message_label.set_plain(" ".join(sentences))
        rect = findings.analysis.map_rect
        video = findings.analysis.video
        map_height_px = (rect.bottom - rect.top) * video.height_px
        map_width_px = (rect.right - rect.left) * video.width_px
        self.cell_map.set_cells(cells, map_height_px / map_width_px, grey=grey)
        remainder = signed(evidence.cell_remainder, digits)
        self.method_note.set_plain(
            f"Each area was hidden throughout the video. Not explained by single areas: {remainder}."
        )
