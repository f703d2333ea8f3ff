"""Edit lists of MP4 and MOV files: the parts of the stored pictures that are shown, and their times.

ISO/IEC 14496-12, 8.6.6. Cameras and trimming write a single edit, perhaps after an empty one, and libav reads that
exactly. With several edits, libav gives the right frames, but shows frames after a cut one frame late, and some frames
twice if nothing is shown after an edit. This module therefore derives the frames and times of such a file from its edit
list, and the frames of libav are compared with them.
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

_NORMAL_RATE = 1 << 16  # 1.0 as a fixed-point number


@dataclass(frozen=True, slots=True)
class Edit:
    """One entry of an edit list."""

    duration_s: Fraction  # 0 for an edit up to the end of the stored pictures
    start: int | None  # start in ticks of the stored pictures; None for an empty edit
    has_normal_speed: bool  # whether the pictures play at their own speed


@dataclass(frozen=True, slots=True)
class EditList:
    """Frames that the edit list of a file shows."""

    # (position in the file, size) of the packet of every frame, in order of presentation
    packets: list[tuple[int | None, int]]
    times_s: FloatArray  # presentation times from the first frame
    last_duration_s: float  # duration of the last frame


@dataclass(frozen=True, slots=True)
class _StoredPicture:
    """Packet of a picture, whether an edit list shows it or not."""

    start: int  # time stamp in ticks
    position: int | None  # position in the file
    size: int
    duration: int  # in ticks, 0 if missing


def read_edits(file: VideoFile) -> tuple[Edit, ...]:
    """Return the edits of a file's video track from the first that is not empty on; none if there is no edit list."""
    if not file.container.format.name.startswith("mov"):
        return ()
    try:
        with file.path.open("rb") as stream:
            edits = _parse_edits(movie_tables(stream), file.stream.id)
    except (OSError, struct.error):  # libav can read some tables that this module cannot
        return ()
    not_empty = [index for index, edit in enumerate(edits) if edit.start is not None]
    return edits[not_empty[0] :] if not_empty else ()


def has_cuts(edits: tuple[Edit, ...]) -> bool:
    """Return True if there are several edits, or one that changes the speed."""
    return len(edits) > 1 or any(not edit.has_normal_speed for edit in edits)


def apply_edits(file: VideoFile, edits: tuple[Edit, ...]) -> EditList | None:
    """Return the frames that edits show, or None if they cannot be derived.

    An edit may start in the middle of a frame. This frame is shown from the start of the edit until the next frame or
    the end of the edit.
    """
    pictures = sorted(_stored_pictures(file), key=lambda picture: picture.start)
    if not pictures or not all(edit.has_normal_speed for edit in edits):
        return None
    starts = [picture.start for picture in pictures]
    ends = [*starts[1:], starts[-1] + max(pictures[-1].duration, 1)]
    packets = []
    times_s = []  # from the start of the first edit
    edit_start_s = Fraction(0)
    shown_until_s = Fraction(0)
    for edit in edits:
        duration = edit.duration_s / file.time_base
        if edit.start is not None:
            if duration == 0:  # until the end of the track
                duration = Fraction(ends[-1] - edit.start)
            for picture, start, end in zip(pictures, starts, ends, strict=True):
                if end > edit.start and start < edit.start + duration:
                    packets.append((picture.position, picture.size))
                    times_s.append(edit_start_s + max(start - edit.start, 0) * file.time_base)
        edit_start_s += duration * file.time_base
        if edit.start is not None:
            shown_until_s = edit_start_s
    if not times_s:
        return None
    times_from_first_s = np.array([float(time_s - times_s[0]) for time_s in times_s])
    return EditList(packets, times_from_first_s, float(shown_until_s - times_s[-1]))


def n_stored(file: VideoFile) -> int:
    """Return the number of readable pictures in a file, shown or not."""
    return len(_stored_pictures(file))


def _stored_pictures(file: VideoFile) -> list[_StoredPicture]:
    """Return the pictures in a file up to the first that cannot be read, in file order, regardless of its edit list."""
    options = OPEN_OPTIONS | {"ignore_editlist": "1"}
    pictures: list[_StoredPicture] = []
    with (
        suppress(VideoError),
        decoder_errors(lambda _: VideoError(f"{file.path} cannot be read on.")),
        av.open(f"file:{file.path.absolute()}", options=options, metadata_errors="replace") as container,
    ):
        for packet in container.demux(container.streams[file.stream.index]):
            if packet.size and packet.pts is not None:
                duration = 0 if packet.duration is None else packet.duration
                pictures.append(_StoredPicture(packet.pts, packet.pos, packet.size, duration))
    return pictures


def _parse_edits(tables: bytes, track_id: int) -> tuple[Edit, ...]:
    movie_hz = 0
    for name, content in boxes(tables):
        if name == b"mvhd":
            has_wide_fields = content[0] > 0
            (movie_hz,) = struct.unpack_from(">I", content, offset=20 if has_wide_fields else 12)
        elif name == b"trak":
            track_boxes = dict(boxes(content))
            header = track_boxes.get(b"tkhd", b"\0" * 24)
            has_wide_fields = header[0] > 0
            (this_id,) = struct.unpack_from(">I", header, offset=20 if has_wide_fields else 12)
            edit_boxes = dict(boxes(track_boxes.get(b"edts", b"")))
            edit_table = edit_boxes.get(b"elst")
            if this_id == track_id and edit_table is not None and movie_hz:
                return tuple(_parse_table(edit_table, movie_hz))
    return ()


def _parse_table(edit_table: bytes, movie_hz: int) -> Iterator[Edit]:
    entry_format = ">QqI" if edit_table[0] else ">IiI"
    (n_entries,) = struct.unpack_from(">I", edit_table, 4)
    for number in range(n_entries):
        position = 8 + number * struct.calcsize(entry_format)
        duration, start, rate = struct.unpack_from(entry_format, edit_table, position)
        duration_s = Fraction(duration, movie_hz)
        if start < 0:  # an empty edit
            yield Edit(duration_s, start=None, has_normal_speed=True)
        else:
            yield Edit(duration_s, start, has_normal_speed=rate == _NORMAL_RATE)
