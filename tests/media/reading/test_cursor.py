"""How a cursor finds its way in files that behave badly, played by a stand-in for the file."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from skillviewer.core.errors import Cancelled, VideoError
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.media.reading.cursor import Cursor
from skillviewer.media.reading.frame_index import FrameIndex
from skillviewer.media.reading.packets import PacketTable, jump

Out = list[tuple[int, str]]


@dataclass
class PlayedFile:
    """Stands for a file of n packets, each of which gives one frame in order unless told otherwise.

    Attributes:
        n: Packets.
        lands: From a packet aimed at to the packet on which the container lands instead; None: nowhere.
        gives: From a packet to what comes out when it is decoded.
        log: What was done.
    """

    n: int = 40
    lands: dict[int, int | None] = field(default_factory=dict)
    gives: dict[int, Out] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    path: Path = Path("played.mp4")
    at: int = 0

    def reopen(self) -> None:
        """Begin again."""
        self.log.append("reopen")
        self.at = 0

    def seek(self, ticks: int, _find: object) -> tuple[int, str] | None:
        """Land somewhere."""
        aimed = ticks // 10
        self.log.append(f"seek {aimed}")
        landed = self.lands.get(aimed, aimed)
        if landed is None:
            return None
        self.at = landed
        return self.read()

    def read(self) -> tuple[int, str] | None:
        """Return the next packet."""
        if self.at >= self.n:
            return None
        self.at += 1
        return self.at - 1, f"packet {self.at - 1}"

    def decode(self, number: int, _packet: object, *, skip: bool) -> Out:
        """Return what comes out."""
        self.log.append(f"skip {number}" if skip else f"decode {number}")
        return [] if skip else self.gives.get(number, [(number, f"frame {number}")])

    def drain(self) -> Out:
        """Return nothing: no frame is held back here."""
        self.log.append("drain")
        return []


def cursor_of(
    file: PlayedFile, starts: list[int], *, counted: bool = False, first_frames: list[int] | None = None
) -> Cursor:
    """Return a cursor over a played file whose packets and frames have the same numbers."""
    n = file.n
    key = np.zeros(n, bool)
    key[starts] = True
    ticks = np.arange(n, dtype=np.int64) * 10
    table = PacketTable(ticks, ticks, np.full(n, 10), key, np.ones(n, bool), {}, "", damaged=False)
    index = FrameIndex(
        packet_of_frame=np.arange(n),
        frame_of_packet=np.arange(n),
        times_s=np.arange(n) / 10,
        last_duration_s=0.1,
        starts=np.array(starts),
        first_frames=np.array(first_frames or starts),
        counted=counted,
        note="",
    )
    return Cursor(cast("Any", file), table, index)


def reach(cursor: Cursor, target: int, token: CancelToken = NEVER) -> Out:
    """Return what comes out on the way to a frame."""
    return cast("Out", list(cursor.reach(target, lambda i: i >= target, token)))


def test_it_starts_at_the_key_frame_before_and_goes_on_from_there() -> None:
    file = PlayedFile()
    cursor = cursor_of(file, [0, 10, 20, 30])
    assert reach(cursor, 22) == [(22, "frame 22")]
    assert file.log == ["seek 20", "skip 20", "skip 21", "decode 22"]
    file.log.clear()
    assert reach(cursor, 24)[-1] == (24, "frame 24")
    assert file.log == ["skip 23", "decode 24"]


def test_a_key_frame_far_ahead_is_jumped_to_and_a_near_one_walked_to() -> None:
    file = PlayedFile()
    cursor = cursor_of(file, [0, 10, 20, 30])
    reach(cursor, 5)
    file.log.clear()
    assert reach(cursor, 12)[-1] == (12, "frame 12")
    assert "seek 10" not in file.log
    assert reach(cursor, 31)[-1] == (31, "frame 31")
    assert "seek 30" in file.log


def test_landing_early_costs_reading_but_no_decoding() -> None:
    file = PlayedFile(lands={20: 7})
    assert reach(cursor_of(file, [0, 10, 20, 30]), 20) == [(20, "frame 20")]
    assert file.log == ["seek 20", "decode 20"]


def test_landing_late_is_put_right_by_aiming_further_back() -> None:
    file = PlayedFile(lands={20: 25})
    assert reach(cursor_of(file, [0, 10, 20, 30]), 21)[-1] == (21, "frame 21")
    assert file.log[:2] == ["seek 20", "seek 12"]
    assert file.log[-1] == "decode 21"


def test_a_file_that_cannot_be_sought_is_read_from_the_beginning() -> None:
    file = PlayedFile(200, lands=dict.fromkeys(range(200)))
    assert reach(cursor_of(file, list(range(0, 200, 5))), 187)[-1] == (187, "frame 187")
    assert file.log.count("reopen") == 1


def test_jumping_gives_the_packet_asked_for_or_none() -> None:
    table = cast("Any", SimpleNamespace(seek_stamps=np.arange(40) * 10, find=None))
    for lands in ({}, {9: 3}, {9: 20}, {9: 20, 1: 30}):
        found: Any = jump(cast("Any", PlayedFile(lands=cast("Any", lands))), table, 9)
        assert found == (9, "packet 9")
    nowhere = PlayedFile(lands=dict.fromkeys(range(40)))
    assert jump(cast("Any", nowhere), table, 9) is None
    late = PlayedFile(lands={9: 20, 1: 30, 0: 12})
    assert jump(cast("Any", late), table, 9) is None


def test_leading_pictures_that_lack_what_they_refer_to_are_neither_shown_nor_kept() -> None:
    """Frames 8 and 9 are stored after the key frame 10 and shown before it."""
    broken: dict[int, Out] = {10: [(8, "broken"), (9, "broken"), (10, "frame 10")]}
    file = PlayedFile(gives=broken)
    cursor = cursor_of(file, [0, 10])
    whole: Any = list(cursor.reach(11, lambda _: True))
    assert whole == [(10, "frame 10"), (11, "frame 11")]
    assert reach(cursor, 9) == [(9, "frame 9")]

    cursor, token = cursor_of(file, [0, 10]), CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        reach(cursor, 11, token)  # it stands at the key frame now, and nothing has come out
    assert reach(cursor, 9) == [(9, "frame 9")]


def test_a_frame_that_does_not_come_out_is_tried_from_further_back() -> None:
    """A recovery point flagged as a key frame gives nothing until the picture is whole again."""

    class Recovering(PlayedFile):
        def decode(self, number: int, _packet: object, *, skip: bool) -> Out:
            since = next(entry for entry in reversed(self.log) if entry.startswith("seek"))
            return [] if since == "seek 20" else super().decode(number, _packet, skip=skip)

    file = Recovering()
    cursor = cursor_of(file, [0, 10, 20, 30])
    assert reach(cursor, 21)[-1] == (21, "frame 21")
    assert [entry for entry in file.log if entry.startswith("seek")] == ["seek 20", "seek 10"]


def test_a_frame_that_never_comes_out_is_refused_and_the_next_still_found() -> None:
    file = PlayedFile(gives={21: []})
    cursor = cursor_of(file, [0, 10, 20, 30])
    with pytest.raises(VideoError, match=r"Frame 22 of played\.mp4, at 2\.100 s"):
        reach(cursor, 21)
    assert reach(cursor, 22)[-1] == (22, "frame 22")


def test_the_last_packets_come_out_when_the_decoder_is_emptied() -> None:
    file = PlayedFile(n=12, gives={10: [], 11: [(10, "frame 10")]})
    file.drain = lambda: [(11, "frame 11")]  # type: ignore[method-assign]
    cursor = cursor_of(file, [0])
    assert reach(cursor, 11)[-1] == (11, "frame 11")
    assert reach(cursor, 3)[-1] == (3, "frame 3")


def test_counted_frames_are_named_by_their_place_when_read_from_the_beginning() -> None:
    """Packet 5 gives two frames of the same number, so that all others come one place later than their packets."""
    file = PlayedFile(gives={5: [(5, "first"), (5, "second")]})
    cursor = cursor_of(file, [0], counted=True)
    assert reach(cursor, 5)[-1] == (5, "first")
    assert reach(cursor, 6)[-1] == (6, "second")
    assert reach(cursor, 7)[-1] == (7, "frame 6")
    assert "skip" not in " ".join(file.log)


def test_of_counted_packets_none_is_left_out() -> None:
    file = PlayedFile()
    reach(cursor_of(file, [0, 10], counted=True), 15)
    assert file.log == ["seek 10", *(f"decode {n}" for n in range(10, 16))]


def test_where_every_frame_stands_alone_those_between_are_not_decoded() -> None:
    file = PlayedFile()
    cursor = cursor_of(file, list(range(40)))
    reach(cursor, 3)
    file.log.clear()
    reach(cursor, 9)
    assert file.log == ["decode 9"]


def test_a_token_stops_between_packets_and_the_way_can_be_gone_on() -> None:
    file = PlayedFile()
    cursor = cursor_of(file, [0])
    token = CancelToken()
    way = cursor.reach(30, lambda _: True, token)
    assert [next(way)[0] for _ in range(5)] == [0, 1, 2, 3, 4]
    token.cancel()
    with pytest.raises(Cancelled):
        next(way)
    file.log.clear()
    assert reach(cursor, 8)[-1] == (8, "frame 8")
    assert file.log == [*(f"skip {n}" for n in range(5, 8)), "decode 8"]
