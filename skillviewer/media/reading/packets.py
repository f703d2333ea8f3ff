"""Packets of a stream: stamps and flags, read without decoding, and how far they can be trusted.

A file may end early by its container's own statements, and a packet's first bytes say whether it is well formed and
whether it shows a picture.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.arrays import IntArray
from skillviewer.core.errors import VideoError
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.media.reading.container import VideoFile, VideoPacket
from skillviewer.media.reading.edits import n_stored, read_edits
from skillviewer.media.reading.movie_boxes import max_packets
from skillviewer.media.reading.timing import NO_STAMP

Doubt: TypeAlias = Callable[[memoryview], str]
"""Returns the problem of a packet's bytes, or ""."""

_HIDDEN = "a packet shows nothing"
_MALFORMED = "a packet is malformed"


def doubt_of(codec: str, extradata: bytes | None) -> Doubt:
    """Return the check for a codec's packets, given the container's data for the decoder."""
    size = _length_size(codec, extradata or b"")
    if size:
        return lambda data: _units(data, size)
    if codec == "rawvideo":
        return lambda _data: ""
    return {"vp8": _vp8, "vp9": _vp9, "av1": _av1, "mpeg4": _mpeg4, "mpeg2video": _start_code}.get(codec, _blank)


def _length_size(codec: str, extradata: bytes) -> int:
    """Return the size of the length field before each unit of H.264 or HEVC, 0 if start codes separate them.

    ISO/IEC 14496-15, decoder configuration records.
    """
    if len(extradata) > 22 and extradata[0] == 1:
        if codec == "h264":
            return (extradata[4] & 3) + 1
        if codec == "hevc":
            return (extradata[21] & 3) + 1
    return 0


def _units(data: memoryview, size: int) -> str:
    """Check that the units fill the packet, and that the forbidden bit is zero."""
    position = 0
    end = len(data)
    while position < end:
        start = position + size
        length = int.from_bytes(data[position:start], "big")
        position = start + length
        if not length or position > end or data[start] & 0x80:
            return _MALFORMED
    return ""


def _blank(data: memoryview) -> str:
    return "" if any(data[:8]) else _MALFORMED


def _start_code(data: memoryview) -> str:
    return "" if bytes(data[:2]) == b"\x00\x00" and any(data[:8]) else _MALFORMED


def _mpeg4(data: memoryview) -> str:
    """Check for pictures marked "not coded", which fill packed streams and are smaller than any other."""
    return _HIDDEN if len(data) < 10 else _start_code(data)


def _vp8(data: memoryview) -> str:
    """Read show_frame (RFC 6386, section 9.1)."""
    return _blank(data) or ("" if data[0] >> 4 & 1 else _HIDDEN)


def _vp9(data: memoryview) -> str:
    """Read frame_marker, profile, show_existing_frame, frame_type and show_frame (VP9 specification 6.2).

    A superframe, whose last byte begins with 110, contains the shown picture.
    """
    head = data[0]
    if head >> 6 != 0b10:
        return _MALFORMED
    if data[-1] >> 5 == 0b110 or head >> 4 & 0b11 == 0b11:
        return ""
    return "" if head >> 3 & 1 or head >> 1 & 1 else _HIDDEN


def _av1(data: memoryview) -> str:
    """Check that open bitstream units of declared size fill the packet (AV1 specification 5.3)."""
    position = 0
    end = len(data)
    while position < end:
        head = data[position]
        position += 2 if head & 0x04 else 1
        if head & 0x81:  # bits that must be zero
            return _MALFORMED
        if not head & 0x02:  # only the last unit may omit its size
            return _blank(data)
        size = shift = 0
        while position < end and shift < 56:
            size |= (data[position] & 0x7F) << shift
            shift += 7
            position += 1
            if not data[position - 1] & 0x80:
                break
        position += size
    return _blank(data) if position == end else _MALFORMED


def is_cut_off(file: VideoFile, n_packets: int, end_ticks: int) -> bool:
    """Return True if bytes, packets or seconds are missing that the container declares.

    ``n_packets`` are readable, and the last of them ends at ``end_ticks``.
    """
    name = file.container.format.name
    with file.path.open("rb") as stream:
        if name == "gif":
            stream.seek(-1, 2)
            return stream.read(1) != b";"
        if name == "mpegts":  # packets of 188 bytes, or with a time code or check bytes
            return all(file.size_bytes % length for length in (188, 192, 204))
        if name.startswith("matroska"):
            return _segment_end(stream.read(4096)) > file.size_bytes or _ends_early(file, end_ticks)
        if name == "avi":  # its number also counts empty chunks, which stand for dropped pictures
            return file.stream.frames > end_ticks
    # for others the number is an estimate
    if not name.startswith("mov") or file.stream.frames <= n_packets:
        return False
    return not read_edits(file) or file.stream.frames > n_stored(file)  # an edit list may hide pictures


def _ends_early(file: VideoFile, end_ticks: int) -> bool:
    """Return True if the pictures of a Matroska file end over half a second before the duration in its header."""
    claimed_s = 0.0
    # of this track, if the muxer wrote statistics
    tag = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d*)?)", file.stream.metadata.get("DURATION", ""))
    if tag:
        claimed_s = 3600 * int(tag[1]) + 60 * int(tag[2]) + float(tag[3])
    elif len(file.container.streams) == 1 and file.container.duration:
        claimed_s = file.container.duration / 1e6
    return claimed_s > end_ticks * float(file.time_base) + 0.5


