"""A section of the Why page: a heading and its contents."""

from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.ui.widgets.layout import text_label, vertical


class Section(QWidget):
    """A section with a heading.

    Args:
        wide: Whether what is inside reaches to the edges.
    """

    def __init__(self, title: str, parent: QWidget | None = None, *, wide: bool = False) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(title)
        side = 0 if wide else 12
        self.column = vertical(self, (side, 16, side, 0), 6)
        heading = text_label(title, self, heading=True, wrap=True)
        if wide:
            heading.setContentsMargins(12, 0, 12, 0)
        self.column.addWidget(heading)
