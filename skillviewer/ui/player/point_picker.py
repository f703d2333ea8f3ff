"""Picking of points in the picture by mouse or keyboard."""

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPen

from skillviewer.ui.player.track_layer import HALO, to_picture, to_widget
from skillviewer.ui.player.video_canvas import VideoCanvas
from skillviewer.ui.player.viewport import Viewport
from skillviewer.ui.session.tracks.point_requests import PointRequest, PointRequests, Points

STEP_PX = 8  # step of the cross hair with an arrow key, in pixels of the widget; with Ctrl, the step is 1

_MOVES = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
_ENDS = {Qt.Key.Key_Return, Qt.Key.Key_Enter}
_COLOUR = QColor("#ffffff")


class PointPicker(QObject):
    """Picks points by clicks, or by keys: arrows move a cross hair, Enter picks, Backspace removes, Esc ends."""

    def __init__(self, canvas: VideoCanvas, requests: PointRequests) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._requests = requests
        self._cross_hair: QPointF | None = None  # position in the widget
        self.points: Points = []  # the points of the present request so far
        requests.changed.connect(self._on_request)
        canvas.installEventFilter(self)

    def _on_request(self, request: PointRequest | None) -> None:
        self.points = []
        self._cross_hair = None
        self._canvas.picks = request is not None
        if request is not None:
            self._canvas.setCursor(Qt.CursorShape.CrossCursor)
            self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._canvas.unsetCursor()
        self._canvas.update()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Handle the keys and clicks of the canvas while there is a request."""
        if self._requests.current_request is None:
            return False
        event_type = event.type()
        if isinstance(event, QKeyEvent) and event_type in {QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress}:
            key = Qt.Key(event.key())
            if key not in {*_MOVES, *_ENDS, Qt.Key.Key_Escape, Qt.Key.Key_Backspace}:
                return False
            event.accept()
            if event_type == QEvent.Type.KeyPress:
                self._on_key(key, is_fine=bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
            return True
        if event_type == QEvent.Type.MouseButtonDblClick:
            self._finish()
            return True
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            if event_type == QEvent.Type.MouseButtonPress:
                self._pick(event.position())
            return True
        return False

    def _on_key(self, key: Qt.Key, *, is_fine: bool) -> None:
        if key in _MOVES:
            step_px = 1 if is_fine else STEP_PX
            position = self._cross_hair if self._cross_hair is not None else QPointF(self._canvas.rect().center())
            self._cross_hair = position + QPointF(*_MOVES[key]) * step_px
        elif key == Qt.Key.Key_Escape:
            self._requests.ask(None)
        elif key == Qt.Key.Key_Backspace:
            self.points = self.points[:-1]
        elif self._cross_hair is None:
            self._finish()
        else:
            self._pick(self._cross_hair)
            self._cross_hair = None
        self._canvas.update()

    def _pick(self, position: QPointF) -> None:
        displayed = self._canvas.displayed_frame
        point = to_picture(self._canvas.viewport, position)
        request = self._requests.current_request
        if request is None or displayed is None or point is None:
            return
        self.points.append(point)
        self._canvas.update()
        if request.on_picked is not None:
            x_px, y_px = point
            request.on_picked(displayed.picture.frame_index, x_px, y_px)
        if request.max_points and len(self.points) >= request.max_points:
            self._finish()

    def _finish(self) -> None:
        request = self._requests.current_request
        points = self.points
        if request is None or request.on_ended is None or not points:
            return
        self._requests.ask(None)
        request.on_ended(points)

    def paint(self, painter: QPainter, viewport: Viewport, _frame: int) -> None:
        """Draw the hint, the points so far and the cross hair."""
        request = self._requests.current_request
        if request is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        positions = [to_widget(viewport, x_px, y_px) for x_px, y_px in self.points]
        if request.on_ended is not None and positions:
            path = QPainterPath(positions[0])
            for position in positions[1:]:
                path.lineTo(position)
            painter.strokePath(path, QPen(HALO, 3.2))
            painter.strokePath(path, QPen(_COLOUR, 1.6))
        for position in positions:
            painter.setPen(QPen(HALO, 1))
            painter.setBrush(_COLOUR)
            painter.drawEllipse(position, 3, 3)
        if self._cross_hair is not None:
            for width, colour in ((3.2, HALO), (1.4, _COLOUR)):
                painter.setPen(QPen(colour, width))
                painter.drawLine(self._cross_hair - QPointF(12, 0), self._cross_hair + QPointF(12, 0))
                painter.drawLine(self._cross_hair - QPointF(0, 12), self._cross_hair + QPointF(0, 12))
        self._draw_hint(painter, request.hint)
        painter.restore()

    def _draw_hint(self, painter: QPainter, hint: str) -> None:
        available = QRectF(self._canvas.rect()).adjusted(12, 10, -12, -10)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        text = f"{hint} Esc ends."
        text_rect = painter.boundingRect(available.adjusted(10, 6, -10, 0), flags, text)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 175))
        painter.drawRoundedRect(text_rect.adjusted(-10, -5, 10, 5), 6, 6)
        painter.setPen(_COLOUR)
        painter.drawText(text_rect, flags, text)
