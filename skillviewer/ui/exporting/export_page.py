"""Arrangement of the parts of the Export screen."""

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QVBoxLayout, QWidget

from skillviewer.ui.exporting.exporter_list import ExporterList
from skillviewer.ui.exporting.option_form import FormArea
from skillviewer.ui.widgets.layout import (
    NO_MARGINS,
    Margins,
    add_all,
    growing,
    horizontal,
    vertical,
    with_accessible_name,
)
from skillviewer.ui.widgets.text_scaling import scaled_px

MIN_FORM_HEIGHT_PX = 72
BOX_MARGINS: Margins = (16, 8, 16, 0)


class ExportPage(QWidget):
    """Exporters, form, preview, destination and queue: next to each other, or compact.

    In a small window, or with large text, a box replaces the list of exporters, and preview and queue are below the
    form, which scrolls. Destination and button always stay in sight.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._body = QWidget(self)  # has the layout, so that the minimum size of this widget is the compact one
        self.exporter_list = ExporterList(self._body)
        self.exporter_box = with_accessible_name(QComboBox(self._body), "What to export")
        self.exporter_box.setModel(self.exporter_list.model())
        self.exporter_box.currentIndexChanged.connect(self.exporter_list.setCurrentRow)
        self.exporter_list.currentRowChanged.connect(self.exporter_box.setCurrentIndex)
        self.is_compact: bool | None = None  # None until the parts are set

    def set_parts(self, form: FormArea, preview: QWidget, destination: QWidget, queue: QWidget) -> None:
        """Set the other parts; ``destination`` includes the button that exports."""
        self._form = form
        self._preview = preview
        self._destination = destination
        self._queue = queue
        self._below_form = QWidget(self._body)
        self._below_form_layout = vertical(self._below_form, margins=NO_MARGINS, spacing=12)
        self._right = QWidget(self._body)
        self._right_layout: QVBoxLayout = vertical(self._right, margins=NO_MARGINS, spacing=0)
        self._box_frame = QWidget(self._body)
        add_all(vertical(self._box_frame, margins=BOX_MARGINS), self.exporter_box)
        self._body_layout: QBoxLayout = horizontal(self._body, margins=NO_MARGINS, spacing=0)
        form.set_below(self._below_form)
        add_all(self._body_layout, self.exporter_list, self._box_frame, form, growing(self._right))
        self._arrange(compact=False)

    def _arrange(self, *, compact: bool) -> None:
        if compact == self.is_compact:
            return
        self.is_compact = compact
        self.exporter_list.setVisible(not compact)
        self._box_frame.setVisible(compact)
        self._below_form.setVisible(compact)
        if compact:
            self._preview.setMinimumHeight(scaled_px(180))
            add_all(self._below_form_layout, self._preview, self._queue)
            add_all(self._right_layout, self._destination)
        else:
            self._preview.setMinimumHeight(135)
            add_all(
                self._right_layout, growing(self._preview, factor=3), self._destination, growing(self._queue, factor=2)
            )
        self._right_layout.setStretchFactor(self._destination, 0)
        self._form.set_free_width(compact)
        if compact:
            self._body_layout.setDirection(QBoxLayout.Direction.TopToBottom)
        else:
            self._body_layout.setDirection(QBoxLayout.Direction.LeftToRight)
        self._body_layout.setStretchFactor(self._form, int(compact))
        self._body_layout.setStretchFactor(self._right, int(not compact))

    def _wide_size(self) -> QSize:
        """Return the size that the parts need next to each other."""
        right_width_px = max(self._preview.minimumWidth(), self._destination.minimumSizeHint().width())
        width_px = self.exporter_list.minimumWidth() + self._form.needed_width_px + right_width_px
        destination_px = self._destination_height_px(max(right_width_px, self.width() - width_px + right_width_px))
        queue_px = 0 if self._queue.isHidden() else self._queue.minimumSizeHint().height()
        return QSize(width_px, 135 + destination_px + queue_px)

    def _destination_height_px(self, width_px: int) -> int:
        layout = self._destination.layout()
        needed_px = self._destination.minimumSizeHint().height()
        if layout is not None and layout.hasHeightForWidth():
            needed_px = max(needed_px, layout.totalMinimumHeightForWidth(width_px))
        return needed_px

    def _fit(self) -> None:
        if self.is_compact is None:
            return
        needed = self._wide_size()
        fits = needed.width() <= self.width() and needed.height() <= self.height()
        self._arrange(compact=not fits)
        self._body.setGeometry(self.rect())

    def minimumSizeHint(self) -> QSize:
        """Return the size of the compact arrangement."""
        if self.is_compact is None:
            return QSize()
        width_px = self._destination.minimumSizeHint().width()
        box_px = self.exporter_box.sizeHint().height() + BOX_MARGINS[1] + BOX_MARGINS[3]
        destination_px = self._destination_height_px(max(self.width(), width_px))
        return QSize(width_px, box_px + scaled_px(MIN_FORM_HEIGHT_PX) + destination_px)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        """Arrange the parts again if one of them needs another size."""
        is_handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
            self.updateGeometry()
        return is_handled
