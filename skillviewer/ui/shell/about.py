"""Sheet about the program."""

import platform

import PySide6
from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QLabel, QWidget

from skillviewer.core.version import __version__
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, aligned, growing, horizontal, push_button, vertical
from skillviewer.ui.widgets.overlay_sheet import OverlaySheet
from skillviewer.ui.widgets.text_scaling import scaled_px

SIDES_PX = 120  # margins of the sheet and of the window around it


class About(OverlaySheet):
    """Name, version, purpose and licence of the program."""

    def __init__(self, logo: QPixmap, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("About SkillViewer")
        picture = QLabel(self)
        picture.setPixmap(logo)
        text = (
            f"<h3>SkillViewer {__version__}</h3>"
            "<p>Assesses manipulation skill from video with a spatial attention network, after Li, Huang, "
            "Cai and Sato, <i>Manipulation-skill Assessment from Videos with Spatial Attention Network</i>, 2019.</p>"
            "<p>An aid to judgement, not a certificate. Nothing leaves this computer.</p>"
            f"<p>Apache License 2.0. Python {platform.python_version()}, Qt for Python {PySide6.__version__}. "
            "The font is Inter (SIL Open Font License).</p>"
        )
        body = text_label(text, self, wrap=True)
        body.setTextFormat(Qt.TextFormat.RichText)
        body.setMinimumWidth(min(scaled_px(380), parent.width() - logo.width() - SIDES_PX))
        row = add_all(horizontal(spacing=20), aligned(picture, Qt.AlignmentFlag.AlignTop), growing(body))
        button = push_button("Close", self, self.dismiss)
        add_all(vertical(self, margins=(24, 24, 24, 16), spacing=16), row, aligned(button, Qt.AlignmentFlag.AlignRight))
        self.setFocusProxy(button)
