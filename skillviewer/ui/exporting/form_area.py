"""The room of the form of Export."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

FORM_PX = 320


class FormArea(QScrollArea):
    """A form that scrolls up and down and is as wide as its words need, whatever the size of text."""

    def __init__(self, form: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._form = form
        self.setWidget(form)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._fit()

    def _fit(self) -> None:
        need = self._form.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        self.setFixedWidth(max(FORM_PX, need))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Grow with the form."""
        if watched is self._form and event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)
