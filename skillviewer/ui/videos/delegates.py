"""Delegates that draw the cells of the list of videos."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from skillviewer.core.arrays import RGBImage
from skillviewer.ui.session.video_entry import VideoEntry, VideoState
from skillviewer.ui.videos.table_model import ENTRY_ROLE, SECOND_LINE_ROLE, Index
from skillviewer.ui.widgets.icons import Icons, as_image
from skillviewer.ui.widgets.plain_table import elided
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import Theme, themed

THUMBNAIL = QSize(52, 34)
ICON_PX = 14
TEXT_LEFT_PX = 8  # left of the text without a thumbnail
MIN_WIDTH_WITH_THUMBNAIL_PX = 140  # at the usual text size; in narrower columns the name needs the space
NUMBER_MARGIN_PX = 18  # margin to the right of numbers, as of their headings, which need it for the sort arrow


def has_thumbnail(width_px: int) -> bool:
    """Return True if a column of names is wide enough for thumbnails next to the names."""
    return width_px >= scaled_px(MIN_WIDTH_WITH_THUMBNAIL_PX)


class VideoNameDelegate(QStyledItemDelegate):
    """Draws the thumbnail, the name, and a second line with an icon of the state.

    Scrolling draws cells often, so the data are read directly instead of by the six calls of ``initStyleOption``.
    """

    def __init__(self, icons: Icons, parent: QWidget) -> None:
        super().__init__(parent)
        self._icons = icons
        self._muted = QColor("grey")
        self._placeholder = QColor("grey")  # drawn instead of a missing thumbnail
        self._state_icons: dict[VideoState, QIcon] = {}
        self._warning_icon: QIcon | None = None
        self.n_alike = 0  # number of letters that all names begin with

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._muted = QColor(theme.muted)
        self._placeholder = QColor(theme.raised)
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
        self._state_icons = {
            state: self._icons.icon(f"state_{state}", theme, colour) for state, colour in colours.items()
        }
        self._warning_icon = self._icons.icon("warning", theme, theme.warn)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        style = option.widget.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        entry = index.data(ENTRY_ROLE)
        if not isinstance(entry, VideoEntry):
            return
        rect: QRect = option.rect
        left = rect.left() + TEXT_LEFT_PX
        if has_thumbnail(rect.width()):
            thumbnail_top = rect.center().y() - THUMBNAIL.height() // 2
            thumbnail_rect = QRect(QPoint(rect.left() + 8, thumbnail_top), THUMBNAIL)
            self._draw_thumbnail(painter, thumbnail_rect, entry.thumbnail)
            left = thumbnail_rect.right() + 11
        width = rect.right() - left - 2
        line_height = option.fontMetrics.height()
        top = rect.center().y() - line_height
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        name = elided(index.data(), self.n_alike, option.fontMetrics, width)
        painter.drawText(QRect(left, top, width, line_height), Qt.AlignmentFlag.AlignLeft, name)
        icon = self._icon(entry)
        if icon is not None:
            icon.paint(painter, QRect(left, top + line_height + 2, ICON_PX, ICON_PX))
        painter.setPen(self._muted)
        text_rect = QRect(left + ICON_PX + 5, top + line_height, width - ICON_PX - 5, line_height + 2)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        second_line = option.fontMetrics.elidedText(
            str(index.data(SECOND_LINE_ROLE)), Qt.TextElideMode.ElideRight, text_rect.width()
        )
        painter.drawText(text_rect, flags, second_line)

    def _icon(self, entry: VideoEntry) -> QIcon | None:
        is_unfamiliar = entry.analysis is not None and entry.analysis.unfamiliar
        if entry.state is VideoState.DONE and is_unfamiliar:
            return self._warning_icon
        return self._state_icons.get(entry.state)

    def _draw_thumbnail(self, painter: QPainter, box: QRect, thumbnail: RGBImage | None) -> None:
        if thumbnail is None:
            painter.fillRect(box, self._placeholder)
            return
        image = as_image(thumbnail)
        target = QRect(QPoint(0, 0), image.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio))
        target.moveCenter(box.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(target, image)


class NumberDelegate(QStyledItemDelegate):
    """Draws the text of a cell, and its muted second line, such as half of the interval of a score."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._muted = QColor("grey")

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._muted = QColor(theme.muted)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        style = option.widget.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        alignment = Qt.AlignmentFlag(index.data(Qt.ItemDataRole.TextAlignmentRole))
        right_margin_px = NUMBER_MARGIN_PX if alignment & Qt.AlignmentFlag.AlignRight else 0
        rect: QRect = option.rect.adjusted(4, 0, -right_margin_px, 0)
        line_height = option.fontMetrics.height()
        text = index.data()
        second_line = index.data(SECOND_LINE_ROLE)
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        if not second_line:
            painter.drawText(rect, alignment, text)
            return
        top = rect.center().y() - line_height
        painter.drawText(QRect(rect.left(), top, rect.width(), line_height), alignment, text)
        painter.setPen(self._muted)
        second_rect = QRect(rect.left(), top + line_height, rect.width(), line_height + 2)
        painter.drawText(second_rect, alignment, second_line)
