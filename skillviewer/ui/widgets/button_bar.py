"""Bar of buttons below a page that scrolls."""

from PySide6.QtWidgets import QAbstractButton, QFrame, QWidget

from skillviewer.ui.widgets.flow_layout import FlowLayout

GAP_PX = 8


class ButtonBar(QFrame):
    """Buttons that stay in sight while the page above them scrolls; they wrap in a narrow window."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("bar", True)
        self._flow = FlowLayout(self, gap_px=GAP_PX)
        self._flow.setContentsMargins(24, 10, 24, 12)

    def add_buttons(self, *buttons: QAbstractButton) -> None:
        """Add buttons at the right end."""
        for button in buttons:
            self._flow.addWidget(button)
