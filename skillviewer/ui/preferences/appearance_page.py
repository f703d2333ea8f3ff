"""Settings of the looks."""

from functools import partial

from PySide6.QtWidgets import QComboBox, QWidget

from skillviewer.core.analysis.map_style import MapInterpolation, MapStyle
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.settings import TEXT_SIZES
from skillviewer.ui.session.viewer_state import map_style_choices
from skillviewer.ui.widgets.form import Form, choose
from skillviewer.ui.widgets.theme import theme_choices


class AppearancePage(Form):
    """Colours, text size, and style of the maps."""

    def __init__(self, app_context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        map_style = app_context.state.map_style
        self.theme_box = self.choice(theme_choices(), app_context.themes.choice, app_context.choose_theme)
        sizes = [(size, f"{size} %") for size in TEXT_SIZES]
        self.text_size_box = self.choice(sizes, app_context.settings.text_size, self._resize_text)
        choices = map_style_choices()
        choices["between"] = [
            (MapInterpolation.HELD, "Keep the last map and show its age"),
            (MapInterpolation.INTERPOLATED, "Blend between maps"),
        ]
        self.boxes: dict[str, QComboBox] = {}  # by field of ``MapStyle``
        for field, options in choices.items():
            value = getattr(map_style, field)
            self.boxes[field] = self.choice(options, value, partial(self._set_map_style, field))
        self.add("Theme", self.theme_box)
        self.add("Text size", self.text_size_box, "Start the program again, so that every part takes on the size.")
        self.add("Map as", self.boxes["overlay"])
        self.add("Colour scale", self.boxes["scale"])
        self.add("Strength of maps", self.boxes["strength"])
        self.add("Cells of maps", self.boxes["smooth"])
        self.add("Between sampled frames", self.boxes["between"])
        note = "Cividis looks the same with and without colour vision deficiency."
        self.add("Colours of maps", self.boxes["colours"], note)
        app_context.state.map_style_changed.connect(self._on_map_style_changed)
        app_context.themes.changed.connect(self._on_themes)

    def _resize_text(self, size: int) -> None:
        self._app_context.settings.text_size = size
        self._app_context.themes.resize_text(size)

    def _set_map_style(self, field: str, value: object) -> None:
        self._app_context.state.set_map_style(**{field: value})

    def _on_map_style_changed(self, map_style: MapStyle) -> None:
        for field, box in self.boxes.items():
            choose(box, getattr(map_style, field))

    def _on_themes(self, _theme: object) -> None:
        choose(self.theme_box, self._app_context.themes.choice)
