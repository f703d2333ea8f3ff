"""The key of the map: a press hides or shows the map, holding it does so until it is released."""

from PySide6.QtCore import QElapsedTimer, QEvent, QObject
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication

from skillviewer.ui.session.viewer_state import ViewerState

HELD_MS = 350  # a key that is down for longer counts as held, not pressed


class HoldToHideMap(QObject):
    """Hides or shows the map; while its key is held down, only until it is released."""

    def __init__(self, state: ViewerState, action: QAction, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._action = state, action
        self._since = QElapsedTimer()
        self._watched: QObject | None = None
        action.setAutoRepeat(False)

    def begin(self) -> None:
        self._state.toggle_overlay()
        self._since.start()
        self._unwatch()
        self._watched = QApplication.focusWidget()
        if self._watched is not None:
            self._watched.installEventFilter(self)

    def _unwatch(self) -> None:
        if self._watched is not None:
            self._watched.removeEventFilter(self)
        self._watched = None

    def _end(self) -> None:
        """Put the map back after the key was held, not pressed."""
        held = self._since.elapsed() >= HELD_MS
        self._unwatch()
        if held:
            self._state.toggle_overlay()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Put the map back when a held key is released."""
        if event.type() == QEvent.Type.FocusOut:  # the release of the key is not seen any more
            self._end()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyRelease and not event.isAutoRepeat():
            let_go = QKeySequence(event.keyCombination())
            if let_go in self._action.shortcuts():
                self._end()
        return super().eventFilter(watched, event)
