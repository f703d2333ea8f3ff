"""Timelines, sampled positions and segments, against a literal reading of the sampling rules."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillviewer.core.video.info import sample_positions, segments, timeline, usable_positions
from skillviewer.core.video.preprocessing import SAMPLINGS, SamplingRule
from tests.core.analyses import video_info

N, L = 25, 10
LENGTHS = [1, 2, 9, 10, 11, 12, 34, 35, 36, 59, 60, 61, 1000]


def by_the_book(n: int) -> list[int]:
    """The rule for test time, step by step, for N = 25 and L = 10.

    Usable are the frames that have flows t - 5 to t + 4: 5 to n - 6. Step r = floor(len / 25); start at the last, step
    back by r, take 25, reverse. Fewer than 25: round(linspace(0, len - 1, 25)). Fewer than 11 frames: all are usable.
    """
    usable = list(range(5, n - 5)) if n >= 11 else list(range(n))
    r = len(usable) // 25
    if r == 0:
        return [usable[round(float(i))] for i in np.linspace(0, len(usable) - 1, 25)]
    taken: list[int] = []
    at = len(usable) - 1
    while len(taken) < 25:
        taken.append(usable[at])
        at -= r
    return taken[::-1]


@pytest.mark.parametrize("n", LENGTHS)
def test_first_pass_is_the_rule(n: int) -> None:
    assert sample_positions(n, N, L).tolist() == [by_the_book(n)]


@pytest.mark.parametrize("n", LENGTHS)
def test_25_sorted_positions_of_the_video(n: int) -> None:
    for row in sample_positions(n, N, L, passes=4):
        assert row.dtype == np.int64
        assert len(row) == N
        assert np.all(np.diff(row) >= 0)
        assert row.min() >= 0
        assert row.max() < n


@given(n=st.integers(1, 3000), n_segments=st.integers(1, 40), passes=st.integers(1, 8), half=st.integers(0, 6))
def test_passes_stay_in_their_segments_and_among_usable_positions(
    n: int, n_segments: int, passes: int, half: int
) -> None:
    length = 2 * half
    usable = usable_positions(n, length)
    chosen = sample_positions(n, n_segments, length, passes)
    assert chosen.shape == (passes, n_segments)
    assert chosen.min() >= usable.start
    assert chosen.max() < usable.stop
    if len(usable) >= n_segments:
        for part in segments(n, n_segments, length):
            column = chosen[:, part.index]
            assert np.all((part.start_frame <= column) & (column < part.stop_frame))


@pytest.mark.parametrize(("n", "passes"), [(1000, 4), (1000, 39), (110, 4), (60, 2), (35, 1)])
def test_interleaved_passes_are_distinct(n: int, passes: int) -> None:
    chosen = sample_positions(n, N, L, passes)
    assert len(np.unique(chosen)) == chosen.size
    assert np.all(np.diff(chosen, axis=0) < 0)  # every later pass lies before


def test_passes_divide_a_segment_evenly() -> None:
    # 1010 frames: 1000 usable positions, 40 a segment, so that four passes are 10 apart
    chosen = sample_positions(1010, N, L, passes=4)
    assert chosen[:, 0].tolist() == [44, 34, 24, 14]
    assert chosen[:, -1].tolist() == [1004, 994, 984, 974]


def test_candidates_begin_with_the_test_rule() -> None:
    rows = sample_positions(500, N, L, passes=4)
    assert rows.shape == (4, N)
    assert rows[0].tolist() == by_the_book(500)
    assert len(np.unique(rows)) == rows.size


def shown_until(n: int, end: Fraction) -> int:
    """The position on screen just before a share of the timeline, of which each position lasts 1 / n, has passed."""
    return max(j for j in range(n) if Fraction(j, n) < end)


@given(n=st.integers(1, 400), n_segments=st.integers(1, 40), passes=st.integers(1, 6))
def test_even_takes_what_is_on_screen_as_each_part_ends(n: int, n_segments: int, passes: int) -> None:
    expected = [
        [shown_until(n, Fraction(i + 1, n_segments) - Fraction(k, passes * n_segments)) for i in range(n_segments)]
        for k in range(passes)
    ]
    assert sample_positions(n, n_segments, L, passes, "even").tolist() == expected


@pytest.mark.parametrize("n", [1, 2, 11, 25, 26, 30, 51, 60, 1000, 100_000])
def test_even_leaves_no_part_of_a_video_out(n: int) -> None:
    (row,) = sample_positions(n, N, L, sampling="even")
    assert row[-1] == n - 1
    gaps = np.diff(np.concatenate([[-1], row]))
    assert gaps.max() <= -(-n // N)
    assert gaps.max() - gaps.min() <= 1
    if n >= N:
        assert gaps.min() >= 1  # no frame twice


def test_a_short_video_is_seen_from_its_middle_on_by_the_paper_and_whole_by_even() -> None:
    paper, even = (sample_positions(51, N, L, sampling=rule)[0].tolist() for rule in SAMPLINGS[::-1])
    assert paper == list(range(21, 46))
    assert even == [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 42, 44, 46, 48, 50]


@pytest.mark.parametrize("sampling", SAMPLINGS)
@given(n=st.integers(1, 2000), n_segments=st.integers(1, 40))
def test_segments_cover_everything_once(sampling: SamplingRule, n: int, n_segments: int) -> None:
    parts = segments(n, n_segments, L, sampling)
    assert [part.index for part in parts] == list(range(n_segments))
    covered = [frame for part in parts for frame in range(part.start_frame, part.stop_frame)]
    assert covered == list(range(n))


def test_timeline_takes_every_third_frame_of_30_hz_at_10_hz() -> None:
    assert timeline(np.arange(300) / 30, 10.0).tolist() == list(range(0, 300, 3))


def test_timeline_without_a_clock_is_every_frame() -> None:
    assert timeline(np.array([0.0, 0.5, 0.6]), None).tolist() == [0, 1, 2]


def test_timeline_of_an_irregular_video_by_hand() -> None:
    # ticks 0, 0.1, ... 0.7; frame 2 stays from 0.12 to 0.55 and is on screen at five of them
    times = np.array([0.0, 0.05, 0.12, 0.55, 0.6, 0.61, 0.7])
    assert timeline(times, 10.0).tolist() == [0, 1, 2, 4, 6]


@given(gaps=st.lists(st.integers(1, 400), min_size=0, max_size=200), rate_hz=st.sampled_from([5.0, 10.0, 25.0, 60.0]))
def test_timeline_shows_what_is_on_screen_at_every_tick(gaps: list[int], rate_hz: float) -> None:
    times = np.concatenate([[0], np.cumsum(gaps)]) / 1000
    video = video_info(times)
    n_ticks = int(np.floor(times[-1] * rate_hz + 1e-6)) + 1
    shown = sorted({video.frame_at(tick / rate_hz) for tick in range(n_ticks)})
    assert timeline(times, rate_hz).tolist() == shown


def test_a_gap_of_centuries_takes_no_memory() -> None:
    times = np.append(np.arange(30) / 30, 1e10 + np.arange(30) / 30)
    assert timeline(times, 10.0).tolist() == [*range(0, 30, 3), 29, *range(30, 60, 3)]


def test_frame_at_is_the_frame_on_screen() -> None:
    video = video_info(np.array([0.0, 0.1, 0.4, 0.5]), end_s=0.7)
    asked = [-1.0, 0.0, 0.099, 0.1, 0.399, 0.4, 0.45, 0.5, 9.0]
    assert [video.frame_at(t) for t in asked] == [0, 0, 0, 1, 1, 2, 2, 3, 3]
    assert [video.end_s(i) for i in range(4)] == [0.1, 0.4, 0.5, 0.7]


def test_frame_at_finds_a_time_written_with_six_decimals() -> None:
    video = video_info(np.arange(2000) / 29.97)
    for i in range(video.n_frames):
        assert video.frame_at(float(f"{video.times_s[i]:.6f}")) == i


def test_times_are_read_only() -> None:
    times = np.array([0.0, 1.0])
    video = video_info(times)
    times[1] = 5.0
    assert video.times_s[1] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        video.times_s[0] = 3.0
