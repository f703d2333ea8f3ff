"""The tool bar."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.actions.table import PREFIX_OF_SCREENS
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.layout import as_tip, tool_button
from skillviewer.ui.widgets.text_scaling import icon_size
from skillviewer.ui.widgets.theme import Theme

MAX_MODEL_WIDTH_PX = 220
MAX_GAP_PX = 7  # between buttons
N_SEPARATORS = 4  # gaps besides those between buttons


class ToolBar(QToolBar):
    """Buttons of the screens and of the most frequent actions.

    In a narrow window, the text of the actions is hidden first, then the text of the screens.
    """

    def __init__(
        self, app_context: AppContext, actions: Actions, map_menu: QMenu, screens: Sequence[str], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self.setObjectName("tools")
        self.setWindowTitle("Tools")
        self.setMovable(False)
        self.setIconSize(icon_size(20))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._icon_names: list[tuple[QToolButton, str]] = []  # buttons without an action, with their icons
        self._action_buttons: list[QToolButton] = []
        self._screen_buttons = [self._add_screen(actions[f"{PREFIX_OF_SCREENS}{name}"]) for name in screens]
        self.addSeparator()
        self._add_action(actions["open_videos"])
        self._model = self._add_button()
        self._model.setToolTip("Choose the model that assesses the videos")
        self._model.clicked.connect(actions["choose_model"].trigger)
        self._icon_names.append((self._model, "model"))
        self._add_action(actions["assess_all"])
        self.addSeparator()
        map_button = self._add_menu(map_menu, "overlay", "How the map is shown")
        map_button.setText("Map")
        space = QWidget(self)
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(space)
        self._add_action(actions["palette"])
        app_context.state.model_changed.connect(self._on_model)
        app_context.models.requested_changed.connect(self._on_model)
        self._on_model()

    def _add_screen(self, action: QAction) -> QToolButton:
        button = tool_button("", self)
        self.addWidget(button)
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setProperty("tab", True)
        return button

    def _add_button(self) -> QToolButton:
        button = tool_button("", self)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.addWidget(button)
        self._action_buttons.append(button)
        return button

    def _add_action(self, action: QAction) -> None:
        self._add_button().setDefaultAction(action)

    def _add_menu(self, menu: QMenu, icon: str, tip: str) -> QToolButton:
        button = self._add_button()
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolTip(tip)
        self._icon_names.append((button, icon))
        return button

    def on_theme(self, theme: Theme) -> None:
        for button, icon in self._icon_names:
            button.setIcon(self._app_context.icons.icon(icon, theme))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Show as many texts as the width of the tool bar allows: of all buttons, of the screens alone, or no texts."""
        icon = Qt.ToolButtonStyle.ToolButtonIconOnly
        text = Qt.ToolButtonStyle.ToolButtonTextOnly
        icon_and_text = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        for screen_style, action_style in ((text, icon_and_text), (text, icon), (icon, icon)):
            for button in self._screen_buttons:
                button.setToolButtonStyle(screen_style)
            for button in self._action_buttons:
                button.setToolButtonStyle(action_style)
            if self._needed_px() <= self.width():
                return

    def _needed_px(self) -> int:
        buttons = (*self._screen_buttons, *self._action_buttons)
        widths_px = sum(button.sizeHint().width() for button in buttons)
        return widths_px + MAX_GAP_PX * (len(buttons) + N_SEPARATORS)

    def _on_model(self, *_: object) -> None:
        model = self._app_context.state.model
        chosen_model = self._app_context.models.requested_folder
        text = "No model"
        if model is not None:
            text = printable(model.name)
        elif chosen_model is not None:
            text = f"{printable(chosen_model.name)} …"
        self._model.setToolTip(as_tip(f"Model that assesses the videos: {text}"))
        self._model.setAccessibleName(text)
        self._model.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, MAX_MODEL_WIDTH_PX))
        self._fit()
