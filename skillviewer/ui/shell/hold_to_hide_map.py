"""The key of the map: pressed, it hides or shows the map; held, it does so until it is released."""

from PySide6.QtCore import QElapsedTimer, QEvent, QObject
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication

from skillviewer.ui.session.viewer_state import ViewerState

HELD_MS = 350  # a key that is down for longer counts as held, not pressed


class HoldToHideMap(QObject):
    """Hides or shows the map; while its key is held down, only until it is released."""

    def __init__(self, state: ViewerState, action: QAction, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._action = action
        self._since_press = QElapsedTimer()
        self._watched: QObject | None = None
        action.setAutoRepeat(False)

    def on_pressed(self) -> None:
        """Hide or show the map, and wait for the release of the key."""
        self._state.toggle_overlay()
        self._since_press.start()
        self._unwatch()
        self._watched = QApplication.focusWidget()
        if self._watched is not None:
            self._watched.installEventFilter(self)

    def _unwatch(self) -> None:
        if self._watched is not None:
            self._watched.removeEventFilter(self)
        self._watched = None

    def _on_released(self) -> None:
        was_held = self._since_press.elapsed() >= HELD_MS
        self._unwatch()
        if was_held:
            self._state.toggle_overlay()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Restore the map when a held key is released."""
        if event.type() == QEvent.Type.FocusOut:  # another widget gets the release of the key
            self._on_released()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyRelease and not event.isAutoRepeat():
            released_keys = QKeySequence(event.keyCombination())
            if released_keys in self._action.shortcuts():
                self._on_released()
        return super().eventFilter(watched, event)
