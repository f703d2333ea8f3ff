"""Edit lists of several pieces: right to the frame and its time, or refused in a sentence.

What must be shown follows from the pieces alone (ISO/IEC 14496-12); every frame carries its number.
"""

import random
import re
import struct
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from skillviewer.core.errors import VideoError
from skillviewer.media.reading import packets
from skillviewer.media.reading.movie_boxes import boxes, check_edits, movie_tables
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.reading.sound_reader import has_sound
from tests.boxes import edit, edit_in_pieces, find
from tests.videos import KINDS, VideoKind, read_barcode, write_barcode_video

RATE_HZ = 25  # a frame is 40 ms, which an edit list can say exactly
N_FRAMES = 40
Pieces = list[tuple[int, int | None]]
"""How many frames long, and at which frame it begins; None for nothing."""

WAYS: dict[str, Pieces] = {
    "all": [(40, 0)],
    "nothing first": [(10, None), (40, 0)],
    "nothing at the end": [(20, 0), (10, None)],
    "begins later": [(20, 5)],
    "a cut in the middle": [(10, 0), (10, 20)],
    "a cut to no key frame": [(7, 0), (12, 17)],
    "nothing first, begins later, a cut": [(5, None), (10, 5), (10, 25)],
    "three": [(5, 0), (5, 10), (5, 30)],
    "twice the same": [(10, 0), (10, 0)],
    "backwards": [(10, 20), (10, 0)],
    "a gap between": [(10, 0), (10, None), (10, 20)],
}
REFUSED = {(kind, way) for kind in ("mp4", "mov", "hevc") for way in ("a gap between", "nothing at the end")} | {
    ("hevc", "a cut in the middle"),
    ("hevc", "a cut to no key frame"),
}
"""Where libav does not show what the pieces say: these are refused, and no other."""


@cache
def whole(kind: str) -> bytes:
    """Return a file before it is edited."""
    with TemporaryDirectory() as folder:
        return write_barcode_video(Path(folder) / "whole", N_FRAMES, kind=kind, rate_hz=RATE_HZ).path.read_bytes()


def edited(folder: Path, kind: str, pieces: Pieces) -> Path:
    path = folder / f"edited{KINDS[kind].suffix}"
    path.write_bytes(whole(kind))
    seconds = [(length / RATE_HZ, None if at is None else at / RATE_HZ) for length, at in pieces]
    edit_in_pieces(path, seconds)
    return path


def shown(pieces: Pieces) -> tuple[list[int], list[float], float]:
    """Return the numbers that are shown, their times from the first, and when the last ends."""
    numbers: list[int] = []
    slots: list[int] = []
    at = end = 0
    for length, start in pieces:
        if start is not None:
            numbers += range(start, start + length)
            slots += range(at, at + length)
            end = at + length
        at += length
    return numbers, [(slot - slots[0]) / RATE_HZ for slot in slots], (end - slots[0]) / RATE_HZ


@pytest.mark.parametrize("kind", ["mp4", "mov", "hevc"])
@pytest.mark.parametrize("way", WAYS)
def test_frames_times_and_duration_are_those_of_the_pieces(tmp_path: Path, kind: str, way: str) -> None:
    path = edited(tmp_path, kind, WAYS[way])
    if (kind, way) in REFUSED:
        with pytest.raises(VideoError, match=f"{re.escape(str(path))} .*several pieces.*Export it as one plain video"):
            VideoReader(path)
        return
    numbers, times_s, end_s = shown(WAYS[way])
    with VideoReader(path) as reader:
        assert reader.info.n_frames == len(numbers)
        assert [read_barcode(picture) for picture in reader.frames(range(len(numbers)))] == numbers
        np.testing.assert_allclose(reader.info.times_s, times_s, atol=1e-6)
        assert reader.info.duration_s == pytest.approx(end_s, abs=1e-6)
        assert reader.info.note == "", "an edit list is no damage"
    order = random.Random(1).sample(range(len(numbers)), len(numbers))
    with VideoReader(path) as reader:
        assert [read_barcode(reader.frame(i)) for i in order] == [numbers[i] for i in order]


def test_a_piece_at_another_speed_is_refused(tmp_path: Path) -> None:
    """A frame that is held: media_rate 0."""
    path = edited(tmp_path, "mp4", [(10, 0), (10, 10)])
    data = bytearray(path.read_bytes())
    box = find(bytes(data), b"elst")
    assert box is not None
    struct.pack_into(">H", data, box[0] + 16 + 12 + 8, 0)
    path.write_bytes(data)
    with pytest.raises(VideoError, match="several pieces"):
        VideoReader(path)


def test_a_trimmed_file_whose_end_is_missing_is_noted_and_a_whole_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS, "front", VideoKind(muxing={"movflags": "faststart"}))  # it opens without its end
    video = write_barcode_video(tmp_path / "front.mp4", N_FRAMES, kind="front", rate_hz=RATE_HZ)
    edit(video.path, skip_s=5 / RATE_HZ, keep_s=30 / RATE_HZ)
    with VideoReader(video.path) as reader:
        assert (reader.info.n_frames, reader.info.note) == (30, "")
    video.path.write_bytes(video.path.read_bytes()[: video.path.stat().st_size * 2 // 3])
    with VideoReader(video.path) as reader:
        assert "cut off" in reader.info.note


@pytest.mark.parametrize("length", [1, N_FRAMES])
def test_an_edit_list_that_multiplies_the_pictures_is_refused_before_it_is_read(tmp_path: Path, length: int) -> None:
    path = edited(tmp_path, "mp4", [(length, N_FRAMES - length)] * 20_000)
    with pytest.raises(VideoError, match=r"holds 40 frames, but its edit list requests [\d,]+: it is damaged"):
        VideoReader(path)
    assert not has_sound(path)


def test_many_cuts_of_many_pictures_are_no_harm(tmp_path: Path) -> None:
    pieces: Pieces = [(1, at % N_FRAMES) for at in range(60)]
    path = edited(tmp_path, "mp4", pieces)
    check_edits(path)


def test_packets_that_come_over_and_over_are_refused_whatever_asks_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = edited(tmp_path, "mp4", [(N_FRAMES, 0)] * 20)
    monkeypatch.setattr(packets, "max_packets", lambda n: 4 * n + 10)
    with pytest.raises(VideoError, match="requests its frames again and again"):
        VideoReader(path)


@pytest.mark.parametrize("size", [2, 4, 7])
def test_a_box_smaller_than_its_header_ends_the_search(size: int) -> None:
    damaged = size.to_bytes(4, "big") + b"moov" + bytes(1000)
    assert movie_tables(BytesIO(damaged)) == b""
    assert list(boxes(damaged)) == []
