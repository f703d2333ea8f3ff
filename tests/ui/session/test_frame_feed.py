from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from skillviewer.core.errors import VideoError
from skillviewer.core.progress import CancelToken
from skillviewer.media.screen_scaling import shrunk
from skillviewer.ui.session.frame_feed import DisplayPicture, FrameFeed
from skillviewer.ui.session.open_videos import OpenVideos
from skillviewer.ui.threads.worker_thread import WorkerThread
from tests.ui.fakes import FakeProxy, FakeWorld, numbered_picture, read_number

if TYPE_CHECKING:
    from skillviewer.core.video.info import VideoInfo


class Watch:
    """Everything a feed brings, checked as it comes."""

    def __init__(self, feed: FrameFeed) -> None:
        self.pictures: list[DisplayPicture] = []
        self.opened: list[VideoInfo] = []
        self.errors: list[Exception] = []
        feed.arrived.connect(self._on_picture)
        feed.opened.connect(self.opened.append)
        feed.failed.connect(self.errors.append)

    def _on_picture(self, picture: DisplayPicture) -> None:
        assert read_number(picture.pixels) == picture.frame_index, "the picture is of the frame that it says"
        if self.pictures:
            before = self.pictures[-1]
            assert picture.serial > before.serial or (
                picture.serial == before.serial and picture.is_exact and not before.is_exact
            )
        self.pictures.append(picture)


MakeFeed = Callable[[FakeWorld], tuple[FrameFeed, Watch]]


@pytest.fixture
def make_feed(make_worker: Callable[..., WorkerThread[OpenVideos]]) -> MakeFeed:
    def make(world: FakeWorld) -> tuple[FrameFeed, Watch]:
        backend = world.backend()
        worker = make_worker(
            "frames", lambda: OpenVideos(backend.open_reader, backend.open_proxy), lambda videos: videos.close()
        )
        feed = FrameFeed(worker)
        return feed, Watch(feed)

    return make


def test_a_frame_comes_exact(qtbot: QtBot, world: FakeWorld, make_feed: MakeFeed) -> None:
    feed, watch = make_feed(world)
    feed.open(Path("a.mp4"))
    qtbot.waitUntil(lambda: bool(watch.opened))
    feed.request(31)
    qtbot.waitUntil(lambda: feed.settled)
    assert watch.pictures[-1].frame_index == 31
    assert watch.pictures[-1].is_exact
    assert np.array_equal(watch.pictures[-1].pixels, numbered_picture(31))


def test_a_frame_comes_in_its_width_on_screen_too(qtbot: QtBot, world: FakeWorld, make_feed: MakeFeed) -> None:
    feed, watch = make_feed(world)
    feed.open(Path("a.mp4"))
    qtbot.waitUntil(lambda: bool(watch.opened))
    feed.width_px = numbered_picture(31).shape[1] // 2
    feed.request(31)
    qtbot.waitUntil(lambda: feed.settled)
    assert watch.pictures[-1].small is not None
    np.testing.assert_array_equal(watch.pictures[-1].small, shrunk(numbered_picture(31), feed.width_px))


def test_a_file_that_takes_long_to_open_does_not_hold_up_the_next(
    qtbot: QtBot, world: FakeWorld, make_feed: MakeFeed
) -> None:
    world.open_s = {"large": 60.0}
    feed, watch = make_feed(world)
    feed.open(Path("large.avi"))
    qtbot.wait(50)
    feed.open(Path("a.mp4"))
    qtbot.waitUntil(lambda: bool(watch.opened))
    assert [info.path.name for info in watch.opened] == ["a.mp4"]


def test_rapid_requests_end_on_the_frame_asked_last(qtbot: QtBot, world: FakeWorld, make_feed: MakeFeed) -> None:
    world.decode_s = 0.01
    feed, watch = make_feed(world)
    feed.open(Path("a.mp4"))
    rng = np.random.default_rng(2)
    asked = rng.integers(0, 90, 120).tolist()
    for frame in asked:
        feed.request(frame)
        qtbot.wait(1)
    qtbot.waitUntil(lambda: feed.settled)
    assert watch.pictures[-1].frame_index == asked[-1]
    assert len(watch.pictures) < len(asked) * 2, "most requests were overtaken"
    with qtbot.assertNotEmitted(feed.arrived, wait=40):
        pass


