"""Sheets that open over the window."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QWidget
from shiboken6 import isValid


class OverlaySheet(QFrame):
    """A child of the window that closes on Escape or if another widget gets the focus. Escape restores the focus."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._previous_focus: QWidget | None = QApplication.focusWidget()
        for sheet in window.findChildren(OverlaySheet):
            focus = self._previous_focus
            if sheet is not self and focus is not None and sheet.isAncestorOf(focus):
                # That sheet closes now, with the widget that has the focus.
                self._previous_focus = sheet._previous_focus  # noqa: SLF001 - of the same class
        self.setObjectName("sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAutoFillBackground(True)
        window.installEventFilter(self)

    def open_over(self, *, top: float = 0.12) -> None:
        """Show the sheet in the middle of the window, with its top edge at a share ``top`` of the window's height."""
        self.adjustSize()
        available = self._window.rect().adjusted(16, 16, -16, -16)
        size = self.size().boundedTo(available.size())
        x = available.left() + (available.width() - size.width()) // 2
        y = min(available.top() + round(available.height() * top), available.bottom() - size.height())
        self.setGeometry(x, max(y, available.top()), size.width(), size.height())
        self._open()

    def open_above(self, anchor: QWidget) -> None:
        """Show the sheet above the right end of a widget of the window."""
        self.adjustSize()
        corner = anchor.mapTo(self._window, anchor.rect().topRight())
        self.move(max(corner.x() - self.width() - 8, 8), max(corner.y() - self.height() - 8, 8))
        self._open()

    def _open(self) -> None:
        self.show()
        self.raise_()
        focused_widget = self.focusProxy() or self
        focused_widget.setFocus(Qt.FocusReason.PopupFocusReason)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus)

    def _on_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is not None and new is not self and not self.isAncestorOf(new):
            self._previous_focus = None  # the user chose another widget
            self.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            event.accept()
            self.dismiss()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Close the sheet if the window is resized, since its position would be wrong."""
        if watched is self._window and event.type() == QEvent.Type.Resize:
            self.close()
        return super().eventFilter(watched, event)

    def dismiss(self) -> None:
        """Close the sheet, and restore the focus."""
        previous_focus = self._previous_focus
        self._previous_focus = None
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.disconnect(self._on_focus)
        self.close()
        if previous_focus is not None and isValid(previous_focus):  # the widget may have been deleted
            previous_focus.setFocus(Qt.FocusReason.OtherFocusReason)
