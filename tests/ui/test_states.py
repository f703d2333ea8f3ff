"""Every state of the window can be made, in both themes, and none of them warns."""

from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from skillviewer.ui.widgets.theme import DARK, LIGHT, Icons, ThemeChoice
from tests.ui.states import STATES, shoot

PARTS = {
    *("why_page", "settings_looks", "settings_assessing", "settings_storage", "settings_keys", "guides"),
    *("import_ratings", "import_timeline"),
}
"""States of a part of the window, which is shown by itself in its own size."""


@pytest.mark.parametrize("name", [name for name in STATES if name != "many"])
def test_it_can_be_shown(qapp: QApplication, icons: Icons, tmp_path: Path, name: str) -> None:
    dark = list(STATES).index(name) % 2 == 0
    theme = ThemeChoice.DARK if dark else ThemeChoice.LIGHT
    image = QImage(str(shoot(qapp, name, theme, (1280, 720), tmp_path, wide=False, settle_ms=30, drawn=icons)))
    if name in PARTS:
        assert min(image.width(), image.height()) > 200
    else:
        assert (image.width(), image.height()) == (1280, 720)
        assert image.pixelColor(640, 20).name() == (DARK if dark else LIGHT).window
