"""A score that rests on tracks goes when they change, and the video on screen is assessed again."""

import pytest
from pytestqt.qtbot import QtBot

from skillviewer.core.tracks.track_edits import cut_track
from skillviewer.core.video.clips import VideoClip
from skillviewer.data.tracks_file import TrackStore
from skillviewer.ui.app import Composition
from skillviewer.ui.session.video_entry import VideoEntry, VideoState
from tests.ui.conftest import MakeWindow
from tests.ui.driving import open_and_load
from tests.ui.fake_hands import hands
from tests.ui.fakes import FakeWorld


@pytest.fixture
def made(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld) -> Composition:
    """A window with two videos and a model that needs tracks."""
    world.crops = True
    made = make_window(world.backend())
    made.app_context.assessments.set_automatic(on=True)
    open_and_load(qtbot, made, world.touch("one.mp4", "two.mp4"))
    made.app_context.models.choose_default("alpha")
    qtbot.waitUntil(lambda: all(entry.info is not None for entry in made.app_context.videos))
    return made


def on_screen(made: Composition) -> VideoEntry:
    entry = made.app_context.videos.get(made.app_context.state.current_clip)
    assert entry is not None
    return entry


def stored(entry: VideoEntry) -> str:
    assert entry.info is not None
    return TrackStore().content_digest(entry.info.digest)


def is_current(made: Composition) -> bool:
    """Return whether the analysis on screen rests on the tracks that are stored."""
    entry = on_screen(made)
    shown = made.app_context.state.analysis
    return entry.state is VideoState.DONE and shown is not None and shown.tracks == stored(entry) != ""


def find(made: Composition) -> None:
    """Store hands for the video on screen, as a search does."""
    entry = on_screen(made)
    assert entry.info is not None
    TrackStore().put(hands(entry.info))
    made.app_context.tracks.refresh()


def cut(made: Composition) -> None:
    made.app_context.tracks.edit("cut", lambda tracks: cut_track(tracks, "left hand", 40))


def test_found_tracks_and_changed_ones_bring_a_new_assessment(qtbot: QtBot, made: Composition) -> None:
    tracks = made.app_context.tracks
    qtbot.waitUntil(lambda: on_screen(made).state is VideoState.FAILED)
    assert "find hands" in on_screen(made).reason
    find(made)
    qtbot.waitUntil(lambda: is_current(made) and tracks.saved_tracks is not None)
    before = stored(on_screen(made))
    cut(made)
    qtbot.waitUntil(lambda: is_current(made) and stored(on_screen(made)) != before)
    made.app_context.undo.undo()
    qtbot.waitUntil(lambda: is_current(made) and stored(on_screen(made)) == before)


def test_without_automatic_assessment_the_score_goes_and_a_message_says_why(
    qtbot: QtBot, made: Composition, world: FakeWorld
) -> None:
    context = made.app_context
    find(made)
    qtbot.waitUntil(lambda: is_current(made) and context.tracks.saved_tracks is not None)
    context.assessments.set_automatic(on=False)
    n = len(world.assessed)
    cut(made)
    qtbot.waitUntil(lambda: on_screen(made).state is VideoState.NEW and context.state.analysis is None)
    assert any("1 video" in message.text for message in context.messages.waiting)
    context.assessments.ask([VideoClip(on_screen(made).path)])
    qtbot.waitUntil(lambda: is_current(made))
    assert len(world.assessed) == n + 1


def test_an_edit_of_tracks_leaves_scores_that_do_not_rest_on_them(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld
) -> None:
    made = make_window(world.backend())
    made.app_context.assessments.set_automatic(on=True)
    open_and_load(qtbot, made, world.touch("one.mp4"))
    made.app_context.models.choose_default("alpha")
    qtbot.waitUntil(lambda: on_screen(made).state is VideoState.DONE)
    analysis, n = on_screen(made).analysis, len(world.assessed)
    find(made)
    qtbot.waitUntil(lambda: made.app_context.tracks.saved_tracks is not None)
    cut(made)
    qtbot.waitUntil(lambda: made.app_context.tracks.shown_tracks is not None)
    assert on_screen(made).analysis is analysis
    assert len(world.assessed) == n
