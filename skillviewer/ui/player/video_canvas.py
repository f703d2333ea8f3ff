"""Canvas that shows a frame with its map, painted into one array and drawn by QPainter."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.map_style import MapStyle, Overlay
from skillviewer.core.analysis.scene import Scene, resolve
from skillviewer.core.analysis.score_text import format_source, score_decimals
from skillviewer.core.explanation.moments import format_peak
from skillviewer.core.text import clock, signed
from skillviewer.core.video.info import VideoInfo
from skillviewer.media.overlay.painter import Painter
from skillviewer.media.screen_scaling import drawn_px, shrunk
from skillviewer.ui.player.viewport import Viewport
from skillviewer.ui.session.frame_feed import DisplayPicture
from skillviewer.ui.widgets.icons import as_image
from skillviewer.ui.widgets.speech import announce
from skillviewer.ui.widgets.theme import Theme, themed

if TYPE_CHECKING:
    from skillviewer.core.arrays import RGBImage


ZOOM_STEP = 1.25
SHARP_FROM = 3.0  # screen pixels per pixel of the picture from which the pixels are shown as squares


def fitted(picture: DisplayPicture, width_px: int) -> DisplayPicture:
    """Return a picture scaled down to its width on screen; unchanged if that is hardly smaller."""
    if picture.small is not None and picture.small.shape[1] == width_px:
        return replace(picture, pixels=picture.small)
    return replace(picture, pixels=shrunk(picture.pixels, drawn_px(picture.pixels.shape[1], width_px)))


@dataclass(frozen=True, slots=True, eq=False)
class DisplayedFrame:
    """A picture and the scene of the same frame, which are shown together."""

    picture: DisplayPicture
    scene: Scene | None  # None without an analysis

    def __post_init__(self) -> None:
        """Check that both belong to the same frame."""
        if self.scene is not None and self.scene.frame_index != self.picture.frame_index:
            raise ValueError(f"picture of frame {self.picture.frame_index}, scene of {self.scene.frame_index}")


class CanvasLayer(Protocol):
    """Something that is drawn over the picture."""

    def paint(self, painter: QPainter, viewport: Viewport, frame: int) -> None:
        """Draw the layer for a frame of the file."""


class VideoCanvas(QWidget):
    """Shows a frame of a video with its map. The wheel zooms, dragging pans, and a double click fits the picture.

    The map is painted over the picture in the paint event, so that frames that are never drawn cost nothing.
    """

    PICTURE = True
    picks = False  # True while clicks pick points instead of panning
    painted = Signal(object)  # the ``DisplayedFrame`` that was drawn
    shown_changed = Signal(object)  # ``DisplayedFrame`` or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._painters: dict[tuple[int, int], Painter] = {}  # the last two, by size: for previews and exact pictures
        self._video: VideoInfo | None = None
        self._analysis: Analysis | None = None
        self._map_style = MapStyle()
        self.displayed_frame: DisplayedFrame | None = None  # the frame on screen, or about to be drawn
        self.image: QImage | None = None  # picture and map at the size that the screen needs
        self.width_px = 0  # width of the whole picture as drawn last, in pixels of the screen
        self._buffer: RGBImage | None = None
        self._image_memory: RGBImage | None = None  # memory of ``image``
        self._shows_focus = False
        self.message = ""  # message that is shown instead of a picture
        self.viewport = Viewport()  # position and zoom of the picture
        self.layers: list[CanvasLayer] = []  # from bottom to top
        self._drag_position: QPointF | None = None  # last position of the mouse while it drags
        self._stage = QColor("black")
        self._on_stage = QColor("grey")
        self._accent = QColor("grey")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(240, 135)
        self.setAccessibleName("Picture")

    def sizeHint(self) -> QSize:
        """Return a size that is large enough to judge a picture."""
        return QSize(960, 540)

    def accessible_text(self) -> str:
        """Return frame, time, score so far, and the peak of the map; without a picture, the message."""
        if self.displayed_frame is None or self._video is None:
            return self.message
        frame = self.displayed_frame.picture.frame_index
        scene = self.displayed_frame.scene
        texts = [f"Frame {frame + 1} of {self._video.n_frames}", clock(self._video.times_s[frame])]
        if scene is not None:
            if scene.step >= 0 and self._analysis is not None:
                score = signed(scene.score, score_decimals([self._analysis]))
                texts.append(f"score so far {score}")
            texts += [format_source(scene), format_peak(scene)]
        return ", ".join(text for text in texts if text)

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._stage = QColor(theme.stage)
        self._on_stage = QColor(theme.on_stage)
        self._accent = QColor(theme.accent)
        self.update()

    def set_video(self, video: VideoInfo | None) -> None:
        """Set the video. Nothing is shown until its first picture is set."""
        self._video = video
        self._painters.clear()
        self.message = ""
        if video is not None:
            self.viewport = self.viewport.of_picture(video.width_px, video.height_px)
        self._set_shown(None)

    def set_message(self, message: str) -> None:
        self.message = message
        self._set_shown(None)

    def set_picture(self, picture: DisplayPicture) -> None:
        self._set_shown(self._resolved_frame(picture))
        if picture.is_exact:
            announce(self, self.accessible_text)

    def set_analysis(self, analysis: Analysis | None) -> None:
        """Set the analysis, which may be incomplete. An analysis of another video is not shown."""
        self._analysis = analysis
        self._resolve_again()

    def set_map_style(self, map_style: MapStyle) -> None:
        self._map_style = map_style
        self._resolve_again()

    def zoom_in(self) -> None:
        self._zoom(ZOOM_STEP, self.width() / 2, self.height() / 2)

    def zoom_out(self) -> None:
        self._zoom(1 / ZOOM_STEP, self.width() / 2, self.height() / 2)

    def fit(self) -> None:
        self._set_viewport(self.viewport.fitted())

    def _resolved_frame(self, picture: DisplayPicture) -> DisplayedFrame:
        analysis = self._analysis
        video = self._video
        scene = None
        if analysis is not None and video is not None and analysis.video.digest == video.digest:
            scene = resolve(analysis, picture.frame_index, self._map_style)
        return DisplayedFrame(picture, scene)

    def _resolve_again(self) -> None:
        if self.displayed_frame is not None:
            self._set_shown(self._resolved_frame(self.displayed_frame.picture))

    def _set_shown(self, displayed: DisplayedFrame | None) -> None:
        self.displayed_frame = displayed
        self.image = None
        self.update()
        self.shown_changed.emit(displayed)

    def _set_viewport(self, viewport: Viewport) -> None:
        if viewport != self.viewport:
            self.viewport = viewport
            self._set_cursor()
            self.update()

    def _set_cursor(self) -> None:
        if self.picks:
            return
        if self.viewport.zoom > 1:
            is_grabbed = self._drag_position is not None
            cursor_shape = Qt.CursorShape.ClosedHandCursor if is_grabbed else Qt.CursorShape.OpenHandCursor
            self.setCursor(cursor_shape)
        else:
            self.unsetCursor()

    def _zoom(self, factor: float, x: float, y: float) -> None:
        if self.displayed_frame is not None:
            self._set_viewport(self.viewport.zoomed(factor, x, y))

    def _compose(self, scene: Scene | None, picture: "RGBImage") -> QImage:
        if scene is None or scene.values is None or scene.map_style.overlay is Overlay.OFF:
            self._image_memory = picture
            return as_image(picture)
        shape = (*picture.shape[:2], 4)
        if self._buffer is None or self._buffer.shape != shape:
            self._buffer = np.empty(shape, np.uint8)
        self._image_memory = self._painter_for(shape[0], shape[1]).paint(scene, picture, self._buffer)
        return as_image(self._image_memory)

    def _painter_for(self, height: int, width: int) -> Painter:
        """Return the painter for a size. The last two painters are kept, because each caches layers of its size."""
        size = (height, width)
        painter = self._painters.pop(size, None)
        if painter is None:
            painter = Painter()
        self._painters[size] = painter
        while len(self._painters) > 2:
            del self._painters[next(iter(self._painters))]
        return painter

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._stage)
        displayed = self.displayed_frame
        if displayed is None:
            self._draw_message(painter)
        else:
            self._draw_shown(painter, displayed)
            for layer in self.layers:
                layer.paint(painter, self.viewport, displayed.picture.frame_index)
        if self._shows_focus:
            painter.setPen(QPen(self._accent, 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
        if displayed is not None:
            self.painted.emit(displayed)

    def _draw_shown(self, painter: QPainter, displayed: DisplayedFrame) -> None:
        ratio = self.devicePixelRatioF()
        full_px = displayed.picture.pixels.shape[1]
        left, top, width, _ = self.viewport.rect
        # On whole pixels of the screen, so that a preview and the exact picture are drawn in the same place.
        left_px = round(left * ratio)
        top_px = round(top * ratio)
        width_px = round(width * ratio)
        height_px = round(width_px * self.viewport.picture_height / self.viewport.picture_width)
        target = QRectF(left_px / ratio, top_px / ratio, width_px / ratio, height_px / ratio)
        self.width_px = width_px
        if self.image is None or self.image.width() != drawn_px(full_px, width_px):
            picture = fitted(displayed.picture, width_px).pixels
            # The scaled picture is kept, so that it is not scaled again when only the map changes.
            self.displayed_frame = replace(displayed, picture=replace(displayed.picture, small=picture))
            self.image = self._compose(displayed.scene, picture)
        if self.image.width() < full_px:
            self.image.setDevicePixelRatio(ratio)
            painter.drawImage(target.topLeft(), self.image)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, width_px < SHARP_FROM * full_px)
        painter.drawImage(target, self.image)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus if it came by the keyboard."""
        keyboard_reasons = {
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
            Qt.FocusReason.ShortcutFocusReason,
        }
        self._shows_focus = event.reason() in keyboard_reasons
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._shows_focus = False
        super().focusOutEvent(event)
        self.update()

    def _draw_message(self, painter: QPainter) -> None:
        if self.message:
            painter.setPen(self._on_stage)
            text_rect = QRectF(self.rect()).adjusted(24, 24, -24, -24)
            painter.drawText(text_rect, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.message)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.viewport = self.viewport.resized(self.width(), self.height())

    def wheelEvent(self, event: QWheelEvent) -> None:
        position = event.position()
        self._zoom(ZOOM_STEP ** (event.angleDelta().y() / 120), position.x(), position.y())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag_position = event.position()
            self._set_cursor()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag_position is not None:
            offset = event.position() - self._drag_position
            self._drag_position = event.position()
            self._set_viewport(self.viewport.panned(offset.x(), offset.y()))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._drag_position = None
        self._set_cursor()

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        self.fit()
