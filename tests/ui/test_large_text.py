"""Text at 200 % of the usual size in a window of 1280 × 720: nothing is cut off, and everything can be scrolled to."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QDockWidget,
    QLabel,
    QMainWindow,
    QToolButton,
    QWidget,
)
from pytestqt.exceptions import TimeoutError as QtTimeoutError
from pytestqt.qtbot import QtBot

from skillviewer.ui.session.settings import TEXT_SIZES, Settings
from skillviewer.ui.widgets.labels import ElidingLabel
from skillviewer.ui.widgets.theme import ThemeSource, by_text
from tests.ui.conftest import MakeWindow, flush
from tests.ui.driving import open_and_load
from tests.ui.fakes import FakeWorld

pytestmark = pytest.mark.styled

ROUNDING_PX = 2


@pytest.fixture
def large(themes: ThemeSource) -> Iterator[None]:
    themes.resize_text(200)
    yield
    themes.resize_text(100)


def _cut(widget: QLabel | QAbstractButton) -> str:
    """Say what of the words on a widget has no room, "" for nothing. Words that are shortened stand in the tooltip."""
    room, text = widget.contentsRect(), widget.text().replace("&", "")
    if "…" in text and not text.endswith("…") and not widget.toolTip():
        return f"shortened without a tooltip: {text}"
    if isinstance(widget, QAbstractButton):
        if isinstance(widget, QToolButton) and widget.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly:
            return ""
        least = widget.fontMetrics().horizontalAdvance(text)
        return f"button of {room.width()} px for {least} px: {text}" if least > room.width() + ROUNDING_PX else ""
    if isinstance(widget, ElidingLabel):
        return ""
    if widget.wordWrap():
        least = widget.heightForWidth(widget.width())
        return f"{least} px high in {widget.height()} px: {text}" if least > widget.height() + ROUNDING_PX else ""
    least = widget.sizeHint().width()
    told = bool(widget.toolTip())
    return (
        f"{least} px wide in {widget.width()} px: {text}" if least > widget.width() + ROUNDING_PX and not told else ""
    )


def _reachable(widget: QWidget, window: QMainWindow) -> bool:
    """Say whether a widget lies in its window, or in something that scrolls."""
    part: QWidget | None = widget.parentWidget()
    while part is not None and part is not window:
        if isinstance(part, QAbstractScrollArea):
            return True
        if isinstance(part, QDockWidget) and window.tabifiedDockWidgets(part):
            return True  # behind its tab
        part = part.parentWidget()
    return window.rect().contains(widget.rect().translated(widget.mapTo(window, widget.rect().topLeft())))


def _problems(window: QMainWindow) -> list[str]:
    found, labels = [], window.findChildren(QLabel)
    worded: list[QLabel | QAbstractButton] = [*labels, *window.findChildren(QAbstractButton)]
    for widget in worded:
        if widget.isVisible() and widget.text() and widget.width() > 0:
            cut = _cut(widget) or ("" if _reachable(widget, window) else f"out of reach: {widget.text()}")
            found += [f"{type(widget.parent()).__name__}, {type(widget).__name__}: {cut}"] if cut else []
    return found


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
    assert by_text(100) == 200
    for screen in ("inspect", "compare", "rank", "finetune", "export"):
        window.actions_[f"show_{screen}"].trigger()
        flush()
        assert (window.width(), window.height()) == (1280, 720)
        with suppress(QtTimeoutError):  # parts are laid out one after the other
            qtbot.waitUntil(lambda: not _problems(window))
        assert not _problems(window), screen
