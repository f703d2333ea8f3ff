"""The parts of reading that can be told wrong without a video: clocks, packets' outer form, the cache."""

from fractions import Fraction
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from av.video.frame import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from skillviewer.media.reading.frame_index import _assemble
from skillviewer.media.reading.packet_checks import packet_check
from skillviewer.media.reading.packets import PacketTable, _check_stamps, _segment_end
from skillviewer.media.reading.reader import FrameCache
from skillviewer.media.reading.timing import NO_STAMP, frame_rate, presentation_ticks

if TYPE_CHECKING:
    from skillviewer.media.reading.container import VideoFile


def ticks(*stamps: int, step: Fraction | None = Fraction(10)) -> tuple[list[int], bool]:
    """Return the ticks made of stamps, and whether they were made up."""
    out, mended = presentation_ticks(np.array(stamps, np.int64), step, reorder=4)
    return out.tolist(), mended


def test_ascending_stamps_stay() -> None:
    assert ticks(5, 7, 30, 31) == ([5, 7, 30, 31], False)


def test_stamps_of_the_packets_order_are_sorted() -> None:
    assert ticks(1, 3, 4, 2, 5) == ([1, 2, 3, 4, 5], False)


def test_a_clock_set_back_goes_on_at_the_usual_step() -> None:
    assert ticks(0, 10, 20, 0, 10, 20) == ([0, 10, 20, 30, 40, 50], True)


def test_doubled_stamps_are_parted() -> None:
    assert ticks(0, 10, 10, 20) == ([0, 10, 20, 30], True)


def test_missing_stamps_give_the_nominal_rate() -> None:
    assert ticks(0, NO_STAMP, 2, step=Fraction(7, 2)) == ([0, 4, 7], True)
    assert ticks(NO_STAMP) == ([0], False)


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=20))
def test_times_always_ascend(stamps: list[int]) -> None:
    out, _ = presentation_ticks(np.array(stamps, np.int64), Fraction(10), reorder=4)
    assert len(out) == len(stamps)
    assert (np.diff(out) > 0).all()


def test_rate_of_an_even_grid_read_with_a_coarse_clock() -> None:
    times = np.round(np.arange(100) / 29.97, 3)
    for nominal, tolerance in ((29.97, 1e-9), (25.0, 1e-3), (None, 1e-3)):
        rate, variable = frame_rate(times, 1e-3, 0.033, nominal)
        assert rate == pytest.approx(29.97, rel=tolerance)
        assert not variable


def test_rate_of_uneven_times_is_the_median() -> None:
    rate, variable = frame_rate(np.array([0, 0.1, 0.2, 0.7, 0.8]), 1e-3, 0.1, 10.0)
    assert rate == pytest.approx(10)
    assert variable
    assert frame_rate(np.array([0.0]), 1e-3, 0.5, None) == (2.0, False)


def table_of(pts: list[int], *, key: list[int], shown: list[int] | None = None) -> PacketTable:
    """Return the table of packets with given time stamps."""
    n = len(pts)
    flags = np.zeros((2, n), bool)
    flags[0, key] = True
    flags[1, list(range(n)) if shown is None else shown] = True
    stamps = np.array(pts, np.int64)
    return PacketTable(stamps, stamps, np.full(n, 10), flags[0], flags[1], {}, "", damaged=False)


PLAYED = cast(
    "VideoFile",
    SimpleNamespace(
        stream=SimpleNamespace(average_rate=Fraction(10), duration=0, start_time=0),
        n_tracks=1,
        time_base=Fraction(1, 100),
        container=SimpleNamespace(format=SimpleNamespace(name="played")),
    ),
)


def test_stamps_are_believed_only_if_each_is_there_alone_and_groups_ascend() -> None:
    assert _check_stamps("h264", table_of([0, 20, 10, 30], key=[0, 3])) == ""
    assert "several" in _check_stamps("theora", table_of([0, 10], key=[0]))
    assert "no time stamp" in _check_stamps("h264", table_of([0, NO_STAMP], key=[0]))
    assert "same" in _check_stamps("h264", table_of([0, 10, 10], key=[0]))
    assert "backwards" in _check_stamps("h264", table_of([50, 60, 0, 10], key=[0, 2]))
    assert _check_stamps("h264", table_of([0, 10, 10], key=[0], shown=[0, 2])) == ""


def test_leading_pictures_that_do_decode_count_from_the_first_packet() -> None:
    """Packets 1 and 2 are shown before packet 0; from the second key frame on, packet 5 is not whole."""
    table = table_of([20, 0, 10, 30, 50, 40, 60], key=[0, 4])
    index = _assemble(PLAYED, table, np.argsort(table.pts), counted=False)
    assert index.starts.tolist() == [0, 4]
    assert index.first_frames.tolist() == [0, 5]
    assert [index.group_of(i) for i in range(7)] == [0, 0, 0, 0, 0, 1, 1]
    assert index.times_s.tolist() == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert index.last_duration_s == pytest.approx(0.1)


