"""Pane of the Compare screen: a picture with a map, and its caption."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.calibration import CalibratedScore
from skillviewer.core.analysis.difference import Difference
from skillviewer.core.analysis.map_style import Overlay
from skillviewer.core.analysis.scene import Scene
from skillviewer.core.analysis.score_text import format_score, format_source, score_decimals
from skillviewer.core.text import format_number, printable
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.comparing.compared_models import ComparedModel, ModelProgress
from skillviewer.ui.comparing.curve_lines import SWATCH_PX, LineStyle, draw_swatch
from skillviewer.ui.comparing.numbers import format_kind
from skillviewer.ui.player.video_canvas import DisplayedFrame, VideoCanvas
from skillviewer.ui.player.viewport import Viewport
from skillviewer.ui.session.frame_feed import DisplayPicture
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, as_tip, growing, tool_button, vertical
from skillviewer.ui.widgets.theme import DARK, PaintedWidget

MIN_SIZE = QSize(96, 54)
MIN_NAME_WIDTH_PX = 72
EDGE_PX = 6
TYPICAL_LINE = "+0.00 (+0.00 to +0.00) · held 0.00 s"  # typical second line; narrower captions have a third line
CLOSE_BUTTON_WIDTH_PX = 22


class PaneCanvas(VideoCanvas):
    """A canvas that zooms and pans together with others, and can show the difference of two models."""

    moved = Signal(object)  # the ``Viewport`` after the user has zoomed or panned

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._difference: Difference | None = None
        self.setMinimumSize(MIN_SIZE)

    def set_difference(self, difference: Difference | None) -> None:
        self._difference = difference
        self._resolve_again()

    def follow(self, viewport: Viewport) -> None:
        """Take zoom and position of another canvas."""
        zoomed = replace(self.viewport, zoom=viewport.zoom, centre_x=viewport.centre_x, centre_y=viewport.centre_y)
        super()._set_viewport(zoomed.clamped())

    def _set_viewport(self, viewport: Viewport) -> None:
        previous_viewport = self.viewport
        super()._set_viewport(viewport)
        if viewport != previous_viewport:
            self.moved.emit(viewport)

    def _resolved_frame(self, picture: DisplayPicture) -> DisplayedFrame:
        map_difference = self._difference
        video = self._video
        if map_difference is None or video is None or map_difference.video.digest != video.digest:
            return super()._resolved_frame(picture)
        if picture.frame_index not in map_difference.part:
            return super()._resolved_frame(picture)
        return DisplayedFrame(picture, map_difference.scene(picture.frame_index, self._map_style))


@dataclass(frozen=True, slots=True)
class PaneText:
    """Texts of a pane's caption."""

    name: str  # name of the model
    pane_number: str = ""  # number of the pane, which also labels the curve
    line_style: LineStyle | None = None  # style of the curve, or None without one
    kind: str = ""  # kind of the maps
    score: str = ""  # score, or the reason why there is none
    details: str = ""  # source of the map on screen, and limits of its colours
    calibrated_score: CalibratedScore | None = None  # score on the raters' scale

    @property
    def rating(self) -> str:
        """The score on the raters' scale in words, or ""."""
        return self.calibrated_score.words if self.calibrated_score is not None else ""


