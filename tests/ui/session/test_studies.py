"""The study behind the window: made by itself, opened, saved, read only, missing videos, undo."""

import hashlib
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import StudyError
from skillviewer.core.paths import drafts_dir
from skillviewer.core.progress import CancelToken
from skillviewer.core.video.clips import FrameRange, TimeRange, VideoClip
from skillviewer.data.study import NewVideo, Study, StudySettings, Vote
from skillviewer.data.study.archive.archive import pack
from skillviewer.data.study.archive.archive_format import ArchiveOptions
from skillviewer.data.study.backups import backups_dir
from skillviewer.data.study.database import side_files
from skillviewer.data.study.identity import Identity, identify
from skillviewer.data.study.schema import FIRST_VERSION, VERSION
from skillviewer.ui.app import Composition, begin
from skillviewer.ui.ranking.judging_session import withdraw_vote
from skillviewer.ui.ranking.screen import RankScreen
from skillviewer.ui.ranking.sitting_controller import SittingPhase
from skillviewer.ui.session import model_holder
from skillviewer.ui.session.open_study import OpenStudy
from skillviewer.ui.session.sample_study import sample_path
from skillviewer.ui.session.study_controller import VIDEOS, VOTES
from skillviewer.ui.session.undo import Command
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.videos.columns import under_name
from tests.data.study.test_study import FIRST_STUDY
from tests.facts import missing
from tests.ui.conftest import MakeWindow
from tests.ui.driving import drop, inspect, open_and_load, states
from tests.ui.fakes import FakeAssessor, FakeDialogs, FakeWorld, model_digest
from tests.ui.hands import key
from tests.ui.pair_study import all_texts
from tests.videos import write_barcode_video


def wait_for_study(qtbot: QtBot, made: Composition, n_videos: int) -> None:
    def known() -> bool:
        return (
            made.app_context.studies.current_study is not None
            and sum(bool(e.study_name) for e in made.app_context.videos) == n_videos
        )

    qtbot.waitUntil(known)


def note_deed(text: str, video: str = "a") -> Command:
    return Command(
        "note",
        lambda study: study.annotations.write_note(text, video=video, author="me"),
        lambda study, number: study.annotations.remove("note", cast("int", number)),
        ("annotations",),
    )


def notes_of(path: Path, video: str = "a") -> list[str]:
    with Study.open(path, read_only=True) as study:
        return [note.text for note in study.annotations.notes(video)]


@pytest.fixture
def study_file(world: FakeWorld, tmp_path: Path) -> Path:
    files = world.touch("a.mp4", "b.mp4", "c.mp4")
    path = tmp_path / "grasp.skillstudy"
    with Study.create(path, StudySettings(title="Grasping", task="grasp")) as made:
        made.videos.add([NewVideo(file, participant=f"P{i}") for i, file in enumerate(files)])
    return path


def a_draft(qtbot: QtBot, window: Composition, world: FakeWorld, name: str) -> OpenStudy:
    """Open a video without a study, and return the draft that it goes into."""
    open_and_load(qtbot, window, world.touch(name))
    wait_for_study(qtbot, window, 1)
    study = window.app_context.studies.current_study
    assert study is not None
    return study


