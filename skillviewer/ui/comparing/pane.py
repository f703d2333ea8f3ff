"""One pane of the Compare screen: a picture with a map, and its caption."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.calibration import CalibratedScore
from skillviewer.core.analysis.difference import Difference
from skillviewer.core.analysis.map_style import Overlay
from skillviewer.core.analysis.scene import Scene
from skillviewer.core.analysis.score_text import format_score, format_source, score_digits
from skillviewer.core.text import plain, printable
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.comparing.compared_models import ComparedModel, ModelProgress
from skillviewer.ui.comparing.curve_lines import SWATCH_PX, LineStyle, draw_swatch
from skillviewer.ui.comparing.numbers import format_kind
from skillviewer.ui.player.video_canvas import DisplayedFrame, VideoCanvas
from skillviewer.ui.player.viewport import Viewport
from skillviewer.ui.session.frame_feed import DisplayPicture
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.layout import NONE, add_all, as_tip, tool_button, vertical
from skillviewer.ui.widgets.theme import DARK, PaintedWidget

MIN_SIZE = QSize(96, 54)
MIN_NAME_PX = 72
EDGE_PX = 6
USUAL_WORDS = "+0.00 (+0.00 to +0.00) · held 0.00 s"  # usual text of the second line of a pane; its width is reserved


class PaneCanvas(VideoCanvas):
    """A canvas that zooms and pans together with others, and can show a difference instead of a model's map."""

    moved = Signal(object)  # its ``Viewport``, when a hand moved it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._difference: Difference | None = None
        self.setMinimumSize(MIN_SIZE)

    def set_difference(self, difference: Difference | None) -> None:
        self._difference = difference
        self._resolve_again()

    def follow(self, viewport: Viewport) -> None:
        zoomed = replace(self.viewport, zoom=viewport.zoom, centre_x=viewport.centre_x, centre_y=viewport.centre_y)
        super()._set_viewport(zoomed.clamped())

    def _set_viewport(self, viewport: Viewport) -> None:
        before = self.viewport
        super()._set_viewport(viewport)
        if viewport != before:
            self.moved.emit(viewport)

    def _resolved(self, picture: DisplayPicture) -> DisplayedFrame:
        map_difference, video = self._difference, self._video
        if (
            map_difference is None
            or video is None
            or map_difference.video.digest != video.digest
            or picture.frame_index not in map_difference.part
        ):
            return super()._resolved(picture)
        return DisplayedFrame(picture, map_difference.scene(picture.frame_index, self._map_style))


@dataclass(frozen=True, slots=True)
class PaneText:
    """Text under a pane."""

    name: str  # of the model
    number: str = ""  # of the pane, as in the curves
    stroke: LineStyle | None = None  # how its curve is drawn, or None without one
    kind: str = ""  # kind of map
    score: str = ""  # score, or what became of it
    details: str = ""  # where the map on screen comes from, and more
    scaled: CalibratedScore | None = None  # the score on the raters' scale, or None

    @property
    def rating(self) -> str:
        return self.scaled.words if self.scaled is not None else ""


