"""The colour scales that the panes share, and the strip of numbered colour bars that shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.scene import Look, Scale, Scene, resolve
from skillviewer.export.rendering.canvas import common_looks
from skillviewer.ui.widgets.colour_bar import ColourBar
from skillviewer.ui.widgets.layout import add_all, as_tip, horizontal, text_label
from skillviewer.ui.widgets.theme import LIGHT, Theme


def looks_of(analyses: Mapping[str, Analysis], look: Look, scale: Scale) -> dict[str, Look]:
    """Return a look for each model.

    Under ``Scale.COMMON`` all maps of one kind share their limits: the largest value of any of them over the video,
    and 1 for gates. Maps of different kinds are numbers of different sorts, and each kind has a scale of its own.
    """
    known = {key: analysis for key, analysis in analyses.items() if analysis.n_samples}
    if scale is not Scale.COMMON or len(known) < 2:
        alone = Scale.VIDEO if scale is Scale.COMMON else scale
        return dict.fromkeys(known, replace(look, scale=alone))
    looks = common_looks(tuple(known.values()), replace(look, scale=scale))
    return dict(zip(known, looks, strict=True))


def shared_bars(analyses: Mapping[str, Analysis], looks: Mapping[str, Look]) -> dict[MapKind, Scene]:
    """Return for each kind of maps a scene that has its common limits; meant for ``Scale.COMMON``."""
    bars: dict[MapKind, Scene] = {}
    for key, look in looks.items():
        analysis = analyses[key]
        if analysis.map_kind is not MapKind.NONE and analysis.map_kind not in bars:
            bars[analysis.map_kind] = resolve(analysis, int(analysis.samples.max()), look)
    return bars


LEAST_BAR_PX, LONGEST_LABEL_PX = 96, 150
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
        self._words = QLabel(self)
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._row.addWidget(self._words, 1)
        self.setMinimumHeight(12 + self.fontMetrics().height() + 4)

    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        palette = self.palette()
        palette.setColor(palette.ColorRole.Window, QColor(theme.stage))
        self.setPalette(palette)
        for label in (self._words, *(label for label, _ in self._pairs)):
            label.setStyleSheet(f"color: {theme.on_stage}")
        for _, bar in self._pairs:
            bar.on_theme(theme)

    def show_bars(self, words: str, bars: Sequence[tuple[str, Scene]]) -> None:
        self._words.setText(words)
        while len(self._pairs) < len(bars):
            label, bar = text_label("", self, plain=True), ColourBar(self)
            bar.setMinimumWidth(LEAST_BAR_PX)
            bar.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            bar.setMaximumWidth(bar.sizeHint().width())
            self._pairs.append((label, bar))
            add_all(self._row, label, bar)
            self.on_theme(self._theme)
        for at, (label, bar) in enumerate(self._pairs):
            shown = at < len(bars)
            label.setVisible(shown)
            bar.setVisible(shown)
            words = bars[at][0] if shown else ""
            label.setText(self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, LONGEST_LABEL_PX))
            label.setToolTip(as_tip(words))
            bar.set_scene(bars[at][1] if shown else None)
