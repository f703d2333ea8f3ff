"""Packets of a stream: their stamps and flags, read without decoding, and the reliability of these."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.arrays import IntArray
from skillviewer.core.errors import VideoError
from skillviewer.core.progress import CancelToken
from skillviewer.media.reading.completeness import is_cut_off
from skillviewer.media.reading.container import VideoFile, VideoPacket
from skillviewer.media.reading.movie_boxes import most_packets
from skillviewer.media.reading.packet_form import doubt_of
from skillviewer.media.reading.timing import NO_STAMP

_ONE_PICTURE_A_PACKET = frozenset(
    (
        "h264",
        "hevc",
        "vp8",
        "vp9",
        "av1",
        "mpeg2video",
        "mpeg4",
        "mjpeg",
        "prores",
        "dnxhd",
        "dvvideo",
        "ffv1",
        "huffyuv",
        "ffvhuff",
        "png",
        "rawvideo",
    )
)


@dataclass(frozen=True, slots=True)
class PacketTable:
    """All packets of the stream, by number.

    Attributes:
        pts: (p,) presentation time stamps in ticks, ``NO_STAMP`` if missing.
        seek_to: (p,) stamps for seeking: presentation or decoding time, depending on the container.
        duration: (p,) durations in ticks, 0 if missing.
        key: (p,) whether decoding can start there.
        shown: (p,) False if the container marks the packet as decoded only for others (edit lists).
        number: Maps (pts, position, size) to the packet's number; -1 if several packets share them.
        doubt: Reason why the packets alone do not identify the frames, or "".
        damaged: Whether packets are cut short, missing or unreadable.
    """

    pts: IntArray
    seek_to: IntArray
    duration: IntArray
    key: NDArray[np.bool_]
    shown: NDArray[np.bool_]
    number: dict[tuple[int | None, int | None, int], int]
    doubt: str
    damaged: bool

    def find(self, packet: VideoPacket) -> int | None:
        """Return the number of a packet that was just read, or None if it is unknown."""
        number = self.number.get((packet.pts, packet.pos, packet.size), -1)
        return None if number < 0 else number


def read_packets(file: VideoFile, token: CancelToken | None = None) -> PacketTable:
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
    doubt, damaged = "", False
    while True:
        if token is not None:
            token.check()
        try:
            found = file.read()
        except VideoError:
            doubt, damaged = "the file cannot be read to its end", True
            break
        if found is None:
            break
        n, packet = found
        pts.append(NO_STAMP if packet.pts is None else packet.pts)
        stamps = (packet.dts, packet.pts) if file.sought_by_dts else (packet.pts, packet.dts)
        seek_to.append(next((stamp for stamp in stamps if stamp is not None), 0))
        durations.append(packet.duration or 0)
        flags.append((packet.is_keyframe, not packet.is_discard))
        name = (packet.pts, packet.pos, packet.size)
        places.add((-n if packet.pos is None else packet.pos, packet.size))
        if n > most_packets(len(places)):
            raise VideoError(
                f"{file.path} requests its frames again and again: it is damaged, or made to exhaust the memory."
            )
        number[name] = -1 if name in number else n
        doubt = doubt or doubt_of_bytes(memoryview(packet))
        if packet.is_corrupt:
            doubt, damaged = "a packet is damaged", True
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
    shown = table.pts[table.shown]
    if (table.pts == NO_STAMP).any():
        return "a packet has no time stamp"
    if len(np.unique(shown)) < len(shown):
        return "two packets have the same time stamp"
    if (np.diff(table.pts[table.key & table.shown]) <= 0).any():
        return "time stamps run backwards"
    return ""


def jump(file: VideoFile, table: PacketTable, number: int) -> tuple[int, VideoPacket] | None:
    """Go to a packet and return it with its number; None if the container does not lead there.

    After an early landing reading continues, after a late one the target is moved back.
    """
    for back in (0, 8, 40):
        found = file.seek(int(table.seek_to[max(0, number - back)]), table.find)
        if found is not None and found[0] <= number:
            while found is not None and found[0] < number:
                found = file.read()
            return found
    return None
