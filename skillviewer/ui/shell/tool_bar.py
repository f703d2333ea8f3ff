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
from skillviewer.ui.widgets.theme import Theme, icon_size

MODEL_PX = 220
GAP_PX = 7  # between buttons, at most


class ToolBar(QToolBar):
    """Buttons of the screens and of the most frequent actions.

    Where they have no room, first the actions and then the screens become icons.
    """

    def __init__(
        self,
        app_context: AppContext,
        actions: Actions,
        map_style_menus: Sequence[QMenu],
        screens: Sequence[str],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self.setObjectName("tools")
        self.setWindowTitle("Tools")
        self.setMovable(False)
        self.setIconSize(icon_size(20))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._own_buttons: list[tuple[QToolButton, str]] = []
        self._screens: list[QToolButton] = []
        self._others: list[QToolButton] = []
        for name in screens:
            button = self._add_button()
            button.setDefaultAction(actions[f"{PREFIX_OF_SCREENS}{name}"])
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setProperty("tab", True)
            self._screens.append(button)
        self._others.clear()
        self.addSeparator()
        self._add_action(actions["open_videos"])
        self._model = self._add_button()
        self._model.setToolTip("Choose the model that assesses the videos")
        self._model.clicked.connect(actions["choose_model"].trigger)
        self._own_buttons.append((self._model, "model"))
        self._add_action(actions["assess_all"])
        self.addSeparator()
        map_menu = QMenu(self)
        map_menu.addAction(actions["overlay"])
        for menu in map_style_menus:
            map_menu.addMenu(menu)
        self._add_menu(map_menu, "overlay", "How the map is shown").setText("Map")
        space = QWidget(self)
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(space)
        self._add_action(actions["palette"])
        app_context.state.model_changed.connect(self._on_model)
        app_context.models.requested_changed.connect(self._on_model)
        self._on_model()

    def _add_button(self) -> QToolButton:
        button = tool_button("", self)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.addWidget(button)
        self._others.append(button)
        return button

    def _add_action(self, action: QAction) -> None:
        self._add_button().setDefaultAction(action)

    def _add_menu(self, menu: QMenu, icon: str, tip: str) -> QToolButton:
        button = self._add_button()
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolTip(tip)
        self._own_buttons.append((button, icon))
        return button

    def on_theme(self, theme: Theme) -> None:
        for button, icon in self._own_buttons:
            button.setIcon(self._app_context.icons.icon(icon, theme))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Use as many words as there is room for."""
        icons, text_beside = Qt.ToolButtonStyle.ToolButtonIconOnly, Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        text = Qt.ToolButtonStyle.ToolButtonTextOnly
        for of_screens, of_others in ((text, text_beside), (text, icons), (icons, icons)):
            for button in self._screens:
                button.setToolButtonStyle(of_screens)
            for button in self._others:
                button.setToolButtonStyle(of_others)
            if self._needed_px() <= self.width():
                return

    def _needed_px(self) -> int:
        buttons = (*self._screens, *self._others)
        return sum(button.sizeHint().width() for button in buttons) + GAP_PX * (len(buttons) + 4)

    def _on_model(self, *_: object) -> None:
        model, chosen_model = self._app_context.state.model, self._app_context.models.requested
        text = "No model"
        if model is not None:
            text = printable(model.name)
        elif chosen_model is not None:
            text = f"{printable(chosen_model.name)} …"
        self._model.setToolTip(as_tip(f"Model that assesses the videos: {text}"))
        self._model.setAccessibleName(text)
        self._model.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, MODEL_PX))
        self._fit()
