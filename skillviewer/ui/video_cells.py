"""How the cells of the list of videos are drawn."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QIcon, QImage, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from skillviewer.core.arrays import Picture
from skillviewer.ui.icons import Icons
from skillviewer.ui.theme import Theme
from skillviewer.ui.video_list import Entry, VideoState
from skillviewer.ui.video_table import ENTRY_ROLE, UNDER_ROLE, Index

THUMBNAIL = QSize(52, 34)
ICON_PX = 14
NUMBER_MARGIN_PX = 18
"""Right of numbers, as of their headings, which need it for the arrow of the order."""
ALIKE = 4
"""Names that begin with this many letters in common are cut there."""


def n_alike(names: Sequence[str]) -> int:
    """Return how many letters of long names can be left out at the beginning, so that what tells them apart stays.

    Names of a study often begin alike: ``participant_07_left_hand_camera_front``. A number is not taken apart.

    Args:
        names: All names of the list.
    """
    if len(names) < 2:
        return 0
    first, last = min(names), max(names)
    pairs = enumerate(zip(first, last, strict=False))
    alike = next((i for i, (a, b) in pairs if a != b), min(len(first), len(last)))
    while alike and first[alike - 1].isdigit():
        alike -= 1
    return alike if alike >= ALIKE else 0


def shortened(name: str, alike: int, metrics: QFontMetrics, width_px: int) -> str:
    """Return a name cut where it is too long: first what all names begin with, then its end.

    Args:
        name: The name.
        alike: Letters that all names begin with, from ``n_alike``.
        metrics: Of the font.
        width_px: Room for it.
    """
    if metrics.horizontalAdvance(name) <= width_px:
        return name
    if not alike:
        return metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, width_px)
    return metrics.elidedText(f"…{name[alike:]}", Qt.TextElideMode.ElideRight, width_px)


class NameDelegate(QStyledItemDelegate):
    """A small picture, the name (cut where it is too long), and under it the state as icon and word.

    Cells are drawn at every step of scrolling: what they show is asked for here, and not the six roles, in Python, of
    ``initStyleOption``.
    """

    def __init__(self, icons: Icons, parent: QWidget) -> None:
        super().__init__(parent)
        self._icons = icons
        self._muted, self._hole = QColor("grey"), QColor("grey")
        self._pictures: dict[VideoState, QIcon] = {}
        self._warning: QIcon | None = None
        self.alike = 0

    def on_theme(self, theme: Theme) -> None:
        """Take colours."""
        self._muted, self._hole = QColor(theme.muted), QColor(theme.raised)
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
        """Draw."""
        style = option.widget.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        entry = index.data(ENTRY_ROLE)
        if not isinstance(entry, Entry):
            return
        rect: QRect = option.rect
        box = QRect(QPoint(rect.left() + 8, rect.center().y() - THUMBNAIL.height() // 2), THUMBNAIL)
        self._draw_thumbnail(painter, box, entry.thumbnail)
        left, width = box.right() + 11, rect.right() - box.right() - 13
        line = option.fontMetrics.height()
        top = rect.center().y() - line
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        name = shortened(index.data(), self.alike, option.fontMetrics, width)
        painter.drawText(QRect(left, top, width, line), Qt.AlignmentFlag.AlignLeft, name)
        warned = entry.state is VideoState.DONE and entry.analysis is not None and bool(entry.analysis.warning)
        picture = self._warning if warned else self._pictures.get(entry.state)
        if picture is not None:
            picture.paint(painter, QRect(left, top + line + 2, ICON_PX, ICON_PX))
        painter.setPen(self._muted)
        words = QRect(left + ICON_PX + 5, top + line, width - ICON_PX - 5, line + 2)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        about = option.fontMetrics.elidedText(str(index.data(UNDER_ROLE)), Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, flags, about)

    def _draw_thumbnail(self, painter: QPainter, box: QRect, thumbnail: Picture | None) -> None:
        if thumbnail is None:
            painter.fillRect(box, self._hole)
            return
        height, width = thumbnail.shape[:2]
        image = QImage(thumbnail.data, width, height, thumbnail.strides[0], QImage.Format.Format_RGB888)
        target = QRect(QPoint(0, 0), QSize(width, height).scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio))
        target.moveCenter(box.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(target, image)


class ScoreDelegate(QStyledItemDelegate):
    """A score, and its interval under it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._muted = QColor("grey")

    def on_theme(self, theme: Theme) -> None:
        """Take colours."""
        self._muted = QColor(theme.muted)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw."""
        style = option.widget.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        rect: QRect = option.rect.adjusted(0, 0, -NUMBER_MARGIN_PX, 0)
        line = option.fontMetrics.height()
        text, under = index.data(), index.data(UNDER_ROLE)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        if not under:
            painter.drawText(rect, right, text)
            return
        top = rect.center().y() - line
        painter.drawText(QRect(rect.left(), top, rect.width(), line), right, text)
        painter.setPen(self._muted)
        painter.drawText(QRect(rect.left(), top + line, rect.width(), line + 2), right, under)
