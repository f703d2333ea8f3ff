"""Notes on a video: on the disk while they are typed, one deed each, and always with their own video."""

from functools import partial
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from skillviewer.data.study import NewVideo, Study, StudySettings
from skillviewer.ui.app import Composition
from skillviewer.ui.inspecting.note_edit import AUTOSAVE_MS
from skillviewer.ui.session.study_controller import ANNOTATIONS
from skillviewer.ui.session.undo import Command
from tests.ui.driving import open_and_load
from tests.ui.fakes import FakeWorld
from tests.ui.hands import click, key, type_text
from tests.ui.inspect_driving import choose, notes_of, stored_study

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def opened(qtbot: QtBot, window: Composition, world: FakeWorld) -> Composition:
    window.app_context.assessments.set_automatic(on=False)
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4"))
    qtbot.waitUntil(lambda: all(e.study_name for e in window.app_context.videos))
    window.window._docks["notes"].raise_open()
    qtbot.waitUntil(notes_of(window).new_note.isEnabled)
    return window


def on_disk(made: Composition, video: str = "a") -> list[str]:
    with stored_study(made) as study:
        return [note.text for note in study.annotations.notes(video)]


def shown(made: Composition) -> list[str]:
    return [block.note_edit.toPlainText() for block in notes_of(made).blocks]


def _is(made: Composition, text: str) -> bool:
    return on_disk(made) == shown(made) == [text]


def _a_word() -> Command:
    return Command(
        "note",
        lambda study: study.annotations.write_note("Word", author="R", video="a"),
        lambda study, number: study.annotations.remove("note", cast("int", number)),
        (ANNOTATIONS,),
    )


def write(made: Composition, text: str) -> None:
    fresh = notes_of(made).new_note
    fresh.setFocus()
    type_text(fresh, text)


def test_a_note_is_written_undone_and_done_again(qtbot: QtBot, opened: Composition) -> None:
    write(opened, "Left hand only.")
    key(notes_of(opened).new_note, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: shown(opened) == ["Left hand only."])
    assert notes_of(opened).new_note.toPlainText() == ""
    assert on_disk(opened) == ["Left hand only."]
    opened.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: shown(opened) == [])
    assert on_disk(opened) == []
    opened.window.actions_["redo"].trigger()
    qtbot.waitUntil(lambda: shown(opened) == ["Left hand only."])


def test_what_is_being_written_is_on_the_disk_before_it_is_finished(qtbot: QtBot, opened: Composition) -> None:
    write(opened, "Half a tho")
    qtbot.waitUntil(lambda: on_disk(opened) == ["Half a tho"])
    assert opened.app_context.undo.undo_text is None, "undo knows whole notes only"
    assert shown(opened) == [], "it stands in the field, and nowhere else"
    type_text(notes_of(opened).new_note, "ught")
    key(notes_of(opened).new_note, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: shown(opened) == ["Half a thought"])
    assert on_disk(opened) == ["Half a thought"]
    opened.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: on_disk(opened) == [])


def test_a_note_is_changed_in_place_and_changed_back(qtbot: QtBot, opened: Composition) -> None:
    write(opened, "First")
    key(notes_of(opened).new_note, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: shown(opened) == ["First"])
    edit = notes_of(opened).blocks[0].note_edit
    edit.setFocus()
    key(edit, Qt.Key.Key_End)
    type_text(edit, ", second")
    notes_of(opened).new_note.setFocus()
    qtbot.waitUntil(lambda: on_disk(opened) == ["First, second"])
    qtbot.waitUntil(lambda: len(opened.app_context.undo._done_entries) == 2)
    opened.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: shown(opened) == ["First"])
    assert on_disk(opened) == ["First"]


