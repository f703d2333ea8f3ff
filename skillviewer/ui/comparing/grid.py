"""The panes of the compared models, and their colour bars."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.scene import ColourLimits, MapStyle, Scene, resolve
from skillviewer.core.video.info import VideoInfo
from skillviewer.export.rendering.canvas import common_map_styles
from skillviewer.ui.comparing.pane import ModelPane
from skillviewer.ui.player.canvas import Viewport, fitted
from skillviewer.ui.session.frame_feed import DisplayPicture
from skillviewer.ui.widgets.colour_bar import ColourBar
from skillviewer.ui.widgets.layout import add_all, as_tip, horizontal, text_label
from skillviewer.ui.widgets.theme import LIGHT, Icons, PaintedWidget, Theme, apply_theme, by_text

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
        before, self.panes = self.panes, {}
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
        pane.set_video(self._video)
        pane.show()
        return pane

    def set_video(self, video: VideoInfo | None) -> None:
        self._video, self._picture = video, None
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
        for at, pane in enumerate(self.panes.values()):
            row, column = divmod(at, columns)
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


def map_styles_of(analyses: Mapping[str, Analysis], map_style: MapStyle, scale: ColourLimits) -> dict[str, MapStyle]:
    """Return a look for each model.

    Under ``ColourLimits.COMMON`` all maps of one kind share their limits: that of the model whose maps end lowest, so
    that no model is blank, or 1 for gates. Each kind of maps has units, and so a scale, of its own.
    """
    known = {key: analysis for key, analysis in analyses.items() if analysis.n_samples}
    if scale is not ColourLimits.COMMON or len(known) < 2:
        alone = ColourLimits.CLIPPED if scale is ColourLimits.COMMON else scale
        return dict.fromkeys(known, replace(map_style, scale=alone))
    map_styles = common_map_styles(tuple(known.values()), replace(map_style, scale=ColourLimits.CLIPPED))
    return dict(zip(known, map_styles, strict=True))


def shared_bars(analyses: Mapping[str, Analysis], map_styles: Mapping[str, MapStyle]) -> dict[MapKind, Scene]:
    """Return for each kind of maps a scene that has its common limits; meant for ``ColourLimits.COMMON``."""
    bars: dict[MapKind, Scene] = {}
    for key, map_style in map_styles.items():
        analysis = analyses[key]
        if analysis.map_kind is not MapKind.NONE and analysis.map_kind not in bars:
            bars[analysis.map_kind] = resolve(analysis, int(analysis.samples.max()), map_style)
    return bars


MIN_BAR_PX, LONGEST_LABEL_PX = 96, 150
"""Four bars and their labels stand side by side in a window of 1280 pixels: they make room for each other."""


class ColourBarStrip(QWidget):
    """A strip of the stage under the panes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._pairs: list[tuple[QLabel, ColourBar]] = []
        self.setAutoFillBackground(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._row = horizontal(self, (8, 2, 8, 2), 8)
        self._caption = QLabel(self)
        self._caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._row.addWidget(self._caption, 1)
        self.setMinimumHeight(12 + self.fontMetrics().height() + 4)

    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        palette = self.palette()
        palette.setColor(palette.ColorRole.Window, QColor(theme.stage))
        self.setPalette(palette)
        for label in (self._caption, *(label for label, _ in self._pairs)):
            label.setStyleSheet(f"color: {theme.on_stage}")
        for _, bar in self._pairs:
            bar.on_theme(theme)

    def show_bars(self, message: str, bars: Sequence[tuple[str, Scene]]) -> None:
        self._caption.setText(message)
        while len(self._pairs) < len(bars):
            label, bar = text_label("", self, plain=True), ColourBar(self)
            bar.setMinimumWidth(MIN_BAR_PX)
            bar.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            bar.setMaximumWidth(bar.sizeHint().width())
            self._pairs.append((label, bar))
            add_all(self._row, label, bar)
            self.on_theme(self._theme)
        for at, (label, bar) in enumerate(self._pairs):
            shown = at < len(bars)
            label.setVisible(shown)
            bar.setVisible(shown)
            message = bars[at][0] if shown else ""
            label.setText(self.fontMetrics().elidedText(message, Qt.TextElideMode.ElideRight, LONGEST_LABEL_PX))
            label.setToolTip(as_tip(message))
            bar.set_scene(bars[at][1] if shown else None)
