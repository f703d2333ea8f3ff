"""A session that ended without being closed is offered again, and leads back to where it was."""

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from skillviewer.core.atomic_write import atomic_path
from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.app import Composition
from skillviewer.ui.shell.recovery import Recovery
from skillviewer.ui.shell.session_recorder import SessionPlace, SessionRecorder, find_unclosed_session
from tests.ui.conftest import MakeWindow
from tests.ui.fakes import FakeDialogs, FakeWorld
from tests.ui.hands import click


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


def opened(qtbot: QtBot, made: Composition, world: FakeWorld) -> list[Path]:
    files = world.touch("a.mp4", "b.mp4")
    made.app_context.assessments.set_automatic(on=False)
    made.app_context.studies.create(
        world.folder / "mine.skillstudy"
    )  # a draft without a word in it goes with its window
    qtbot.waitUntil(lambda: made.app_context.studies.current_study is not None)
    made.app_context.open(files)
    qtbot.waitUntil(lambda: made.app_context.studies.current_study is not None and len(made.app_context.videos) == 2)
    made.app_context.state.set_current(VideoClip(files[1]))
    qtbot.waitUntil(
        lambda: made.app_context.playback.video is not None and made.app_context.playback.video.path == files[1]
    )
    made.app_context.playback.seek(41)
    qtbot.waitUntil(lambda: made.app_context.feed.settled)
    return files


def noted(folder: Path) -> dict[str, object]:
    files = [path for path in folder.glob("*.json") if not path.name.startswith(".")]  # not one under way
    found = json.loads(files[0].read_text(encoding="utf-8")) if files else {}
    assert isinstance(found, dict)
    return found


def die(session: SessionRecorder) -> None:
    """End as a killed process does: the system lets its locks go, and nothing else happens."""
    session._timer.stop()
    assert session._lock is not None
    assert session._lock._handle is not None
    os.close(session._lock._handle)


def test_it_leads_back_to_study_video_frame_and_screen(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, sessions: Path
) -> None:
    first = make_window(world.backend())
    session = SessionRecorder(first.app_context, first.window.screens, sessions)
    files = opened(qtbot, first, world)
    first.window.screens.show("compare")
    session.record()
    qtbot.waitUntil(lambda: noted(sessions).get("frame") == 41)
    study = first.app_context.studies.current_study
    assert study is not None
    die(session)
    first.app_context.close()
    assert first.app_context.wait(60_000)

    second = make_window(world.backend())
    second.app_context.assessments.set_automatic(on=False)
    recovery = Recovery(second.app_context, second.window.screens, second.window.start_page)
    recovery.offer(sessions)
    assert second.window.start_page.return_offer.isVisible()
    click(second.window.start_page.continue_button)
    playback = second.app_context.playback
    qtbot.waitUntil(lambda: playback.video is not None and playback.video.path == files[1] and playback.frame == 41)
    assert second.app_context.studies.current_study is not None
    assert second.app_context.studies.current_study.path == study.path
    assert second.window.screens.current_name == "compare"
    assert not second.window.start_page.return_offer.isVisible()
    assert find_unclosed_session(sessions) is None, "it is offered once"


def test_a_session_that_was_closed_is_not_offered(
    qtbot: QtBot, window: Composition, world: FakeWorld, sessions: Path
) -> None:
    session = SessionRecorder(window.app_context, window.window.screens, sessions)
    opened(qtbot, window, world)
    session.record()
    qtbot.waitUntil(lambda: bool(noted(sessions)))
    session.end()
    assert list(sessions.iterdir()) == []
    recovery = Recovery(window.app_context, window.window.screens, window.window.start_page)
    recovery.offer(sessions)
    assert not window.window.start_page.return_offer.isVisible()


def test_a_window_that_is_alive_is_left_alone(
    qtbot: QtBot, window: Composition, world: FakeWorld, sessions: Path
) -> None:
    session = SessionRecorder(window.app_context, window.window.screens, sessions)
    opened(qtbot, window, world)
    session.record()
    qtbot.waitUntil(lambda: bool(noted(sessions)))
    assert find_unclosed_session(sessions) is None
    assert noted(sessions), "its note stays"
    session.end()


def write(folder: Path, name: str, place: SessionPlace) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(msgspec.to_builtins(place)), encoding="utf-8")
    return path


def place(study: Path, noted_at: str = "2026-01-01T10:00:00+00:00") -> SessionPlace:
    return SessionPlace(str(study), "A study", False, "", 0, "inspect", noted_at)


def test_the_latest_of_several_is_offered_and_all_are_forgotten(tmp_path: Path, sessions: Path) -> None:
    studies = [tmp_path / f"{i}.skillstudy" for i in range(3)]
    for i, study in enumerate(studies):
        study.touch()
        write(sessions, str(i), place(study, f"2026-01-0{3 - i}T10:00:00+00:00"))
    found = find_unclosed_session(sessions)
    assert found is not None
    assert found.study == str(studies[0])
    assert list(sessions.iterdir()) == []


def test_what_is_gone_or_damaged_is_not_offered(tmp_path: Path, sessions: Path) -> None:
    write(sessions, "gone", place(tmp_path / "gone.skillstudy"))
    (tmp_path / "there.skillstudy").touch()
    write(sessions, "no time", place(tmp_path / "there.skillstudy", "yesterday"))
    (sessions / "damaged.json").write_text("{", encoding="utf-8")
    (sessions / "other.json").write_text('{"study": 1}', encoding="utf-8")
    assert find_unclosed_session(sessions) is None
    assert find_unclosed_session(tmp_path / "nowhere") is None


def test_a_note_that_another_window_is_writing_is_left_to_it(tmp_path: Path, sessions: Path) -> None:
    study = tmp_path / "there.skillstudy"
    study.touch()
    with atomic_path(sessions / "other.json") as temp_path:
        write(sessions, temp_path.stem, place(study))
        assert find_unclosed_session(sessions) is None
    assert [path.name for path in sessions.iterdir()] == ["other.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_process_leaves_its_session_to_be_found(tmp_path: Path, sessions: Path) -> None:
    study = tmp_path / "s.skillstudy"
    study.touch()
    path = write(sessions, "killed", place(study))
    code = (
        "import sys, time; from pathlib import Path; from skillviewer.data.study.lock import WriteLock;"
        "lock = WriteLock(Path(sys.argv[1])); print(lock.is_held, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "True"
        assert find_unclosed_session(sessions) is None, "it is alive"
        process.kill()
        process.wait()
    found = find_unclosed_session(sessions)
    assert found is not None
    assert found.study == str(study)


def test_a_folder_that_cannot_be_written_costs_only_the_offer(window: Composition, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    session = SessionRecorder(window.app_context, window.window.screens, blocked / "sessions")
    session.record()
    session.end()


def test_a_report_of_a_crash_is_offered_and_saved(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, tmp_path: Path
) -> None:
    made = make_window(world.backend())
    start = made.window.start_page
    assert not start.report_offer.isVisibleTo(start)
    start.offer_report()
    assert start.report_offer.isVisibleTo(start)
    dialogs = made.window.dialogs
    assert isinstance(dialogs, FakeDialogs)
    dialogs.save_answer = tmp_path / "report.txt"
    click(start.report_offer.findChildren(QPushButton)[0])
    qtbot.waitUntil(lambda: any("report is saved" in message.text for message in made.app_context.messages.waiting))
    assert "Versions" in (tmp_path / "report.txt").read_text(encoding="utf-8")
