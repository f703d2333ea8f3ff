"""Strip of colour bars below the panes, and the map styles of the panes."""

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
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.labels import ElidingLabel, text_label
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, as_tip, horizontal
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import LIGHT, Theme


def map_styles_of(analyses: Mapping[str, Analysis], map_style: MapStyle, scale: ColourLimits) -> dict[str, MapStyle]:
    """Return the map style of each model.

    With ``ColourLimits.COMMON``, all maps of a kind have the same limits: the lowest upper limit of a model, so that
    the maps of every model are visible, or 1 for gates. Maps of different kinds have different units.
    """
    with_maps = {key: analysis for key, analysis in analyses.items() if analysis.n_samples}
    if scale is not ColourLimits.COMMON or len(with_maps) < 2:
        own_scale = ColourLimits.CLIPPED if scale is ColourLimits.COMMON else scale
        return dict.fromkeys(with_maps, replace(map_style, scale=own_scale))
    map_styles = common_map_styles(tuple(with_maps.values()), replace(map_style, scale=ColourLimits.CLIPPED))
    return dict(zip(with_maps, map_styles, strict=True))


def shared_bars(analyses: Mapping[str, Analysis], map_styles: Mapping[str, MapStyle]) -> dict[MapKind, Scene]:
    """Return a scene with the limits of each kind of maps, for ``ColourLimits.COMMON``."""
    bars: dict[MapKind, Scene] = {}
    for key, map_style in map_styles.items():
        analysis = analyses[key]
        if analysis.map_kind is not MapKind.NONE and analysis.map_kind not in bars:
            bars[analysis.map_kind] = resolve(analysis, int(analysis.samples.max()), map_style)
    return bars


MIN_BAR_WIDTH_PX = 96
MAX_BAR_WIDTH_PX = 200  # at the usual text size
MAX_LABEL_WIDTH_PX = 150  # four bars and their labels fit next to each other in a window of 1280 pixels


class ColourBarStrip(QWidget):
    """A strip below the panes, with a message and colour bars."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._labelled_bars: list[tuple[QLabel, ColourBar]] = []
        self._bar_widgets: list[QWidget] = []  # each with a label and its bar
        self.setAutoFillBackground(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._flow = FlowLayout(self, gap_px=8)
        self._flow.setContentsMargins(8, 2, 8, 2)
        self._caption_label = ElidingLabel(self)
        self._flow.addWidget(self._caption_label)
        self.setMinimumHeight(12 + self.fontMetrics().height() + 4)

    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        palette = self.palette()
        palette.setColor(palette.ColorRole.Window, QColor(theme.stage))
        self.setPalette(palette)
        for label in (self._caption_label, *(label for label, _ in self._labelled_bars)):
            label.setStyleSheet(f"color: {theme.on_stage}")
        for _, bar in self._labelled_bars:
            bar.on_theme(theme)

    def show_bars(self, message: str, bars: Sequence[tuple[str, Scene]]) -> None:
        """Show a message, and colour bars given as (label, scene)."""
        self._caption_label.set_forms(message)
        self._caption_label.setVisible(bool(message))
        while len(self._labelled_bars) < len(bars):
            entry = QWidget(self)
            label = text_label("", entry, plain=True)
            bar = ColourBar(entry)
            bar.setFixedWidth(MIN_BAR_WIDTH_PX)
            self._labelled_bars.append((label, bar))
            self._bar_widgets.append(entry)
            add_all(horizontal(entry, margins=NO_MARGINS, spacing=8), label, bar)
            self._flow.addWidget(entry)
            self.on_theme(self._theme)
        for index, (label, bar) in enumerate(self._labelled_bars):
            is_used = index < len(bars)
            text, scene = bars[index] if is_used else ("", None)
            for widget in (self._bar_widgets[index], label, bar):
                widget.setVisible(is_used)
            label.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, MAX_LABEL_WIDTH_PX))
            label.setToolTip(as_tip(text))
            bar.set_scene(scene)
            # never narrower again, since limits can change with every frame
            bar.setFixedWidth(bar.width_for_labels(bar.minimumWidth(), scaled_px(MAX_BAR_WIDTH_PX)))
