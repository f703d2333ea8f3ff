"""A rater hears one video of a pair in step with both pictures, when sound is asked for, and nothing names a video."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt
from pytestqt.qtbot import QtBot

from skillviewer.core.video.clips import FrameRange
from skillviewer.core.video.info import VideoInfo
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.reading.sound_reader import SoundReader
from skillviewer.ui.ranking.aligned_clip import AlignedClip
from skillviewer.ui.ranking.pair_clock import PairClock
from skillviewer.ui.ranking.pair_playhead import PairPlayhead
from skillviewer.ui.ranking.screen import RankScreen
from skillviewer.ui.session.sound_feeder import QueueSlot, SoundFeeder
from skillviewer.ui.session.sound_player import SoundPlayer
from skillviewer.ui.session.sound_queue import SoundQueue
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.worker_thread import WorkerThread
from tests.sounds import loud_s, write_clicks
from tests.ui.conftest import MakeWindow
from tests.ui.fakes import FakeWorld
from tests.ui.pair_study import Rater, all_texts, make_study, reading_backend
from tests.ui.sound_device import StandIn, is_fed
from tests.videos import write_barcode_video

KEYS = Qt.Key
CLICKS_S = ((0.5, 1.4, 2.1), (0.9, 1.7, 2.6))
IN_STEP_S = 0.04
NAMES = ("zebra_P01", "quagga_P02", "okapi_P03")


class Desk(QObject):
    """The clock of a pair, and a sound player on it; the test moves the time."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 100.0
        self.clock = PairClock(lambda: self.now_s, self)
        self.clock._timer.timeout.disconnect()  # the test ticks
        self.playhead = PairPlayhead(lambda: self.now_s, self)
        self.playhead.set_clock(self.clock)
        self.output, slot, self.messages = StandIn(), QueueSlot(), Messages(self)
        self.worker = WorkerThread(
            "sound", lambda: SoundFeeder(SoundReader, self.output, slot), SoundFeeder.close, self
        )
        self.looker: WorkerThread[None] = WorkerThread("waveform", lambda: None, lambda _none: None, self)
        self.sound = SoundPlayer(
            self.worker, slot, self.looker, SoundReader, self.playhead, self.messages, on=True, blind=True, parent=self
        )
        self.sound._sync_timer.timeout.disconnect()

    def play(self, qtbot: QtBot, stop_s: float, *, skew: float = 0.0) -> None:
        """Play to a time on the pair's clock, with a device that is late and may run fast."""
        self.clock.play()
        latency_s = 0.1
        taken_s = self.now_s + 0.03
        step = 0
        while self.clock.playing and self.clock.time_s(0) < stop_s:
            self.now_s += 0.01
            step += 1
            queue = self.sound._queue
            assert queue is not None
            if self.now_s >= taken_s:
                left_s = self.playhead.stop_s - self.playhead.due_time_s()
                qtbot.waitUntil(partial(is_fed, self.output, queue, min(0.5, left_s - 0.2)))
                self.output.take(480, taken_s + latency_s)
                taken_s += 0.01 / (1 + skew)
            self.clock.tick()
            if step % 10 == 0:
                self.sound.synchronise()

    def close(self) -> None:
        self.sound.stop()
        for worker in (self.worker, self.looker):
            worker.stop()
            assert worker.wait(60_000)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.close()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[VideoInfo, VideoInfo]:
    folder = tmp_path_factory.mktemp("pair")
    infos = []
    for number, times_s in enumerate(CLICKS_S):
        with VideoReader(write_clicks(folder / f"{number}.mp4", times_s=times_s)) as reader:
            infos.append(reader.info)
    return infos[0], infos[1]


@pytest.mark.parametrize("skew", [0.0, 0.01, -0.01])
def test_clicks_of_the_active_video_are_heard_when_they_are_due(
    skew: float, desk: Desk, pair: tuple[VideoInfo, VideoInfo], qtbot: QtBot
) -> None:
    first, second = pair
    # the second video is ahead by 0.3 s, and its click at 0.9 s is due at 0.6 s
    desk.clock.open(AlignedClip.of(first), AlignedClip.of(second, sync_s=0.3))
    desk.clock.set_active(1)
    due: dict[int, float] = {}
    desk.clock.frame_changed.connect(lambda video, frame: due.setdefault(frame, desk.now_s) if video == 1 else None)
    desk.clock.seek(0.0)
    desk.play(qtbot, 2.2, skew=skew)
    heard = desk.output.clicks_s(desk.now_s)
    seen = [due[second.frame_at(at)] for at in CLICKS_S[1] if second.frame_at(at) in due]
    assert len(seen) == 2
    assert heard[: len(seen)] == pytest.approx(seen, abs=IN_STEP_S)  # a third is with the device already
    assert desk.clock.time_s(0) == desk.clock.time_s(1), "the other video follows too"


def test_a_click_on_the_other_video_while_playing_changes_what_is_heard(
    desk: Desk, pair: tuple[VideoInfo, VideoInfo], qtbot: QtBot
) -> None:
    desk.clock.open(AlignedClip.of(pair[0]), AlignedClip.of(pair[1]))
    desk.clock.play()
    first = desk.sound._queue
    desk.clock.set_active(1)
    second = desk.sound._queue
    assert first is not None
    assert second is not None
    assert second is not first
    qtbot.waitUntil(partial(is_fed, desk.output, second, 1.0))
    desk.output.take(48_000, desk.now_s)
    assert loud_s(desk.output.heard[-1][1][0]) == pytest.approx([0.9], abs=0.01)
    desk.clock.pause()
    qtbot.waitUntil(lambda: desk.output.fill is None)


