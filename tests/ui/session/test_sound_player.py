"""Sound and picture stay in step, whatever the device's clock; without a device or a sound all else works."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from skillviewer.core.errors import VideoError
from skillviewer.core.video.info import VideoInfo
from skillviewer.core.video.sound import SOUND_RATE_HZ
from skillviewer.data.envelope_file import envelope_path, load_envelope
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.reading.sound_reader import SoundReader
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.sound_feeder import QueueSlot, SoundFeeder
from skillviewer.ui.session.sound_player import MAX_RESTARTS, SoundPlayer
from skillviewer.ui.session.sound_queue import PlaybackRun, SoundQueue
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.worker_thread import WorkerThread
from tests.sounds import loud_s, write_clicks
from tests.ui.sound_device import StandIn, is_fed

CLICKS_S = (0.5, 1.4, 2.1, 3.0, 3.9, 4.8)
LENGTH_S = 5.2
IN_STEP_S = 0.04


class Desk(QObject):
    """A playhead and a sound player on a clock that the test moves."""

    def __init__(self, output: StandIn, open_sound: Callable[[Path], Any] = SoundReader) -> None:
        super().__init__()
        self.now_s = 100.0
        self.playback = Playback(lambda: self.now_s, self)
        self.playback._timer.timeout.disconnect()  # the test ticks
        self.output, slot, self.messages = output, QueueSlot(), Messages(self)
        self.worker = WorkerThread("sound", lambda: SoundFeeder(open_sound, output, slot), SoundFeeder.close, self)
        self.looker: WorkerThread[None] = WorkerThread("waveform", lambda: None, lambda _none: None, self)
        self.sound = SoundPlayer(
            self.worker, slot, self.looker, open_sound, self.playback, self.messages, on=True, parent=self
        )
        self.sound._sync_timer.timeout.disconnect()

    def close(self) -> None:
        self.sound.stop()
        for worker in (self.worker, self.looker):
            worker.stop()
            assert worker.wait(60_000)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> VideoInfo:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    write_clicks(path, times_s=CLICKS_S, length_s=LENGTH_S, sound_stop_s=LENGTH_S)
    with VideoReader(path) as reader:
        return reader.info


def played(
    desk: Desk, clip: VideoInfo, qtbot: QtBot, *, speed: float, skew: float, follows: bool = True
) -> tuple[list[float], list[float]]:
    """Play a clip to its end; return when the flashes were seen, and when the clicks were heard."""
    seen: dict[int, float] = {}
    desk.playback.frame_changed.connect(lambda frame: seen.setdefault(frame, desk.now_s))
    desk.playback.open(clip)
    desk.playback.set_speed(speed)
    desk.playback.play()
    latency_s, taken_s = 0.1, desk.now_s + 0.03  # the device opens late
    for step in range(10_000):
        if not desk.playback.playing:
            break
        desk.now_s += 0.01
        queue = desk.sound._queue
        assert queue is not None
        if desk.now_s >= taken_s:
            needed_s = min(0.5, (desk.playback.stop_s - desk.playback.due_time_s()) / speed - 0.2)
            qtbot.waitUntil(partial(is_fed, desk.output, queue, needed_s))
            desk.output.take(480, taken_s + latency_s)
            taken_s += 0.01 / (1 + skew)
        desk.playback.tick()
        if follows and step % 10 == 0:
            desk.sound.synchronise()
    heard = desk.output.clicks_s(desk.now_s)
    return [seen[clip.frame_at(at)] for at in CLICKS_S if clip.frame_at(at) in seen], heard


def queue_of(desk: Desk) -> SoundQueue | None:
    return desk.sound._queue


@pytest.mark.parametrize(("speed", "skew"), [(1.0, 0.0), (1.0, 0.01), (1.0, -0.01), (0.5, 0.0), (2.0, 0.0)])
def test_a_click_is_heard_when_its_flash_is_seen(speed: float, skew: float, clip: VideoInfo, qtbot: QtBot) -> None:
    desk = Desk(StandIn())
    flashes, heard = played(desk, clip, qtbot, speed=speed, skew=skew)
    desk.close()
    assert len(flashes) == len(CLICKS_S)
    assert heard == pytest.approx(flashes[: len(heard)], abs=IN_STEP_S)
    assert len(heard) >= len(CLICKS_S) - 1  # the last may end with the device


def test_a_picture_that_does_not_follow_the_sound_drifts_away(clip: VideoInfo, qtbot: QtBot) -> None:
    desk = Desk(StandIn())
    flashes, heard = played(desk, clip, qtbot, speed=1.0, skew=0.02, follows=False)
    desk.close()
    assert abs(heard[4] - flashes[4]) > IN_STEP_S


def test_jumps_mute_and_pause_are_followed(clip: VideoInfo, qtbot: QtBot) -> None:
    desk = Desk(StandIn())
    desk.playback.open(clip)
    qtbot.waitUntil(lambda: desk.sound.envelope is not None)
    desk.playback.play()
    first = desk.sound._queue
    desk.playback.seek(60)
    second = desk.sound._queue
    assert first is not None
    assert second is not None
    assert second is not first
    assert second.run.start_s == pytest.approx(2.0)
    qtbot.waitUntil(lambda: desk.output.fill is not None and second.ahead_s() > 0.3)
    desk.output.take(9600, desk.now_s)
    assert loud_s(desk.output.heard[-1][1][0]) == pytest.approx([0.1], abs=0.01)
    desk.sound.set_on(False)
    assert "off" in desk.sound.message
    qtbot.waitUntil(lambda: desk.output.fill is None)
    desk.now_s += 0.5
    desk.sound.set_on(True)
    assert desk.sound._queue is not None
    assert desk.sound._queue.run.start_s == pytest.approx(2.5)
    desk.playback.set_speed(4.0)
    assert queue_of(desk) is None
    assert "0.5 to 2 times" in desk.sound.message
    desk.playback.set_speed(1.5)
    assert queue_of(desk) is not None
    desk.playback.pause()
    assert queue_of(desk) is None
    qtbot.waitUntil(lambda: desk.output.fill is None)
    desk.close()


def test_a_device_that_does_not_keep_time_is_given_up_and_the_picture_plays(clip: VideoInfo, qtbot: QtBot) -> None:
    desk = Desk(StandIn())
    desk.playback.open(clip)
    desk.playback.play()
    for _ in range(MAX_RESTARTS + 1):
        desk.now_s += 0.1
        qtbot.waitUntil(lambda: desk.output.fill is not None and desk.sound._slot.queue is queue_of(desk))
        for _ in range(50):
            desk.output.take(4800, desk.now_s)
        desk.sound.synchronise()
        desk.playback.tick()
    assert "keep time" in desk.sound.message
    assert queue_of(desk) is None
    assert desk.playback.frame == clip.frame_at(0.1 * (MAX_RESTARTS + 1))
    desk.close()


def test_without_a_device_it_is_said_once_and_the_video_plays(clip: VideoInfo, qtbot: QtBot) -> None:
    desk = Desk(StandIn(works=False))
    desk.playback.open(clip)
    for _ in range(2):
        desk.playback.play()
        qtbot.waitUntil(lambda: "no sound device" in desk.sound.message)
        desk.now_s += 0.5
        desk.playback.tick()
        assert desk.playback.frame == clip.frame_at(0.5)
        desk.playback.open(clip)
    desk.close()
    assert len(desk.messages.waiting) == 1


def test_a_video_without_sound_says_so_in_the_tooltip_alone(clip: VideoInfo, qtbot: QtBot) -> None:
    def refuse(path: Path) -> SoundReader:
        raise VideoError(f"{path} has no sound.")

    desk = Desk(StandIn(), refuse)
    desk.playback.open(replace(clip, digest="f" * 64))
    qtbot.waitUntil(lambda: "no sound" in desk.sound.message)
    desk.playback.play()
    assert desk.sound._queue is None
    desk.close()
    assert not desk.messages.waiting


def test_what_is_missing_is_said_and_the_envelope_is_kept(tmp_path: Path, qtbot: QtBot) -> None:
    path = write_clicks(tmp_path / "late.mkv", codec="pcm_s16le", sound_start_s=1.0)
    with VideoReader(path) as reader:
        info = reader.info
    desk = Desk(StandIn())
    desk.playback.open(info)
    qtbot.waitUntil(lambda: bool(desk.messages.waiting))
    desk.close()
    assert "starts 1.0 s after" in desk.messages.waiting[0].text
    kept = load_envelope(info.digest)
    assert kept is not None
    assert desk.sound.envelope is not None
    assert np.abs(kept.peaks - desk.sound.envelope.peaks).max() < 1 / 255
    envelope_path(info.digest).write_bytes(b"damaged")
    assert load_envelope(info.digest) is None
    assert not envelope_path(info.digest).exists()


def test_samples_that_come_too_late_are_silent_and_the_rest_keeps_its_place() -> None:
    queue = SoundQueue(PlaybackRun(0.0, 0.0, 1.0))
    assert not queue.take(100, 0.0).any()
    ramp = np.tile(np.arange(1, 401, dtype=np.float32), (2, 1))
    queue.put(ramp[:, :150])
    assert queue.take(100, 0.1)[0].tolist() == [*range(101, 151), *[0] * 50]
    queue.put(ramp[:, 150:])
    assert queue.take(100, 0.2)[0].tolist() == [*range(201, 301)]
    assert queue.n_silent == 150
    assert queue.position_s(0.2) == pytest.approx(200 / SOUND_RATE_HZ)


def test_a_queue_may_be_filled_and_emptied_by_two_threads() -> None:
    queue = SoundQueue(PlaybackRun(0.0, 0.0, 1.0))
    blocks = np.arange(48_000, dtype=np.float32).reshape(-1, 1, 480)

    def put_all() -> None:
        for block in blocks:
            queue.put(np.tile(block, (2, 1)))

    thread = threading.Thread(target=put_all)
    thread.start()
    taken = [queue.take(480, at / 100)[0] for at in range(100)]
    thread.join()
    for at, samples in enumerate(taken):
        assert not samples.any() or samples[-1] in (0.0, (at + 1) * 480 - 1)