class PaneCaption(PaintedWidget):
    """The caption of a pane: number, line, name and kind of maps in the first line; score and details below.

    In a narrow pane the details are in a third line.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = PaneText("")
        self._right_margin_px = 0
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(120, self.height_for(self.width()))

    def height_for(self, width_px: int) -> int:
        """Return the height in pixels of the caption of a pane of some width."""
        n_lines = 3 if self._has_three_lines(width_px) else 2
        return n_lines * self.fontMetrics().height() + 6

    def _has_three_lines(self, width_px: int) -> bool:
        """Return True for a narrow pane, whatever the texts, so that panes of one width look alike."""
        return width_px < self.fontMetrics().horizontalAdvance(TYPICAL_LINE) + 2 * EDGE_PX

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    @property
    def text(self) -> str:
        """All texts in one line, for the tooltip and screen readers."""
        text = self._text
        rating = text.calibrated_score.sentence if text.calibrated_score is not None else ""
        return _joined(printable(text.name), text.kind, text.score, rating, text.details)

    def set_right_margin(self, width_px: int) -> None:
        """Leave space at the right end of the first line."""
        self._right_margin_px = width_px

    def set_text(self, text: PaneText) -> None:
        if text != self._text:
            self._text = text
            self.setAccessibleName(self.text)
            self.setToolTip(as_tip(self.text))
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.stage))
        is_kind_drawn = self._draw_first_line(painter)
        text = self._text
        kind = "" if is_kind_drawn else text.kind
        details = _joined(text.rating, text.details, kind)
        lines = [text.score, details] if self._has_three_lines(self.width()) else [_joined(text.score, details)]
        metrics = self.fontMetrics()
        line_height = metrics.height()
        width = self.width() - 2 * EDGE_PX
        for index, line in enumerate(lines, start=1):
            elided = metrics.elidedText(line, Qt.TextElideMode.ElideRight, width)
            rect = QRectF(EDGE_PX, 3 + index * line_height, width, line_height)
            painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, elided)
        painter.end()

    def _draw_first_line(self, painter: QPainter) -> bool:
        """Draw number, line, name and, if there is space, the kind of maps; return True if the kind was drawn."""
        text = self._text
        line_height = self.fontMetrics().height()
        rect = QRectF(EDGE_PX, 2, self.width() - 2 * EDGE_PX - self._right_margin_px, line_height)
        x = rect.left()
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        painter.setPen(QColor(DARK.text))
        if text.pane_number:
            painter.drawText(QRectF(x, 2, 20, line_height), Qt.AlignmentFlag.AlignVCenter, text.pane_number)
            x += painter.fontMetrics().horizontalAdvance(text.pane_number) + 6
        if text.line_style is not None:
            draw_swatch(painter, QRectF(x, 2, SWATCH_PX, line_height), text.line_style, dark=True)
            x += SWATCH_PX + 6
            painter.setPen(QColor(DARK.text))
        kind_width = self.fontMetrics().horizontalAdvance(text.kind) + 8 if text.kind else 0
        if rect.right() - x - kind_width < MIN_NAME_WIDTH_PX:
            kind_width = 0  # the name has priority
        name_width = round(rect.right() - x - kind_width)
        name = painter.fontMetrics().elidedText(printable(text.name), Qt.TextElideMode.ElideMiddle, name_width)
        painter.drawText(QRectF(x, 2, rect.right() - x, line_height), Qt.AlignmentFlag.AlignVCenter, name)
        painter.setFont(self.font())
        painter.setPen(QColor(self._theme.on_stage))
        if kind_width:
            painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text.kind)
        return kind_width > 0


def _joined(*texts: str) -> str:
    """Join the texts that are not empty."""
    return " · ".join(text for text in texts if text)


class ModelPane(QWidget):
    """The pane of a model: a canvas with a caption below it."""

    remove_asked = Signal(str)  # key of the model

    def __init__(self, key: str, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._refusal = ""
        self.canvas = PaneCanvas(self)
        self.caption = PaneCaption(self)
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), growing(self.canvas), self.caption)
        self.close_button = tool_button("", self.caption)
        self.close_button.setAutoRaise(True)
        self.close_button.setIconSize(QSize(14, 14))
        self.close_button.setFixedSize(20, 20)
        self.close_button.setStyleSheet("QToolButton { padding: 0; }")
        self.close_button.setIcon(icons.icon("close", DARK))  # the stage is dark in both themes
        self.close_button.clicked.connect(lambda: self.remove_asked.emit(key))
        self.caption.set_right_margin(CLOSE_BUTTON_WIDTH_PX)

    def set_video(self, video: VideoInfo | None) -> None:
        """Set the video. Nothing is shown until its first picture is set."""
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
        """Show a reason instead of the picture; "" shows pictures again."""
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
        self.close_button.move(self.width() - CLOSE_BUTTON_WIDTH_PX, 0)


def kind_of(row: ComparedModel) -> str:
    """Return the name of the kind of a model's maps, or "" while it is unknown."""
    if row.analysis is not None:
        return format_kind(row.analysis.map_kind)
    return format_kind(row.facts.map_kind) if row.facts is not None else ""


def score_of(row: ComparedModel) -> str:
    """Return the score with its interval, or the progress of the assessment."""
    analysis = row.analysis
    if row.progress is ModelProgress.WORKING:
        return f"looking, {row.n_done} of {row.n_total}" if row.n_total else "loading"
    if row.is_uniform:
        return "no score"
    if analysis is not None:
        return format_score(analysis, score_decimals([analysis]))
    progress_texts = {ModelProgress.FAILED: "failed", ModelProgress.STOPPED: "stopped"}
    return progress_texts.get(row.progress, "waiting")


def source_of(scene: Scene | None) -> str:
    """Return the source of the map on screen (own, held or interpolated), or "" without a map."""
    if scene is None or scene.kind is MapKind.NONE or scene.map_style.overlay is Overlay.OFF:
        return ""
    return format_source(scene)


def format_limits(scene: Scene | None) -> str:
    """Return the limits of the colours of a scene, or "" without a map."""
    if scene is None or scene.values is None or scene.map_style.overlay is Overlay.OFF:
        return ""
    unit = "×" if scene.unit else ""
    return f"{format_number(scene.low)}…{format_number(scene.high)}{unit}"


def details_of(scene: Scene | None, *, with_limits: bool) -> str:
    """Return the source of the map on screen, and before it the limits of its colours if requested."""
    limits = format_limits(scene) if with_limits else ""
    return _joined(limits, source_of(scene))
