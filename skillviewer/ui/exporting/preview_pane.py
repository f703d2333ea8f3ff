"""Pane that shows the preview of an export."""

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QSizePolicy, QTableWidget, QTableWidgetItem, QWidget

from skillviewer.core.text import counted, printable
from skillviewer.export.preview import Preview
from skillviewer.ui.widgets.icons import as_image
from skillviewer.ui.widgets.theme import PaintedWidget

MARGIN_PX = 12
MAX_CELL_PX = 220


class PreviewPane(PaintedWidget):
    """Pane with a picture in its true proportions, the first rows of a table, or a message."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self.message = ""
        self.caption = ""
        self.table = QTableWidget(self)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.setWordWrap(False)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setAccessibleName("First rows of the table")
        self.table.hide()
        self.setMinimumSize(240, 135)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Preview")

    @property
    def has_picture(self) -> bool:
        return not self._image.isNull()

    def show_preview(self, preview: Preview) -> None:
        """Show a preview. Frames count from 1 in the caption."""
        self._image = QImage()
        self.message = ""
        self.caption = ""
        if preview.picture is not None:
            self._image = as_image(np.ascontiguousarray(preview.picture)).copy()
            if preview.frame is not None:
                self.caption = f"Frame {preview.frame + 1} of {preview.n_frames}"
        elif preview.n_rows:
            self._fill_table(preview)
            n_shown = len(preview.rows)
            if n_shown < preview.n_rows:
                self.caption = f"The first {n_shown} of {preview.n_rows} rows"
            else:
                self.caption = counted(n_shown, "row")
        else:
            self.message = "The table has no rows yet."
        self.table.setVisible(bool(preview.rows))
        self.setAccessibleDescription(self.message or self.caption)
        self.update()

    def _fill_table(self, preview: Preview) -> None:
        self.table.clear()
        self.table.setRowCount(len(preview.rows))
        self.table.setColumnCount(len(preview.header))
        self.table.setHorizontalHeaderLabels(list(preview.header))
        for row, cells in enumerate(preview.rows):
            for column, text in enumerate(cells):
                self.table.setItem(row, column, QTableWidgetItem(printable(text)))
        self.table.resizeColumnsToContents()
        for column in range(len(preview.header)):
            self.table.setColumnWidth(column, min(self.table.columnWidth(column), MAX_CELL_PX))
        self.table.scrollToTop()

    def show_message(self, message: str) -> None:
        """Show a message instead of a preview."""
        self._image = QImage()
        self.table.hide()
        self.message = message
        self.caption = ""
        self.setAccessibleDescription(message)
        self.update()

    def resizeEvent(self, _event: QResizeEvent) -> None:
        caption_px = self.fontMetrics().height() + MARGIN_PX
        self.table.setGeometry(self.rect().adjusted(MARGIN_PX, MARGIN_PX, -MARGIN_PX, -MARGIN_PX - caption_px))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.stage))
        caption_px = self.fontMetrics().height() + MARGIN_PX if self.caption else 0
        inside = QRectF(self.rect()).adjusted(MARGIN_PX, MARGIN_PX, -MARGIN_PX, -MARGIN_PX - caption_px)
        if not self._image.isNull() and not self.message:
            self._paint_picture(painter, inside)
        painter.setPen(QColor(self._theme.on_stage))
        if self.message:
            painter.drawText(inside, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.message)
        if self.caption:
            below = QRectF(inside.left(), inside.bottom(), inside.width(), self.height() - inside.bottom())
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self.caption)
        painter.end()

    def _paint_picture(self, painter: QPainter, inside: QRectF) -> None:
        """Paint the picture as large as it fits, at most twice its size in device pixels."""
        ratio = self.devicePixelRatioF()
        scale = min(inside.width() / self._image.width(), inside.height() / self._image.height(), 1 / ratio * 2)
        width = self._image.width() * scale
        height = self._image.height() * scale
        centre = inside.center()
        target = QRectF(centre.x() - width / 2, centre.y() - height / 2, width, height).toAlignedRect()
        scaled_image = self._image.scaled(
            target.size() * ratio, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        painter.drawImage(target, scaled_image)
