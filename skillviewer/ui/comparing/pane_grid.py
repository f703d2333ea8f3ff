"""The grid of panes, one for each compared model."""

import math
from functools import partial

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.comparing.pane import ModelPane
from skillviewer.ui.player.video_canvas import fitted
from skillviewer.ui.player.viewport import Viewport
from skillviewer.ui.session.frame_feed import DisplayPicture
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.theme import PaintedWidget, apply_theme, by_text

GAP_PX = 8
STEP_PX = 16


def columns_of(n: int, room: QSize, aspect: float, caption_px: int) -> int:
    """Return the number of columns for the largest pictures of this aspect (width over height), each over a caption.

    With equal sizes it is the one with fewer rows.
    """

    def size(columns: int) -> float:
        rows = math.ceil(n / columns)
        width = (room.width() - GAP_PX * (columns - 1)) / columns
        height = (room.height() - GAP_PX * (rows - 1)) / rows - caption_px
        return max(min(width, height * aspect), 0.0)

    return max(range(1, max(n, 1) + 1), key=lambda columns: (round(size(columns), 3), columns))


class PaneGrid(PaintedWidget):
    """The panes. All show the same picture, each with its own map over it."""

    remove_asked = Signal(str)  # key of the pane
    menu_asked = Signal(object, object)  # the picture that was clicked with the right button, and the place in it

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
        self.setMinimumHeight(by_text(120))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def set_keys(self, keys: tuple[str, ...]) -> None:
        """Show the panes of these keys in this order; remaining panes keep what they show."""
        before = self.panes
        self.panes = {}
        for key in keys:
            self.panes[key] = before.pop(key) if key in before else self._made(key)
        for pane in before.values():
            pane.hide()
            pane.deleteLater()
        self._lay_out()

    def _made(self, key: str) -> ModelPane:
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
        """True once a picture of the video has come."""
        return self._picture is not None

    def set_message(self, message: str) -> None:
        """Show in all panes why there is no picture."""
        self._picture = None
        for pane in self.panes.values():
            pane.set_message(message)

    def set_picture(self, picture: DisplayPicture) -> None:
        self._picture = picture
        self.refresh()

    def refresh(self) -> None:
        """Show the last picture, also in panes that have none."""
        if self._picture is None or not self.panes or not self.isVisible():
            return
        widest = max(pane.canvas.viewport.rect[2] for pane in self.panes.values())
        # in steps: painters keep a layer for each size, and dragging an edge should need few
        small = fitted(self._picture, STEP_PX * math.ceil(widest * self.devicePixelRatioF() / STEP_PX))
        for pane in self.panes.values():
            pane.set_picture(small)

    def zoom_in(self) -> None:
        for pane in list(self.panes.values())[:1]:
            pane.canvas.zoom_in()

    def zoom_out(self) -> None:
        for pane in list(self.panes.values())[:1]:
            pane.canvas.zoom_out()

    def fit(self) -> None:
        for pane in list(self.panes.values())[:1]:
            pane.canvas.fit()

    def _on_moved(self, viewport: Viewport) -> None:
        source = self.sender()
        zoomed = viewport.zoom != self._viewport.zoom
        self._viewport = viewport
        for pane in self.panes.values():
            if pane.canvas is not source:
                pane.canvas.follow(viewport)
        if zoomed:
            self.refresh()  # with more or fewer pixels

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def showEvent(self, event: QShowEvent) -> None:
        """Show the picture that came while hidden."""
        super().showEvent(event)
        self.refresh()

    def _lay_out(self) -> None:
        n = len(self.panes)
        if not n:
            self.update()
            return
        caption = next(iter(self.panes.values())).caption.sizeHint().height()
        aspect = self._video.width_px / self._video.height_px if self._video is not None else 16 / 9
        columns = columns_of(n, self.size(), aspect, caption)
        rows = math.ceil(n / columns)
        width, height = self.width() + GAP_PX, self.height() + GAP_PX
        for index, pane in enumerate(self.panes.values()):
            row, column = divmod(index, columns)
            left, right = column * width // columns, (column + 1) * width // columns - GAP_PX
            top, bottom = row * height // rows, (row + 1) * height // rows - GAP_PX
            # no taller than the picture, so that its caption is right under it
            tall = min(bottom - top, math.ceil((right - left) / aspect) + caption)
            pane.setGeometry(QRect(left, top + (bottom - top - tall) // 2, right - left, tall))
        self.update()
        self.refresh()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.stage))
        painter.end()
