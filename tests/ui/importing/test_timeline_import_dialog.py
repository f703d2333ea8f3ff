"""The page that imports a timeline: dropped or chosen, tiers given a meaning by keys, imported, undone."""

import json

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from skillviewer.data.study import Study
from skillviewer.ui.app import Composition
from skillviewer.ui.importing.timeline_import_dialog import TimelineImportDialog
from tests.data.files import write
from tests.facts import missing
from tests.ui.conftest import MakeWindow
from tests.ui.driving import drop
from tests.ui.fakes import FakeDialogs, FakeWorld
from tests.ui.hands import key
from tests.ui.inspect_driving import moments_of

GRID = '"ooTextFile"\n"TextGrid"\n0\n4\n<exists>\n{n}\n{tiers}'
TIER = '"TextTier"\n"{name}"\n0\n4\n1\n{at}\n"{text}"\n'


def page_of(qtbot: QtBot, made: Composition) -> TimelineImportDialog:
    def shown() -> bool:
        page = made.window.findChild(TimelineImportDialog)
        return page is not None and page.message_label.plain_text != "Reading…"

    qtbot.waitUntil(shown)
    page = made.window.findChild(TimelineImportDialog)
    assert isinstance(page, TimelineImportDialog)
    return page


def opened(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld) -> Composition:
    made = make_window(world.backend())
    made.app_context.assessments.set_automatic(on=False)
    drop(made, world.touch("one.mp4"))
    qtbot.waitUntil(lambda: made.app_context.annotations.writable and made.app_context.playback.video is not None)
    return made


def held(made: Composition) -> tuple[list[tuple[float, str]], list[str], list[str]]:
    study = made.app_context.studies.current_study
    assert study is not None
    with Study.open(study.path, read_only=True) as read:
        moments = [(round(m.start_s, 3), m.label) for m in read.annotations.moments()]
        return moments, [n.text for n in read.annotations.notes()], [v.name for v in read.videos.all()]


def test_a_dropped_textgrid_becomes_moments_notes_and_phases_and_is_taken_back(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld
) -> None:
    made = opened(qtbot, make_window, world)
    given = {
        "hits of the needle holder on tissue": (0.1, "hit"),
        "remarks": (0.2, "slips"),
        "steps": (0.3, "reach"),
        "none": (0.4, "x"),
    }
    tiers = "".join(TIER.format(name=name, at=at, text=text) for name, (at, text) in given.items())
    drop(made, [write(world.folder / "a.TextGrid", GRID.format(n=len(given), tiers=tiers))])
    page = page_of(qtbot, made)
    assert page.message_label.plain_text == "Annotations of one become:"
    assert list(page.boxes) == list(given)
    boxes = page.boxes.values()
    page.resize(page.boxes["none"].sizeHint().width() + 90, 400)  # too narrow for a name and its box in one row
    qtbot.waitUntil(lambda: all(box.mapTo(page, box.rect().topRight()).x() < page.width() for box in boxes))
    for tier, message in {
        "remarks": "notes",
        "steps": "phases (compared among themselves)",
        "none": "not used",
    }.items():
        box = page.boxes[tier]
        box.setFocus()
        wanted = box.findText(message)
        while box.currentIndex() != wanted:
            key(box, Qt.Key.Key_Down if box.currentIndex() < wanted else Qt.Key.Key_Up)
    page.import_button.click()
    everything = ([(0.1, "hit")], ["slips"], ["one", "one reach"])
    qtbot.waitUntil(lambda: made.app_context.undo.undo_text == "import of a timeline")
    assert held(made) == everything
    qtbot.waitUntil(lambda: [m.label for m in made.app_context.annotations.moments] == ["hit"])
    qtbot.waitUntil(lambda: made.window.findChild(TimelineImportDialog) is None)
    made.app_context.undo.undo()
    qtbot.waitUntil(lambda: held(made) == ([], [], ["one"]))
    made.app_context.undo.redo()
    qtbot.waitUntil(lambda: held(made) == everything)


def test_a_file_that_cannot_be_read_is_one_sentence_on_the_page(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, dialogs: FakeDialogs
) -> None:
    made = opened(qtbot, make_window, world)
    dialogs.file_answer = write(world.folder / "a.eaf", "<!DOCTYPE x [<!ENTITY a 'b'>]><x/>")
    made.window.actions_["import_timeline"].trigger()
    page = page_of(qtbot, made)
    assert not missing(page.message_label.plain_text, "declares entities")
    assert not page.import_button.isEnabled()
    page.close()
    qtbot.waitUntil(lambda: made.window.findChild(TimelineImportDialog) is None)


def test_without_a_video_a_message_says_what_to_do(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld) -> None:
    made = make_window(world.backend())
    world.folder.mkdir(parents=True, exist_ok=True)
    drop(made, [write(world.folder / "a.srt", "1\n00:00:01,000 --> 00:00:02,000\nx\n")])
    qtbot.waitUntil(lambda: any("Show the video of a.srt first" in m.text for m in made.app_context.messages.waiting))
    assert made.window.findChild(TimelineImportDialog) is None


def test_an_observation_is_chosen_and_events_that_are_not_used_are_listed(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld
) -> None:
    made = opened(qtbot, make_window, world)
    events = [[0.1, "", "slip", "", ""], [0.2, "", "hold", "", ""]]
    observations = {name: {"type": "LIVE", "events": events[: n + 1]} for n, name in enumerate(("first", "second"))}
    behaviors = {"0": {"type": "State event", "code": "hold"}}
    text = json.dumps({"observations": observations, "behaviors_conf": behaviors})
    drop(made, [write(world.folder / "a.boris", text)])
    page = page_of(qtbot, made)
    assert not page.import_button.isEnabled()
    assert not missing(page.problems_table.table_model.rows[0][0], "2 observations", "one.mp4")
    page.observation_box.setFocus()
    for name, rejected in (("first", 0), ("second", 1)):
        key(page.observation_box, Qt.Key.Key_Down)
        page.observation_box.activated.emit(page.observation_box.currentIndex())
        qtbot.waitUntil(page.import_button.isEnabled)
        assert page.observation_box.currentText() == name
        assert list(page.boxes) == ["slip"]
        assert len(page.problems_table.table_model.rows) == 1 + rejected
        assert page.observation_box.isVisible()
    page.import_button.click()
    qtbot.waitUntil(lambda: made.app_context.undo.undo_text == "import of a timeline")
    assert held(made)[0] == [(0.1, "slip")]
    made.window._docks["moments"].raise_open()
    qtbot.waitUntil(lambda: [row.text.endswith("tier “slip”") for row in moments_of(made).moment_column.rows] == [True])