def test_two_changes_in_one_note_are_two_steps_and_the_field_follows_them(qtbot: QtBot, opened: Composition) -> None:
    write(opened, "A")
    key(notes_of(opened).new_note, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: shown(opened) == ["A"])
    edit = notes_of(opened).blocks[0].note_edit
    edit.setFocus()
    key(edit, Qt.Key.Key_End)
    for letter in "BC":
        type_text(edit, letter)
        key(edit, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: len(opened.app_context.undo._done_entries) == 3)
    qtbot.waitUntil(lambda: on_disk(opened) == ["ABC"] and not opened.app_context.study_worker._tasks)
    for left in ("AB", "A"):
        opened.window.actions_["undo"].trigger()
        qtbot.waitUntil(partial(_is, opened, left))
    notes_of(opened).new_note.setFocus()
    qtbot.wait(AUTOSAVE_MS + 100)
    qtbot.waitUntil(lambda: not opened.app_context.study_worker._tasks)
    assert on_disk(opened) == ["A"]
    assert opened.app_context.undo.redo_text == "note", "what was undone is not written anew"
    opened.window.actions_["redo"].trigger()
    qtbot.waitUntil(partial(_is, opened, "AB"))


def test_a_panel_behind_another_takes_no_key(qtbot: QtBot, opened: Composition) -> None:
    assert notes_of(opened).new_note.isEnabled()
    opened.window._docks["why"].raise_open()
    qtbot.waitUntil(lambda: not notes_of(opened).new_note.isEnabled())
    opened.window._docks["notes"].raise_open()
    qtbot.waitUntil(notes_of(opened).new_note.isEnabled)


def test_a_note_is_deleted_and_brought_back(qtbot: QtBot, opened: Composition) -> None:
    write(opened, "Keep me")
    key(notes_of(opened).new_note, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: shown(opened) == ["Keep me"])
    click(notes_of(opened).blocks[0].remove_button)
    qtbot.waitUntil(lambda: shown(opened) == [])
    opened.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: shown(opened) == ["Keep me"])


def test_going_to_another_video_finishes_the_note_where_it_belongs(qtbot: QtBot, opened: Composition) -> None:
    write(opened, "About a")
    choose(qtbot, opened, opened.app_context.videos[1].path)
    qtbot.waitUntil(lambda: on_disk(opened, "a") == ["About a"])
    assert shown(opened) == []
    assert on_disk(opened, "b") == []
    assert notes_of(opened).new_note.toPlainText() == ""
    choose(qtbot, opened, opened.app_context.videos[0].path)
    qtbot.waitUntil(lambda: shown(opened) == ["About a"])


def test_a_note_of_blanks_is_no_note(qtbot: QtBot, opened: Composition) -> None:
    write(opened, "   ")
    key(notes_of(opened).new_note, Qt.Key.Key_Return, CTRL)
    qtbot.wait(50)
    assert on_disk(opened) == []
    assert opened.app_context.undo.undo_text is None


def test_the_time_of_a_note_is_gone_to(qtbot: QtBot, opened: Composition) -> None:
    opened.app_context.studies.submit_write(
        lambda s: s.annotations.write_note("Slip", author="R", video="a", time_s=1.5), ANNOTATIONS
    )
    qtbot.waitUntil(lambda: shown(opened) == ["Slip"])
    click(notes_of(opened).blocks[0].time_button)
    assert opened.app_context.playback.time_s == pytest.approx(1.5)


def test_letters_in_a_note_are_no_keys_of_the_player(opened: Composition) -> None:
    opened.app_context.playback.seek(20)
    write(opened, "i o k 1 2")
    assert opened.app_context.playback.frame == 20
    assert opened.app_context.playback.marks == (None, None)
    assert not opened.app_context.playback.playing
    assert notes_of(opened).new_note.toPlainText() == "i o k 1 2"


def test_closing_in_the_middle_of_a_note_loses_none_of_it(qtbot: QtBot, opened: Composition) -> None:
    path = (
        opened.app_context.studies.current_study.path
        if opened.app_context.studies.current_study is not None
        else Path()
    )
    opened.app_context.undo.perform(_a_word())  # a draft in which nothing was said would go with the window
    write(opened, "Not lost")
    opened.window.close()
    qtbot.waitUntil(lambda: not opened.window.isVisible())
    with Study.open(path, read_only=True) as study:
        assert [note.text for note in study.annotations.notes("a")] == ["Word", "Not lost"]


