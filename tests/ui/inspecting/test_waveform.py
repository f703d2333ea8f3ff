"""The waveform under the curve: shown on demand, on the time of the curve, and remembered."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from skillviewer.core.video.sound import ENVELOPE_BIN_S, SoundEnvelope, SoundFacts
from tests.ui.conftest import MakeWindow
from tests.ui.driving import inspect
from tests.ui.fakes import FakeWorld


def test_the_waveform_is_shown_on_demand_where_its_time_is(
    make_window: MakeWindow, world: FakeWorld, qtbot: QtBot
) -> None:
    made = make_window(world.backend())
    made.app_context.open(world.touch("a.mp4"))
    qtbot.waitUntil(lambda: made.app_context.playback.video is not None)
    waveform = inspect(made).waveform
    assert waveform.isHidden()
    made.window.actions_["waveform"].trigger()
    assert not waveform.isHidden()
    assert made.app_context.settings.waveform
    qtbot.waitUntil(lambda: made.app_context.sound.envelope is not None)  # the fake video has no sound
    assert "no sound" in waveform.accessible_text()
    peaks = np.zeros(300, np.float32)
    peaks[150] = 0.8
    made.app_context.sound.envelope = SoundEnvelope("d", peaks, SoundFacts(0.0, 2.0))
    waveform._draw(made.app_context.sound.envelope)
    times_s, shown = waveform._upper_curve.getData()
    assert times_s[np.argmax(shown)] == pytest.approx(150.5 * ENVELOPE_BIN_S)
    assert shown.max() == pytest.approx(1.0)  # the loudest part fills the height
    assert "ends 1.0 s before" in waveform.accessible_text()
    made.window.actions_["waveform"].trigger()
    assert waveform.isHidden()


def test_the_key_mutes_and_the_choice_is_kept(make_window: MakeWindow, world: FakeWorld, qtbot: QtBot) -> None:
    made = make_window(world.backend())
    made.app_context.open(world.touch("a.mp4"))
    qtbot.waitUntil(lambda: made.app_context.playback.video is not None)
    assert made.window.actions_["sound"].isChecked()
    QTest.keyClick(inspect(made).player.canvas, Qt.Key.Key_U)
    assert not made.app_context.sound.on
    assert not made.app_context.settings.sound
    assert made.app_context.sound.message == "The sound is off." or "no sound" in made.app_context.sound.message
