"""Boxes of MP4 and MOV files (ISO/IEC 14496-12), and the check for edit lists that multiply the frames."""

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
    """Return the greatest number of packets that an edit list may request from ``n_stored`` frames."""
    return 16 * n_stored + 100_000


def check_edits(path: Path) -> None:
    """Refuse an edit list that multiplies the frames of its file, since libav would list each in memory.

    Raises:
        VideoError: The edit list requests too many frames.
    """
    with suppress(OSError, struct.error, IndexError, ValueError), path.open("rb") as stream:  # libav reports these
        tables = movie_tables(stream)
        n_bytes = stream.seek(0, 2)
        header = _nested_box(tables, b"mvhd")
        has_wide_fields = header[:1] == b"\1"
        movie_hz = _u32(header, 20) if has_wide_fields else _u32(header, 12)
        for name, content in boxes(tables):
            if name != b"trak":
                continue
            n_stored = min(_n_samples(content), n_bytes)  # a frame has at least one byte
            n_requested = _n_requested(content, movie_hz, n_stored)
            if n_requested > max_packets(n_stored):
                raise VideoError(
                    f"{path} holds {n_stored:,} frames, but its edit list requests {n_requested:,}: it is damaged, or "
                    "made to exhaust the memory."
                )


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of consecutive boxes."""
    position = 0
    while position + 8 <= len(data):
        size, header_size = _sizes(data[position : position + 16], len(data) - position)
        if size < header_size:
            return
        yield data[position + 4 : position + 8], data[position + header_size : position + size]
        position += size


def movie_tables(stream: BinaryIO) -> bytes:
    """Return the content of the box that describes all tracks, empty if it is missing or too large."""
    position = 0
    stop = stream.seek(0, 2)
    while position + 8 <= stop:
        stream.seek(position)
        header = stream.read(16)
        size, header_size = _sizes(header, stop - position)
        if size < header_size:
            break
        if header[4:8] == b"moov":
            stream.seek(position + header_size)
            return stream.read(size - header_size) if size <= MAX_TABLE_BYTES else b""
        position += size
    return b""


def _sizes(header: bytes, n_left: int) -> tuple[int, int]:
    """Return the sizes of a box and of its header; a box of unknown size fills the ``n_left`` bytes to the end."""
    size = _u32(header, 0)
    if size == 1:
        return int(struct.unpack_from(">Q", header, 8)[0]), 16
    return size or n_left, 8


def _nested_box(data: bytes, *names: bytes) -> bytes:
    """Return the content of a box, given the names of the boxes around it and its own; empty if it is missing."""
    for name in names:
        data = dict(boxes(data)).get(name, b"")
    return data


def _u32(data: bytes, position: int) -> int:
    (number,) = struct.unpack_from(">I", data, position)
    return int(number)


def _n_samples(track: bytes) -> int:
    sizes = _nested_box(track, b"mdia", b"minf", b"stbl", b"stsz")
    return _u32(sizes, 8) if sizes else 0


def _n_requested(track: bytes, movie_hz: int, n_stored: int) -> int:
    """Estimate the number of packets that an edit list requests: shown ones, and ones decoded before each edit."""
    edits = _nested_box(track, b"edts", b"elst")
    media_header = _nested_box(track, b"mdia", b"mdhd")
    if not edits or not media_header or not n_stored:
        return 0
    has_wide_entries = edits[:1] == b"\1"
    entry_type = ">u8,>i8,>u4" if has_wide_entries else ">u4,>i4,>u4"
    table = np.frombuffer(edits, entry_type, -1, 8)[: _u32(edits, 4)]
    if len(table) < 2:
        return 0
    shown_share = np.minimum(table["f0"] / max(movie_hz, 1) / max(_media_duration_s(media_header), 1e-3), 1)
    n_shown = shown_share.sum() * n_stored
    return int(n_shown + len(table) * max(_longest_group(track, n_stored), 1))


def _media_duration_s(media_header: bytes) -> float:
    has_wide_fields = media_header[:1] == b"\1"
    if has_wide_fields:
        ticks = int.from_bytes(media_header[24:32], "big")
        ticks_per_s = _u32(media_header, 20)
    else:
        ticks = int.from_bytes(media_header[16:20], "big")
        ticks_per_s = _u32(media_header, 12)
    return ticks / max(ticks_per_s, 1)


def _longest_group(track: bytes, n_stored: int) -> int:
    """Return the greatest number of frames from a key frame to the next, 1 if every frame is a key frame."""
    key_table = _nested_box(track, b"mdia", b"minf", b"stbl", b"stss")
    if not key_table:
        return 1
    key_frames = np.frombuffer(key_table, ">u4", -1, 8)[: _u32(key_table, 4)]
    return int(np.diff(key_frames, prepend=1, append=n_stored + 1).max())
