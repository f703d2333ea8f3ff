"""Boxes of MP4 and MOV files (ISO/IEC 14496-12) with the edit list: which stored frames are shown, and how often."""

import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

from skillviewer.core.errors import VideoError

MAX_TABLE_BYTES = 1 << 28
"""Greatest size of a file's tables in bytes; larger ones are not read."""


def max_packets(n_stored: int) -> int:
    """Return the number of packets that an edit list may request of so many stored frames."""
    return 16 * n_stored + 100_000


def check_edits(path: Path) -> None:
    """Refuse by a VideoError an edit list that multiplies the frames of its file: libav would list each in memory."""
    with suppress(OSError, struct.error, IndexError, ValueError), path.open("rb") as stream:  # libav reports these
        tables = movie_tables(stream)
        n_bytes = stream.seek(0, 2)
        header = _inside(tables, b"mvhd")
        movie_hz = _u32(header, 20 if header[:1] == b"\1" else 12)
        for name, content in boxes(tables):
            n_stored = min(_n_samples(content), n_bytes)  # a frame has at least one byte
            requested = _requested_packets(content, movie_hz, n_stored) if name == b"trak" else 0
            if requested > max_packets(n_stored):
                raise VideoError(
                    f"{path} holds {n_stored:,} frames, but its edit list requests {requested:,}: it is damaged, or "
                    "made to exhaust the memory."
                )


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of consecutive boxes."""
    position = 0
    while position + 8 <= len(data):
        size, head = _sizes(data[position : position + 16], len(data) - position)
        if size < head:
            return
        yield data[position + 4 : position + 8], data[position + head : position + size]
        position += size


def movie_tables(stream: BinaryIO) -> bytes:
    """Return the content of the box that describes all tracks."""
    position = 0
    stop = stream.seek(0, 2)
    while position + 8 <= stop:
        stream.seek(position)
        start = stream.read(16)
        size, head = _sizes(start, stop - position)
        if size < head:
            break
        if start[4:8] == b"moov":
            stream.seek(position + head)
            return stream.read(size - head) if size <= MAX_TABLE_BYTES else b""
        position += size
    return b""


def _sizes(start: bytes, room: int) -> tuple[int, int]:
    """Return the sizes of a box and of its header; a box without a size fills the room."""
    size = _u32(start, 0)
    if size == 1:
        return int(struct.unpack_from(">Q", start, 8)[0]), 16
    return size or room, 8


def _inside(data: bytes, *names: bytes) -> bytes:
    for name in names:
        data = dict(boxes(data)).get(name, b"")
    return data


def _u32(data: bytes, position: int) -> int:
    (number,) = struct.unpack_from(">I", data, position)
    return int(number)


def _n_samples(track: bytes) -> int:
    sizes = _inside(track, b"mdia", b"minf", b"stbl", b"stsz")
    return _u32(sizes, 8) if sizes else 0


def _requested_packets(track: bytes, movie_hz: int, n_stored: int) -> int:
    """Estimate the packets that an edit list requests: those shown, and those decoded before each edit."""
    edits, media = _inside(track, b"edts", b"elst"), _inside(track, b"mdia", b"mdhd")
    if not edits or not media or not n_stored:
        return 0
    wide = edits[:1] == b"\1"
    table = np.frombuffer(edits, ">u8,>i8,>u4" if wide else ">u4,>i4,>u4", -1, 8)[: _u32(edits, 4)]
    if len(table) < 2:
        return 0
    long = media[:1] == b"\1"
    media_s = int.from_bytes(media[24:32] if long else media[16:20], "big") / max(_u32(media, 20 if long else 12), 1)
    shares = np.minimum(table["f0"] / max(movie_hz, 1) / max(media_s, 1e-3), 1)  # of the frames, shown by each edit
    keys = _inside(track, b"mdia", b"minf", b"stbl", b"stss")
    starts = np.frombuffer(keys, ">u4", -1, 8)[: _u32(keys, 4)] if keys else np.arange(1, 2)
    longest = int(np.diff(starts, prepend=1, append=n_stored + 1).max()) if keys else 1
    return int(shares.sum() * n_stored + len(table) * max(longest, 1))
