"""A label with a shorter text where there is less room."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from skillviewer.ui.widgets.layout import as_tip


class ShortLabel(QLabel):
    """Shows the longest of several texts that fits; the tooltip has the first where it does not fit.

    It asks for the room of the shortest wording and takes what there is; it never keeps a window from being narrow.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._forms: tuple[str, ...] = ("",)
        self._tip = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    @property
    def words(self) -> str:
        """The longest text, also where it does not fit."""
        return self._forms[0]

    def set_forms(self, *forms: str, tip: str = "") -> None:
        """Set wordings, the longest first; the tooltip says ``tip``, or, where it is "", all of a text that is cut."""
        if (forms, tip) != (self._forms, self._tip):
            self._forms, self._tip = forms, tip
            self.setAccessibleDescription(self.words)
            self.updateGeometry()
            self._choose()

    def _width(self, words: str) -> int:
        return self.fontMetrics().horizontalAdvance(words) + 1

    def _choose(self) -> None:
        room = self.contentsRect().width()
        fitting = next((form for form in self._forms if self._width(form) <= room), None)
        shown = fitting
        if shown is None:
            shown = self.fontMetrics().elidedText(self._forms[-1], Qt.TextElideMode.ElideRight, room)
        self.setText(shown)
        self.setToolTip(as_tip(self._tip or (self.words if shown != self.words else "")))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._choose()

    def sizeHint(self) -> QSize:
        """Return the room of the shortest wording."""
        return QSize(self._width(self._forms[-1]), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Return no width: its neighbours go first."""
        return QSize(0, super().minimumSizeHint().height())
