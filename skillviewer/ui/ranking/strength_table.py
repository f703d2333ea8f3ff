"""A table of the videos' strengths, which are drawn on one scale."""

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from skillviewer.core.text import printable, signed
from skillviewer.ui.widgets.plain_table import ENDS_ROLE, Column, Index, elided, n_alike
from skillviewer.ui.widgets.sorted_table import Cell, SortedTable
from skillviewer.ui.widgets.text_scaling import scaled_px

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skillviewer.core.ranking.rank_videos import RankedVideo


Z_95 = 1.96  # half width of a 95 % interval, in standard errors
ROW_PX = 26
SCALE_PX = 200  # of the drawn scale where there is room
MARGIN_PX = 10
HEADER_PX = 26  # room around the title of a column
DOT_RADIUS_PX = 4.0


class ScaleDelegate(QStyledItemDelegate):
    """Draws a strength as a dot and its interval as a line, on one scale for all rows."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.limit = 1  # the scale runs from minus to plus this number of logits

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        ends = index.data(ENDS_ROLE)
        if ends is None:
            return
        low, value, high = ends
        box = option.rect
        palette = option.palette
        middle_y = box.top() + box.height() / 2

        def x_of(logits: float) -> float:
            share = (logits + self.limit) / (2 * self.limit)
            return box.left() + MARGIN_PX + share * (box.width() - 2 * MARGIN_PX)

        grid_colour = palette.color(QPalette.ColorRole.Mid)
        zero_colour = palette.color(QPalette.ColorRole.PlaceholderText)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        step = grid_step(self.limit)
        lowest_line = -(self.limit // step) * step
        for logits in range(lowest_line, self.limit + 1, step):
            x = round(x_of(logits))
            line_colour = zero_colour if logits == 0 else grid_colour
            painter.setPen(QPen(line_colour, 1))
            painter.drawLine(x, box.top(), x, box.bottom() + 1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = QColor(palette.color(QPalette.ColorRole.Accent))
        interval_colour = QColor(accent)
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        opacity = 0.75 if is_selected else 0.55
        interval_colour.setAlphaF(opacity)
        painter.setPen(QPen(interval_colour, 2.5))
        painter.drawLine(QPointF(x_of(low), middle_y), QPointF(x_of(high), middle_y))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        painter.drawEllipse(QPointF(x_of(value), middle_y), DOT_RADIUS_PX, DOT_RADIUS_PX)
        painter.restore()


class RankedNameDelegate(QStyledItemDelegate):
    """Elides a long name and keeps the part that differs from other names."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.n_common_letters = 0  # number of letters that all names begin with

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        room_px = option.rect.width() - 2 * MARGIN_PX
        option.text = elided(option.text, self.n_common_letters, option.fontMetrics, room_px)


def grid_step(limit: int) -> int:
    """Return the distance of grid lines in logits that gives 3 to 9 lines between -limit and limit."""
    return max(1, math.ceil(limit / 4))


class StrengthTable(SortedTable):
    """Strengths, sortable by every column."""

    name_column = 1

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Strengths of the videos", (), parent)
        self._scale_delegate = ScaleDelegate(self)
        self._name_delegate = RankedNameDelegate(self)
        self._default_delegate = self.itemDelegate()
        self._scale_column = 2
        self._min_scale_px = 0  # width of the title of the drawn scale
        self.setStyleSheet("QTableView::item { padding: 0 8px 0 5px; }")  # numbers end where their titles end
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().setDefaultSectionSize(scaled_px(ROW_PX))

    def show_ranking(self, ranked_videos: "Sequence[RankedVideo]") -> None:
        """Show strengths, the strongest first. Strengths of different tasks are not on one scale."""
        with_tasks = len({video.task for video in ranked_videos}) > 1
        self._name_delegate.n_common_letters = n_alike([printable(video.name) for video in ranked_videos])
        limits = [abs(video.strength) + Z_95 * video.error for video in ranked_videos]
        self._scale_delegate.limit = max(1, math.ceil(max(limits, default=1)))
        self._fill(
            self._columns(with_tasks=with_tasks),
            len(ranked_videos),
            lambda index: self._row(index, ranked_videos[index], with_tasks=with_tasks),
        )
        self._set_widths(with_tasks=with_tasks)

    def _columns(self, *, with_tasks: bool) -> list[Column]:
        limit = self._scale_delegate.limit
        columns = [Column("Rank", "1 for the strongest of its task"), Column("Video", number=False)]
        if with_tasks:
            columns.append(Column("Task", "Strengths of different tasks are not on one scale", number=False))
        columns += [
            Column(
                f"−{limit} to +{limit} logits",
                "The strength with its 95 % interval; 0 is the mean of the task",
                number=None,
            ),
            Column(
                "Strength ± error",
                "Bradley-Terry strength and its standard error in logits; a lead of 1 wins 73 % of votes",
            ),
            Column("Won", "Votes for this video", is_hidden_when_narrow=True),
            Column("Lost", "Votes for the other video", is_hidden_when_narrow=True),
            Column("No difference", "Votes for no difference", is_hidden_when_narrow=True),
        ]
        return columns

    def _set_widths(self, *, with_tasks: bool) -> None:
        self._scale_column = 3 if with_tasks else 2
        header = self.horizontalHeader()
        for index, column in enumerate(self._cell_model.columns):
            header.setSectionResizeMode(index, QHeaderView.ResizeMode.Fixed)
            # room for the sort indicator next to the title, which a narrow column would cut
            header.resizeSection(index, self.fontMetrics().horizontalAdvance(column.title) + HEADER_PX)
            self.setItemDelegateForColumn(index, self._default_delegate)
        self.setItemDelegateForColumn(self.name_column, self._name_delegate)
        self.setItemDelegateForColumn(self._scale_column, self._scale_delegate)
        if with_tasks:
            header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self._min_scale_px = header.sectionSize(self._scale_column)
        self._share_width()

    def _hide_spare(self) -> int:
        """Hide spare columns that do not fit, and then narrow the drawn scale down to its title."""
        header = self.horizontalHeader()
        full_px = max(SCALE_PX, self._min_scale_px)
        header.resizeSection(self._scale_column, full_px)
        excess_px = super()._hide_spare()
        scale_px = max(full_px - excess_px, self._min_scale_px)
        header.resizeSection(self._scale_column, scale_px)
        return excess_px - (full_px - scale_px)

    def _row(self, index: int, video: "RankedVideo", *, with_tasks: bool) -> list[Cell]:
        low = video.strength - Z_95 * video.error
        high = video.strength + Z_95 * video.error
        tip = f"{signed(video.strength)} logits, 95 % interval {signed(low)} to {signed(high)}"
        name = printable(video.name)
        counts = f"won {video.won}, lost {video.lost}, no difference {video.neither}"  # hidden in a narrow table
        cells = [Cell(str(video.rank), index), Cell(name, tip=f"{name}: {counts}")]
        if with_tasks:
            cells.append(Cell(printable(video.task)))
        cells += [
            Cell("", video.strength, tip=tip, ends=(low, video.strength, high)),
            Cell(f"{signed(video.strength)} ± {video.error:.2f}", video.strength),
            Cell(str(video.won), video.won),
            Cell(str(video.lost), video.lost),
            Cell(str(video.neither), video.neither),
        ]
        return cells
