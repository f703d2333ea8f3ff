"""Edit lists of MP4 and MOV files: which parts of the stored pictures are shown, and when (ISO/IEC 14496-12, 8.6.6).

Cameras and trimming write a single edit, perhaps after an empty one; libav reads that exactly. For several edits, libav
gives the right frames, but those after a cut one frame late, and some twice if nothing is shown after an edit. So the
frames and times of such a file are derived here from its edit list, and libav's frames are compared with them.
"""

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.errors import VideoError
from skillviewer.media.reading.container import OPEN_OPTIONS, VideoFile
from skillviewer.media.reading.decoder_errors import decoder_errors
from skillviewer.media.reading.movie_boxes import boxes, movie_tables

_USUAL_RATE = 1 << 16  # 1.0 as a fixed-point number


@dataclass(frozen=True, slots=True)
class Edit:
    """One entry of an edit list."""

    length_s: Fraction  # duration; 0 for up to the end of the pictures
    start: int | None  # start in ticks of the stored pictures; None for an empty edit
    usual: bool  # whether it plays at its own speed


@dataclass(frozen=True, slots=True)
class EditList:
    """Frames that the edit list of a file shows."""

    # (position in the file, size) of the packet of every frame, in order of presentation
    packets: list[tuple[int | None, int]]
    times_s: FloatArray  # presentation times from the first frame
    last_s: float  # duration of the last frame


def read_edits(file: VideoFile) -> tuple[Edit, ...]:
    """Return the edits of a file's video track, without empty ones at the beginning; empty without an edit list."""
    if not file.container.format.name.startswith("mov"):
        return ()
    try:
        with file.path.open("rb") as stream:
            edits = _parse_edits(movie_tables(stream), file.stream.id)
    except (OSError, struct.error):  # tables that libav can read, but this cannot
        return ()
    with_start = [index for index, edit in enumerate(edits) if edit.start is not None]
    return edits[with_start[0] :] if with_start else ()


def has_cuts(edits: tuple[Edit, ...]) -> bool:
    """Return True unless the track is a single edit at its own speed."""
    return len(edits) > 1 or any(not edit.usual for edit in edits)


def apply_edits(file: VideoFile, edits: tuple[Edit, ...]) -> EditList | None:
    """Return the frames that edits show, or None if they cannot be derived.

    A frame on screen at the start of an edit is shown from there on, until the next frame or the end of its edit.
    """
    stored = _stored(file)
    if not stored or not all(edit.usual for edit in edits):
        return None
    stored.sort(key=lambda entry: entry[0])
    starts = [entry[0] for entry in stored]
    ends = [*starts[1:], starts[-1] + max(stored[-1][3], 1)]
    packets, times = [], []
    at_s = end_s = Fraction(0)
    for edit in edits:
        length = edit.length_s / file.time_base
        if edit.start is not None:
            length = length or Fraction(ends[-1] - edit.start)
            for (_, pos, size, _), start, end in zip(stored, starts, ends, strict=True):
                if end > edit.start and start < edit.start + length:
                    packets.append((pos, size))
                    times.append(at_s + max(start - edit.start, 0) * file.time_base)
        at_s += length * file.time_base
        end_s = end_s if edit.start is None else at_s
    if not times:
        return None
    times_s = np.array([float(time - times[0]) for time in times])
    return EditList(packets, times_s, float(end_s - times[-1]))


def n_stored(file: VideoFile) -> int:
    """Return the number of readable pictures in a file, shown or not."""
    return len(_stored(file))


def _stored(file: VideoFile) -> list[tuple[int, int | None, int, int]]:
    """Return (time stamp, position, size, duration) of every packet, ignoring the edit list."""
    options = OPEN_OPTIONS | {"ignore_editlist": "1"}
    edits: list[tuple[int, int | None, int, int]] = []
    with (
        suppress(VideoError),  # as far as the file can be read
        decoder_errors(lambda _: VideoError(f"{file.path} cannot be read on.")),
        av.open(f"file:{file.path.absolute()}", options=options, metadata_errors="replace") as container,
    ):
        edits.extend(
            (packet.pts, packet.pos, packet.size, packet.duration or 0)
            for packet in container.demux(container.streams[file.stream.index])
            if packet.size and packet.pts is not None
        )
    return edits


def _parse_edits(tables: bytes, track: int) -> tuple[Edit, ...]:
    movie_hz = 0
    for name, content in boxes(tables):
        if name == b"mvhd":
            (movie_hz,) = struct.unpack_from(">I", content, 20 if content[0] else 12)
        elif name == b"trak":
            inside = dict(boxes(content))
            header = inside.get(b"tkhd", b"\0" * 24)
            (number,) = struct.unpack_from(">I", header, 20 if header[0] else 12)
            table = dict(boxes(inside.get(b"edts", b""))).get(b"elst")
            if number == track and table is not None and movie_hz:
                return tuple(_entries(table, movie_hz))
    return ()


def _entries(edits: bytes, movie_hz: int) -> Iterator[Edit]:
    form = ">QqI" if edits[0] else ">IiI"
    (count,) = struct.unpack_from(">I", edits, 4)
    for n in range(count):
        length, start, rate = struct.unpack_from(form, edits, 8 + n * struct.calcsize(form))
        yield Edit(Fraction(length, movie_hz), None if start < 0 else start, start < 0 or rate == _USUAL_RATE)
