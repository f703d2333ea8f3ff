"""The dialog about the program."""

import platform

import PySide6
from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QLabel, QWidget

from skillviewer.core.version import __version__
from skillviewer.ui.widgets.layout import add_all, horizontal, push_button, text_label, vertical
from skillviewer.ui.widgets.overlay import OverlaySheet


class About(OverlaySheet):
    """Name, version, what it is for, licence."""

    def __init__(self, logo: QPixmap, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("About SkillViewer"))
        picture = QLabel(self)
        picture.setPixmap(logo)
        text = self.tr(
            "<h3>SkillViewer {}</h3>"
            "<p>Assesses manipulation skill from video with a spatial attention network, after Li, Huang, "
            "Cai and Sato, <i>Manipulation-skill Assessment from Videos with Spatial Attention Network</i>, 2019.</p>"
            "<p>An aid to judgement, not a certificate. Nothing leaves this computer.</p>"
            "<p>Apache License 2.0. Python {}, Qt for Python {}. The font is Inter (SIL Open Font License).</p>"
        ).format(__version__, platform.python_version(), PySide6.__version__)
        words = text_label(text, self, wrap=True)
        words.setTextFormat(Qt.TextFormat.RichText)
        words.setMinimumWidth(380)
        row = add_all(horizontal(spacing=20), (picture, 0, Qt.AlignmentFlag.AlignTop), (words, 1))
        button = push_button(self.tr("Close"), self, self.dismiss)
        add_all(vertical(self, (24, 24, 24, 16), 16), row, (button, 0, Qt.AlignmentFlag.AlignRight))
        self.setFocusProxy(button)
