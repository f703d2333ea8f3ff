"""The numbered colour bars that the panes share: one for each kind of maps, and one for the difference."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from skillviewer.core.analysis.scene import Scene
from skillviewer.ui.widgets.colour_bar import ColourBar
from skillviewer.ui.widgets.theme import LIGHT, Theme

LEAST_BAR_PX, LONGEST_LABEL_PX = 96, 150
"""Four bars and their labels stand side by side in a window of 1280 pixels: they make room for each other."""


class Bars(QWidget):
    """A strip of the stage under the panes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._pairs: list[tuple[QLabel, ColourBar]] = []
        self.setAutoFillBackground(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 2, 8, 2)
        self._row.setSpacing(8)
        self._words = QLabel(self)
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._row.addWidget(self._words, 1)
        self.setMinimumHeight(12 + self.fontMetrics().height() + 4)

    @property
    def labels(self) -> tuple[str, ...]:
        """What the bars are called."""
        return tuple(label.text() for label, _ in self._pairs if not label.isHidden())

    @property
    def text(self) -> str:
        """The words beside them."""
        return self._words.text()

    def on_theme(self, theme: Theme) -> None:
        """Take colours: the strip belongs to the stage."""
        self._theme = theme
        palette = self.palette()
        palette.setColor(palette.ColorRole.Window, QColor(theme.stage))
        self.setPalette(palette)
        for label in (self._words, *(label for label, _ in self._pairs)):
            label.setStyleSheet(f"color: {theme.on_stage}")
        for _, bar in self._pairs:
            bar.on_theme(theme)

    def show_bars(self, words: str, bars: Sequence[tuple[str, Scene]]) -> None:
        """Show bars.

        Args:
            words: Beside them.
            bars: Label and limits of each.
        """
        self._words.setText(words)
        while len(self._pairs) < len(bars):
            label, bar = QLabel(self), ColourBar(self)
            bar.setMinimumWidth(LEAST_BAR_PX)
            bar.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            bar.setMaximumWidth(bar.sizeHint().width())
            self._pairs.append((label, bar))
            self._row.addWidget(label)
            self._row.addWidget(bar)
            self.on_theme(self._theme)
        for at, (label, bar) in enumerate(self._pairs):
            shown = at < len(bars)
            label.setVisible(shown)
            bar.setVisible(shown)
            words = bars[at][0] if shown else ""
            label.setText(self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, LONGEST_LABEL_PX))
            label.setToolTip(words)
            bar.set_scene(bars[at][1] if shown else None)