def test_an_attempt_is_heard_and_nothing_before_or_after_it(
    desk: Desk, pair: tuple[VideoInfo, VideoInfo], qtbot: QtBot
) -> None:
    first, second = pair
    part = AlignedClip.of(first, FrameRange(30, 60))  # 1 to 2 s: the click at 1.4 s alone
    part = replace(part, sync_s=2.0)  # the attempt ends at the sync point ...
    desk.clock.open(part, AlignedClip.of(second, sync_s=1.5))  # ... before which the other one has 1.5 s
    assert desk.clock.limits_s() == pytest.approx((-1.5, 1.5))
    desk.clock.play()
    queue = desk.sound._queue
    assert queue is not None
    qtbot.waitUntil(partial(is_fed, desk.output, queue, 1.0))
    sounds = []
    for _ in range(4):
        qtbot.waitUntil(
            partial(is_fed, desk.output, queue, min(0.5, desk.playhead.stop_s - desk.playhead.due_time_s()))
        )
        desk.output.take(24_000, desk.now_s)
        sounds.append(desk.output.heard[-1][1][0])
        desk.now_s += 0.5
    sound = np.concatenate(sounds)
    assert not sound[:23_500].any(), "the attempt has not begun"
    assert loud_s(sound) == pytest.approx([0.9], abs=0.01)
    assert not sound[73_000:].any(), "the attempt is over"


MakeRater = Callable[..., Rater]


@pytest.fixture
def make_rater(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, tmp_path: Path) -> MakeRater:
    def make(output: StandIn) -> Rater:
        folder = tmp_path / "files of the study"
        folder.mkdir()
        paths = [folder / f"{name}.mp4" for name in NAMES]
        write_clicks(paths[0])
        write_clicks(paths[1], sound_start_s=1.0)
        write_barcode_video(paths[2], 60, width=160, rate_hz=20)
        path = make_study(tmp_path, paths)
        backend = replace(reading_backend(world), open_sound=SoundReader, open_output=lambda _now_s: output)
        rater = Rater(qtbot, make_window(backend), path)
        rater.sit_down()
        return rater

    return make


def queue_of(screen: RankScreen) -> SoundQueue | None:
    return screen.sound._queue


def is_on(screen: RankScreen) -> bool:
    return screen.sound.on


def state_on(screen: RankScreen, video: int) -> str:
    return screen.judging_view.pair_view.players[video]._status_label.longest_text


def test_sound_is_off_until_a_key_is_pressed_and_off_again_for_the_next_rater(
    make_rater: MakeRater, qtbot: QtBot
) -> None:
    output = StandIn()
    rater = make_rater(output)
    rater.begin()
    screen = rater.screen
    clock = screen.judging_view.pair_view.clock
    rater.press(KEYS.Key_Space)
    assert clock.playing
    assert queue_of(screen) is None
    assert not rater.made.window.actions_["rank_sound"].isChecked()
    rater.press(KEYS.Key_U)
    assert is_on(screen)
    assert rater.made.window.actions_["rank_sound"].isChecked()
    assert state_on(screen, clock.active_video)
    assert not state_on(screen, 1 - clock.active_video)
    rater.press(KEYS.Key_A)
    assert clock.active_video == 1
    assert clock.playing
    assert state_on(screen, 1)
    assert not state_on(screen, 0)
    rater.press(KEYS.Key_U)
    assert not is_on(screen)
    assert not any(state_on(screen, video) for video in (0, 1))
    rater.press(KEYS.Key_U)
    screen.finish_button.click()
    assert not is_on(screen)
    assert not rater.made.window.actions_["rank_sound"].isChecked()
    qtbot.waitUntil(lambda: output.fill is None)


def test_what_is_missing_of_the_sound_is_said_without_a_name(
    make_rater: MakeRater, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    rater = make_rater(StandIn())
    rater.begin()
    screen = rater.screen
    expected = {NAMES[0]: "sound on", NAMES[1]: "starts 1.0 s after", NAMES[2]: "no sound"}
    rater.press(KEYS.Key_U)
    said: dict[str, str] = {}
    caplog.clear()
    caplog.set_level("DEBUG")
    while len(said) < len(NAMES):
        view = screen.judging_view.pair_view
        for video in (0, 1):
            view.clock.set_active(video)
            name = view.video_name(video)
            qtbot.waitUntil(lambda video=video, name=name: expected[name] in state_on(screen, video))  # type: ignore[misc]
            said[name] = state_on(screen, video)
            rater.press(KEYS.Key_Space)
            assert view.clock.playing, "the pictures play in any case"
            rater.press(KEYS.Key_Space)
        texts = " ".join([*all_texts(rater.made.window), *(m.text for m in rater.made.app_context.messages.waiting)])
        texts += " ".join(record.getMessage() for record in caplog.records)
        assert not [name for name in NAMES if name in texts]
        if len(said) < len(NAMES):
            rater.vote(KEYS.Key_1)
    assert not rater.made.app_context.messages.waiting


def test_without_a_device_the_pair_plays_and_it_is_said(make_rater: MakeRater, qtbot: QtBot) -> None:
    rater = make_rater(StandIn(works=False))
    rater.begin()
    screen = rater.screen
    view = screen.judging_view.pair_view
    rater.press(KEYS.Key_U)
    if view.video_name(0) == NAMES[2]:  # this one has no sound
        rater.press(KEYS.Key_A)
    rater.press(KEYS.Key_Space)
    qtbot.waitUntil(lambda: "no sound device" in state_on(screen, view.clock.active_video))
    assert view.clock.playing
    qtbot.waitUntil(lambda: view.clock.frame_of(0) > 3)
