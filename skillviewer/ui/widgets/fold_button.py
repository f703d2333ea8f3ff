"""Button with an arrow that shows and hides a widget."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QWidget


class FoldButton(QToolButton):
    """A button that shows and hides a widget, which is hidden at first.

    Args:
        text: Text of the button.
        content: The widget.
        parent: Parent of the button.
    """

    def __init__(self, text: str, content: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._content = content
        self.setText(text)
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toggled.connect(self._show_content)
        self._show_content(False)

    def _show_content(self, is_open: bool) -> None:
        self.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self._content.setVisible(is_open)
