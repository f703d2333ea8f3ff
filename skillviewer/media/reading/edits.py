"""Edit lists of MP4 and MOV files: which pieces of the stored pictures are shown, and when (ISO/IEC 14496-12, 8.6.6).

One piece, perhaps after an empty one, is what cameras and trimming write; libav reads that exactly. Where several
pieces are shown one after the other, libav shows the right frames, but those after a cut late by a frame, and some
twice where nothing is shown after a piece. So the frames and times of such a file are worked out here from its edit
list, and libav is held against them.
"""

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.error import FFmpegError

from skillviewer.core.arrays import FloatArray
from skillviewer.media.movie_boxes import boxes, movie_tables
from skillviewer.media.reading.container import OPEN_OPTIONS, VideoFile

_USUAL_RATE = 1 << 16  # 1.0 as a fixed-point number


@dataclass(frozen=True, slots=True)
class Edit:
    """One entry of an edit list.

    Attributes:
        length_s: How long it is shown; 0 for up to the end of the pictures.
        start: Where it begins, in ticks of the stored pictures; None for nothing, shown for so long.
        usual: Whether it is shown at its own speed.
    """

    length_s: Fraction
    start: int | None
    usual: bool


@dataclass(frozen=True, slots=True)
class EditList:
    """What the edit list of a file with several pieces shows.

    Attributes:
        n_pieces: How many.
        packets: (position in the file, size) of the packet of every frame, in the order in which they are shown.
        times_s: Their times from the first.
        last_s: How long the last one is shown.
    """

    n_pieces: int
    packets: list[tuple[int | None, int]]
    times_s: FloatArray
    last_s: float


def read_pieces(file: VideoFile) -> tuple[Edit, ...]:
    """Return the pieces of a file's video track, without empty ones at the beginning; none where there is no list."""
    if not file.container.format.name.startswith("mov"):
        return ()
    try:
        with file.path.open("rb") as stream:
            pieces = _pieces(movie_tables(stream), file.stream.id)
    except (OSError, struct.error):  # tables that libav could read, and this could not
        return ()
    shown = [at for at, piece in enumerate(pieces) if piece.start is not None]
    return pieces[shown[0] :] if shown else ()


def is_montage(pieces: tuple[Edit, ...]) -> bool:
    """Return whether more is asked for than one piece at its own speed."""
    return len(pieces) > 1 or any(not piece.usual for piece in pieces)


def montage(file: VideoFile, pieces: tuple[Edit, ...]) -> EditList | None:
    """Work out what the pieces of a file show; None where this cannot be told.

    A frame that is on when a piece begins is shown from there on; one is shown until the next, or its piece ends.
    """
    stored = _stored(file)
    if not stored or not all(piece.usual for piece in pieces):
        return None
    stored.sort(key=lambda entry: entry[0])
    starts = [entry[0] for entry in stored]
    ends = [*starts[1:], starts[-1] + max(stored[-1][3], 1)]
    packets, times = [], []
    at_s = end_s = Fraction(0)
    for piece in pieces:
        length = piece.length_s / file.time_base
        if piece.start is not None:
            length = length or Fraction(ends[-1] - piece.start)
            for (_, pos, size, _), start, end in zip(stored, starts, ends, strict=True):
                if end > piece.start and start < piece.start + length:
                    packets.append((pos, size))
                    times.append(at_s + max(start - piece.start, 0) * file.time_base)
        at_s += length * file.time_base
        end_s = end_s if piece.start is None else at_s
    if not times:
        return None
    times_s = np.array([float(time - times[0]) for time in times])
    return EditList(sum(piece.start is not None for piece in pieces), packets, times_s, float(end_s - times[-1]))


def n_stored(file: VideoFile) -> int:
    """Return how many pictures of a file can be read, shown or not."""
    return len(_stored(file))


def _stored(file: VideoFile) -> list[tuple[int, int | None, int, int]]:
    """Return (time stamp, position, size, duration) of every packet, whatever the edit list says."""
    options = OPEN_OPTIONS | {"ignore_editlist": "1"}
    found: list[tuple[int, int | None, int, int]] = []
    with (
        suppress(FFmpegError),  # as far as it can be read
        av.open(f"file:{file.path.absolute()}", options=options, metadata_errors="replace") as container,
    ):
        found.extend(
            (packet.pts, packet.pos, packet.size, packet.duration or 0)
            for packet in container.demux(container.streams[file.stream.index])
            if packet.size and packet.pts is not None
        )
    return found


def _pieces(tables: bytes, track: int) -> tuple[Edit, ...]:
    movie_hz = 0
    for name, content in boxes(tables):
        if name == b"mvhd":
            (movie_hz,) = struct.unpack_from(">I", content, 20 if content[0] else 12)
        elif name == b"trak":
            inside = dict(boxes(content))
            header = inside.get(b"tkhd", b"\0" * 24)
            (number,) = struct.unpack_from(">I", header, 20 if header[0] else 12)
            edits = dict(boxes(inside.get(b"edts", b""))).get(b"elst")
            if number == track and edits is not None and movie_hz:
                return tuple(_entries(edits, movie_hz))
    return ()


def _entries(edits: bytes, movie_hz: int) -> Iterator[Edit]:
    form = ">QqI" if edits[0] else ">IiI"
    (count,) = struct.unpack_from(">I", edits, 4)
    for n in range(count):
        length, start, rate = struct.unpack_from(form, edits, 8 + n * struct.calcsize(form))
        yield Edit(Fraction(length, movie_hz), None if start < 0 else start, start < 0 or rate == _USUAL_RATE)
