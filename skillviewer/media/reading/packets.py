"""Packets of a stream: their time stamps and flags, read without decoding, and their defects.

Defects are found in the stamps, in the first bytes of packets, and by what the container declares of its length.
"""

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.arrays import IntArray
from skillviewer.core.errors import VideoError
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.media.reading.container import VideoFile, VideoPacket
from skillviewer.media.reading.edits import n_stored, read_edits
from skillviewer.media.reading.movie_boxes import max_packets
from skillviewer.media.reading.packet_checks import packet_check
from skillviewer.media.reading.timing import NO_STAMP


def is_cut_off(file: VideoFile, n_packets: int, end_ticks: int) -> bool:
    """Return True if the file lacks bytes, packets or seconds that its container declares.

    Args:
        file: The file.
        n_packets: Number of readable packets.
        end_ticks: End of the last packet.
    """
    format_name = file.container.format.name
    n_declared = file.stream.frames
    with file.path.open("rb") as stream:
        if format_name == "gif":
            stream.seek(-1, 2)
            return stream.read(1) != b";"
        if format_name == "mpegts":  # packets of 188 bytes, or with a time code or check bytes
            return all(file.size_bytes % length for length in (188, 192, 204))
        if format_name.startswith("matroska"):
            return _segment_end(stream.read(4096)) > file.size_bytes or _ends_early(file, end_ticks)
        if format_name == "avi":  # the declared number includes empty chunks, which stand for dropped pictures
            return n_declared > end_ticks
    # the number that other containers declare is an estimate
    if not format_name.startswith("mov") or n_declared <= n_packets:
        return False
    return not read_edits(file) or n_declared > n_stored(file)  # an edit list may hide pictures


def _ends_early(file: VideoFile, end_ticks: int) -> bool:
    """Return True if the pictures of a Matroska file end over half a second before the declared duration."""
    declared_s = 0.0
    # duration of this track, if the muxer wrote statistics
    tag = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d*)?)", file.stream.metadata.get("DURATION", ""))
    if tag:
        hours, minutes, seconds = tag.groups()
        declared_s = 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    elif len(file.container.streams) == 1 and file.container.duration:
        declared_s = file.container.duration / 1e6
    return declared_s > end_ticks * float(file.time_base) + 0.5


def _segment_end(head: bytes) -> int:
    """Return the declared end of the segment of a Matroska file, or 0 if none is declared (RFC 8794).

    ``head`` are the first bytes of the file.
    """
    position = head.find(b"\x18\x53\x80\x67") + 4
    if position < 4 or position >= len(head) or not head[position]:
        return 0
    n_size_bytes = 9 - head[position].bit_length()
    size = int.from_bytes(head[position : position + n_size_bytes], "big") & ~(1 << 7 * n_size_bytes)
    unknown_size = (1 << 7 * n_size_bytes) - 1
    return 0 if size == unknown_size else position + n_size_bytes + size


_ONE_PICTURE_PER_PACKET = frozenset((
    "h264", "hevc", "vp8", "vp9", "av1", "mpeg2video", "mpeg4", "mjpeg", "prores", "dnxhd", "dvvideo", "ffv1",
    "huffyuv", "ffvhuff", "png", "rawvideo",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class PacketTable:
    """All packets of the stream, by number."""

    pts: IntArray  # (p,) presentation time stamps in ticks, ``NO_STAMP`` if missing
    seek_stamps: IntArray  # (p,) stamps for seeking: presentation or decoding time, depending on the container
    duration: IntArray  # (p,) durations in ticks, 0 if missing
    is_key: NDArray[np.bool_]  # (p,) whether decoding can start there
    is_shown: NDArray[np.bool_]  # (p,) False if the container says to decode the packet only for others (edit lists)
    # maps (pts, position, size) to the packet's number; -1 if several packets share them
    number: dict[tuple[int | None, int | None, int], int]
    defect: str  # reason why the packets alone do not identify the frames, or ""
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
    seek_stamps: list[int] = []
    durations: list[int] = []
    is_key: list[bool] = []
    is_shown: list[bool] = []
    number: dict[tuple[int | None, int | None, int], int] = {}
    stored_packets: set[tuple[int, int]] = set()
    check_bytes = packet_check(file.codec, file.stream.codec_context.extradata)
    defect = ""
    damaged = False
    while True:
        token.check()
        try:
            numbered_packet = file.read()
        except VideoError:
            defect = "the file cannot be read to its end"
            damaged = True
            break
        if numbered_packet is None:
            break
        n, packet = numbered_packet
        stamp = NO_STAMP if packet.pts is None else packet.pts
        pts.append(stamp)
        stamps = (packet.dts, packet.pts) if file.seeks_by_dts else (packet.pts, packet.dts)
        seek_stamps.append(next((stamp for stamp in stamps if stamp is not None), 0))
        durations.append(packet.duration or 0)
        is_key.append(packet.is_keyframe)
        is_shown.append(not packet.is_discard)
        position = -n if packet.pos is None else packet.pos
        stored_packets.add((position, packet.size))
        if n > max_packets(len(stored_packets)):
            raise VideoError(
                f"{file.path} requests its frames again and again: it is damaged, or made to exhaust the memory."
            )
        key = (packet.pts, packet.pos, packet.size)
        number[key] = -1 if key in number else n
        if not defect:
            defect = check_bytes(memoryview(packet))
        if packet.is_corrupt:
            defect = "a packet is damaged"
            damaged = True
    if len(number) < len(pts) and not defect:
        defect = "packets cannot be told apart"
    end_ticks = max((stamp + duration for stamp, duration in zip(pts, durations, strict=True)), default=0)
    if not damaged:
        damaged = is_cut_off(file, len(pts), end_ticks)
    table = PacketTable(
        np.array(pts, np.int64),
        np.array(seek_stamps, np.int64),
        duration=np.array(durations, np.int64),
        is_key=np.array(is_key, bool),
        is_shown=np.array(is_shown, bool),
        number=number,
        defect=defect,
        damaged=damaged,
    )
    return table if defect else replace(table, defect=_check_stamps(file.codec, table))


def _check_stamps(codec: str, table: PacketTable) -> str:
    """Return the reason why the time stamps alone do not identify the frames, or ""."""
    if codec not in _ONE_PICTURE_PER_PACKET:
        return "the codec may hold several pictures in a packet, or none"
    shown_stamps = table.pts[table.is_shown]
    if (table.pts == NO_STAMP).any():
        return "a packet has no time stamp"
    if len(np.unique(shown_stamps)) < len(shown_stamps):
        return "two packets have the same time stamp"
    if (np.diff(table.pts[table.is_key & table.is_shown]) <= 0).any():
        return "time stamps run backwards"
    return ""


def jump(file: VideoFile, table: PacketTable, number: int) -> tuple[int, VideoPacket] | None:
    """Seek to a packet, and return its number and the packet; None if the container cannot seek there.

    If the container lands before the packet, reading continues to it. If it lands after, an earlier packet is sought.
    """
    for n_back in (0, 8, 40):
        landed = file.seek(int(table.seek_stamps[max(0, number - n_back)]), table.find)
        if landed is not None and landed[0] <= number:
            while landed is not None and landed[0] < number:
                landed = file.read()
            return landed
    return None
