from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.session.playback import SPEEDS, Playback
from tests.ui.fakes import video_info


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def playback(qapp: QApplication, clock: Clock) -> Playback:  # noqa: ARG001
    made = Playback(clock)
    made.open(video_info(Path("a.mp4"), n_frames=300))
    return made


def uneven(times_s: list[float], duration_s: float) -> VideoInfo:
    return VideoInfo(Path("v.mp4"), "d", np.array(times_s), 16, 9, duration_s, 10.0, variable_rate=True)


def at(playback: Playback, clock: Clock, seconds: float) -> int:
    """Let the clock run on and tick once."""
    clock.now_s += seconds
    playback.tick()
    return playback.frame


def is_playing(playback: Playback) -> bool:
    return playback.playing


def test_the_frame_is_the_one_on_screen_at_that_time(playback: Playback, clock: Clock) -> None:
    playback.play()
    assert at(playback, clock, 0.0333) == 0, "a frame stays until the next begins, at 1/30 s"
    assert at(playback, clock, 0.0002) == 1
    assert at(playback, clock, 1.0) == 31, "late ticks leave frames out"


def test_uneven_times_are_followed(playback: Playback, clock: Clock) -> None:
    playback.open(uneven([0.0, 0.04, 0.5, 0.52, 2.0], 2.1))
    playback.play()
    assert [at(playback, clock, dt) for dt in (0.03, 0.02, 0.4, 0.06, 0.02, 1.4, 0.1)] == [0, 1, 1, 2, 3, 3, 4]


@pytest.mark.parametrize("speed", SPEEDS)
def test_speed_scales_time(playback: Playback, clock: Clock, speed: float) -> None:
    playback.set_speed(speed)
    playback.play()
    assert at(playback, clock, 1.5 / speed) == 45


def test_a_change_of_speed_goes_on_from_where_it_is(playback: Playback, clock: Clock) -> None:
    playback.play()
    at(playback, clock, 1.0)
    playback.set_speed(4.0)
    assert at(playback, clock, 0.25) == 60
    playback.set_speed(0.1)
    assert at(playback, clock, 1.0) == 63


def test_ten_minutes_of_irregular_ticks_do_not_drift(playback: Playback, clock: Clock) -> None:
    rate_hz, seconds = 29.97, 610
    playback.open(video_info(Path("long.mp4"), n_frames=int(rate_hz * seconds), rate_hz=rate_hz))
    playback.play()
    rng = np.random.default_rng(0)
    passed_s = 0.0
    while passed_s < 600:
        step_s = float(rng.uniform(0.001, 0.09))
        passed_s += step_s
        frame = at(playback, clock, step_s)
        assert frame == int(passed_s * rate_hz + 1e-6)


def test_it_stops_on_the_last_frame_and_plays_again_from_the_start(playback: Playback, clock: Clock) -> None:
    playback.play()
    assert at(playback, clock, 9.99) == 299
    assert is_playing(playback), "the last frame has its time on screen"
    at(playback, clock, 0.02)
    assert not is_playing(playback)
    assert playback.frame == 299
    playback.play()
    assert playback.frame == 0


def test_it_loops_over_the_selection(playback: Playback, clock: Clock) -> None:
    playback.seek(59)
    playback.mark_out()
    playback.seek(30)
    playback.mark_in()
    playback.set_loop(on=True)
    playback.seek(0)
    playback.play()
    assert playback.frame == 30, "it starts at the selection"
    seen = [at(playback, clock, 0.1) for _ in range(25)]
    assert min(seen) == 30
    assert max(seen) <= 59
    assert seen[:10] == [33, 36, 39, 42, 45, 48, 51, 54, 57, 30]


def test_it_loops_over_the_whole_without_a_selection(playback: Playback, clock: Clock) -> None:
    playback.set_loop(on=True)
    playback.seek(299)
    playback.play()
    assert playback.frame == 0
    assert at(playback, clock, 10.5) == 15


