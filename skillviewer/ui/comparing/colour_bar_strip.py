"""The colour bars under the panes of the compared models."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.map_style import ColourLimits, MapStyle
from skillviewer.core.analysis.scene import Scene, resolve
from skillviewer.export.rendering.common_scales import common_map_styles
from skillviewer.ui.widgets.colour_bar import ColourBar
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, as_tip, horizontal
from skillviewer.ui.widgets.theme import LIGHT, Theme


def map_styles_of(analyses: Mapping[str, Analysis], map_style: MapStyle, scale: ColourLimits) -> dict[str, MapStyle]:
    """Return a look for each model.

    Under ``ColourLimits.COMMON`` all maps of one kind share their limits: that of the model whose maps end lowest, so
    that no model is blank, or 1 for gates. Each kind of maps has units, and so a scale, of its own.
    """
    with_samples = {key: analysis for key, analysis in analyses.items() if analysis.n_samples}
    if scale is not ColourLimits.COMMON or len(with_samples) < 2:
        own_scale = ColourLimits.CLIPPED if scale is ColourLimits.COMMON else scale
        return dict.fromkeys(with_samples, replace(map_style, scale=own_scale))
    map_styles = common_map_styles(tuple(with_samples.values()), replace(map_style, scale=ColourLimits.CLIPPED))
    return dict(zip(with_samples, map_styles, strict=True))


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
            label = text_label("", self, plain=True)
            bar = ColourBar(self)
            bar.setMinimumWidth(MIN_BAR_PX)
            bar.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            bar.setMaximumWidth(bar.sizeHint().width())
            self._pairs.append((label, bar))
            add_all(self._row, label, bar)
            self.on_theme(self._theme)
        for index, (label, bar) in enumerate(self._pairs):
            is_used = index < len(bars)
            label.setVisible(is_used)
            bar.setVisible(is_used)
            message = bars[index][0] if is_used else ""
            label.setText(self.fontMetrics().elidedText(message, Qt.TextElideMode.ElideRight, LONGEST_LABEL_PX))
            label.setToolTip(as_tip(message))
            bar.set_scene(bars[index][1] if is_used else None)
