"""The transport in a narrow window: what matters stays."""

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from skillviewer.ui.app import Composition
from skillviewer.ui.player.transport import Transport
from tests.ui.conftest import flush
from tests.ui.driving import inspect, open_and_load
from tests.ui.fakes import FakeWorld


def test_the_loop_button_stays_while_there_is_a_selection(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    playback, transport = window.app_context.playback, inspect(window).player.transport
    transport.resize(300, transport.height())
    flush()
    transport._fit()
    assert transport._loop.isHidden()
    playback.seek(10)
    playback.mark_in()
    playback.seek(20)
    playback.mark_out()
    assert not transport._loop.isHidden()
    assert transport._frame_label.isHidden()
    playback.clear_marks()
    assert transport._loop.isHidden()


def test_the_duration_gives_way_to_the_time_in_a_very_narrow_player(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    outer = QWidget()
    qtbot.addWidget(outer)
    transport = Transport(window.app_context, window.window.actions_, outer)
    outer.show()
    for width, is_shown in ((600, True), (transport.minimumSizeHint().width(), False), (600, True)):
        transport.resize(width, transport.height())
        assert (" / " in transport._time_button.text()) is is_shown
        assert transport._row.minimumSize().width() <= width
        assert transport._time_button.width() >= transport._time_button.sizeHint().width()
