"""What is typed, searched and said."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.map_style import ColourLimits, MapStyle, Overlay
from skillviewer.core.analysis.scene import resolve
from skillviewer.core.errors import VideoError
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.actions.actions import Actions, match_distance, without_mnemonic
from skillviewer.ui.actions.table import ACTIONS
from skillviewer.ui.shell.go_to import parse_place
from skillviewer.ui.shell.message_bar import MessageBar
from skillviewer.ui.shell.status_bar import time_left_text
from skillviewer.ui.threads.messages import Message, Messages, Severity
from skillviewer.ui.widgets.colour_bar import ColourBar
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.theme import LIGHT
from tests.ui.fakes import make_analysis, video_info

VIDEO = video_info(Path("a.mp4"), 3000)  # 100 s


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("1", 0), ("412", 411), (" 3000 ", 2999), ("0", None), ("3001", None), ("-3", None),
        ("13.5", 405), ("13s", 390), ("13,5 s", 405), ("1:02", 1860), ("00:13.733", 412), ("0:01:02.5", 1875),
        ("1:40", 2999), ("1:41", None), ("99:99:99", None), ("abc", None), ("", None), (":", None), ("1:2:3:4", None),
    ],
)  # fmt: skip
def test_a_place_is_understood(text: str, frame: int | None) -> None:
    assert parse_place(text, VIDEO) == frame


def test_a_time_as_shown_finds_its_own_frame() -> None:
    rng = np.random.default_rng(3)
    times_s = np.round(np.cumsum(rng.uniform(0.004, 0.09, 400)), 3)
    video = VideoInfo(Path("v.mp4"), "d", times_s - times_s[0], 16, 9, float(times_s[-1]) + 1, 20.0, variable_rate=True)
    for frame in range(400):
        time_s = float(video.times_s[frame])
        assert parse_place(f"{int(time_s // 60):02d}:{time_s % 60:06.3f}", video) == frame


def test_the_palette_finds_by_words() -> None:
    assert match_distance("Open the sample study", "samp") is not None
    assert match_distance("Open the sample study", "study open") is not None
    assert match_distance("Open the sample study", "close") is None
    begins, inside = match_distance("Map as: Heat", "map"), match_distance("Heatmap", "map")
    assert begins is not None
    assert inside is not None
    assert begins < inside


def test_menu_marks_are_taken_away() -> None:
    assert without_mnemonic("&Open videos…") == "Open videos…"
    assert without_mnemonic("Save && &quit") == "Save & quit"


def test_time_left_in_words() -> None:
    assert [time_left_text(s) for s in (0.2, 14.4, 99, 170)] == ["1 s", "14 s", "99 s", "3 min"]


@pytest.fixture
def messages(qapp: QApplication) -> Messages:  # noqa: ARG001
    return Messages()


def test_messages_wait_for_each_other_and_are_said_once(messages: Messages) -> None:
    messages.note("one")
    messages.fail(VideoError("two"))
    messages.note("one")
    assert [m.text for m in messages.waiting] == ["two", "one"]
    assert [m.severity for m in messages.waiting] == [Severity.ERROR, Severity.NOTE]
    messages.dismiss()
    assert [m.text for m in messages.waiting] == ["two"]
    messages.dismiss()
    messages.dismiss()
    assert not messages.waiting


def test_an_error_of_the_programmer_is_not_shown_raw(messages: Messages) -> None:
    messages.fail(KeyError("internals"))
    (message,) = messages.waiting
    assert "internals" not in message.text
    assert message.details == ("KeyError: 'internals'",)


def test_the_bar_shows_the_latest_and_how_many_wait(qtbot: QtBot, messages: Messages, icons: Icons) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    actions = Actions(window, icons, ACTIONS)
    bar = MessageBar(messages, actions, icons, window)
    bar.on_theme(LIGHT)
    assert bar.isHidden()
    messages.note("first")
    messages.post(Message("<b>second</b>\n", details=tuple(str(i) for i in range(20))))
    assert not bar.isHidden()
    assert bar.text == "<b>second</b>   (more messages: 1)", "names of files are not read as markup"
    assert bar._details_label.text().splitlines()[-1] == "and 12 more"
    assert bar.action_button.isHidden()
    messages.dismiss()
    assert bar.text == "first"
    messages.post(Message("third", action="disagreements"))
    with qtbot.waitSignal(actions["disagreements"].triggered):
        bar.action_button.click()
    assert bar.text == "first", "what was acted upon is read"
    messages.post(Message("fourth", action="disagreements"))
    bar.hide_names({"a name"})
    assert bar.action_button.isHidden(), "a rater is not led away"


def test_the_colour_bar_tells_its_limits(qtbot: QtBot) -> None:
    bar = ColourBar()
    qtbot.addWidget(bar)
    bar.on_theme(LIGHT)
    bar.resize(200, bar.sizeHint().height())
    bar.show()
    analysis = make_analysis(VIDEO)
    scene = resolve(analysis, 2000, MapStyle(scale=ColourLimits.COMMON, common_limit=5))
    bar.set_scene(scene)
    assert bar.accessibleName().startswith("Colours from 0 to 5 and more")
    image = bar.grab().toImage()
    row = [image.pixelColor(x, 5).lightness() for x in range(14, image.width() - 14)]
    assert row[0] < 12
    assert row[-1] > 120
    assert np.corrcoef(row, np.arange(len(row)))[0, 1] > 0.9
    look = MapStyle(scale=ColourLimits.COMMON, common_limit=5, overlay=Overlay.DIMMED)
    bar.set_scene(resolve(analysis, 2000, look))  # what is dimmed is grey, and so is the bar
    image = bar.grab().toImage()
    colours = [image.pixelColor(x, 5) for x in range(14, image.width() - 14)]
    assert all(colour.saturation() == 0 for colour in colours)
    assert colours[0].lightness() < 12
    signed = make_analysis(VIDEO, kind=MapKind.SIGNED)
    bar.set_scene(resolve(signed, 2000, MapStyle()))
    image = bar.grab().toImage()
    middle = image.pixelColor(image.width() // 2, 5)
    assert min(middle.red(), middle.green(), middle.blue()) > 225, "zero is white"
    bar.set_scene(None)
    assert bar.accessibleName() == ""


def test_of_a_part_only_its_frames_can_be_gone_to() -> None:
    part = range(30, 61)
    assert parse_place("31", VIDEO, part) == 30
    assert parse_place("61", VIDEO, part) == 60
    for text in ("30", "62", "85"):
        assert parse_place(text, VIDEO) is not None
        assert parse_place(text, VIDEO, part) is None
