"""Page of the Export screen to review faces, video by video."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.exporting.faces import FacesReview
from skillviewer.ui.session.program import Program
from skillviewer.ui.widgets.layout import add_all, push_button, vertical


class FacesPage(QWidget):
    """Faces of the exported videos, one video at a time."""

    back_asked = Signal()

    def __init__(self, program: Program, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paths: list[Path] = []
        self.back = push_button(self.tr("Back to the export"), self, self._on_back)
        self.videos = QComboBox(self)
        self.videos.setAccessibleName(self.tr("Video"))
        row = add_all(QHBoxLayout(), self.back, self.videos, 1)
        self.review = FacesReview(program, self)
        add_all(vertical(self, (16, 12, 16, 12), 12), row, (self.review, 1))
        self.videos.currentIndexChanged.connect(self._on_video)

    def show_videos(self, paths: Sequence[Path]) -> None:
        """Show the faces of videos, starting with the first."""
        self._paths = list(paths)
        with QSignalBlocker(self.videos):
            self.videos.clear()
            self.videos.addItems([printable(path.stem) for path in paths])
        self.videos.setVisible(len(paths) > 1)
        self.review.open(self._paths[0])

    @Slot()
    def _on_back(self) -> None:
        self.review.open(None)
        self.back_asked.emit()

    @Slot(int)
    def _on_video(self, at: int) -> None:
        if 0 <= at < len(self._paths):
            self.review.open(self._paths[at])