def test_decoding_starts_at_the_first_packet_even_if_it_is_no_key_frame() -> None:
    index = _assemble(PLAYED, table_of([0, 10, 20, 30], key=[2]), np.arange(4), counted=False)
    assert index.starts.tolist() == [0, 2]
    assert index.first_frames.tolist() == [0, 2]


def test_counted_frames_start_only_at_key_frames_that_gave_one() -> None:
    """Packet 2 gave nothing, packet 3 two frames, and a last one came from nobody knows where."""
    table = table_of([0, 10, 20, 30, 40], key=[0, 2, 3])
    index = _assemble(PLAYED, table, np.array([0, 1, 3, 3, 4, -1]), counted=True)
    assert index.starts.tolist() == [0, 3]
    assert index.first_frames.tolist() == [0, 2]
    assert index.frame_of_packet.tolist() == [0, 1, -1, 2, 4]
    assert len(index.times_s) == 6
    assert (np.diff(index.times_s) > 0).all()


def avcc(*units: bytes) -> memoryview:
    """Return units with four bytes of length before each."""
    return memoryview(b"".join(len(unit).to_bytes(4, "big") + unit for unit in units))


RECORD = b"\x01\x64\x00\x1f\xff\xe1" + bytes(20)
"""A decoder configuration record with lengths of four bytes."""


def test_units_fill_their_packet() -> None:
    test = packet_check("h264", RECORD)
    assert test(avcc(b"\x65abc", b"\x41de")) == ""
    assert test(avcc(b"\x65abc")[:-1]) != ""
    assert test(memoryview(bytes(avcc(b"\x65abc")) + b"\x00\x00")) != ""
    assert test(avcc(b"\xe5abc")) != ""
    assert test(memoryview(bytes(12))) != ""


def test_without_a_record_only_blank_packets_are_doubted() -> None:
    test = packet_check("h264", None)
    assert test(memoryview(b"\x00\x00\x00\x01\x65xyz")) == ""
    assert test(memoryview(bytes(20))) != ""
    assert packet_check("rawvideo", None)(memoryview(bytes(20))) == ""


def test_hidden_pictures_are_seen() -> None:
    assert packet_check("vp8", None)(memoryview(b"\x10\x02\x00\x9d")) == ""
    assert packet_check("vp8", None)(memoryview(b"\x00\x02\x00\x9d")) != ""
    vp9 = packet_check("vp9", None)
    assert vp9(memoryview(b"\x82\x49\x83")) == ""
    assert "shows nothing" in vp9(memoryview(b"\x80\x49\x83"))
    assert vp9(memoryview(b"\x80\x49\x83\xc0")) == ""
    assert vp9(memoryview(b"\x88\x49")) == ""
    assert "malformed" in vp9(memoryview(b"\x12\x49"))
    mpeg4 = packet_check("mpeg4", None)
    assert mpeg4(memoryview(b"\x00\x00\x01\xb6\x57\x00")) != ""
    assert mpeg4(memoryview(b"\x00\x00\x01\xb6\x57\x00\x12\x34\x56\x78\x90")) == ""


def test_av1_units_fill_their_packet() -> None:
    test = packet_check("av1", None)
    assert test(memoryview(b"\x12\x00\x32\x03abc")) == ""
    assert test(memoryview(b"\x12\x00\x30abc")) == ""
    assert test(memoryview(b"\x12\x00\x32\x04abc")) != ""
    assert test(memoryview(b"\x92\x00")) != ""
    assert test(memoryview(bytes(9))) != ""


def test_a_matroska_segment_says_where_it_ends() -> None:
    head = b"\x1a\x45\xdf\xa3\x80"
    assert _segment_end(head + b"\x18\x53\x80\x67\x81" + bytes(9)) == len(head) + 5 + 1
    assert _segment_end(head + b"\x18\x53\x80\x67\x01" + (1000).to_bytes(7, "big")) == len(head) + 12 + 1000
    assert _segment_end(head + b"\x18\x53\x80\x67\x01" + b"\xff" * 7) == 0
    assert _segment_end(b"something else") == 0


def grey_frame() -> VideoFrame:
    """Return a frame of 64 x 64 bytes."""
    return VideoFrame(64, 64, "gray")


def test_the_frame_used_longest_ago_goes_first() -> None:
    cache = FrameCache(3 * 4096)
    frames = [grey_frame() for _ in range(4)]
    for index in range(3):
        cache.put(index, frames[index])
    assert cache.get(0) is frames[0]
    cache.put(3, frames[3])
    assert [index in cache for index in range(4)] == [True, False, True, True]
    assert cache.n_bytes == 3 * 4096
    assert cache.get(1) is None


def test_a_frame_put_twice_counts_once_and_one_is_always_kept() -> None:
    cache = FrameCache(0)
    cache.put(7, grey_frame())
    cache.put(7, grey_frame())
    assert (len(cache), cache.n_bytes, cache.nearest(100)) == (1, 4096, 7)
    cache.clear()
    assert (len(cache), cache.n_bytes, cache.nearest(100)) == (0, 0, None)