def _segment_end(head: bytes) -> int:
    """Return the declared end of the segment of a Matroska file, or 0 if it is not declared (RFC 8794)."""
    position = head.find(b"\x18\x53\x80\x67") + 4
    if position < 4 or position >= len(head) or not head[position]:
        return 0
    length = 9 - head[position].bit_length()
    size = int.from_bytes(head[position : position + length], "big") & ~(1 << 7 * length)
    unknown = (1 << 7 * length) - 1
    return 0 if size == unknown else position + length + size


_ONE_PICTURE_A_PACKET = frozenset((
    "h264", "hevc", "vp8", "vp9", "av1", "mpeg2video", "mpeg4", "mjpeg", "prores", "dnxhd", "dvvideo", "ffv1",
    "huffyuv", "ffvhuff", "png", "rawvideo",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class PacketTable:
    """All packets of the stream, by number."""

    pts: IntArray  # (p,) presentation time stamps in ticks, ``NO_STAMP`` if missing
    seek_to: IntArray  # (p,) stamps for seeking: presentation or decoding time, depending on the container
    duration: IntArray  # (p,) durations in ticks, 0 if missing
    key: NDArray[np.bool_]  # (p,) whether decoding can start there
    shown: NDArray[np.bool_]  # (p,) False if the container marks the packet as decoded only for others (edit lists)
    # maps (pts, position, size) to the packet's number; -1 if several packets share them
    number: dict[tuple[int | None, int | None, int], int]
    doubt: str  # reason why the packets alone do not identify the frames, or ""
    damaged: bool  # whether packets are cut short, missing or unreadable

    def find(self, packet: VideoPacket) -> int | None:
        """Return the number of a packet that was just read, or None if it is unknown."""
        number = self.number.get((packet.pts, packet.pos, packet.size), -1)
        return None if number < 0 else number


def read_packets(file: VideoFile, token: CancelToken = NEVER) -> PacketTable:
    """Read through a freshly opened file without decoding; the token is checked between packets.

    Raises:
        VideoError: The file requests its frames again and again.
    """
    pts: list[int] = []
    seek_to: list[int] = []
    durations: list[int] = []
    flags: list[tuple[bool, bool]] = []
    number: dict[tuple[int | None, int | None, int], int] = {}
    places: set[tuple[int, int]] = set()
    doubt_of_bytes = doubt_of(file.codec, file.stream.codec_context.extradata)
    doubt = ""
    damaged = False
    while True:
        token.check()
        try:
            content = file.read()
        except VideoError:
            doubt = "the file cannot be read to its end"
            damaged = True
            break
        if content is None:
            break
        n, packet = content
        pts.append(NO_STAMP if packet.pts is None else packet.pts)
        stamps = (packet.dts, packet.pts) if file.sought_by_dts else (packet.pts, packet.dts)
        seek_to.append(next((stamp for stamp in stamps if stamp is not None), 0))
        durations.append(packet.duration or 0)
        flags.append((packet.is_keyframe, not packet.is_discard))
        name = (packet.pts, packet.pos, packet.size)
        places.add((-n if packet.pos is None else packet.pos, packet.size))
        if n > max_packets(len(places)):
            raise VideoError(
                f"{file.path} requests its frames again and again: it is damaged, or made to exhaust the memory."
            )
        number[name] = -1 if name in number else n
        doubt = doubt or doubt_of_bytes(memoryview(packet))
        if packet.is_corrupt:
            doubt = "a packet is damaged"
            damaged = True
    if len(number) < len(pts):
        doubt = doubt or "packets cannot be told apart"
    kinds = np.array(flags, bool).reshape(-1, 2)
    table = PacketTable(
        np.array(pts, np.int64),
        np.array(seek_to, np.int64),
        np.array(durations, np.int64),
        kinds[:, 0],
        kinds[:, 1],
        number,
        doubt,
        damaged or is_cut_off(file, len(pts), max((a + b for a, b in zip(pts, durations, strict=True)), default=0)),
    )
    return table if doubt else replace(table, doubt=_doubt_stamps(file.codec, table))


def _doubt_stamps(codec: str, table: PacketTable) -> str:
    """Return the reason why the time stamps alone do not identify the frames, or ""."""
    if codec not in _ONE_PICTURE_A_PACKET:
        return "the codec may hold several pictures in a packet, or none"
    shown_stamps = table.pts[table.shown]
    if (table.pts == NO_STAMP).any():
        return "a packet has no time stamp"
    if len(np.unique(shown_stamps)) < len(shown_stamps):
        return "two packets have the same time stamp"
    if (np.diff(table.pts[table.key & table.shown]) <= 0).any():
        return "time stamps run backwards"
    return ""


def jump(file: VideoFile, table: PacketTable, number: int) -> tuple[int, VideoPacket] | None:
    """Go to a packet and return it with its number; None if the container does not lead there.

    After an early landing reading continues, after a late one the target is moved back.
    """
    for n_back in (0, 8, 40):
        landed = file.seek(int(table.seek_to[max(0, number - n_back)]), table.find)
        if landed is not None and landed[0] <= number:
            while landed is not None and landed[0] < number:
                landed = file.read()
            return landed
    return None
