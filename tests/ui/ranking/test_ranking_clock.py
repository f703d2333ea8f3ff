"""Two videos on one clock: real time, whatever their rates and lengths."""

import random
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from skillviewer.core.video.clips import FrameRange, TimeRange
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.ranking.aligned_clip import AlignedClip
from skillviewer.ui.ranking.pair_clock import PairClock
from skillviewer.ui.ranking.seen_frames import SeenFrames
from tests.ui.fakes import video_info

NTSC_HZ = 60_000 / 1001


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def video(n_frames: int, rate_hz: float) -> VideoInfo:
    return video_info(Path(f"{n_frames} at {rate_hz}.mp4"), n_frames, rate_hz=rate_hz)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def clock(qapp: QApplication, hands: Hands) -> PairClock:  # noqa: ARG001
    return PairClock(hands)


def frames(clock: PairClock) -> tuple[int, int]:
    return clock.frame_of(0), clock.frame_of(1)


def test_ten_minutes_without_drift(clock: PairClock, hands: Hands) -> None:
    rng = random.Random(4)
    film, tape = video(24 * 620, 24.0), video(int(NTSC_HZ * 620), NTSC_HZ)
    clock.open(AlignedClip.of(film), AlignedClip.of(tape))
    clock.play()
    started_s = hands.now_s
    worst_s = 0.0
    while (passed_s := hands.now_s - started_s) < 600:
        hands.now_s += rng.choice((0.004, 0.0167, 0.021, 0.3))  # also a machine that was busy
        passed_s = hands.now_s - started_s
        clock.tick()
        assert clock.frame_of(0) == int(passed_s * 24 + 1e-5)
        assert clock.frame_of(1) == int(passed_s * NTSC_HZ + 3e-5)
        apart_s = abs(float(film.times_s[clock.frame_of(0)]) - float(tape.times_s[clock.frame_of(1)]))
        worst_s = max(worst_s, apart_s)
    assert passed_s > 600
    assert worst_s < 1 / 24 + 1e-6, "never more than a frame of the slower one"


def test_the_speed_is_that_of_both(clock: PairClock, hands: Hands) -> None:
    clock.open(AlignedClip.of(video(240, 24.0)), AlignedClip.of(video(600, 60.0)), 0.5)
    clock.play()
    hands.now_s += 4.0
    clock.tick()
    assert frames(clock) == (48, 120)


def test_the_shorter_one_waits_at_its_end_and_the_longer_one_ends_it(clock: PairClock, hands: Hands) -> None:
    clock.open(AlignedClip.of(video(24, 24.0)), AlignedClip.of(video(90, 30.0)))
    clock.play()
    hands.now_s += 2.0
    clock.tick()
    assert frames(clock) == (23, 60)
    assert clock.is_playing(0)
    assert clock.is_playing(1)
    hands.now_s += 5.0
    clock.tick()
    assert frames(clock) == (23, 89)
    assert not clock.playing
    clock.play()
    assert frames(clock) == (0, 0), "from the beginning again"


def test_steps_stop_at_every_picture_of_either(clock: PairClock) -> None:
    first, second = video(6, 24.0), video(13, 50.0)
    clock.open(AlignedClip.of(first), AlignedClip.of(second))
    times_s = sorted({*np.round(first.times_s, 6), *np.round(second.times_s, 6)})
    seen = [clock.time_s(0)]
    for _ in times_s[1:]:
        clock.step(1)
        seen.append(clock.time_s(0))
    np.testing.assert_allclose(seen, times_s, atol=1e-5)
    assert frames(clock) == (5, 12)
    clock.step(1)
    assert frames(clock) == (5, 12)
    for time_s in reversed(times_s[:-1]):
        clock.step(-1)
        assert clock.time_s(0) == pytest.approx(time_s, abs=1e-5)
    assert frames(clock) == (0, 0)