class PaneCaption(PaintedWidget):
    """The caption of a pane: number, line and name with the kind of map; score and source of the map.

    These are two lines, and three where a score with its interval leaves no room for where the map comes from.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = PaneText("")
        self._room_right = 0
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(120, (3 if self._narrow else 2) * self.fontMetrics().height() + 6)

    @property
    def _narrow(self) -> bool:
        """True if there are three lines: this depends on the width alone, so that panes in a row look alike."""
        return self.width() < self.fontMetrics().horizontalAdvance(USUAL_WORDS) + 2 * EDGE_PX

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    @property
    def text(self) -> str:
        text = self._text
        rating = text.scaled.sentence if text.scaled is not None else ""
        return " · ".join(part for part in (printable(text.name), text.kind, text.score, rating, text.details) if part)

    def keep_free(self, width_px: int) -> None:
        """Leave room at the right end of the first line."""
        self._room_right = width_px

    def set_text(self, text: PaneText) -> None:
        if text != self._text:
            self._text = text
            self.setAccessibleName(self.text)
            self.setToolTip(as_tip(self.text))
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.stage))
        metrics = self.fontMetrics()
        line = metrics.height()
        left, right = float(EDGE_PX), float(self.width() - EDGE_PX)
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        top = QRectF(left, 2, right - left - self._room_right, line)
        x = top.left()
        painter.setFont(bold)
        painter.setPen(QColor(DARK.text))
        text = self._text
        if text.number:
            painter.drawText(QRectF(x, 2, 20, line), Qt.AlignmentFlag.AlignVCenter, text.number)
            x += painter.fontMetrics().horizontalAdvance(text.number) + 6
        if text.stroke is not None:
            draw_swatch(painter, QRectF(x, 2, SWATCH_PX, line), text.stroke, dark=True)
            x += SWATCH_PX + 6
            painter.setPen(QColor(DARK.text))
        kind_width = metrics.horizontalAdvance(text.kind) + 8 if text.kind else 0
        if top.right() - x - kind_width < MIN_NAME_PX:
            kind_width = 0  # the name comes first; the kind then stands in the second line
        room = round(top.right() - x - kind_width)
        name = painter.fontMetrics().elidedText(printable(text.name), Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(QRectF(x, 2, top.right() - x, line), Qt.AlignmentFlag.AlignVCenter, name)
        painter.setFont(self.font())
        painter.setPen(QColor(self._theme.on_stage))
        if kind_width:
            painter.drawText(top, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text.kind)
        details = (text.rating, text.details, "" if kind_width else text.kind)
        for below, parts in enumerate(((text.score,), details) if self._narrow else ((text.score, *details),), 1):
            line_text = " · ".join(part for part in parts if part)
            elided = metrics.elidedText(line_text, Qt.TextElideMode.ElideRight, round(right - left))
            place = QRectF(left, 3 + below * line, right - left, line)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, elided)
        painter.end()


class ModelPane(QWidget):
    """Canvas over caption."""

    remove_asked = Signal(str)

    def __init__(self, key: str, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._refusal = ""
        self.canvas = PaneCanvas(self)
        self.caption = PaneCaption(self)
        add_all(vertical(self, NONE, 0), (self.canvas, 1), self.caption)
        self.close_button = tool_button("", self.caption)
        self.close_button.setAutoRaise(True)
        self.close_button.setIconSize(QSize(14, 14))
        self.close_button.setFixedSize(20, 20)
        self.close_button.setStyleSheet("QToolButton { padding: 0; }")
        self.close_button.setIcon(icons.icon("close", DARK))  # it lies on the stage
        self.close_button.clicked.connect(lambda: self.remove_asked.emit(key))
        self.caption.keep_free(22)

    def set_video(self, video: VideoInfo | None) -> None:
        """Show another video; nothing is on screen until its first picture comes."""
        self.canvas.set_video(video)
        if self._refusal:
            self.canvas.set_message(self._refusal)

    def set_picture(self, picture: DisplayPicture) -> None:
        if not self._refusal:
            self.canvas.set_picture(picture)

    def set_message(self, text: str) -> None:
        if not self._refusal:
            self.canvas.set_message(text)

    def refuse(self, reason: str) -> None:
        """Show a reason in the place of the picture; "" to show pictures again."""
        if reason != self._refusal:
            self._refusal = reason
            self.canvas.set_message(reason)

    def set_text(self, text: PaneText) -> None:
        self.caption.set_text(text)
        name = printable(text.name)
        self.canvas.setAccessibleName(f"Picture with the map of {name}")
        self.close_button.setAccessibleName(f"Remove {name}")
        self.close_button.setToolTip(as_tip(self.close_button.accessibleName()))

    def resizeEvent(self, event: object) -> None:  # noqa: ARG002
        self.close_button.move(self.width() - 22, 0)


def kind_of(row: ComparedModel) -> str:
    """Return the kind of a model's maps as text, if it is known."""
    if row.analysis is not None:
        return format_kind(row.analysis.map_kind)
    return format_kind(row.facts.map_kind) if row.facts is not None else ""


def score_of(row: ComparedModel) -> str:
    """Return the score with its interval, or what became of it."""
    analysis = row.analysis
    if row.progress is ModelProgress.WORKING:
        return f"looking, {row.n_done} of {row.total}" if row.total else "loading"
    if row.is_uniform:
        return "no score"
    if analysis is not None:
        return format_score(analysis, score_digits([analysis]))
    return {ModelProgress.FAILED: "failed", ModelProgress.STOPPED: "stopped"}.get(row.progress, "waiting")


def source_of(scene: Scene | None) -> str:
    """Return the source of the map on screen, so that a held map is always marked."""
    if scene is None or scene.kind is MapKind.NONE or scene.map_style.overlay is Overlay.OFF:
        return ""
    return format_source(scene)


def format_limits(scene: Scene | None) -> str:
    """Return the ends of the colours of a pane that has a scale of its own."""
    if scene is None or scene.values is None or scene.map_style.overlay is Overlay.OFF:
        return ""
    unit = "×" if scene.unit else ""
    return f"{plain(scene.low)}…{plain(scene.high)}{unit}"


def rest_of(scene: Scene | None, *, with_limits: bool) -> str:
    """Return the source of the map on screen, after the limits of its colours if its scale is its own."""
    parts = [format_limits(scene) if with_limits else "", source_of(scene)]
    return " · ".join(part for part in parts if part)