def test_marks_keep_their_order(playback: Playback) -> None:
    playback.seek(50)
    playback.mark_in()
    playback.seek(20)
    playback.mark_out()
    assert list(playback.marks) == [None, 20], "an end before the start takes the start away"
    playback.seek(10)
    playback.mark_in()
    assert list(playback.marks) == [10, 20]
    playback.clear_marks()
    assert list(playback.marks) == [None, None]


def test_steps_pause_and_stay_inside(playback: Playback) -> None:
    playback.play()
    playback.step(-1)
    assert not playback.playing
    assert playback.frame == 0
    playback.step(7)
    assert playback.frame == 7
    playback.step(1000)
    assert playback.frame == 299
    playback.to_first_frame()
    assert playback.frame == 0
    playback.to_last_frame()
    assert playback.frame == 299


def test_it_skips_by_time(playback: Playback) -> None:
    playback.skip(1.0)
    assert playback.frame == 30
    playback.skip(10.0)
    assert playback.frame == 299
    playback.skip(-1.0)
    assert playback.frame == 269


def test_it_goes_from_sampled_frame_to_sampled_frame(playback: Playback) -> None:
    playback.sampled_frames = np.array([10, 40, 41, 200])
    seen = []
    for direction in (1, 1, 1, 1, 1, -1, -1, -1, -1):
        playback.to_sample(direction)
        seen.append(playback.frame)
    assert seen == [10, 40, 41, 200, 200, 41, 40, 10, 10]
    playback.seek(30)
    playback.to_sample(-1)
    assert playback.frame == 10


def test_every_frame_is_found_again_by_its_time(playback: Playback) -> None:
    video = uneven(np.round(np.cumsum(np.random.default_rng(1).uniform(0.001, 0.1, 500)), 6).tolist(), 100.0)
    playback.open(video)
    for frame in range(500):
        playback.seek_time(float(video.times_s[frame]))
        assert playback.frame == frame
        assert playback.time_s == float(video.times_s[frame])


def test_seeking_while_playing_goes_on_from_there(playback: Playback, clock: Clock) -> None:
    playback.play()
    at(playback, clock, 0.5)
    playback.seek(200)
    assert playback.playing
    assert at(playback, clock, 0.1001) == 203


def test_some_frames_are_played_once_whatever_is_looped(playback: Playback, clock: Clock) -> None:
    playback.seek(100)
    playback.mark_in()
    playback.seek(150)
    playback.mark_out()
    playback.set_loop(on=True)
    playback.play_once(range(200, 211))
    assert (playback.frame, playback.playing) == (200, True)
    assert at(playback, clock, 0.2001) == 206
    assert at(playback, clock, 1.0) == 210
    assert not is_playing(playback)
    playback.play()  # the loop is as it was
    assert playback.frame == 100
    playback.play_once(range(200, 211))
    playback.seek(120)  # elsewhere: the loop again
    assert at(playback, clock, 0.2001) == 126
    assert at(playback, clock, 1.0) == 105
    playback.pause()
    playback.set_loop(on=False)
    playback.play_once(range(295, 300))
    assert at(playback, clock, 5.0) == 299
    assert not is_playing(playback)


def test_nothing_happens_without_a_video_or_with_one_frame(qapp: QApplication) -> None:  # noqa: ARG001
    playback = Playback()
    playback.play()
    playback.seek(5)
    playback.mark_in()
    assert (playback.playing, playback.frame, playback.marks) == (False, 0, (None, None))
    playback.open(uneven([0.0], 0.0))
    playback.play()
    assert not playback.playing
    playback.seek(3)
    assert playback.frame == 0


def test_another_video_starts_paused_at_its_first_frame(playback: Playback) -> None:
    playback.seek(100)
    playback.mark_in()
    playback.play()
    playback.open(video_info(Path("b.mp4"), n_frames=50))
    assert (playback.playing, playback.frame, playback.marks) == (False, 0, (None, None))


def test_speeds_step_and_are_clamped(playback: Playback) -> None:
    for _ in range(20):
        playback.faster()
    assert playback.speed == 4.0
    for _ in range(20):
        playback.slower()
    assert playback.speed == 0.1
    playback.set_speed(1.0)
    playback.faster()
    assert playback.speed == 1.5
