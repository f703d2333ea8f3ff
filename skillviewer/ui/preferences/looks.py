"""Appearance of the window and its maps."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.scene import Between, Look, Overlay, Scale
from skillviewer.ui.session.program import Program
from skillviewer.ui.session.settings import TEXT_SIZES
from skillviewer.ui.widgets.form import Form, choose
from skillviewer.ui.widgets.theme import ThemeChoice


class LooksPage(Form):
    """Colours, text size, and style of the maps."""

    def __init__(self, program: Program, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._program = program
        look = program.state.look
        self.theme = self.choice(
            [
                (ThemeChoice.SYSTEM, self.tr("As the system")),
                (ThemeChoice.LIGHT, self.tr("Light")),
                (ThemeChoice.DARK, self.tr("Dark")),
            ],
            program.themes.choice,
        )
        self.text = self.choice(
            [(size, self.tr("{} %").format(size)) for size in TEXT_SIZES], program.settings.text_size
        )
        self.overlay = self.choice(
            [
                (Overlay.HEAT, self.tr("Heat")),
                (Overlay.CONTOUR, self.tr("Contour lines")),
                (Overlay.BOTH, self.tr("Heat with contours")),
                (Overlay.DIMMED, self.tr("Dimmed surroundings")),
                (Overlay.OFF, self.tr("Hidden")),
            ],
            look.overlay,
        )
        self.scale = self.choice(
            [
                (Scale.FRAME, self.tr("One for each frame")),
                (Scale.VIDEO, self.tr("One for the video")),
                (Scale.COMMON, self.tr("Common to all videos")),
            ],
            look.scale,
        )
        self.between = self.choice(
            [
                (Between.HELD, self.tr("Hold the last map and show its age")),
                (Between.INTERPOLATED, self.tr("Interpolate")),
            ],
            look.between,
        )
        self.colours = self.choice([("inferno", "Inferno"), ("cividis", "Cividis")], look.colours)
        self.add(self.tr("Colours of the window"), self.theme)
        self.add(self.tr("Text size"), self.text, self.tr("Some titles change only after a restart."))
        self.add(self.tr("Map as"), self.overlay)
        self.add(self.tr("Colour scale"), self.scale)
        self.add(self.tr("Between sampled frames"), self.between)
        self.add(
            self.tr("Colours of maps"),
            self.colours,
            self.tr("Cividis looks the same with and without colour vision deficiency."),
        )
        self.theme.activated.connect(self._on_theme)
        self.text.activated.connect(self._on_text)
        for box in (self.overlay, self.scale, self.between, self.colours):
            box.activated.connect(self._on_look)
        program.state.look_changed.connect(self._on_look_changed)
        program.themes.changed.connect(self._on_themes)

    @Slot()
    def _on_theme(self, *_: object) -> None:
        choice = ThemeChoice(self.theme.currentData())
        self._program.settings.theme = choice
        self._program.themes.choose(choice)

    @Slot()
    def _on_text(self, *_: object) -> None:
        self._program.settings.text_size = int(self.text.currentData())
        self._program.themes.resize_text(int(self.text.currentData()))

    @Slot()
    def _on_look(self, *_: object) -> None:
        self._program.state.set_look(
            overlay=Overlay(self.overlay.currentData()),
            scale=Scale(self.scale.currentData()),
            between=Between(self.between.currentData()),
            colours=str(self.colours.currentData()),
        )

    @Slot(object)
    def _on_look_changed(self, look: Look) -> None:
        choose(self.overlay, look.overlay)
        choose(self.scale, look.scale)
        choose(self.between, look.between)
        choose(self.colours, look.colours)

    @Slot(object)
    def _on_themes(self, _theme: object) -> None:
        choose(self.theme, self._program.themes.choice)
