"""Grid of panes, one for each compared model."""

import math
from functools import partial

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.comparing.pane import ModelPane, PaneCanvas
from skillviewer.ui.player.video_canvas import fitted
from skillviewer.ui.player.viewport import Viewport
from skillviewer.ui.session.frame_feed import DisplayPicture
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import PaintedWidget, apply_theme

GAP_PX = 8
WIDTH_STEP_PX = 16  # pictures are scaled to multiples of this width, because painters cache layers for each size


def n_columns_of(n: int, available: QSize, aspect: float, caption_px: int) -> int:
    """Return the number of columns that gives the largest pictures; on a tie, the greatest number.

    Args:
        n: Number of panes.
        available: Size of the grid.
        aspect: Width of a picture divided by its height.
        caption_px: Height of the caption below each picture.
    """

    def picture_width(n_columns: int) -> float:
        n_rows = math.ceil(n / n_columns)
        width = (available.width() - GAP_PX * (n_columns - 1)) / n_columns
        height = (available.height() - GAP_PX * (n_rows - 1)) / n_rows - caption_px
        return max(min(width, height * aspect), 0.0)

    best_n_columns = 1
    best_width = -1.0
    for n_columns in range(1, max(n, 1) + 1):
        width = round(picture_width(n_columns), 3)
        if width >= best_width:
            best_n_columns = n_columns
            best_width = width
    return best_n_columns


class PaneGrid(PaintedWidget):
    """The panes of the compared models, which show the same picture with different maps."""

    remove_asked = Signal(str)  # key of the pane
    menu_asked = Signal(object, object)  # canvas that was clicked with the right button, and position in it

    def __init__(self, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        self.panes: dict[str, ModelPane] = {}  # the panes by key, in order
        self._video: VideoInfo | None = None
        self._picture: DisplayPicture | None = None
        self._viewport = Viewport()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Pictures of the compared models")
        self.setMinimumHeight(scaled_px(120))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def set_keys(self, keys: tuple[str, ...]) -> None:
        """Show a pane for each key, in this order. Panes of known keys are reused."""
        previous_panes = self.panes
        self.panes = {}
        for key in keys:
            self.panes[key] = previous_panes.pop(key) if key in previous_panes else self._make_pane(key)
        for pane in previous_panes.values():
            pane.hide()
            pane.deleteLater()
        self._lay_out()

    def _make_pane(self, key: str) -> ModelPane:
        pane = ModelPane(key, self._icons, self)
        pane.remove_asked.connect(self.remove_asked)
        apply_theme(pane, self._theme)
        pane.canvas.moved.connect(self._on_moved)
        pane.canvas.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        pane.canvas.customContextMenuRequested.connect(partial(self.menu_asked.emit, pane.canvas))
        pane.set_video(self._video)
        pane.show()
        return pane

    def set_video(self, video: VideoInfo | None) -> None:
        self._video = video
        self._picture = None
        for pane in self.panes.values():
            pane.set_video(video)
        self._lay_out()

    @property
    def has_picture(self) -> bool:
        """True once a picture of the video has been set."""
        return self._picture is not None

    def set_message(self, message: str) -> None:
        """Show a message instead of the picture in all panes."""
        self._picture = None
        for pane in self.panes.values():
            pane.set_message(message)

    def set_picture(self, picture: DisplayPicture) -> None:
        self._picture = picture
        self.refresh()

    def refresh(self) -> None:
        """Show the last picture in all panes, scaled once for all."""
        if self._picture is None or not self.panes or not self.isVisible():
            return
        widest = max(pane.canvas.viewport.rect[2] for pane in self.panes.values())
        n_steps = math.ceil(widest * self.devicePixelRatioF() / WIDTH_STEP_PX)
        small = fitted(self._picture, WIDTH_STEP_PX * n_steps)
        for pane in self.panes.values():
            pane.set_picture(small)

    @property
    def _first_canvas(self) -> PaneCanvas | None:
        """The canvas that is zoomed by keys; the others follow."""
        first_pane = next(iter(self.panes.values()), None)
        return first_pane.canvas if first_pane is not None else None

    def zoom_in(self) -> None:
        if self._first_canvas is not None:
            self._first_canvas.zoom_in()

    def zoom_out(self) -> None:
        if self._first_canvas is not None:
            self._first_canvas.zoom_out()

    def fit(self) -> None:
        if self._first_canvas is not None:
            self._first_canvas.fit()

    def _on_moved(self, viewport: Viewport) -> None:
        moved_canvas = self.sender()
        is_zoomed = viewport.zoom != self._viewport.zoom
        self._viewport = viewport
        for pane in self.panes.values():
            if pane.canvas is not moved_canvas:
                pane.canvas.follow(viewport)
        if is_zoomed:
            self.refresh()  # another zoom needs another number of pixels

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def showEvent(self, event: QShowEvent) -> None:
        """Show the picture that was set while the grid was hidden."""
        super().showEvent(event)
        self.refresh()

    def _lay_out(self) -> None:
        n = len(self.panes)
        if not n:
            self.update()
            return
        any_pane = next(iter(self.panes.values()))
        caption = any_pane.caption
        aspect = self._video.width_px / self._video.height_px if self._video is not None else 16 / 9
        n_columns = n_columns_of(n, self.size(), aspect, caption.sizeHint().height())
        n_rows = math.ceil(n / n_columns)
        width = (self.width() + GAP_PX) // n_columns - GAP_PX  # the same for all, so that the pictures are level
        caption_px = caption.height_for(width)
        grid_height = self.height() + GAP_PX
        for index, pane in enumerate(self.panes.values()):
            row, column = divmod(index, n_columns)
            left = column * (width + GAP_PX)
            top = row * grid_height // n_rows
            cell_height = (row + 1) * grid_height // n_rows - GAP_PX - top
            # A pane is not higher than its picture and caption, so that the caption is directly below the picture.
            height = min(cell_height, math.ceil(width / aspect) + caption_px)
            pane.setGeometry(QRect(left, top + (cell_height - height) // 2, width, height))
        self.update()
        self.refresh()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.stage))
        painter.end()
