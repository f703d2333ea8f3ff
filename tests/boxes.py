"""Surgery on MP4 files: what an encoder does not write by itself."""

import struct
from collections.abc import Sequence
from pathlib import Path

_CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts")


def find(data: bytes, name: bytes, start: int = 0, stop: int | None = None) -> tuple[int, int] | None:
    """Return where the first box of a name begins and ends, looking into the boxes that hold others."""
    at, stop = start, len(data) if stop is None else stop
    while at + 8 <= stop:
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == name:
            return at, at + size
        if kind in _CONTAINERS and (inside := find(data, name, at + 8, at + size)):
            return inside
        at += size
    return None


def edit(path: Path, *, skip_s: float, keep_s: float) -> None:
    """Let the edit list of an MP4 show only part of it.

    Args:
        path: The file; it must have an edit list of one entry, as those with B-pictures do.
        skip_s: Seconds left out at the beginning.
        keep_s: Seconds shown.
    """
    data = bytearray(path.read_bytes())
    header, media, edits = (find(bytes(data), name) for name in (b"mvhd", b"mdhd", b"elst"))
    assert header is not None
    assert media is not None
    assert edits is not None, "no edit list"
    (movie_hz,) = struct.unpack_from(">I", data, header[0] + 20)
    (media_hz,) = struct.unpack_from(">I", data, media[0] + 20)
    version, count = data[edits[0] + 8], struct.unpack_from(">I", data, edits[0] + 12)[0]
    assert (version, count) == (0, 1)
    _, first = struct.unpack_from(">Ii", data, edits[0] + 16)
    struct.pack_into(">Ii", data, edits[0] + 16, round(keep_s * movie_hz), first + round(skip_s * media_hz))
    path.write_bytes(data)


def edit_in_pieces(path: Path, pieces: Sequence[tuple[float, float | None]]) -> None:
    """Let the edit list of an MP4 show pieces of it, one after the other (ISO/IEC 14496-12, 8.6.6).

    Args:
        path: The file; it must have an edit list, and its tables behind the pictures, as encoders write it.
        pieces: Of every piece how long it is and where in the pictures it begins, both in seconds; an empty one, which
            shows nothing for so long, begins at None.
    """
    data = bytearray(path.read_bytes())
    header, media, edits = (find(bytes(data), name) for name in (b"mvhd", b"mdhd", b"elst"))
    assert header is not None
    assert media is not None
    assert edits is not None, "no edit list"
    movie = data.rindex(b"moov") - 4
    assert movie > data.index(b"mdat"), "the places of the pictures would move"
    (movie_hz,) = struct.unpack_from(">I", data, header[0] + 20)
    (media_hz,) = struct.unpack_from(">I", data, media[0] + 20)
    count = struct.unpack_from(">I", data, edits[0] + 12)[0]
    _, first = struct.unpack_from(">Ii", data, edits[0] + 16 + 12 * (count - 1))
    entries = b"".join(
        struct.pack(">IiHH", round(length_s * movie_hz), -1 if at_s is None else first + round(at_s * media_hz), 1, 0)
        for length_s, at_s in pieces
    )
    body = struct.pack(">II", 0, len(pieces)) + entries
    grown = 8 + len(body) - (edits[1] - edits[0])
    data[edits[0] : edits[1]] = struct.pack(">I4s", 8 + len(body), b"elst") + body
    for name in (b"edts", b"trak", b"moov"):
        around = find(bytes(data), name)
        assert around is not None
        (size,) = struct.unpack_from(">I", data, around[0])
        struct.pack_into(">I", data, around[0], size + grown)
    path.write_bytes(data)