def test_videos_without_a_study_go_into_a_draft(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4"))
    wait_for_study(qtbot, window, 2)
    study = window.app_context.studies.current_study
    assert study is not None
    assert study.draft
    assert study.path.parent == drafts_dir()
    assert [entry.study_name for entry in window.app_context.videos] == ["a", "b"]
    window.app_context.studies.close()
    qtbot.waitUntil(lambda: not study.path.exists())
    assert len(window.app_context.videos) == 0
    assert window.window.pages.currentWidget() is window.window.start_page


def test_of_a_part_of_a_file_that_part_is_told_and_assessed(
    qtbot: QtBot, window: Composition, world: FakeWorld, tmp_path: Path
) -> None:
    whole, cut, framed = world.touch("whole.mp4", "cut.mp4", "framed.mp4")
    path = tmp_path / "parts.skillstudy"
    time, frames = TimeRange(0.5, 2.0), FrameRange(30, 60)
    with Study.create(path) as made:
        made.videos.add([NewVideo(whole), NewVideo(cut, clip_range=time), NewVideo(framed, clip_range=frames)])
    begin(window.app_context, [], None)
    window.app_context.studies.open(path)
    wait_for_study(qtbot, window, 3)
    qtbot.waitUntil(lambda: window.app_context.state.model is not None)
    window.app_context.assessments.ask_all()
    qtbot.waitUntil(lambda: states(window) == ["done"] * 3)
    assert set(world.looked_at) == {VideoClip(whole), VideoClip(cut, time), VideoClip(framed, frames)}
    expected = {whole: "00:03.0", cut: "0:00–0:02", framed: "0:01–0:02"}
    qtbot.waitUntil(lambda: {entry.path: under_name(entry) for entry in window.app_context.videos} == expected)


def test_a_draft_in_which_something_was_said_stays_and_is_offered_again(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    study = a_draft(qtbot, window, world, "a.mp4")
    window.app_context.undo.perform(note_deed("shaky"))
    qtbot.waitUntil(lambda: window.app_context.undo.undo_text == "note")
    window.app_context.studies.close()
    qtbot.waitUntil(lambda: not window.app_context.study_worker._tasks)
    assert notes_of(study.path) == ["shaky"]
    assert study.path in window.app_context.settings.recent


def test_what_is_assessed_before_the_study_knows_the_video_is_kept_once_it_does(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    app_context, hold = window.app_context, threading.Event()
    app_context.study_worker.submit(lambda _slot, _token, _report: hold.wait(60))
    open_and_load(qtbot, window, world.touch("a.mp4"))
    qtbot.waitUntil(lambda: states(window) == ["done"])
    assert not app_context.studies.writable, "there is no study yet"
    hold.set()
    wait_for_study(qtbot, window, 1)
    model, study = app_context.state.model, app_context.studies.current_study
    assert model is not None
    assert study is not None
    qtbot.waitUntil(lambda: not app_context.study_worker._tasks)
    with Study.open(study.path, read_only=True) as opened:
        assert list(opened.models.scores(model.digest)) == ["a"]


def test_closing_before_the_draft_stands_leaves_nothing(
    qtbot: QtBot, window: Composition, world: FakeWorld, study_file: Path
) -> None:
    app_context = window.app_context
    drafts_before = set(drafts_dir().glob("*"))
    app_context.studies.enrol(world.touch("a.mp4"))
    app_context.studies.close()
    assert window.window.pages.currentWidget() is window.window.start_page
    qtbot.waitUntil(lambda: not app_context.study_worker._tasks)
    assert app_context.studies.current_study is None
    assert len(app_context.videos) == 0
    assert set(drafts_dir().glob("*")) == drafts_before
    app_context.studies.open(study_file)
    app_context.studies.relist()
    app_context.studies.close()
    qtbot.waitUntil(lambda: not app_context.study_worker._tasks)
    assert app_context.studies.current_study is None
    app_context.open([study_file])
    wait_for_study(qtbot, window, 3)


def test_a_study_is_dropped_and_its_videos_are_there(qtbot: QtBot, window: Composition, study_file: Path) -> None:
    drop(window, [study_file])
    wait_for_study(qtbot, window, 3)
    assert [e.participant for e in window.app_context.videos] == ["P0", "P1", "P2"]
    qtbot.waitUntil(lambda: "Grasping" in window.window.windowTitle())
    assert window.app_context.state.current_clip == next(iter(window.app_context.videos)).clip


def test_a_study_that_is_opened_in_the_place_of_another_clears_the_list(
    qtbot: QtBot, window: Composition, world: FakeWorld, study_file: Path
) -> None:
    open_and_load(qtbot, window, world.touch("loose.mp4"))
    wait_for_study(qtbot, window, 1)
    window.app_context.open([study_file])
    wait_for_study(qtbot, window, 3)
    assert [entry.name for entry in window.app_context.videos] == ["a", "b", "c"]


def test_a_draft_is_saved_under_a_name(
    qtbot: QtBot, window: Composition, world: FakeWorld, dialogs: FakeDialogs, tmp_path: Path
) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    wait_for_study(qtbot, window, 1)
    draft = window.app_context.studies.current_study
    assert draft is not None
    dialogs.save_answer = tmp_path / "named.skillstudy"
    window.window.actions_["save_study"].trigger()
    qtbot.waitUntil(
        lambda: (
            window.app_context.studies.current_study is not None and not window.app_context.studies.current_study.draft
        )
    )
    study = window.app_context.studies.current_study
    assert study is not None
    assert study.path == dialogs.save_answer
    assert study.title == "named"
    assert not draft.path.exists()
    assert [entry.name for entry in window.app_context.videos] == ["a"], "the videos stay on screen"


def test_what_models_said_is_there_again_in_the_next_session(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, study_file: Path
) -> None:
    first = make_window(world.backend())
    first.app_context.models.refresh()
    open_and_load(qtbot, first, [study_file])
    first.app_context.assessments.ask_all()
    qtbot.waitUntil(lambda: states(first) == ["done"] * 3)
    scores = [e.analysis.score for e in first.app_context.videos if e.analysis is not None]
    first.app_context.close()
    assert first.app_context.wait()
    world.assessed.clear()
    second = make_window(world.backend())
    second.app_context.assessments.set_automatic(on=False)
    second.app_context.models.refresh()
    open_and_load(qtbot, second, [study_file])
    qtbot.waitUntil(lambda: states(second) == ["done"] * 3)
    assert [e.analysis.score for e in second.app_context.videos if e.analysis is not None] == pytest.approx(scores)
    assert world.assessed == []


def test_what_a_model_said_is_there_while_it_is_loaded(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, study_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stored analysis shows by the digest of the checkpoint; one that cannot be loaded shows nothing."""
    monkeypatch.setattr(
        model_holder, "checkpoint_digest", lambda folder: model_digest(folder.name.removeprefix("broken "))
    )
    first = make_window(world.backend())
    app_context = first.app_context
    app_context.models.refresh()
    app_context.open([study_file])
    app_context.models.choose_default(None)
    qtbot.waitUntil(lambda: app_context.state.analysis is not None and app_context.state.analysis.complete)
    said = app_context.state.analysis
    assert said is not None
    app_context.close()
    app_context.wait()

    loading = threading.Event()
    open_model = world.open_model

    def slow(folder: Path) -> FakeAssessor:
        assert loading.wait(20)
        return open_model(folder)

    monkeypatch.setattr(world, "open_model", slow)
    again = make_window(world.backend()).app_context
    again.models.refresh()
    again.open([study_file])
    again.models.choose_default(None)
    qtbot.waitUntil(lambda: again.state.analysis is not None)
    assert again.state.model is None
    assert again.state.analysis is not None
    assert again.state.analysis.score == said.score
    n_before = len(world.assessed)
    loading.set()
    qtbot.waitUntil(lambda: again.state.model is not None)
    assert again.state.analysis is not None
    assert again.state.analysis.score == said.score
    assert len(world.assessed) == n_before, "it is not assessed again"
    again.models.choose(world.folder / "models" / "broken alpha")
    qtbot.waitUntil(lambda: again.models.requested_folder is not None and again.models.requested_folder.name == "alpha")
    qtbot.waitUntil(lambda: again.state.model is not None and again.state.analysis is not None)

    monkeypatch.setattr(world, "models", ("broken alpha",))
    broken = make_window(world.backend()).app_context
    broken.models.refresh()
    broken.open([study_file])
    broken.models.choose_default(None)
    qtbot.waitUntil(lambda: len(broken.videos) == 3 and broken.models.requested_folder is None)
    assert broken.state.digest == ""
    assert broken.state.analysis is None
    assert all(entry.analysis is None and entry.state is VideoState.NEW for entry in broken.videos)


def test_a_second_window_gets_it_for_reading_only_and_sees_news(
    qtbot: QtBot, window: Composition, study_file: Path
) -> None:
    with Study.open(study_file) as owner:
        window.app_context.open([study_file])
        wait_for_study(qtbot, window, 3)
        study = window.app_context.studies.current_study
        assert study is not None
        assert study.read_only
        assert "open in another window" in window.window.message_bar.text
        task = window.app_context.undo.perform(note_deed("no"))
        with qtbot.waitSignal(task.failed):
            pass
        assert "reading only" in window.window.message_bar.text
        assert window.app_context.undo.undo_text is None
        with qtbot.waitSignal(window.app_context.studies.changed) as news:
            owner.annotations.write_note("seen", video="a", author="other")
        assert "annotations" in news.args[0]


def test_missing_videos_are_said_and_found_again(
    qtbot: QtBot, window: Composition, world: FakeWorld, study_file: Path, dialogs: FakeDialogs, tmp_path: Path
) -> None:
    away = tmp_path / "elsewhere" / "deep"
    shutil.move(world.folder, away)
    (away / "b.mp4").rename(away / "renamed.mp4")
    window.app_context.open([study_file])
    wait_for_study(qtbot, window, 3)
    assert states(window) == [VideoState.MISSING] * 3
    assert "3 of 3 videos are not where they were" in window.window.message_bar.text
    dialogs.folder_answer = tmp_path
    window.window.actions_["locate_videos"].trigger()
    qtbot.waitUntil(lambda: VideoState.MISSING not in states(window))
    assert {entry.name: entry.path.name for entry in window.app_context.videos} == {
        "a": "a.mp4",
        "b": "renamed.mp4",
        "c": "c.mp4",
    }


@pytest.mark.parametrize("blurs", [True, False])
def test_an_archive_is_unpacked_and_says_whether_its_faces_were_blurred(
    qtbot: QtBot, window: Composition, tmp_path: Path, *, blurs: bool
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    with Study.create(folder / "grasp") as made:
        made.videos.add([NewVideo(write_barcode_video(folder / "a.mp4", 12).path)])
    archive = pack(made.path, tmp_path / "grasp.skillarchive", ArchiveOptions(blur_faces=blurs)).path
    window.app_context.open([archive])
    wait_for_study(qtbot, window, 1)
    study = window.app_context.studies.current_study
    assert study is not None
    assert study.path == tmp_path / "grasp" / "grasp.skillstudy"
    assert [entry.path for entry in window.app_context.videos] == [tmp_path / "grasp" / "videos" / "a.mp4"]
    assert ("some may have been missed" in window.window.message_bar.text) is blurs


def test_undo_and_redo_from_the_keyboard(qtbot: QtBot, window: Composition, study_file: Path) -> None:
    window.app_context.open([study_file])
    wait_for_study(qtbot, window, 3)
    undo, actions = window.app_context.undo, window.window.actions_
    assert not actions["undo"].isEnabled()
    undo.perform(note_deed("one"))
    undo.perform(note_deed("two"))
    qtbot.waitUntil(lambda: actions["undo"].isEnabled() and not window.app_context.study_worker._tasks)
    assert actions["undo"].text() == "&Undo note"
    key(window.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: actions["redo"].isEnabled() and not window.app_context.study_worker._tasks)
    assert notes_of(study_file) == ["one"]
    actions["redo"].trigger()
    qtbot.waitUntil(lambda: not actions["redo"].isEnabled() and not window.app_context.study_worker._tasks)
    assert sorted(notes_of(study_file)) == ["one", "two"]
    undo.undo()
    undo.undo()
    qtbot.waitUntil(lambda: not actions["undo"].isEnabled() and not window.app_context.study_worker._tasks)
    assert notes_of(study_file) == []


def test_who_is_in_a_video_is_said_and_taken_back(
    qtbot: QtBot, window: Composition, dialogs: FakeDialogs, study_file: Path
) -> None:
    def people() -> list[str | None]:
        return [entry.participant for entry in sorted(window.app_context.videos, key=lambda entry: entry.name)]

    window.app_context.open([study_file])
    wait_for_study(qtbot, window, 3)
    before = people()
    ask = window.window.actions_["name_person"]
    ask.trigger()  # thought better of it
    dialogs.word_answer = " P07 "
    ask.trigger()
    qtbot.waitUntil(lambda: people() == ["P07", *before[1:]])
    ask.trigger()  # the same again is no change
    dialogs.word_answer = ""
    ask.trigger()
    qtbot.waitUntil(lambda: people() == [None, *before[1:]])
    window.app_context.undo.undo()
    qtbot.waitUntil(lambda: people() == ["P07", *before[1:]])
    window.app_context.undo.undo()
    qtbot.waitUntil(lambda: people() == before)
    assert [now for _, now in dialogs.words] == [before[0] or "", before[0] or "", "P07", "P07"]
    assert dialogs.words[2][0] == tuple(sorted({"P07", *filter(None, before[1:])}))
    assert dialogs.asked[0].startswith("Participant in a.")


def test_many_videos_are_named_and_removed_over_several_turns_and_counted_once_a_turn(
    qtbot: QtBot, window: Composition, world: FakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skillviewer.ui.session.study_sync.MAX_CHANGES_AT_ONCE", 30)
    n = 70
    many = [f"{at:03d}" for at in range(n)]
    with Study.create(tmp_path / "many.skillstudy") as study:
        study.videos.add([NewVideo(path) for path in world.touch(*(f"{name}.mp4" for name in many))])
    window.app_context.open([tmp_path / "many.skillstudy"])
    wait_for_study(qtbot, window, n)
    qtbot.waitUntil(lambda: not window.window.panel._update_soon.isActive())
    counted, changes = list[int](), list[int]()
    window.window.panel._update_soon.timeout.connect(lambda: counted.append(len(changes)))
    window.app_context.videos.changed.connect(changes.append)
    act = window.app_context.studies.submit_write
    act(lambda study: study.videos.set_participants_and_occasions(dict.fromkeys(many, "P01")), VIDEOS)
    qtbot.waitUntil(lambda: all(entry.participant == "P01" for entry in window.app_context.videos))
    qtbot.waitUntil(lambda: counted[-1:] == [len(changes)])
    assert set(changes) == set(range(n))
    assert len(counted) < len(changes) / 2

    def keep_two(study: Study) -> None:
        for name in set(many) - {"000", "050"}:
            study.videos.remove(name)

    act(keep_two, VIDEOS)
    qtbot.waitUntil(lambda: sorted(entry.name for entry in window.app_context.videos) == ["000", "050"])
    assert [window.app_context.videos.row(entry.clip) for entry in window.app_context.videos] == [0, 1]


def test_the_occasion_of_a_video_is_set_and_taken_back(
    qtbot: QtBot, window: Composition, dialogs: FakeDialogs, study_file: Path
) -> None:
    window.app_context.open([study_file])
    wait_for_study(qtbot, window, 3)
    dialogs.word_answer = "2024-05-31"
    window.window.actions_["name_occasion"].trigger()
    qtbot.waitUntil(
        lambda: next(e.occasion for e in sorted(window.app_context.videos, key=lambda e: e.name)) == "2024-05-31"
    )
    window.app_context.undo.undo()
    qtbot.waitUntil(lambda: not any(entry.occasion for entry in window.app_context.videos))


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_a_video_is_removed_and_brought_back_to_its_place(
    qtbot: QtBot, window: Composition, study_file: Path, name: str
) -> None:
    window.app_context.open([study_file])
    wait_for_study(qtbot, window, 3)
    videos, rows = window.app_context.videos, window.window.panel.video_table
    window.app_context.state.set_current(next(entry.clip for entry in videos if entry.name == name))
    window.window.actions_["remove_video"].trigger()
    qtbot.waitUntil(lambda: [entry.name for entry in videos] == [n for n in "abc" if n != name])
    window.app_context.undo.undo()
    qtbot.waitUntil(lambda: len(videos) == 3)
    assert [entry.name for entry in videos] == ["a", "b", "c"]
    assert [videos.row(entry.clip) for entry in videos] == [0, 1, 2]
    assert [rows.index(row, 0).data().splitlines()[0] for row in range(rows.rowCount())] == ["a", "b", "c"]


def test_a_video_is_forgotten_from_the_menu(
    qtbot: QtBot, window: Composition, study_file: Path, dialogs: FakeDialogs
) -> None:
    window.app_context.open([study_file])
    wait_for_study(qtbot, window, 3)
    window.app_context.undo.perform(note_deed("secret"))
    qtbot.waitUntil(lambda: notes_of(study_file) == ["secret"])
    dialogs.confirm_answer = False
    window.window.actions_["forget_video"].trigger()
    dialogs.confirm_answer = True
    window.window.actions_["forget_video"].trigger()
    qtbot.waitUntil(lambda: [entry.name for entry in window.app_context.videos] == ["b", "c"])
    qtbot.waitUntil(lambda: not window.app_context.jobs.running)
    assert len(dialogs.asked) == 2
    assert "cannot be undone" in dialogs.asked[1]
    assert not window.window.actions_["undo"].isEnabled()
    assert window.app_context.settings.recent in ((), (study_file,))
    with Study.open(study_file, read_only=True) as study:
        assert [video.name for video in study.videos.all()] == ["b", "c"]
        assert "secret" not in str(study.log())


def test_a_rater_is_forgotten_from_the_menu(
    qtbot: QtBot, window: Composition, study_file: Path, dialogs: FakeDialogs
) -> None:
    with Study.open(study_file) as study:
        for rater in ("Ann", "Ben"):
            study.votes.cast(Vote("a", "b", Verdict.LEFT, rater))
            study.annotations.write_note(f"note of {rater}", video="a", author=rater)
        study.annotations.write_note("as Ann says", video="a", author="Ben")
    action = window.window.actions_["forget_rater"]
    assert not action.isEnabled(), "no study is open"
    window.app_context.annotations.set_author("ann ")
    window.app_context.open([study_file])
    wait_for_study(qtbot, window, 3)
    window.app_context.undo.perform(note_deed("mine"))
    qtbot.waitUntil(lambda: "mine" in notes_of(study_file))
    window.window.screens.show("rank")
    screen = cast("RankScreen", window.window.screens.get_page("rank"))
    screen._tab_buttons.button(3).click()
    qtbot.waitUntil(lambda: screen.raters_view.raters_table.rowCount() == 2)
    dialogs.pick_answer = None
    action.trigger()
    qtbot.waitUntil(lambda: len(dialogs.picks) == 1)
    assert dialogs.picks == [("Ann", "Ben", "me")]
    dialogs.pick_answer = 0
    dialogs.confirm_answer = False
    action.trigger()
    qtbot.waitUntil(lambda: len(dialogs.asked) == 1)
    assert not missing(dialogs.asked[0], "Ann", "1 vote", "1 moment or note", "cannot be undone")
    assert len(notes_of(study_file)) == 4, "nothing is deleted without an answer"
    assert window.app_context.settings.user_name == "ann"
    dialogs.confirm_answer = True
    action.trigger()
    qtbot.waitUntil(lambda: set(notes_of(study_file)) == {"note of Ben", "as Ann says", "mine"})
    qtbot.waitUntil(lambda: not window.app_context.jobs.running)
    assert "a note" in window.window.message_bar.text, "where the name still stands"
    qtbot.waitUntil(lambda: screen.raters_view.raters_table.rowCount() == 1)
    assert not window.window.actions_["undo"].isEnabled()
    assert window.app_context.settings.user_name == ""
    assert len(window.app_context.videos) == 3
    with Study.open(study_file, read_only=True) as study:
        assert [vote.rater for vote in study.votes.all()] == ["Ben"]
        assert study.votes.raters() == ("Ben",)


def test_no_rater_is_forgotten_while_one_judges(qtbot: QtBot, window: Composition, study_file: Path) -> None:
    window.app_context.open([study_file])
    wait_for_study(qtbot, window, 3)
    action = window.window.actions_["forget_rater"]
    assert action.isEnabled()
    window.window.screens.show("rank")
    screen = cast("RankScreen", window.window.screens.get_page("rank"))
    qtbot.waitUntil(lambda: screen.judging.phase is SittingPhase.RATER)
    screen.judging.enter("Ann")
    qtbot.waitUntil(lambda: window.window.blind)
    assert not action.isEnabled()
    screen.judging.leave()
    qtbot.waitUntil(action.isEnabled)


def test_a_new_study_is_empty_and_takes_what_is_dropped(
    qtbot: QtBot, window: Composition, world: FakeWorld, dialogs: FakeDialogs, tmp_path: Path
) -> None:
    dialogs.save_answer = tmp_path / "new"
    window.window.actions_["new_study"].trigger()
    qtbot.waitUntil(lambda: window.app_context.studies.current_study is not None)
    assert window.window.screens.current_name == "inspect"
    drop(window, world.touch("x.mp4"))
    wait_for_study(qtbot, window, 1)
    with Study.open(tmp_path / "new.skillstudy", read_only=True) as study:
        assert [video.name for video in study.videos.all()] == ["x"]


def test_the_sample_study_comes_with_participants_and_votes(qtbot: QtBot, window: Composition) -> None:
    window.app_context.assessments.set_automatic(on=False)
    window.window.actions_["open_sample"].trigger()
    qtbot.waitUntil(lambda: len(window.app_context.videos) == 36)
    people = {entry.participant for entry in window.app_context.videos}
    assert people == {f"P{n}" for n in range(17, 29)}
    window.app_context.studies.close()
    qtbot.waitUntil(lambda: not window.app_context.study_worker._tasks)
    with Study.open(sample_path(), read_only=True) as study:
        assert len(study.votes.raters()) == 5
        assert len(study.dataset().pairs) > 200


def test_what_is_no_study_is_refused_and_the_one_on_screen_stays(
    qtbot: QtBot, window: Composition, study_file: Path, tmp_path: Path
) -> None:
    window.app_context.open([study_file])
    wait_for_study(qtbot, window, 3)
    strange = tmp_path / "strange.skillstudy"
    strange.write_bytes(b"not a study at all" * 100)
    window.app_context.open([strange])
    qtbot.waitUntil(lambda: f"{strange} is not a study." in window.window.message_bar.text)
    assert [entry.name for entry in window.app_context.videos] == ["a", "b", "c"]
    study = window.app_context.studies.current_study
    assert study is not None
    assert study.path == study_file


def test_a_study_of_a_newer_program_is_refused_untouched_and_the_one_on_screen_stays(
    qtbot: QtBot, window: Composition, world: FakeWorld, study_file: Path, tmp_path: Path
) -> None:
    connection = sqlite3.connect(study_file, isolation_level=None)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    here = tmp_path / "here.skillstudy"
    with Study.create(here) as made:
        made.videos.add([NewVideo(path) for path in world.touch("d.mp4")])
    window.app_context.open([here])
    wait_for_study(qtbot, window, 1)
    before = study_file.read_bytes()
    window.app_context.open([study_file])
    qtbot.waitUntil(lambda: "newer SkillViewer" in window.window.message_bar.text)
    assert str(study_file) in window.window.message_bar.text
    assert not missing(window.window.message_bar.text, f"{VERSION + 1}", f"{VERSION}")
    assert [entry.name for entry in window.app_context.videos] == ["d"]
    study = window.app_context.studies.current_study
    assert study is not None
    assert (study.path, study.read_only) == (here, False)
    window.app_context.undo.perform(note_deed("goes on", "d"))
    qtbot.waitUntil(lambda: notes_of(here, "d") == ["goes on"])
    assert study_file.read_bytes() == before
    assert not side_files(study_file)
    assert not list(backups_dir(study_file).glob("*"))


def test_a_study_of_an_older_program_opens_with_its_videos_and_votes(
    qtbot: QtBot, window: Composition, world: FakeWorld, tmp_path: Path
) -> None:
    path = tmp_path / "old.skillstudy"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(FIRST_STUDY)
    for file in world.touch("a.mp4", "b.mp4"):
        content, found = file.read_bytes(), file.stat()
        values = (len(content), found.st_mtime_ns, hashlib.sha256(content).hexdigest(), file.stem)
        connection.execute("UPDATE video SET size_bytes = ?, modified_ns = ?, digest = ? WHERE name = ?", values)
    connection.close()
    window.app_context.open([path])
    wait_for_study(qtbot, window, 2)
    assert {entry.path for entry in window.app_context.videos} == {world.folder / "a.mp4", world.folder / "b.mp4"}
    assert VideoState.MISSING not in states(window)
    qtbot.waitUntil(lambda: window.app_context.playback.video is not None)
    study = window.app_context.studies.current_study
    assert study is not None
    assert (study.title, study.read_only, study.settings.speed) == ("Old", False, 0.5)
    task = window.app_context.studies.read(lambda study: study.votes.all())
    with qtbot.waitSignal(task.succeeded) as read:
        pass
    (vote,) = read.args[0]
    assert (vote.left, vote.right, vote.verdict, vote.rater) == ("a", "b", Verdict.RIGHT, "Ann")
    window.app_context.undo.perform(note_deed("what the old form had no place for"))
    qtbot.waitUntil(lambda: notes_of(path) == ["what the old form had no place for"])
    (copy,) = backups_dir(path).glob(f"version {FIRST_VERSION}, *")
    connection = sqlite3.connect(copy)
    assert connection.execute("PRAGMA user_version").fetchone() == (FIRST_VERSION,)
    assert connection.execute("SELECT count(*) FROM judgement").fetchone() == (1,)
    connection.close()


def test_what_cannot_be_undone_stays_to_be_undone(qtbot: QtBot, window: Composition, study_file: Path) -> None:
    def fail(_study: Study, _result: object) -> object:
        raise StudyError("The disk is full.")

    window.app_context.open([study_file])
    wait_for_study(qtbot, window, 3)
    undo = window.app_context.undo
    undo.perform(Command("wink", lambda _study: None, fail, ("annotations",)))
    qtbot.waitUntil(lambda: undo.undo_text == "wink")
    undo.undo()
    qtbot.waitUntil(lambda: "The disk is full" in window.window.message_bar.text)
    assert undo.undo_text == "wink"
    assert undo.redo_text is None


def test_a_quick_undo_meets_the_deed_just_done(qtbot: QtBot, window: Composition, study_file: Path) -> None:
    window.app_context.open([study_file])
    wait_for_study(qtbot, window, 3)
    undo = window.app_context.undo
    undo.perform(note_deed("one"))
    qtbot.waitUntil(lambda: notes_of(study_file) == ["one"])
    gate = threading.Event()
    window.app_context.studies.read(lambda _study: gate.wait(60))  # a slow disk: nothing lands for now
    undo.perform(note_deed("two"))
    undo.undo()
    assert (undo.undo_text, undo.redo_text) == ("note", "note")
    undo.perform(note_deed("three"))
    assert undo.redo_text is None
    undo.undo()
    undo.redo()
    gate.set()
    qtbot.waitUntil(lambda: not window.app_context.study_worker._tasks)
    assert sorted(notes_of(study_file)) == ["one", "three"]


def test_what_cannot_be_done_leaves_the_stack_also_when_more_was_asked(
    qtbot: QtBot, window: Composition, study_file: Path
) -> None:
    fails = [True]

    def do(study: Study) -> object:
        if fails[0]:
            raise StudyError("The disk is full.")
        return note_deed("wink").do(study)

    deed = Command("wink", do, note_deed("wink").undo, ("annotations",))
    window.app_context.open([study_file])
    wait_for_study(qtbot, window, 3)
    undo = window.app_context.undo
    undo.perform(deed)
    qtbot.waitUntil(lambda: "The disk is full" in window.window.message_bar.text)
    assert (undo.undo_text, undo.redo_text) == (None, None)
    undo.perform(deed)
    undo.undo()
    qtbot.waitUntil(lambda: not window.app_context.study_worker._tasks)
    assert (undo.undo_text, undo.redo_text) == (None, "wink"), "nothing was taken back that was never done"
    undo.redo()
    qtbot.waitUntil(
        lambda: (undo.undo_text, undo.redo_text) == (None, None) or not window.app_context.study_worker._tasks
    )
    assert notes_of(study_file) == []
    fails[0] = False
    undo.perform(deed)
    qtbot.waitUntil(lambda: notes_of(study_file) == ["wink"])
    fails[0] = True
    undo.undo()
    qtbot.waitUntil(lambda: notes_of(study_file) == [])
    undo.redo()
    qtbot.waitUntil(lambda: undo.redo_text == "wink" and not window.app_context.study_worker._tasks)
    assert undo.undo_text is None, "what could not be done again can still be done again"


def test_nothing_is_open(window: Composition, qtbot: QtBot) -> None:
    task = window.app_context.studies.read(lambda study: study.title)
    with qtbot.waitSignal(task.failed) as failed:
        pass
    assert isinstance(failed.args[0], StudyError)


def test_votes_do_not_wait_until_a_large_file_has_been_read_again(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, study_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    read: list[str] = []

    def slowly(path: Path, token: CancelToken) -> Identity:
        read.append(path.name)
        assert go_on.wait(60)
        return identify(path, token)

    monkeypatch.setattr("skillviewer.ui.session.file_checks.identify", slowly)
    for name in ("a.mp4", "b.mp4"):
        found = (world.folder / name).stat()
        os.utime(world.folder / name, ns=(found.st_atime_ns, found.st_mtime_ns + 10**10))
    made = make_window(world.backend())
    made.app_context.open([study_file])
    qtbot.waitUntil(lambda: len(read) == 1)
    vote = Vote("a", "b", Verdict.LEFT, "Ann")
    with qtbot.waitSignal(made.app_context.studies.submit_write(lambda study: study.votes.cast(vote), VOTES).succeeded):
        pass
    assert read == ["a.mp4"], "it is still being read"
    go_on.set()
    qtbot.waitUntil(lambda: read == ["a.mp4", "b.mp4"])
    qtbot.waitUntil(lambda: not made.app_context.files_worker._tasks and not made.app_context.study_worker._tasks)
    with Study.open(study_file, read_only=True) as study:
        assert not any(video.must_check for video in study.videos.all()), "what was read is written down"
        assert len(study.votes.all()) == 1


@pytest.mark.parametrize("same_size", [False, True])
def test_of_a_file_that_another_has_replaced_the_old_score_is_not_shown(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, study_file: Path, same_size: bool
) -> None:
    first = make_window(world.backend())
    first.app_context.models.refresh()
    open_and_load(qtbot, first, [study_file])
    first.app_context.assessments.ask_all()
    qtbot.waitUntil(lambda: states(first) == ["done"] * 3)
    first.app_context.close()
    assert first.app_context.wait()
    other = world.folder / "a.mp4"
    old = other.read_bytes()
    other.write_bytes(old[::-1] if same_size else old * 2)
    found = other.stat()
    os.utime(other, ns=(found.st_atime_ns, found.st_mtime_ns + 10**10))
    second = make_window(world.backend())
    second.app_context.assessments.set_automatic(on=False)
    second.app_context.models.refresh()
    second.app_context.models.choose_default(None)
    second.app_context.open([study_file])
    qtbot.waitUntil(lambda: states(second) == ["replaced", "done", "done"])
    assert "file replaced" in under_name(second.app_context.videos[0])
    qtbot.waitUntil(lambda: second.app_context.state.model is not None and not second.app_context.index_worker._tasks)
    entry = second.app_context.videos[0]
    assert entry.analysis is None
    assert not missing(entry.reason, "replaced")
    assert second.app_context.state.current_clip == VideoClip(other)
    assert second.app_context.state.analysis is None
    header = inspect(second).score_header
    assert not missing(header.text, "replaced")
    canvas = inspect(second).player.canvas
    assert canvas.displayed_frame is None, "the picture of the other file is not shown as if it were of this video"
    assert second.app_context.playback.video is None
    assert "Another file" in canvas.message
    texts = [message.text for message in second.app_context.messages.waiting]
    assert any("Another file has replaced 1 of 3 videos" in text for text in texts)


@pytest.fixture
def sealed() -> Iterator[Path]:
    """Give a folder; it is opened up again, and whoever runs as root has their rights again, after the test."""
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


def test_a_study_in_a_folder_that_cannot_be_written_is_shown_and_takes_no_votes(
    sealed: Path, qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    world.folder = sealed / "videos"
    path = sealed / "grasp.skillstudy"
    with Study.create(path) as made:
        made.videos.add([NewVideo(file) for file in world.touch("a.mp4", "b.mp4", "c.mp4")])
        made.votes.cast(Vote("a", "b", Verdict.LEFT, "Ann"))
    before = path.read_bytes()
    sealed.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65534)  # root may write everywhere
    window.app_context.open([path])
    wait_for_study(qtbot, window, 3)
    qtbot.waitUntil(lambda: not window.app_context.study_worker._tasks)
    if os.getuid() == 0:
        os.seteuid(0)
    study = window.app_context.studies.current_study
    assert study is not None
    assert study.read_only
    words = "The folder of grasp.skillstudy cannot be written: the study is open for reading only."
    assert words in [message.text for message in window.app_context.messages.waiting]
    assert VideoState.MISSING not in states(window)
    window.window.screens.show("rank")
    rank = window.window.screens.get_page("rank")
    assert isinstance(rank, RankScreen)
    qtbot.waitUntil(lambda: rank.judging.phase is SittingPhase.READ_ONLY)
    assert rank.pages.currentWidget() is rank.read_only_page
    assert any(text.startswith(words) and "You can judge in a copy" in text for text in all_texts(rank))
    vote = Vote("b", "c", Verdict.LEFT, "Ben")
    task = window.app_context.undo.perform(
        Command("vote", lambda study: study.votes.cast(vote), withdraw_vote, ("votes",))
    )
    with qtbot.waitSignal(task.failed):
        pass
    assert not missing(window.window.message_bar.text, f"{path}")
    assert window.app_context.undo.undo_text is None
    with Study.open(path, read_only=True) as opened:
        assert [vote.rater for vote in opened.votes.all()] == ["Ann"]
    assert path.read_bytes() == before


def test_a_draft_with_a_part_of_a_video_or_a_named_person_stays_and_is_offered_again(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    for do in ("split", "name"):
        study = a_draft(qtbot, window, world, f"{do}.mp4")
        if do == "split":
            window.app_context.playback.mark_in()
            window.app_context.playback.seek(9)
            window.app_context.playback.mark_out()
            window.app_context.split_off()
        else:
            window.app_context.set_video_fact("P01")
        qtbot.waitUntil(lambda: not window.app_context.study_worker._tasks)
        window.app_context.studies.close()
        qtbot.waitUntil(lambda: not window.app_context.study_worker._tasks)
        assert study.path.exists(), do
        assert study.path in window.app_context.settings.recent


def test_a_draft_in_which_nothing_was_left_is_offered_nowhere(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    study = a_draft(qtbot, window, world, "a.mp4")
    window.app_context.set_video_fact("P01")
    qtbot.waitUntil(lambda: study.path in window.app_context.settings.recent)
    window.app_context.undo.undo()
    window.app_context.playback.mark_in()
    window.app_context.playback.mark_out()
    window.app_context.split_off()
    window.app_context.undo.undo()
    qtbot.waitUntil(lambda: not window.app_context.study_worker._tasks)
    window.app_context.studies.close()
    qtbot.waitUntil(lambda: not study.path.exists())
    assert study.path not in window.app_context.settings.recent
