"""A rater before the real window: keys, votes on the disk, undo, and nothing that names a video."""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu
from pytestqt.qtbot import QtBot

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import NewVideo, Study, StudySettings, Vote
from skillviewer.data.study.exchange.study_import import import_into_study
from skillviewer.ui.ranking.sitting_controller import SittingPhase
from skillviewer.ui.session.study_controller import VOTES
from skillviewer.ui.session.undo import Command
from skillviewer.ui.threads.messages import Message
from skillviewer.ui.widgets.theme import ThemeSource
from tests.data.study.judging.packs import sealed
from tests.facts import missing
from tests.ui.conftest import MakeWindow, flush
from tests.ui.fakes import FakeDialogs, FakeWorld
from tests.ui.hands import click, key, second_click, type_text
from tests.ui.pair_study import NAMES, RATES_HZ, Rater, all_texts, make_study, sit_down, write_videos

KEYS = Qt.Key
MakeRater = Callable[..., Rater]


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_videos(tmp_path_factory.mktemp("pairs") / "files of the study")


@pytest.fixture
def make_rater(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, tmp_path: Path, videos: list[Path]
) -> MakeRater:
    def make(n_videos: int = 5, **settings: object) -> Rater:
        return sit_down(qtbot, make_window, world, make_study(tmp_path, videos[:n_videos], **settings))

    return make


def test_a_vote_says_which_picture_was_on_which_side(make_rater: MakeRater) -> None:
    rater = make_rater()
    rater.begin()
    on_screen = []
    for which in (KEYS.Key_1, KEYS.Key_2, KEYS.Key_0):
        on_screen.append(rater.standing_on())
        rater.vote(which)
    votes = rater.votes()
    assert [(vote.left, vote.right) for vote in votes] == on_screen
    assert [vote.verdict for vote in votes] == [Verdict.LEFT, Verdict.RIGHT, Verdict.NEITHER]
    assert {vote.rater for vote in votes} == {"Ann"}
    assert all(vote.speed == 1.0 and vote.taken_s is not None and vote.taken_s > 0.2 for vote in votes)
    assert all(vote.watched is not None and 0 < vote.watched < 0.2 for vote in votes), "one picture of each was seen"
    assert {vote.purpose for vote in votes} <= {"chain", "test", "informative", "repeat"}
    assert rater.screen.judging.session.progress.n_own == 3


def test_a_vote_after_a_swap_lands_on_the_right_video(make_rater: MakeRater) -> None:
    rater = make_rater()
    rater.begin()
    before = rater.standing_on()
    rater.press(KEYS.Key_S)
    assert rater.standing_on() == before[::-1], "the pictures changed places"
    rater.vote(KEYS.Key_1)
    (vote,) = rater.votes()
    assert (vote.left, vote.right, vote.verdict) == (before[1], before[0], Verdict.LEFT)
    on_screen = rater.standing_on()
    rater.press(KEYS.Key_S)
    rater.press(KEYS.Key_S)
    rater.vote(KEYS.Key_2)
    assert (rater.votes()[-1].left, rater.votes()[-1].right) == on_screen


def test_a_key_that_is_hit_twice_is_one_vote(qtbot: QtBot, make_rater: MakeRater) -> None:
    rater = make_rater()
    rater.begin()
    for _ in range(3):
        rater.press(KEYS.Key_1)
        rater.press(KEYS.Key_1)
        qtbot.waitUntil(lambda: rater.phase is SittingPhase.JUDGING)
        rater.press(KEYS.Key_2)  # the next pair is there, but hardly anybody has seen it
        rater.wait_for_pair()
    assert [vote.verdict for vote in rater.votes()] == [Verdict.LEFT] * 3


def test_a_double_click_is_one_vote_on_the_pair_that_was_seen(make_rater: MakeRater) -> None:
    rater = make_rater()
    rater.begin()
    seen = []
    buttons = rater.screen.judging_view.vote_bar
    for button in (buttons.left_button, buttons.right_button, buttons.neither_button):
        seen.append(rater.standing_on())
        click(button)
        second_click(button)
        rater.wait_for_pair()
        assert [(vote.left, vote.right) for vote in rater.votes()] == seen
    on_screen = rater.standing_on()
    click(buttons.left_button)
    rater.qtbot.waitUntil(lambda: len(rater.votes()) == 4)
    rater.wait_for_pair()  # a slow hand: the next pair is there, and would take a vote
    second_click(buttons.left_button)
    assert rater.phase is SittingPhase.JUDGING
    assert [(vote.left, vote.right) for vote in rater.votes()] == [*seen, on_screen]
    next_pair = rater.standing_on()
    click(buttons.right_button)
    rater.qtbot.waitUntil(lambda: len(rater.votes()) == 5)
    verdicts = [Verdict.LEFT, Verdict.RIGHT, Verdict.NEITHER, Verdict.LEFT, Verdict.RIGHT]
    assert [vote.verdict for vote in rater.votes()] == verdicts
    assert (rater.votes()[-1].left, rater.votes()[-1].right) == next_pair


def test_the_vote_is_on_the_disk_before_the_next_pair_shows(make_rater: MakeRater) -> None:
    rater = make_rater()
    rater.begin()
    on_disk = []
    rater.screen.judging.turn_changed.connect(lambda _turn: on_disk.append(len(rater.votes())))
    rater.vote(KEYS.Key_1)
    rater.vote(KEYS.Key_2)
    assert on_disk == [1, 2]