@pytest.fixture
def nothing_decoded_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the cache as the test made it, however slow the machine is."""
    monkeypatch.setattr("skillviewer.ui.session.frame_feed.IDLE_MS", 600_000)


@pytest.mark.usefixtures("nothing_decoded_ahead")
def test_the_nearest_picture_comes_at_once_and_the_exact_one_after(
    qtbot: QtBot, world: FakeWorld, make_feed: MakeFeed
) -> None:
    world.decode_s = 0.05
    feed, watch = make_feed(world)
    feed.open(Path("a.mp4"))
    feed.request(40)
    qtbot.waitUntil(lambda: feed.settled)
    watch.pictures.clear()
    feed.request(42)
    qtbot.waitUntil(lambda: feed.settled)
    assert [(picture.frame_index, picture.is_exact) for picture in watch.pictures] == [(40, False), (42, True)]


@pytest.mark.usefixtures("nothing_decoded_ahead")
def test_far_from_every_decoded_frame_the_key_frame_comes_first(
    qtbot: QtBot, world: FakeWorld, make_feed: MakeFeed
) -> None:
    world.decode_s = 0.01
    feed, watch = make_feed(world)
    feed.open(Path("a.mp4"))
    feed.request(0)
    qtbot.waitUntil(lambda: feed.settled)
    watch.pictures.clear()
    feed.request(75)
    qtbot.waitUntil(lambda: feed.settled)
    assert [(picture.frame_index, picture.is_exact) for picture in watch.pictures] == [(60, False), (75, True)]


@pytest.mark.usefixtures("nothing_decoded_ahead")
def test_a_proxy_shows_the_very_frame_at_once(qtbot: QtBot, world: FakeWorld, make_feed: MakeFeed) -> None:
    world.decode_s, world.proxies = 0.05, True
    feed, watch = make_feed(world)
    feed.open(Path("a.mp4"))
    feed.request(77)
    qtbot.waitUntil(lambda: feed.settled)
    assert [(s.frame_index, s.is_exact, s.pixels.shape[1]) for s in watch.pictures] == [
        (77, False, 160),
        (77, True, 320),
    ]


def test_a_damaged_proxy_is_left_aside(
    qtbot: QtBot, world: FakeWorld, make_feed: MakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: FakeProxy, _index: int) -> None:
        raise VideoError("damaged")

    monkeypatch.setattr(FakeProxy, "frame", broken)
    world.proxies, world.decode_s = True, 0.001
    feed, watch = make_feed(world)
    feed.open(Path("a.mp4"))
    feed.request(20)
    qtbot.waitUntil(lambda: feed.settled)
    assert watch.pictures[-1].frame_index == 20
    assert not watch.errors


def test_while_playing_every_begun_frame_is_shown(qtbot: QtBot, world: FakeWorld, make_feed: MakeFeed) -> None:
    world.decode_s = 0.02
    feed, watch = make_feed(world)
    feed.open(Path("a.mp4"))
    qtbot.waitUntil(lambda: bool(watch.opened))
    for frame in range(60):  # much faster than the decoder
        feed.request(frame, playing=True)
        qtbot.wait(5)
        if frame in (20, 40):
            qtbot.waitUntil(lambda: feed.settled)
    qtbot.waitUntil(lambda: feed.settled)
    frames = [picture.frame_index for picture in watch.pictures]
    assert frames == sorted(frames)
    assert frames[-1] == 59
    assert len(frames) > 2, "a slow decoder shows fewer frames, and not none"
    assert all(picture.is_exact for picture in watch.pictures)


def test_answers_of_a_video_that_was_left_are_dropped(qtbot: QtBot, world: FakeWorld, make_feed: MakeFeed) -> None:
    world.decode_s = 0.03
    world.n_frames = {"a": 90, "b": 40}
    feed, watch = make_feed(world)
    feed.open(Path("a.mp4"))
    feed.request(88)
    feed.open(Path("b.mp4"))
    feed.request(3)
    qtbot.waitUntil(lambda: feed.settled)
    assert [info.path.stem for info in watch.opened] == ["b"]
    assert all(picture.frame_index <= 3 for picture in watch.pictures)


def test_an_error_of_a_video_that_was_left_is_not_told(qtbot: QtBot, world: FakeWorld, make_feed: MakeFeed) -> None:
    world.broken = {"bad"}
    feed, watch = make_feed(world)
    feed.open(Path("bad.mp4"))
    feed.open(Path("good.mp4"))
    qtbot.waitUntil(lambda: bool(watch.opened))
    assert not watch.errors
    feed.open(Path("bad.mp4"))
    qtbot.waitUntil(lambda: bool(watch.errors))
    assert str(watch.errors[0]) == "bad.mp4 is not a video."


def test_a_short_video_is_decoded_ahead_at_rest(qtbot: QtBot, world: FakeWorld, make_feed: MakeFeed) -> None:
    feed, watch = make_feed(world)
    feed.open(Path("a.mp4"))
    feed.request(0)
    qtbot.waitUntil(lambda: len(world.readers) == 1 and len(world.readers[0]._cache) == 90)
    world.readers[0]._decode_s = 600.0  # longer than the test waits: nothing may be decoded now
    feed.request(60)
    qtbot.waitUntil(lambda: feed.settled)
    assert watch.pictures[-1].is_exact


def test_decoding_ahead_makes_way_for_a_request(qtbot: QtBot, world: FakeWorld, make_feed: MakeFeed) -> None:
    world.decode_s = 0.01
    world.n_frames = {"a": 2000}
    feed, watch = make_feed(world)
    feed.open(Path("a.mp4"))
    feed.request(0)
    qtbot.waitUntil(lambda: len(world.readers) == 1 and len(world.readers[0]._cache) > 5)
    feed.request(1000)
    qtbot.waitUntil(lambda: feed.settled)
    assert len(world.readers[0]._cache) < 1900, "not after the other frames"
    assert watch.pictures[-1].frame_index == 1000


def test_only_a_few_videos_stay_open(world: FakeWorld) -> None:
    backend = world.backend()
    videos = OpenVideos(backend.open_reader, backend.open_proxy, max_open=2)
    for name in ("a", "b", "a", "c"):
        videos.reader(Path(name))
    assert [reader.info.path.name for reader in world.readers] == ["a", "b", "c"]
    assert [reader.closed for reader in world.readers] == [False, True, False], "b was used longest ago"
    videos.close()
    assert all(reader.closed for reader in world.readers)


def test_decoding_ahead_is_for_short_videos_only(world: FakeWorld) -> None:
    world.n_frames = {"long": 100_000}
    backend = world.backend()
    videos = OpenVideos(backend.open_reader, backend.open_proxy)
    videos.warm(Path("long.mp4"), CancelToken())
    assert not world.readers[0]._cache
    videos.close()


def test_over_a_proxy_nothing_large_is_decoded_until_the_hand_rests(
    qtbot: QtBot, world: FakeWorld, make_feed: MakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "skillviewer.ui.session.frame_feed.EXACT_DELAY_S", 600.0
    )  # the hand moves, however busy the machine
    world.proxies, world.n_frames = True, {"a": 100_000}  # too long to be decoded ahead
    feed, watch = make_feed(world)
    feed.open(Path("a.mp4"))
    qtbot.waitUntil(lambda: bool(watch.opened))
    for frame in range(100, 130):
        feed.request(frame)
        qtbot.wait(3)
    qtbot.waitUntil(lambda: bool(watch.pictures))
    assert not world.readers[0]._cache
    monkeypatch.setattr("skillviewer.ui.session.frame_feed.EXACT_DELAY_S", 0.01)
    feed.request(130)
    qtbot.waitUntil(lambda: feed.settled)
    assert not watch.pictures[0].is_exact
    assert list(world.readers[0]._cache) == [130]
