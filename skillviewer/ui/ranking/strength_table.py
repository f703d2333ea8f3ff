"""Strengths of the videos, drawn and listed on one scale."""

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from skillviewer.core.text import printable, signed
from skillviewer.ui.widgets.plain_table import ENDS_ROLE, Column, Index, elided, n_alike
from skillviewer.ui.widgets.sorted_table import Cell, SortedTable
from skillviewer.ui.widgets.theme import by_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skillviewer.core.ranking.rank_videos import RankedVideo


TWO_SIDED_95 = 1.96  # standard errors on both sides of a strength that its 95 % interval reaches


ROW_PX = 26


SCALE_PX = 200


MARGIN_PX = 10


HEADER_PX = 26  # room around the title of a column


DOT_PX = 4.0


class ScaleDelegate(QStyledItemDelegate):
    """Draws a strength as a dot and its interval as a line, on one scale for all rows."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.reach = 1  # both ends of the scale, in logits from 0

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        ends = index.data(ENDS_ROLE)
        if ends is None:
            return
        low, value, high = ends
        box, palette = option.rect, option.palette
        middle = box.top() + box.height() / 2

        def x(logits: float) -> float:
            share = (logits + self.reach) / (2 * self.reach)
            return box.left() + MARGIN_PX + share * (box.width() - 2 * MARGIN_PX)

        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        line = palette.color(QPalette.ColorRole.Mid)
        muted = palette.color(QPalette.ColorRole.PlaceholderText)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        step = grid_step(self.reach)
        for logits in range(-(self.reach // step) * step, self.reach + 1, step):
            painter.setPen(QPen(muted if logits == 0 else line, 1))
            painter.drawLine(round(x(logits)), box.top(), round(x(logits)), box.bottom() + 1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = QColor(palette.color(QPalette.ColorRole.Accent))
        bar = QColor(accent)
        bar.setAlphaF(0.75 if is_selected else 0.55)
        painter.setPen(QPen(bar, 2.5))
        painter.drawLine(QPointF(x(low), middle), QPointF(x(high), middle))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        painter.drawEllipse(QPointF(x(value), middle), DOT_PX, DOT_PX)
        painter.restore()


class RankedNameDelegate(QStyledItemDelegate):
    """Cuts a long name so that what tells it from the others stays."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.alike = 0  # letters that all names begin with

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        option.text = elided(option.text, self.alike, option.fontMetrics, option.rect.width() - 2 * MARGIN_PX)


def grid_step(reach: int) -> int:
    """Return the distance of grid lines in logits, so that there are 3 to 9 of them."""
    return max(1, math.ceil(reach / 4))


class StrengthTable(SortedTable):
    """Strengths, sortable by every column."""

    name_column = 1

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Strengths of the videos", (), parent)
        self.scale = ScaleDelegate(self)
        self.names = RankedNameDelegate(self)
        self._plain = self.itemDelegate()
        self.setStyleSheet("QTableView::item { padding: 0 8px 0 5px; }")  # numbers end where their titles end
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().setDefaultSectionSize(by_text(ROW_PX))

    def show_ranking(self, ranked_videos: "Sequence[RankedVideo]") -> None:
        """Show strengths, the strongest first; those of two tasks do not stand on one scale."""
        tasks = len({s.task for s in ranked_videos}) > 1
        self.names.alike = n_alike([printable(s.name) for s in ranked_videos])
        ends = [abs(s.strength) + TWO_SIDED_95 * s.error for s in ranked_videos]
        self.scale.reach = max(1, math.ceil(max(ends, default=1)))
        self._fill(
            self._columns(tasks=tasks),
            len(ranked_videos),
            lambda number: self._row(number, ranked_videos[number], tasks=tasks),
        )
        self._set_widths(tasks=tasks)

    def _columns(self, *, tasks: bool) -> list[Column]:
        of_tasks = Column("Task", "Strengths of two tasks do not stand on one scale", number=False)
        return [
            Column("Rank", "1 for the strongest of its task"),
            Column("Video", number=False),
            *([of_tasks] if tasks else []),
            Column(
                f"−{self.scale.reach} to +{self.scale.reach} logits",
                "The strength with its 95 % interval; 0 is the mean of the task",
                number=None,
            ),
            Column(
                "Strength ± error",
                "Bradley-Terry strength and its standard error in logits; a lead of 1 wins 73 % of votes",
            ),
            Column("Won", "Votes for it"),
            Column("Lost", "Votes for the other video"),
            Column("No difference", "Votes for no difference"),
        ]

    def _set_widths(self, *, tasks: bool) -> None:
        scale_at = 3 if tasks else 2
        header = self.horizontalHeader()
        for index, column in enumerate(self._cells.columns):
            header.setSectionResizeMode(index, QHeaderView.ResizeMode.Fixed)
            # the mark of the order stands beside the title, or a narrow column would lose its title
            header.resizeSection(index, self.fontMetrics().horizontalAdvance(column.title) + HEADER_PX)
            delegate = {1: self.names, scale_at: self.scale}.get(index, self._plain)
            self.setItemDelegateForColumn(index, delegate)
        if tasks:
            header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        header.resizeSection(scale_at, SCALE_PX)
        self._share_width()

    def _row(self, number: int, ranked: "RankedVideo", *, tasks: bool) -> list[Cell]:
        s = ranked
        low, high = s.strength - TWO_SIDED_95 * s.error, s.strength + TWO_SIDED_95 * s.error
        text = f"{signed(s.strength)} logits, 95 % interval {signed(low)} to {signed(high)}"
        return [
            Cell(str(s.rank), number),
            Cell(printable(s.name)),
            *([Cell(printable(s.task))] if tasks else []),
            Cell("", s.strength, tip=text, ends=(low, s.strength, high)),
            Cell(f"{signed(s.strength)} ± {s.error:.2f}", s.strength),
            *(Cell(str(n), n) for n in (s.won, s.lost, s.neither)),
        ]
