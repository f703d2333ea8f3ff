"""Work that a new frame must not cause: a layout of the window, and drawing in plots that nobody sees."""

from PySide6.QtCore import QEvent
from pytestqt.qtbot import QtBot

from skillviewer.ui.app import Composition
from tests.ui.conftest import MakeWindow, flush
from tests.ui.driving import busy_with, inspect
from tests.ui.event_counter import EventCounter
from tests.ui.fakes import FakeWorld
from tests.ui.inspect_driving import open_assessed


def test_a_new_frame_lays_out_neither_screen_nor_window(window: Composition, world: FakeWorld, qtbot: QtBot) -> None:
    made = window
    playback = made.app_context.playback
    open_assessed(qtbot, made, world, 1)
    qtbot.waitUntil(lambda: made.app_context.state.analysis is not None and not busy_with(made.app_context))
    screen = inspect(made)
    widgets = (made.window, screen, screen.player, screen.player.transport)
    counts = [EventCounter(widget, QEvent.Type.LayoutRequest) for widget in widgets]
    layouts = []
    for frame in range(3, 11):  # something else may ask for a layout once; what a frame causes, every frame does
        for count in counts:
            count.n = 0
        playback.seek(frame)
        qtbot.waitUntil(lambda: not busy_with(made.app_context))
        flush()
        assert screen.player.transport._frame_label.text().startswith(f"frame {frame + 1}")
        layouts.append([count.n for count in counts])
    assert [0, 0, 0, 0] in layouts, layouts


def test_a_hidden_plot_moves_its_cursor_when_it_is_shown(
    make_window: MakeWindow, world: FakeWorld, qtbot: QtBot
) -> None:
    made = make_window(world.backend())
    made.app_context.open(world.touch("a.mp4"))
    playback = made.app_context.playback
    qtbot.waitUntil(lambda: playback.video is not None)
    screen = inspect(made)
    before = screen.waveform.cursor_s
    playback.seek(7)
    assert screen.curve.cursor_s == playback.time_s
    assert screen.waveform.cursor_s == before != playback.time_s
    made.window.actions_["waveform"].trigger()
    assert screen.waveform.cursor_s == playback.time_s


def test_the_picture_keeps_its_size_where_there_is_no_map(window: Composition, world: FakeWorld, qtbot: QtBot) -> None:
    open_assessed(qtbot, window, world, 1)
    qtbot.waitUntil(lambda: window.app_context.state.analysis is not None and not busy_with(window.app_context))
    canvas = inspect(window).player.canvas
    flush()
    size = canvas.size()
    window.app_context.state.set_analysis(None)
    flush()
    assert canvas.size() == size
