"""Preview of an export, computed in a worker thread; only the latest query counts."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from PySide6.QtCore import QObject, QRectF, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent, Qt
from PySide6.QtWidgets import QAbstractItemView, QSizePolicy, QTableWidget, QTableWidgetItem, QWidget

from skillviewer.core.text import printable
from skillviewer.export.preview import Preview
from skillviewer.ui.session.backend import Exports
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.threads.worker_thread import Task, WorkerThread
from skillviewer.ui.widgets.theme import Drawn, as_image

SETTLE_MS = 200  # delay before a preview, in milliseconds: quick changes are previewed once
MARGIN_PX = 12
MOST_CELL_PX = 220

Question: TypeAlias = Callable[[Exports], Preview | None]


class Previews(QObject):
    """Queries previews in a thread of their own, so that none waits for an export; a newer query replaces the last."""

    arrived = Signal(object)  # ``Preview``, or None where nothing can be shown yet
    failed = Signal(str)

    def __init__(self, worker: WorkerThread[Exports], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._wanted: Question | None = None
        self._task: Task | None = None
        self._settle = single_shot(self, SETTLE_MS, self._begin)

    @property
    def busy(self) -> bool:
        return self._task is not None or self._settle.isActive()

    def ask(self, question: Question) -> None:
        """Query a preview soon; the last query is dropped."""
        self.drop()
        self._wanted = question
        self._settle.start()

    def drop(self) -> None:
        self._settle.stop()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _begin(self) -> None:
        wanted = self._wanted
        if wanted is None or self._worker.stopped:
            return
        task = self._task = self._worker.submit(lambda service, _token, _report: wanted(service))
        task.then(succeeded=self._on_seen, failed=lambda error: self._on_failed(task, error))

    def _on_seen(self, seen: Preview | None) -> None:
        self._task = None
        self.arrived.emit(seen)

    def _on_failed(self, task: Task, error: Exception) -> None:
        if task is self._task:  # else it was dropped
            self._task = None
            self.failed.emit(str(error))


class PreviewPane(Drawn):
    """Shows a picture in its true proportions, the first rows of a table, or a sentence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self.words = self.caption = ""
        self.table = QTableWidget(self)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.setWordWrap(False)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setAccessibleName(self.tr("First rows of the table"))
        self.table.hide()
        self.setMinimumSize(240, 135)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Preview"))

    @property
    def has_picture(self) -> bool:
        return not self._image.isNull()

    def show_preview(self, seen: Preview) -> None:
        """Show a preview. Frames are counted from 1 here."""
        self._image, self.words, self.caption = QImage(), "", ""
        if seen.picture is not None:
            self._image = as_image(np.ascontiguousarray(seen.picture)).copy()
            if seen.frame is not None:
                self.caption = self.tr("Frame {} of {}").format(seen.frame + 1, seen.n_frames)
        elif seen.n_rows:
            self._fill(seen)
            n = len(seen.rows)
            if n < seen.n_rows:
                self.caption = self.tr("The first {} of {} rows").format(n, seen.n_rows)
            else:
                self.caption = self.tr("1 row") if n == 1 else self.tr("{} rows").format(n)
        else:
            self.words = self.tr("The table has no rows yet.")
        self.table.setVisible(bool(seen.rows))
        self.setAccessibleDescription(self.words or self.caption)
        self.update()

    def _fill(self, seen: Preview) -> None:
        self.table.clear()
        self.table.setRowCount(len(seen.rows))
        self.table.setColumnCount(len(seen.header))
        self.table.setHorizontalHeaderLabels(list(seen.header))
        for at, row in enumerate(seen.rows):
            for column, text in enumerate(row):
                self.table.setItem(at, column, QTableWidgetItem(printable(text)))
        self.table.resizeColumnsToContents()
        for column in range(len(seen.header)):
            self.table.setColumnWidth(column, min(self.table.columnWidth(column), MOST_CELL_PX))
        self.table.scrollToTop()

    def show_message(self, words: str) -> None:
        self._image = QImage()
        self.table.hide()
        self.words, self.caption = words, ""
        self.setAccessibleDescription(words)
        self.update()

    def resizeEvent(self, _event: QResizeEvent) -> None:
        below = self.fontMetrics().height() + MARGIN_PX
        self.table.setGeometry(self.rect().adjusted(MARGIN_PX, MARGIN_PX, -MARGIN_PX, -MARGIN_PX - below))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.stage))
        caption_px = self.fontMetrics().height() + MARGIN_PX if self.caption else 0
        inside = QRectF(self.rect()).adjusted(MARGIN_PX, MARGIN_PX, -MARGIN_PX, -MARGIN_PX - caption_px)
        if not self._image.isNull() and not self.words:
            ratio = self.devicePixelRatioF()
            scale = min(inside.width() / self._image.width(), inside.height() / self._image.height(), 1 / ratio * 2)
            width, height = self._image.width() * scale, self._image.height() * scale
            target = QRectF(
                inside.center().x() - width / 2, inside.center().y() - height / 2, width, height
            ).toAlignedRect()
            small = self._image.scaled(
                target.size() * ratio, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
            painter.drawImage(target, small)
        painter.setPen(QColor(self._theme.on_stage))
        if self.words:
            painter.drawText(inside, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.words)
        if self.caption:
            below = QRectF(inside.left(), inside.bottom(), inside.width(), self.height() - inside.bottom())
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self.caption)
        painter.end()