def test_no_ties_where_the_study_has_none(make_rater: MakeRater) -> None:
    rater = make_rater(allow_neither=False)
    rater.begin()
    assert not rater.screen.judging_view.vote_bar.neither_button.isVisible()
    rater.press(KEYS.Key_0)
    assert rater.phase is SittingPhase.JUDGING
    rater.vote(KEYS.Key_1)
    assert [vote.verdict for vote in rater.votes()] == [Verdict.LEFT]


def test_skipping_is_no_vote(make_rater: MakeRater) -> None:
    rater = make_rater()
    rater.begin()
    first = rater.standing_on()
    rater.vote(KEYS.Key_X)
    assert [vote.verdict for vote in rater.votes()] == [None]
    assert rater.screen.judging.session.progress.n_own == 0
    assert set(rater.standing_on()) != set(first)


def test_undo_brings_the_pair_back_and_redo_goes_on(qtbot: QtBot, make_rater: MakeRater) -> None:
    rater = make_rater()
    rater.begin()
    pairs = []
    for _ in range(3):
        pairs.append(rater.standing_on())
        rater.vote(KEYS.Key_1)
    fourth = rater.standing_on()
    undo, redo = (rater.made.window.actions_[name] for name in ("undo", "redo"))
    undo.trigger()
    qtbot.waitUntil(lambda: rater.screen.judging.accepts_answers and rater.standing_on() == pairs[2])
    said: list[str] = []
    rater.screen.judging.message_changed.connect(said.append)
    undo.trigger()
    qtbot.waitUntil(lambda: rater.screen.judging.accepts_answers and rater.standing_on() == pairs[1])
    assert said[-1] == "The last vote was taken back."
    assert [vote.is_valid for vote in rater.votes()] == [True, False, False]
    assert rater.screen.judging.session.progress.n_own == 1
    redo.trigger()
    qtbot.waitUntil(lambda: rater.screen.judging.accepts_answers and rater.standing_on() == pairs[2])
    assert said[-1] == ""
    rater.vote(KEYS.Key_2)
    assert rater.standing_on() == fourth
    standing = [(vote.left, vote.right, vote.verdict) for vote in rater.votes() if vote.is_valid]
    assert standing == [(*pairs[0], Verdict.LEFT), (*pairs[1], Verdict.LEFT), (*pairs[2], Verdict.RIGHT)]


def test_ctrl_z_takes_back_quickly_given_votes_too(qtbot: QtBot, make_rater: MakeRater) -> None:
    rater = make_rater()
    rater.begin()
    first = rater.standing_on()
    rater.vote(KEYS.Key_1)
    rater.vote(KEYS.Key_2)
    undo = rater.made.window.actions_["undo"]
    undo.trigger()
    undo.trigger()
    qtbot.waitUntil(lambda: rater.screen.judging.accepts_answers and rater.standing_on() == first)
    assert not any(vote.is_valid for vote in rater.votes())


def test_nothing_leaks_a_name(
    qtbot: QtBot, make_rater: MakeRater, caplog: pytest.LogCaptureFixture, videos: list[Path]
) -> None:
    rater = make_rater()
    window = rater.made.window
    rater.made.app_context.open([videos[0]])  # the window knew it before, by name
    window.screens.show("inspect")
    qtbot.waitUntil(lambda: any("zebra" in text for text in all_texts(window)))  # elsewhere names are read
    caplog.set_level(logging.DEBUG)
    caplog.clear()
    recent = list(rater.made.app_context.settings.recent)
    window.screens.show("rank")
    secrets = [*NAMES, *(path.name for path in videos), "secret title", "files of the study"]

    def leaks() -> list[str]:
        words = [*all_texts(window), rater.screen.window_title(), rater.screen.status_text(), window.status_bar.text]
        words += [record.getMessage() for record in caplog.records]
        return [text for text in words if any(secret in text for secret in secrets)]

    rater.begin()
    assert len(all_texts(window)) > 40
    assert not leaks()
    assert window.windowTitle() == "Rank – SkillViewer"
    assert "rater Ann" in window.status_bar.text
    rater.press(KEYS.Key_Space)
    qtbot.waitUntil(lambda: rater.screen.judging_view.pair_view.clock.time_s(0) > 0.3)
    assert not leaks()
    rater.vote(KEYS.Key_1)
    assert not leaks(), "and not after the vote either"
    window.actions_["undo"].trigger()
    rater.wait_for_pair()
    assert not leaks()
    assert list(rater.made.app_context.settings.recent) == recent
    assert not window.panel.isVisible()


def test_no_menu_names_a_video_while_somebody_judges(qtbot: QtBot, make_rater: MakeRater, videos: list[Path]) -> None:
    rater = make_rater()
    window = rater.made.window
    rater.made.app_context.settings.remember(videos[0])
    window.recent_menu.refresh()

    def named() -> list[str]:
        texts = [action.text() for menu in window.findChildren(QMenu) for action in menu.actions()]
        return [text for text in texts if any(name in text for name in (*NAMES, "secret title"))]

    before = named()
    assert any("zebra" in text for text in before)
    rater.begin()
    assert not named()
    assert not window.recent_menu.isEnabled()
    assert not window.recent_menu.menuAction().isEnabled()
    rater.vote(KEYS.Key_1)
    assert not named()
    window.recent_menu.refresh()
    window.screens.show("inspect")
    assert named() == before, "elsewhere names are read"
    window.screens.show("rank")
    assert not named()
    click(rater.screen.finish_button)
    qtbot.waitUntil(lambda: rater.phase is SittingPhase.RATER)
    assert named() == before
    assert window.recent_menu.isEnabled()


