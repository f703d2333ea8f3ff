"""The preview: what the first frame or page of an export will be, asked of a lane, the latest question only."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QRectF, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.arrays import Picture
from skillviewer.engine.export_desk import Subject
from skillviewer.export.exporters import Exporter
from skillviewer.ui.backend import ExportDesk
from skillviewer.ui.lane import Lane, Task
from skillviewer.ui.theme import Theme

SETTLE_MS = 200
"""Choices that change quicker are previewed once."""
MARGIN_PX = 12


class Previews(QObject):
    """Asks for previews; a question that a newer one overtook is dropped.

    Args:
        lane: Lane that owns a desk of its own, so that no preview waits for an export.
        parent: Owner.
    """

    arrived = Signal(object)
    """``Picture``, or None where there is nothing to see yet."""
    failed = Signal(str)

    def __init__(self, lane: Lane[ExportDesk], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = lane
        self._wanted: tuple[Exporter, tuple[Subject, ...], object] | None = None
        self._task: Task | None = None
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._begin)

    @property
    def busy(self) -> bool:
        """Whether a preview is awaited."""
        return self._task is not None or self._settle.isActive()

    def ask(self, exporter: Exporter, subjects: Sequence[Subject], options: object) -> None:
        """Ask soon; what was asked before is not awaited any more."""
        self._wanted = (exporter, tuple(subjects), options)
        self._settle.start()

    def drop(self) -> None:
        """Await nothing any more."""
        self._wanted = None
        self._settle.stop()
        if self._task is not None:
            self._task.cancel()

    @Slot()
    def _begin(self) -> None:
        if self._task is not None:
            self._task.cancel()  # finished will begin again
            return
        wanted, self._wanted = self._wanted, None
        if wanted is None or self._lane.stopped:
            return
        exporter, subjects, options = wanted
        self._task = self._lane.submit(lambda desk, _token, _report: desk.preview(exporter, subjects, options))
        self._task.succeeded.connect(self._on_succeeded)
        self._task.failed.connect(self._on_failed)
        self._task.finished.connect(self._on_finished)

    @Slot(object)
    def _on_succeeded(self, picture: Picture | None) -> None:
        if self._wanted is None:
            self.arrived.emit(picture)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if self._wanted is None:
            self.failed.emit(str(error))

    @Slot()
    def _on_finished(self) -> None:
        self._task = None
        if self._wanted is not None:
            self._settle.start()


class PreviewPane(QWidget):
    """Shows a picture in its true proportions, or words where there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._words = ""
        self._stage, self._on_stage = QColor("#16181c"), QColor("#aab1bb")
        self.setMinimumSize(240, 135)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Preview"))

    @property
    def words(self) -> str:
        """What is said in the place of a picture, or ""."""
        return self._words

    @property
    def has_picture(self) -> bool:
        """Whether a picture is shown."""
        return not self._image.isNull()

    def show_picture(self, picture: Picture) -> None:
        """Show a picture, (H, W, 3) uint8 RGB."""
        height, width, _ = picture.shape
        self._image = QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        self._words = ""
        self.update()

    def say(self, words: str, *, keep: bool = False) -> None:
        """Show words; the picture before goes unless it is to be kept."""
        if not keep:
            self._image = QImage()
        self._words = words
        self.setAccessibleDescription(words)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the stage, the picture and the words."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._stage)
        inside = QRectF(self.rect()).adjusted(MARGIN_PX, MARGIN_PX, -MARGIN_PX, -MARGIN_PX)
        if not self._image.isNull() and not self._words:
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
        if self._words:
            painter.setPen(self._on_stage)
            painter.drawText(inside, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._words)
        painter.end()

    @Slot(object)
    def on_theme(self, theme: Theme) -> None:
        """Take colours."""
        self._stage, self._on_stage = QColor(theme.stage), QColor(theme.on_stage)
        self.update()
