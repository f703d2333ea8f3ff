"""The numbered colour bars that the panes share: one for each kind of maps, and one for the difference."""

from collections.abc import Sequence

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from skillviewer.core.scene import Scene
from skillviewer.ui.colour_bar import ColourBar
from skillviewer.ui.theme import LIGHT, Theme


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
            self._pairs.append((label, bar))
            self._row.addWidget(label)
            self._row.addWidget(bar)
            self.on_theme(self._theme)
        for at, (label, bar) in enumerate(self._pairs):
            shown = at < len(bars)
            label.setVisible(shown)
            bar.setVisible(shown)
            label.setText(bars[at][0] if shown else "")
            bar.set_scene(bars[at][1] if shown else None)
