"""The boxes of MP4 and MOV files (ISO/IEC 14496-12), as far as they say how often stored pictures are shown."""

import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

from skillviewer.core.errors import VideoError

MOST_TABLES = 1 << 28
"""Bytes of the tables of a file; larger ones are not looked into."""

_TIMES_SHOWN, _ANYWAY = 16, 100_000
"""How often each stored picture may be shown, and how many packets any file may ask for."""


def most_packets(n_stored: int) -> int:
    """Return how many packets may be read of a file that stores so many pictures, whatever its edit list asks for."""
    return _TIMES_SHOWN * n_stored + _ANYWAY


def check_edits(path: Path) -> None:
    """Refuse a file whose edit list multiplies its pictures: the library that reads it lists every one of them.

    Raises:
        VideoError: It does.
    """
    with suppress(OSError, struct.error, IndexError, ValueError), path.open("rb") as stream:
        tables = movie_tables(stream)  # what is none is told by the library
        n_bytes = stream.seek(0, 2)
        header = _inside(tables, b"mvhd")
        movie_hz = _u32(header, 20 if header[:1] == b"\1" else 12)
        for name, content in boxes(tables):
            n_stored = min(_n_samples(content), n_bytes)  # a picture has a byte at least
            asked = _packets_asked_for(content, movie_hz, n_stored) if name == b"trak" else 0
            if asked > most_packets(n_stored):
                raise VideoError(
                    f"{path} holds {n_stored:,} pictures, and its edit list asks for {asked:,}: it is damaged, or made "
                    "to take all memory."
                )


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of the boxes that lie one after the other."""
    at = 0
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        size = size or len(data) - at
        if size < head:
            return
        yield name, data[at + head : at + size]
        at += size


def movie_tables(stream: BinaryIO) -> bytes:
    """Return the content of the box that describes all tracks."""
    at, stop = 0, stream.seek(0, 2)
    while at + 8 <= stop:
        stream.seek(at)
        size, name = struct.unpack(">I4s", stream.read(8))
        head = 8
        if size == 1:
            (size,) = struct.unpack(">Q", stream.read(8))
            head = 16
        size = size or stop - at
        if name == b"moov":
            return stream.read(size - head) if size <= MOST_TABLES else b""
        if size < head:
            break
        at += size
    return b""


def _inside(data: bytes, *names: bytes) -> bytes:
    for name in names:
        data = dict(boxes(data)).get(name, b"")
    return data


def _u32(data: bytes, at: int) -> int:
    (number,) = struct.unpack_from(">I", data, at)
    return int(number)


def _n_samples(track: bytes) -> int:
    sizes = _inside(track, b"mdia", b"minf", b"stbl", b"stsz")
    return _u32(sizes, 8) if sizes else 0


def _packets_asked_for(track: bytes, movie_hz: int, n_stored: int) -> int:
    """Return about how many packets an edit list asks for: what its pieces show, and what is decoded before each."""
    edits, media = _inside(track, b"edts", b"elst"), _inside(track, b"mdia", b"mdhd")
    if not edits or not media or not n_stored:
        return 0
    wide = edits[:1] == b"\1"
    pieces = np.frombuffer(edits, ">u8,>i8,>u4" if wide else ">u4,>i4,>u4", -1, 8)[: _u32(edits, 4)]
    if len(pieces) < 2:
        return 0
    long = media[:1] == b"\1"
    media_s = int.from_bytes(media[24:32] if long else media[16:20], "big") / max(_u32(media, 20 if long else 12), 1)
    shares = np.minimum(pieces["f0"] / max(movie_hz, 1) / max(media_s, 1e-3), 1)  # of all pictures, that a piece shows
    keys = _inside(track, b"mdia", b"minf", b"stbl", b"stss")
    starts = np.frombuffer(keys, ">u4", -1, 8)[: _u32(keys, 4)] if keys else np.arange(1, 2)
    longest = int(np.diff(starts, prepend=1, append=n_stored + 1).max()) if keys else 1
    return int(shares.sum() * n_stored + len(pieces) * max(longest, 1))
