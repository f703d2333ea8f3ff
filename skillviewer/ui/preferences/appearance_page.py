"""Settings of the looks."""

from functools import partial

from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.map_style import MapInterpolation, MapStyle
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.settings import TEXT_SIZES
from skillviewer.ui.session.viewer_state import look_choices
from skillviewer.ui.widgets.form import Form, choose
from skillviewer.ui.widgets.theme import theme_choices


class AppearancePage(Form):
    """Colours, text size, and style of the maps."""

    def __init__(self, app_context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        map_style = app_context.state.map_style
        self.theme = self.choice(theme_choices(), app_context.themes.choice, app_context.choose_theme)
        sizes = [(size, f"{size} %") for size in TEXT_SIZES]
        self.text = self.choice(sizes, app_context.settings.text_size, self._resize_text)
        hold_option = (MapInterpolation.HELD, "Keep the last map and show its age")
        choices = look_choices() | {"between": [hold_option, (MapInterpolation.INTERPOLATED, "Blend between maps")]}
        self._boxes = {
            name: self.choice(options, getattr(map_style, name), partial(self._set_map_style, name))
            for name, options in choices.items()
        }
        self.overlay, self.scale, self.between, self.colours, self.strength, self.smooth = self._boxes.values()
        self.add("Theme", self.theme)
        self.add("Text size", self.text, "Start the program again, so that every part makes room.")
        self.add("Map as", self.overlay)
        self.add("Colour scale", self.scale)
        self.add("Strength of maps", self.strength)
        self.add("Cells of maps", self.smooth)
        self.add("Between sampled frames", self.between)
        note = "Cividis looks the same with and without colour vision deficiency."
        self.add("Colours of maps", self.colours, note)
        app_context.state.map_style_changed.connect(self._on_map_style_changed)
        app_context.themes.changed.connect(self._on_themes)

    def _resize_text(self, size: int) -> None:
        self._app_context.settings.text_size = size
        self._app_context.themes.resize_text(size)

    def _set_map_style(self, name: str, value: object) -> None:
        self._app_context.state.set_map_style(**{name: value})

    def _on_map_style_changed(self, map_style: MapStyle) -> None:
        for name, box in self._boxes.items():
            choose(box, getattr(map_style, name))

    def _on_themes(self, _theme: object) -> None:
        choose(self.theme, self._app_context.themes.choice)
