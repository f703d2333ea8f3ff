"""Delegates that draw the cells of the list of videos."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from skillviewer.core.arrays import RGBImage
from skillviewer.ui.session.video_entry import VideoEntry, VideoState
from skillviewer.ui.videos.table_model import ENTRY_ROLE, UNDER_ROLE, Index
from skillviewer.ui.widgets.icons import Icons, as_image
from skillviewer.ui.widgets.plain_table import elided
from skillviewer.ui.widgets.theme import Theme, themed

THUMBNAIL = QSize(52, 34)
ICON_PX = 14
NUMBER_MARGIN_PX = 18  # margin to the right of numbers, as of their headings, which need it for the sort arrow


class VideoNameDelegate(QStyledItemDelegate):
    """A small picture, the name (cut where it is too long), and under it the state as icon and word.

    Cells are drawn at every step of scrolling: what they show is asked for here, and not the six roles, in Python, of
    ``initStyleOption``.
    """

    def __init__(self, icons: Icons, parent: QWidget) -> None:
        super().__init__(parent)
        self._icons = icons
        self._muted = QColor("grey")
        self._hole = QColor("grey")
        self._pictures: dict[VideoState, QIcon] = {}
        self._warning: QIcon | None = None
        self.alike = 0

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._muted = QColor(theme.muted)
        self._hole = QColor(theme.raised)
        colours = {
            VideoState.NEW: theme.muted,
            VideoState.WAITING: theme.muted,
            VideoState.WORKING: theme.accent,
            VideoState.DONE: theme.accent,
            VideoState.FAILED: theme.bad,
            VideoState.UNREADABLE: theme.bad,
            VideoState.MISSING: theme.warn,
            VideoState.REPLACED: theme.warn,
        }
        self._pictures = {s: self._icons.icon(f"state_{s}", theme, colour) for s, colour in colours.items()}
        self._warning = self._icons.icon("warning", theme, theme.warn)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        style = option.widget.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        entry = index.data(ENTRY_ROLE)
        if not isinstance(entry, VideoEntry):
            return
        rect: QRect = option.rect
        box = QRect(QPoint(rect.left() + 8, rect.center().y() - THUMBNAIL.height() // 2), THUMBNAIL)
        self._draw_thumbnail(painter, box, entry.thumbnail)
        left = box.right() + 11
        width = rect.right() - box.right() - 13
        line = option.fontMetrics.height()
        top = rect.center().y() - line
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        name = elided(index.data(), self.alike, option.fontMetrics, width)
        painter.drawText(QRect(left, top, width, line), Qt.AlignmentFlag.AlignLeft, name)
        warned = entry.state is VideoState.DONE and entry.analysis is not None and entry.analysis.unfamiliar
        picture = self._warning if warned else self._pictures.get(entry.state)
        if picture is not None:
            picture.paint(painter, QRect(left, top + line + 2, ICON_PX, ICON_PX))
        painter.setPen(self._muted)
        text_rect = QRect(left + ICON_PX + 5, top + line, width - ICON_PX - 5, line + 2)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        about = option.fontMetrics.elidedText(
            str(index.data(UNDER_ROLE)), Qt.TextElideMode.ElideRight, text_rect.width()
        )
        painter.drawText(text_rect, flags, about)

    def _draw_thumbnail(self, painter: QPainter, box: QRect, thumbnail: RGBImage | None) -> None:
        if thumbnail is None:
            painter.fillRect(box, self._hole)
            return
        image = as_image(thumbnail)
        target = QRect(QPoint(0, 0), image.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio))
        target.moveCenter(box.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(target, image)


class NumberDelegate(QStyledItemDelegate):
    """A cell: its text, and muted what stands under it, such as half of the interval of a score."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._muted = QColor("grey")

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._muted = QColor(theme.muted)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        style = option.widget.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        side = Qt.AlignmentFlag(index.data(Qt.ItemDataRole.TextAlignmentRole))
        rect: QRect = option.rect.adjusted(4, 0, -NUMBER_MARGIN_PX if side & Qt.AlignmentFlag.AlignRight else 0, 0)
        line = option.fontMetrics.height()
        text = index.data()
        second_line = index.data(UNDER_ROLE)
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        if not second_line:
            painter.drawText(rect, side, text)
            return
        top = rect.center().y() - line
        painter.drawText(QRect(rect.left(), top, rect.width(), line), side, text)
        painter.setPen(self._muted)
        painter.drawText(QRect(rect.left(), top + line, rect.width(), line + 2), side, second_line)