def test_the_tab_says_how_many_there_are(qtbot: QtBot, opened: Composition) -> None:
    dock = opened.window._docks["notes"]
    assert dock.windowTitle() == "Notes"
    write(opened, "One")
    key(notes_of(opened).new_note, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: dock.windowTitle() == "Notes (1)")


def test_a_study_that_is_open_elsewhere_can_be_read_only(
    qtbot: QtBot, window: Composition, world: FakeWorld, tmp_path: Path
) -> None:
    (file,) = world.touch("a.mp4")
    path = tmp_path / "shared.skillstudy"
    with Study.create(path, StudySettings(title="Shared")) as study:
        study.videos.add([NewVideo(file)])
        study.annotations.write_note("Theirs", author="B", video="a")
        window.app_context.assessments.set_automatic(on=False)
        open_and_load(qtbot, window, [path])
        qtbot.waitUntil(lambda: shown(window) == ["Theirs"])
        panel = notes_of(window)
        assert panel.message_label.plain_text == "The study is open for reading only."
        assert not panel.new_note.isVisible()
        assert panel.blocks[0].note_edit.isReadOnly()
        assert not panel.blocks[0].remove_button.isEnabled()
        window.app_context.studies.close()
        qtbot.waitUntil(lambda: not window.app_context.study_worker._tasks)


def test_closing_or_changing_the_study_in_the_middle_of_a_note_loses_none_of_it(
    qtbot: QtBot, opened: Composition, world: FakeWorld, tmp_path: Path
) -> None:
    app_context = opened.app_context
    (other,) = world.touch("c.mp4")
    with Study.create(tmp_path / "other", StudySettings()) as study:
        study.videos.add([NewVideo(other, "a")])  # called as the video of the note is
        other_path = study.path
    fresh = notes_of(opened).new_note
    fresh.setFocus()
    type_text(fresh, "first words")
    qtbot.waitUntil(lambda: on_disk(opened) == ["first words"])
    type_text(fresh, " and the rest")
    current = app_context.studies.current_study
    assert current is not None
    app_context.open([other_path])
    qtbot.waitUntil(
        lambda: app_context.studies.current_study is not None and app_context.studies.current_study.path == other_path
    )
    assert [m.text for m in app_context.messages.waiting if "nothing was written" in m.text] == []
    qtbot.waitUntil(lambda: app_context.playback.video is not None)
    with Study.open(current.path, read_only=True) as before:
        assert [note.text for note in before.annotations.notes("a")] == ["first words and the rest"]
    assert on_disk(opened) == []
    fresh.setFocus()
    type_text(fresh, "a short note")
    key(fresh, Qt.Key.Key_W, CTRL)
    qtbot.waitUntil(lambda: app_context.studies.current_study is None)

    def saved() -> list[str]:
        with Study.open(other_path, read_only=True) as study:
            return [note.text for note in study.annotations.notes("a")]

    qtbot.waitUntil(lambda: saved() == ["a short note"])


def test_a_note_is_of_who_wrote_it_and_the_next_of_who_works_here_then(qtbot: QtBot, opened: Composition) -> None:
    annotations, fresh = opened.app_context.annotations, notes_of(opened).new_note
    annotations.set_author("Anna")
    fresh.setFocus()
    type_text(fresh, "by anna")
    annotations.set_author("Ben")
    qtbot.waitUntil(lambda: on_disk(opened) == ["by anna"])
    fresh.setFocus()
    type_text(fresh, "by ben")
    key(fresh, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: on_disk(opened) == ["by anna", "by ben"])
    with stored_study(opened) as study:
        assert [note.author for note in study.annotations.notes("a")] == ["Anna", "Ben"]
