"""Text at 200 % of the usual size in a window of 1280 × 720: nothing is cut off, and everything can be scrolled to."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from pytestqt.exceptions import TimeoutError as QtTimeoutError
from pytestqt.qtbot import QtBot

from skillviewer.ui.session.settings import TEXT_SIZES, Settings
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import ThemeSource
from tests.ui.conftest import MakeWindow, flush
from tests.ui.driving import open_and_load
from tests.ui.fakes import FakeWorld
from tests.ui.fit import text_faults

pytestmark = pytest.mark.styled


@pytest.fixture
def large(themes: ThemeSource) -> Iterator[None]:
    themes.resize_text(200)
    yield
    themes.resize_text(100)


@pytest.mark.slow
@pytest.mark.usefixtures("large")
def test_no_word_is_cut_off_at_twice_the_size(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, settings: Settings
) -> None:
    assert max(TEXT_SIZES) == 200
    settings.text_size = 200
    made = make_window(world.backend())
    made.app_context.models.refresh()
    window = made.window
    qtbot.wait(20)
    window.resize(1280, 720)  # after it has been fitted to the small screen of the platform without one
    open_and_load(qtbot, made, world.touch("a.mp4", "b.mp4"))
    qtbot.waitUntil(lambda: made.app_context.state.analysis is not None and made.app_context.state.analysis.complete)
    qtbot.waitUntil(lambda: made.app_context.why_loader.findings is not None)
    assert scaled_px(100) == 200
    for screen in ("inspect", "compare", "rank", "finetune", "export"):
        window.actions_[f"show_{screen}"].trigger()
        flush()
        assert (window.width(), window.height()) == (1280, 720)
        with suppress(QtTimeoutError):  # parts are laid out one after the other
            qtbot.waitUntil(lambda: not text_faults(window))
        assert not text_faults(window), screen
