"""Every state of the window can be made, in both themes, and none of them warns."""

from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.theme import DARK, LIGHT, ThemeChoice, ThemeSource
from tests.ui.states import STATES, shoot

pytestmark = pytest.mark.styled

PARTS = {
    *("why_page", "settings_looks", "settings_assessing", "settings_storage", "settings_keys", "guides", "models"),
    *("models_shipped", "import_ratings", "import_observations", "import_timeline"),
}
"""States of a part of the window, which is shown by itself in its own size."""


ALWAYS = {
    *("start", "working", "analysed", "failed", "unreadable", "long_names", "jobs", "keys", "about", "guides"),
    *("why_page", "moments", "compare_two", "settings_looks", "settings_keys", "rank_pair", "rank_setup"),
    *("votes_results", "finetune_choices", "finetune_result", "export_study", "import_ratings", "import_timeline"),
}
"""States that `make test` shows too: one or two of every page."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in ALWAYS else pytest.mark.slow)
        for name in [*dict.fromkeys([*STATES, *ALWAYS])]
        if name != "many"
    ],
)
def test_it_can_be_shown(qapp: QApplication, icons: Icons, themes: ThemeSource, tmp_path: Path, name: str) -> None:
    dark = list(STATES).index(name) % 2 == 0
    theme = ThemeChoice.DARK if dark else ThemeChoice.LIGHT
    image = QImage(str(shoot(qapp, name, theme, (1280, 720), tmp_path, wide=False, settle_ms=30, drawn=icons)))
    themes.apply_theme()  # the next test finds the colours that its own windows have
    if name in PARTS:
        assert min(image.width(), image.height()) > 200
    else:
        assert (image.width(), image.height()) == (1280, 720)
        colours = Counter(image.pixelColor(x, 20).name() for x in range(0, image.width(), 8))
        assert colours[(DARK if dark else LIGHT).window] > image.width() / 8 / 4, "the ground of the tool bar"