def test_sync_points_meet(clock: PairClock, hands: Hands) -> None:
    clock.open(AlignedClip.of(video(240, 24.0)), AlignedClip.of(video(600, 60.0)))
    clock.set_together(False)
    clock.set_active(0)
    clock.seek(2.0)
    clock.set_active(1)
    clock.seek(5.0)
    assert frames(clock) == (48, 300)
    clock.set_sync(0, 2.0)
    assert frames(clock) == (48, 300), "apart, the other one stays"
    clock.set_sync(1, 5.0)
    clock.set_together(True)
    assert frames(clock) == (48, 300)
    clock.play()
    hands.now_s += 1.0
    clock.tick()
    assert frames(clock) == (72, 360)
    clock.seek_start()
    assert frames(clock) == (0, 0)
    assert clock.time_s(0) == pytest.approx(-5.0), "where the first of the two begins"
    clock.seek_by(3.5)
    assert frames(clock) == (12, 210)


def test_apart_only_the_active_one_moves(clock: PairClock, hands: Hands) -> None:
    clock.open(AlignedClip.of(video(240, 24.0)), AlignedClip.of(video(600, 60.0)))
    clock.set_together(False)
    clock.set_active(1)
    clock.play()
    hands.now_s += 1.0
    clock.tick()
    assert frames(clock) == (0, 60)
    assert (clock.is_playing(0), clock.is_playing(1)) == (False, True)
    clock.set_active(0)
    assert not clock.playing
    clock.step(1)
    assert frames(clock) == (1, 60)
    clock.set_active(1)
    clock.set_together(True)
    assert frames(clock) == (24, 60), "both go where the active one stands"


def test_an_attempt_within_a_recording(clock: PairClock, hands: Hands) -> None:
    inside = AlignedClip.of(video(300, 30.0), TimeRange(2.0, 4.0))
    assert (inside.first_frame, inside.last_frame) == (60, 119), "frame 120 begins as the attempt ends"
    frames_only = AlignedClip.of(video(300, 30.0), FrameRange(30, 60))
    clock.open(inside, frames_only)
    assert frames(clock) == (60, 30)
    clock.play()
    hands.now_s += 0.5
    clock.tick()
    assert frames(clock) == (75, 45)
    clock.seek_end()
    assert frames(clock) == (119, 59)


def test_seeking_while_it_plays_goes_on_from_there(clock: PairClock, hands: Hands) -> None:
    clock.open(AlignedClip.of(video(2400, 24.0)), AlignedClip.of(video(6000, 60.0)))
    clock.play()
    hands.now_s += 1.0
    clock.seek_by(10.0)
    hands.now_s += 1.0
    clock.tick()
    assert clock.time_s(0) == clock.time_s(1) == pytest.approx(12.0)
    assert frames(clock) == (288, 720)


def test_what_was_seen_is_a_share_of_time(qapp: QApplication) -> None:  # noqa: ARG001
    times_s = np.array([0.0, 1.0, 2.0, 2.1, 2.2, 2.3])
    uneven = VideoInfo(Path("v.mp4"), "d", times_s, 16, 9, 2.4, 10.0, variable_rate=True)
    seen = SeenFrames(AlignedClip.of(uneven))
    assert seen.share == 0
    seen.mark_seen(1, playing=False)
    assert seen.share == pytest.approx(1 / 2.4)
    seen.mark_seen(2, playing=True)
    seen.mark_seen(5, playing=True)
    assert seen.share == pytest.approx(1.4 / 2.4), "frames left out while playing count"
    seen = SeenFrames(AlignedClip.of(uneven))
    seen.mark_seen(0, playing=True)
    seen.mark_seen(5, playing=False)
    assert seen.share == pytest.approx(1.1 / 2.4), "a jump over frames does not"
    seen = SeenFrames(AlignedClip.of(uneven))
    seen.mark_seen(0, playing=True)
    seen.mark_seen(2, playing=True)
    assert seen.share == pytest.approx(1.1 / 2.4), "nor does a picture that hung for two seconds"