def test_what_the_window_says_of_other_work_waits(qtbot: QtBot, make_rater: MakeRater) -> None:
    rater = make_rater()
    rater.begin()
    app_context, window = rater.made.app_context, rater.made.window
    job = app_context.jobs.begin("Explaining zebra_P01")
    job.set_progress("okapi_P03 (1 of 5)", 0, 0)
    app_context.messages.note("okapi_P03 cannot be assessed: the disk is full.")

    def leaks() -> list[str]:
        return [text for text in all_texts(window) if any(name in text for name in NAMES)]

    assert window.message_bar.text.startswith("There is a message about a video")
    assert window.status_bar.text.endswith("1 job")
    window.show_jobs()
    assert not leaks()
    app_context.messages.post(Message("Some videos are missing.", details=tuple(NAMES)))
    window.message_bar.toggle_details()
    assert window.message_bar.text.startswith("Some videos are missing.")
    assert not leaks()
    app_context.messages.dismiss()
    job.set_progress("okapi_P03 (1 of 5)", 1, 5)
    assert not leaks()
    rater.vote(KEYS.Key_1)
    assert not leaks()
    click(rater.screen.finish_button)
    qtbot.waitUntil(lambda: "okapi_P03" in window.message_bar.text)
    job.finish()


def test_the_log_names_no_video(
    qtbot: QtBot,
    make_window: MakeWindow,
    world: FakeWorld,
    tmp_path: Path,
    videos: list[Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken, torn = tmp_path / "broken_P98.mp4", tmp_path / "torn_P99.mp4"
    broken.write_bytes(b"this is no video" * 500)
    whole = videos[0].read_bytes()
    torn.write_bytes(whole[: len(whole) * 2 // 3])
    path = make_study(tmp_path, [videos[1], videos[2], broken, torn])
    caplog.set_level(logging.DEBUG)
    rater = sit_down(qtbot, make_window, world, path)
    caplog.clear()
    rater.begin()
    while rater.phase is not SittingPhase.DONE:
        rater.press(KEYS.Key_End)
        rater.vote(KEYS.Key_1)
    said = [record.getMessage() for record in caplog.records]
    assert not [text for text in said if "P98" in text or "P99" in text or any(name in text for name in NAMES)]


def test_a_vote_given_as_the_window_closes_is_kept(make_rater: MakeRater) -> None:
    rater = make_rater()
    rater.begin()
    on_screen, app_context, go = rater.standing_on(), rater.made.app_context, threading.Event()
    app_context.studies.read(lambda _study: go.wait(20))  # the worker thread has something else to do first
    rater.press(KEYS.Key_2)
    app_context.close()
    rater.screen.judging_view._open_next_pair()  # a timer that goes off now finds nobody
    go.set()
    assert app_context.wait(60_000)
    assert [(vote.left, vote.right, vote.verdict) for vote in rater.votes()] == [(*on_screen, Verdict.RIGHT)]


def test_a_vote_given_while_another_study_opens_is_not_written_there(
    qtbot: QtBot, make_rater: MakeRater, tmp_path: Path, videos: list[Path]
) -> None:
    rater = make_rater()
    rater.begin()
    folder = tmp_path / "other"
    folder.mkdir()
    other = make_study(folder, videos)  # the same videos by the same names
    app_context = rater.made.app_context
    app_context.studies.open(other)
    rater.press(KEYS.Key_1)
    qtbot.waitUntil(lambda: rater.phase is SittingPhase.RATER)
    assert "another study" in rater.made.window.message_bar.text.lower()
    assert rater.votes() == ()
    assert replace(rater, path=other).votes() == ()


def test_a_video_that_cannot_be_opened_is_left_out(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, tmp_path: Path, videos: list[Path]
) -> None:
    broken, gone = tmp_path / "broken_P98.mp4", tmp_path / "gone_P99.mp4"
    broken.write_bytes(b"this is no video" * 500)
    gone.write_bytes(b"it was here")
    path = make_study(tmp_path, [*videos[:3], broken, gone])
    gone.unlink()
    rater = sit_down(qtbot, make_window, world, path)
    said: list[str] = []
    rater.begin()
    rater.screen.judging.message_changed.connect(said.append)
    said.append(rater.screen.judging_view.vote_bar.message.text())
    seen = set()
    for _ in range(3):
        seen.add(frozenset(rater.standing_on()))
        rater.vote(KEYS.Key_1)
    assert rater.phase is SittingPhase.DONE, "three pairs of three videos, and a repeat is too soon"
    assert seen == {frozenset((a, b)) for a in NAMES[:3] for b in NAMES[:3] if a != b}
    assert len(rater.votes()) == 3, "no vote on what was not seen"
    assert any("could not be opened" in text for text in said) or any("are missing" in text for text in said)
    assert not any("P98" in text or "P99" in text for text in said)


def test_another_file_in_the_place_of_a_video_is_not_shown(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, tmp_path: Path, videos: list[Path]
) -> None:
    import os
    import shutil

    own = [Path(shutil.copy(path, tmp_path)) for path in videos[:3]]
    path = make_study(tmp_path, own)
    stat = own[0].stat()
    data = bytearray(own[0].read_bytes())
    data[-40] ^= 1  # as long as before, and as old
    own[0].write_bytes(data)
    os.utime(own[0], ns=(stat.st_atime_ns, stat.st_mtime_ns))
    rater = sit_down(qtbot, make_window, world, path)
    rater.begin()
    assert set(rater.standing_on()) == {NAMES[1], NAMES[2]}


@pytest.mark.styled
def test_times_are_whole_at_twice_the_size_of_text(qtbot: QtBot, make_rater: MakeRater, themes: ThemeSource) -> None:
    rater = make_rater()
    rater.begin()
    themes.resize_text(200)
    try:
        rater.made.window.resize(1024, 700)
        pair_view = rater.screen.judging_view.pair_view
        pair_view.show_sound(("sound of this video", "sound"))
        players = pair_view.players
        qtbot.waitUntil(lambda: all(500 < player.width() < 520 for player in players))
        qtbot.waitUntil(lambda: all(player.time_text.startswith("00:00.000") for player in players))
    finally:
        themes.resize_text(100)


def test_both_play_in_real_time_on_one_clock(qtbot: QtBot, make_rater: MakeRater) -> None:
    rater = make_rater()
    rater.begin()
    names = rater.standing_on()
    clock = rater.screen.judging_view.pair_view.clock

    def settled() -> bool:
        players = (rater.screen.judging_view.pair_view.player_on(left=side) for side in (True, False))
        return all(player.feed.settled for player in players)

    now_s = [1000.0]
    clock._read_clock_s = lambda: now_s[0]  # by hand: a busy machine is no slower
    rater.press(KEYS.Key_K)
    now_s[0] += 0.45
    clock.tick()
    qtbot.waitUntil(
        lambda: settled() and all(share > 0.4 for share in rater.screen.judging_view.pair_view.seen_shares())
    )
    rater.press(KEYS.Key_Space)
    qtbot.waitUntil(settled)
    time_s = clock.time_s(0)
    assert time_s == pytest.approx(0.45)
    numbers = (rater.number_on(left=True), rater.number_on(left=False))
    assert numbers == tuple(min(int(time_s * RATES_HZ[name] + 1e-4), RATES_HZ[name] - 1) for name in names)
    rater.press(KEYS.Key_Home)
    qtbot.waitUntil(settled)
    assert (rater.number_on(left=True), rater.number_on(left=False)) == (0, 0)
    rater.press(KEYS.Key_Period)
    qtbot.waitUntil(settled)
    faster = 1 / max(RATES_HZ[name] for name in names)
    assert clock.time_s(0) == pytest.approx(faster, abs=1e-4), "the next picture of either"
    rater.press(KEYS.Key_L)
    qtbot.waitUntil(settled)
    assert (rater.number_on(left=True), rater.number_on(left=False)) == tuple(RATES_HZ[name] - 1 for name in names)
    shares = rater.screen.judging_view.pair_view.seen_shares()
    assert all(0.4 < share < 0.6 for share in shares), "a jump to the end shows one picture more"


def test_a_sync_point_is_kept_and_can_be_taken_back(qtbot: QtBot, make_rater: MakeRater) -> None:
    rater = make_rater()
    rater.begin()
    pair_view, name = rater.screen.judging_view.pair_view, rater.standing_on()[0]
    rater.press(KEYS.Key_F)
    assert sorted(pair_view.clock.moved_videos) == [0], "each for itself"
    click(pair_view.player_on(left=True).canvas)
    for _ in range(6):
        rater.press(KEYS.Key_Period)
    click(pair_view.player_on(left=True).sync_button)

    def kept() -> float | None:
        with Study.open(rater.path, read_only=True) as study:
            return study.videos.get(name).sync_s

    qtbot.waitUntil(lambda: kept() is not None)
    assert kept() == pytest.approx(6 / RATES_HZ[name], abs=1e-4)
    qtbot.waitUntil(lambda: pair_view.clock.clips[pair_view.left_index].sync_s > 0)
    rater.press(KEYS.Key_F)
    assert sorted(pair_view.clock.moved_videos) == [0, 1]
    rater.press(KEYS.Key_Home)
    assert pair_view.clock.time_s(0) == pytest.approx(-6 / RATES_HZ[name], abs=1e-4)
    rater.made.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: pair_view.clock.clips[pair_view.left_index].sync_s == 0)
    assert kept() is None


def test_a_vote_of_an_earlier_sitting_can_be_taken_back_by_who_gave_it(qtbot: QtBot, make_rater: MakeRater) -> None:
    rater = make_rater()
    undo = rater.made.app_context.undo
    names = [video.name for video in rater.made.app_context.videos]
    undo.perform(
        Command(
            "note",
            lambda study: study.annotations.write_note("a word", video=names[0], author="me"),
            lambda study, number: study.annotations.remove("note", cast("int", number)),
            ("annotations",),
        )
    )
    rater.begin()
    rater.press(KEYS.Key_R)
    type_text(rater.screen.judging_view.vote_bar.reason_edit, "slow")
    key(rater.screen.judging_view.vote_bar.reason_edit, KEYS.Key_Return)
    rater.vote(KEYS.Key_1)
    rater.vote(KEYS.Key_2)
    first, second = rater.votes()
    rater.screen.judging.leave()
    assert undo.undo_text == "note", "what was done before stays"
    rater.begin("Bob")
    assert undo.undo_text == "note", "what one rater did is not another's to take back"
    rater.screen.judging.leave()
    rater.begin("Ann")
    assert undo.undo_text == "vote on a pair"

    def withdraw(vote: Vote) -> None:
        rater.made.window.actions_["undo"].trigger()
        qtbot.waitUntil(lambda: rater.screen.judging.accepts_answers and rater.standing_on() == (vote.left, vote.right))

    withdraw(second)
    withdraw(first)
    assert rater.screen.judging_view.vote_bar.reason_edit.text() == "slow"
    assert not any(vote.is_valid for vote in rater.votes())
    rater.vote(KEYS.Key_2)
    (is_valid,) = [vote for vote in rater.votes() if vote.is_valid]
    assert (is_valid.left, is_valid.right, is_valid.verdict) == (first.left, first.right, Verdict.RIGHT)


def test_a_mark_is_told_in_the_time_that_stands_over_the_videos(make_rater: MakeRater) -> None:
    rater = make_rater()
    rater.begin()
    judging_view = rater.screen.judging_view
    for video in (0, 1):  # both are in step some frames after their beginnings
        judging_view.pair_view.clock.set_sync(video, 0.4)
    rater.press(KEYS.Key_Home)
    min_px = judging_view.transport.minimumSizeHint().width()
    rater.press(KEYS.Key_M)
    assert list(judging_view.marks_s) == [0.0, 0.0]
    flush()
    assert judging_view.transport.minimumSizeHint().width() == min_px, "no vote button is pushed off a narrow window"
    assert judging_view.transport._marks_label.longest_text == "marked 00:00.000"
    rater.press(KEYS.Key_M)
    assert list(judging_view.marks_s) == [None, None], "again it takes the marks away"
    assert judging_view.transport._marks_label.longest_text == ""


def test_marks_are_times_of_each_video_and_go_with_it_to_the_other_side(make_rater: MakeRater) -> None:
    rater = make_rater()
    rater.begin()
    judging_view = rater.screen.judging_view
    clock = judging_view.pair_view.clock
    clock.set_sync(0, 0.4)  # the first on the left begins 0.4 s before the other
    rater.press(KEYS.Key_Home)
    rater.press(KEYS.Key_M)
    assert list(judging_view.marks_s) == [0.0, None], "the other one has not begun"
    assert judging_view.transport._marks_label.longest_text == "marked left 00:00.000"
    clock.seek(0.0)
    rater.press(KEYS.Key_M)
    assert list(judging_view.marks_s) == [0.4, 0.0]
    assert judging_view.transport._marks_label.longest_text == "marked left 00:00.400, right 00:00.000"
    assert judging_view.transport._speed_label.longest_text == "both play at 1×, locked"
    judging_view.set_together(together=False)
    assert judging_view.transport._speed_label.longest_text == "each plays at 1×, locked"
    clock.set_active(1)
    clock.seek(0.2)
    rater.press(KEYS.Key_M)
    assert list(judging_view.marks_s) == [0.4, 0.2], "each its own"
    assert judging_view.transport._marks_label.longest_text == "marked left 00:00.400, right 00:00.200"
    names = [judging_view.pair_view.video_name(video) for video in (0, 1)]
    judging_view.swap()
    assert list(judging_view.marks_s) == [0.2, 0.4]
    assert judging_view.transport._marks_label.longest_text == "marked left 00:00.200, right 00:00.400"
    rater.vote(KEYS.Key_1)
    (vote,) = rater.votes()
    assert {vote.left: vote.left_mark_s, vote.right: vote.right_mark_s} == {names[0]: 0.4, names[1]: 0.2}


def test_reason_and_mark_are_stored_and_text_wins_over_keys(qtbot: QtBot, make_rater: MakeRater) -> None:
    rater = make_rater()
    rater.begin()
    rater.press(KEYS.Key_Right)
    for _ in range(2):
        rater.press(KEYS.Key_Comma)
    clock = rater.screen.judging_view.pair_view.clock
    marked_s = [float(stretch.video.times_s[clock.frame_of(at)]) for at, stretch in enumerate(clock.clips)]
    assert min(marked_s) > 0
    rater.press(KEYS.Key_M)
    rater.press(KEYS.Key_R)
    field = rater.screen.judging_view.vote_bar.reason_edit
    assert QApplication.focusWidget() is field
    type_text(field, "grip 1 of 2, slow")
    assert field.text() == "grip 1 of 2, slow"
    assert not rater.votes()
    key(field, KEYS.Key_Return)
    rater.vote(KEYS.Key_2)
    (vote,) = rater.votes()
    assert vote.reason == "grip 1 of 2, slow"
    assert [vote.left_mark_s, vote.right_mark_s] == pytest.approx(marked_s, abs=1e-3)
    assert field.text() == "", "the next pair begins empty"
    rater.vote(KEYS.Key_1)
    assert (rater.votes()[1].reason, rater.votes()[1].left_mark_s, rater.votes()[1].right_mark_s) == ("", None, None)
    judged = (vote.left, vote.right)
    for _ in range(2):
        rater.made.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: rater.screen.judging.accepts_answers and rater.standing_on() == judged)
    assert field.text() == "grip 1 of 2, slow", "what was written is seldom that which was wrong"
    rater.vote(KEYS.Key_1)
    (again,) = [vote for vote in rater.votes() if vote.is_valid]
    assert (again.verdict, again.reason) == (Verdict.LEFT, vote.reason)
    marks = {vote.left: vote.left_mark_s, vote.right: vote.right_mark_s}
    assert {again.left: again.left_mark_s, again.right: again.right_mark_s} == marks
    assert field.text() == ""


def test_the_speed_of_the_study_is_locked_and_stored(make_rater: MakeRater) -> None:
    rater = make_rater(speed=0.5)
    rater.begin()
    assert rater.screen.judging_view.pair_view.clock.speed == 0.5
    assert "0.5×" in rater.screen.status_text()
    rater.press(KEYS.Key_BracketRight)
    rater.vote(KEYS.Key_1)
    assert [vote.speed for vote in rater.votes()] == [0.5]
    assert rater.screen.judging_view.pair_view.clock.speed == 0.5


def test_two_raters_have_their_own_queues(make_rater: MakeRater) -> None:
    rater = make_rater()
    rater.begin("Ann")
    rater.vote(KEYS.Key_1)
    rater.vote(KEYS.Key_1)
    second = rater.standing_on()
    click(rater.screen.finish_button)
    assert rater.phase is SittingPhase.RATER
    assert not rater.made.window.actions_["undo"].isEnabled(), "what Ann did is not Ben's to take back"
    rater.begin("Ben")
    assert rater.screen.judging.session.progress.n_own == 0
    assert rater.screen.judging.session.progress.all == 2
    rater.vote(KEYS.Key_2)
    click(rater.screen.finish_button)
    rater.begin("Ann")
    assert rater.screen.judging.session.progress.n_own == 2
    assert set(rater.standing_on()) == set(second), "Ann goes on where she was"
    assert [vote.rater for vote in rater.votes()] == ["Ann", "Ann", "Ben"]


def test_a_second_window_only_looks(
    qtbot: QtBot, make_rater: MakeRater, make_window: MakeWindow, world: FakeWorld
) -> None:
    rater = make_rater()
    rater.begin("Ann")
    other = sit_down(qtbot, make_window, world, rater.path)
    assert other.phase is SittingPhase.READ_ONLY
    page = other.screen.pages.currentWidget()
    assert page is not None
    assert any("reading only" in text for text in all_texts(page))
    rater.come_forward()
    rater.vote(KEYS.Key_1)
    rater.made.app_context.close()
    assert rater.made.app_context.wait(60_000)
    other.come_forward()
    click(other.screen.read_only_page.findChildren(QAbstractButton)[0])
    qtbot.waitUntil(lambda: other.phase is SittingPhase.RATER)
    other.begin("Ben")
    other.vote(KEYS.Key_2)
    assert [(vote.rater, vote.verdict) for vote in rater.votes()] == [("Ann", Verdict.LEFT), ("Ben", Verdict.RIGHT)]


def test_two_raters_at_once_work_in_copies_that_come_together_again(
    qtbot: QtBot, make_rater: MakeRater, make_window: MakeWindow, world: FakeWorld, tmp_path: Path
) -> None:
    rater = make_rater()
    with Study.open(rater.path, read_only=True) as study:
        copy = study.save_as(tmp_path / "copy.skillstudy")
    rater.begin("Ann")
    other = sit_down(qtbot, make_window, world, copy)
    other.begin("Ben")
    for upcoming_pairs in range(3):
        rater.come_forward()
        rater.vote(KEYS.Key_1)
        other.come_forward()
        other.vote(KEYS.Key_2)
        assert [len(r.votes()) for r in (rater, other)] == [upcoming_pairs + 1] * 2
    for made in (rater.made, other.made):
        made.app_context.close()
        assert made.app_context.wait(60_000)
    with Study.open(rater.path) as study:
        assert import_into_study(study, copy).n_votes == 3
        assert import_into_study(study, copy).n_votes == 0, "and not twice"
        votes = study.votes.all()
    assert {(vote.rater, vote.verdict) for vote in votes} == {("Ann", Verdict.LEFT), ("Ben", Verdict.RIGHT)}
    assert len(votes) == 6


def test_others_judge_in_a_browser_and_their_votes_come_back(
    qtbot: QtBot, make_rater: MakeRater, tmp_path: Path
) -> None:
    rater = make_rater(3)
    dialogs, actions = rater.made.window.dialogs, rater.made.window.actions_
    assert isinstance(dialogs, FakeDialogs)
    messages = rater.made.app_context.messages
    messages.dismiss()
    dialogs.word_answer, dialogs.save_answer = " Ben, Cy ,", tmp_path / "pack"
    actions["rank_pack"].trigger()
    qtbot.waitUntil(lambda: len(messages.waiting) == 1)
    assert "3 videos" in messages.waiting[0].text
    assert {"Ben", "Cy"} <= {word.strip(".:") for word in messages.waiting[0].text.split()}
    assert len(list((tmp_path / "pack" / "clips").iterdir())) == 3
    actions["rank_pack_blurred"].trigger()
    qtbot.waitUntil(lambda: len(messages.waiting) == 2)
    assert "not empty" in messages.waiting[1].text
    with Study.open(rater.path, read_only=True) as study:
        (name,) = (
            row["name"] for row in study.copy_to_memory().execute("SELECT name FROM setting WHERE name GLOB 'j*'")
        )
        key = json.loads(study.load_json(name))
    code, rater_name = next(iter(key["raters"].items()))
    left, right, _ = key["pairs"][code][0]
    given = {"key": "a" * 32, "pair": 0, "left": left, "right": right, "verdict": -1, "reason": "", "watched": 1}
    given |= {"judged_at": "2026-01-01T10:00:00Z", "taken_s": 2.5, "left_mark_s": None, "right_mark_s": None}
    given |= {"withdrawn_at": None}
    head = {
        "format": "skillviewer-votes",
        "version": 1,
        "pack": name.partition(":")[2],
        "rater": code,
        "votes": [given],
    }
    dialogs.file_answer = tmp_path / "votes.json"
    dialogs.file_answer.write_bytes(sealed(json.dumps(head).encode()))
    actions["rank_import_votes"].trigger()
    qtbot.waitUntil(lambda: len(messages.waiting) == 3)
    assert messages.waiting[2].text == f"1 new vote by {rater_name}."
    assert [(vote.rater, vote.verdict, vote.taken_s) for vote in rater.votes()] == [(rater_name, Verdict.RIGHT, 2.5)]
    rater.begin("Ann")
    assert not any(actions[name].isEnabled() for name in ("rank_pack", "rank_pack_blurred", "rank_import_votes"))


def test_an_empty_state_says_what_to_do(make_rater: MakeRater) -> None:
    rater = make_rater(1)
    page = rater.screen.pages.currentWidget()
    assert rater.phase is SittingPhase.TOO_FEW
    assert page is not None
    assert any("fewer than two videos" in text for text in all_texts(page))
    assert not rater.made.window.actions_["rank_left"].isEnabled()


def test_the_end_is_calm(make_rater: MakeRater) -> None:
    rater = make_rater(3, comparisons_per_video=1, repeat_share=0.0)
    rater.begin()
    rater.vote(KEYS.Key_1)
    rater.vote(KEYS.Key_1)
    assert rater.phase is SittingPhase.DONE
    assert "Ann gave 2 judgements" in rater.screen.done_page.text
    assert "2 of 2" in rater.screen.done_page.text
    rater.screen.more_button.click()
    rater.wait_for_pair()
    rater.vote(KEYS.Key_1)
    assert rater.phase is SittingPhase.DONE
    assert not rater.screen.more_button.isVisible(), "there is no further pair"
    rater.made.window.actions_["undo"].trigger()
    rater.wait_for_pair()
    assert sum(vote.is_valid for vote in rater.votes()) == 2


def test_fewer_pairs_than_are_aimed_at_are_all_there_is(make_rater: MakeRater) -> None:
    rater = make_rater(2, repeat_share=0.0)
    rater.begin()
    rater.vote(KEYS.Key_1)
    assert rater.phase is SittingPhase.DONE
    assert not missing(rater.screen.done_page.text, "1 judgement", "gave 1")


def test_a_pause_is_suggested_after_many_pairs(make_rater: MakeRater, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skillviewer.ui.ranking.judging_controller.REST_AFTER_PAIRS", 2)
    rater = make_rater()
    rater.begin()
    rater.vote(KEYS.Key_1)
    rater.vote(KEYS.Key_1)
    assert rater.phase is SittingPhase.REST
    assert "2 pairs" in rater.screen.rest_page.text
    assert not rater.made.window.actions_["rank_left"].isEnabled(), "a key votes on nothing now"
    rater.press(KEYS.Key_Space)  # the button that goes on has the focus
    rater.wait_for_pair()
    assert len(rater.votes()) == 2


def test_a_vote_before_both_were_seen_is_remarked_on(make_rater: MakeRater) -> None:
    rater = make_rater()
    rater.begin()
    rater.made.window.resize(1280, 720)
    view = rater.screen.judging_view
    before = view.pair_view.player_on(left=True).canvas.size()
    rater.vote(KEYS.Key_1)
    assert view.vote_bar.message.text().startswith("Your last vote came after")
    assert view.pair_view.player_on(left=True).canvas.size() == before
    for button in (
        view.vote_bar.left_button,
        view.vote_bar.neither_button,
        view.vote_bar.right_button,
        view.vote_bar.skip_button,
    ):
        assert button.visibleRegion().boundingRect() == button.rect(), "the whole button is in sight"


def test_a_vote_that_cannot_be_stored_is_not_lost_from_sight(
    qtbot: QtBot, make_rater: MakeRater, monkeypatch: pytest.MonkeyPatch
) -> None:
    from skillviewer.core.errors import StudyError
    from skillviewer.data.study.votes import StudyVotes

    rater = make_rater()
    rater.begin()
    on_screen = rater.standing_on()
    cast = StudyVotes.cast

    def full(_votes: StudyVotes, _vote: object) -> object:
        raise StudyError("The disk is full.")

    monkeypatch.setattr(StudyVotes, "cast", full)
    rater.press(KEYS.Key_1)
    qtbot.waitUntil(lambda: "not stored" in rater.screen.judging_view.vote_bar.message.text())
    assert rater.made.window.message_bar.text == "The disk is full."
    assert rater.standing_on() == on_screen
    assert not rater.votes()
    monkeypatch.setattr(StudyVotes, "cast", cast)
    rater.vote(KEYS.Key_1)
    assert [(vote.left, vote.right) for vote in rater.votes()] == [on_screen]


def test_another_study_ends_the_session(
    qtbot: QtBot, make_rater: MakeRater, tmp_path: Path, videos: list[Path]
) -> None:
    rater = make_rater()
    rater.begin()
    folder = tmp_path / "other"
    folder.mkdir()
    with Study.create(folder / "other.skillstudy") as study:
        study.videos.add([NewVideo(path) for path in videos[:2]])
    rater.made.app_context.studies.open(folder / "other.skillstudy")
    qtbot.waitUntil(lambda: rater.phase is SittingPhase.RATER)
    assert rater.screen.judging.session.rater == ""
    assert replace(rater, path=folder / "other.skillstudy").votes() == ()


def test_the_set_up_is_on_the_disk_at_once_and_can_be_undone(qtbot: QtBot, make_rater: MakeRater) -> None:
    rater = make_rater()
    qtbot.waitUntil(lambda: rater.phase is SittingPhase.RATER)
    setup = rater.screen.settings_view
    tab = next(button for button in rater.screen.findChildren(QAbstractButton) if button.text() == "Set-up")
    click(tab)
    qtbot.waitUntil(setup.speed.isEnabled)

    def kept() -> StudySettings:
        with Study.open(rater.path, read_only=True) as study:
            return study.settings

    setup.question_edit.setFocus()
    setup.question_edit.selectAll()
    type_text(setup.question_edit, "Which hand is steadier?")
    key(setup.question_edit, KEYS.Key_Return)
    qtbot.waitUntil(lambda: kept().statement == "Which hand is steadier?")
    click(setup.neither_box, QPoint(8, setup.neither_box.height() // 2))
    qtbot.waitUntil(lambda: not kept().allow_neither)
    click(setup.blind_box, QPoint(8, setup.blind_box.height() // 2))
    qtbot.waitUntil(lambda: kept().blind)
    for box, value in ((setup.speed, 0.5), (setup.comparisons, 4.0), (setup.test, 0.3), (setup.repeats, 0.1)):
        box.setCurrentIndex(box.findData(value))
        box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: kept().repeat_share == 0.1)
    found = kept()
    assert (found.speed, found.comparisons_per_video, found.random_share) == (0.5, 4.0, 0.3)
    rater.made.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: kept().repeat_share == 0.05 and setup.repeats.currentData() == 0.05)
    click(next(button for button in rater.screen.findChildren(QAbstractButton) if button.text() == "Judge"))
    rater.begin()
    assert rater.screen.title_label.text() == "Which hand is steadier?"
    assert not rater.screen.judging_view.vote_bar.neither_button.isVisible()
    assert rater.screen.judging_view.pair_view.clock.speed == 0.5
    rater.vote(KEYS.Key_1)
    click(rater.screen.finish_button)
    click(tab)
    qtbot.waitUntil(lambda: setup.speed_note.text().startswith("Locked"))
    assert not setup.speed.isEnabled()


def test_the_next_rater_finds_an_empty_field(qtbot: QtBot, make_rater: MakeRater) -> None:
    rater = make_rater()
    page = rater.screen.rater_page
    for at in range(2):  # the second time Ann is known, and chosen from the list
        if at == 0:
            rater.begin("Ann")
        else:
            click(page.rater_list.viewport(), page.rater_list.visualItemRect(page.rater_list.item(0)).center())
            click(page.begin_button)
            rater.wait_for_pair()
        rater.vote(Qt.Key.Key_1)
        click(rater.screen.finish_button)
        qtbot.waitUntil(lambda: rater.phase is SittingPhase.RATER and page.rater_list.count() == 1)
        assert (page.name_edit.text(), page.begin_button.isEnabled(), page.rater_list.currentRow()) == ("", False, -1)
    qtbot.waitUntil(page.name_edit.hasFocus)
    type_text(page.name_edit, "Ben")
    key(page.name_edit, Qt.Key.Key_Return)
    rater.wait_for_pair()
    rater.vote(Qt.Key.Key_2)
    assert [vote.rater for vote in rater.votes()] == ["Ann", "Ann", "Ben"]


def test_while_a_pair_is_judged_nothing_is_done_to_a_video_that_nobody_sees(
    qtbot: QtBot, make_rater: MakeRater, dialogs: FakeDialogs
) -> None:
    rater = make_rater()
    window = rater.made.window
    rater.begin("Ann")
    names = ("name_person", "remove_video", "split_off", "go_to", "assess", "find_video")
    assert [name for name in names if window.actions_[name].isEnabled()] == []
    for press in (Qt.Key.Key_F, Qt.Key.Key_G):
        key(QApplication.focusWidget() or window, press, Qt.KeyboardModifier.ControlModifier)
    assert dialogs.asked == []
    rater.vote(Qt.Key.Key_1)
    assert len(rater.votes()) == 1, "the keys are still those of votes"
    window.screens.show("inspect")
    assert window.actions_["find_video"].isEnabled()
    qtbot.waitUntil(window.actions_["remove_video"].isEnabled)


def test_every_pair_that_was_put_back_is_asked_before_all_is_done(qtbot: QtBot, make_rater: MakeRater) -> None:
    rater = make_rater(n_videos=3, comparisons_per_video=2.0)
    rater.begin("Ann")
    while rater.phase is not SittingPhase.DONE:
        rater.vote(Qt.Key.Key_1)
    rater.screen.judging.leave()
    pairs = [frozenset((vote.left, vote.right)) for vote in rater.votes()]
    assert len(pairs) == 3
    rater.made.app_context.studies.submit_write(lambda study: study.rejudge_queue.add(pairs), VOTES)
    qtbot.waitUntil(lambda: rater.phase is SittingPhase.RATER)
    rater.begin("Ann")
    for _ in range(3):  # a vote waits for a pair: after "all done" there would be none
        rater.vote(Qt.Key.Key_2)
    qtbot.waitUntil(lambda: rater.phase is SittingPhase.DONE)
    assert len(rater.votes()) == 6
