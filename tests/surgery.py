"""What is done to finished video files to make kinds that no encoder writes by itself."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
from av.packet import Packet

from tests import boxes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from av.video.stream import VideoStream

DisplayedFrame = tuple[list[int], list[float]]


def _trim(path: Path, numbers: list[int], times_s: list[float]) -> DisplayedFrame:
    """Shorten an MP4 by its edit list: the first five frames and the last seven are no longer shown."""
    step = times_s[1] - times_s[0]
    boxes.edit(path, skip_s=5 * step, keep_s=(len(numbers) - 12) * step)
    return numbers[5:-7], times_s[5:-7]


def _packets(path: Path) -> "Iterator[Packet[VideoStream]]":
    with av.open(str(path)) as source:
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                yield packet


def _cut_in(path: Path, numbers: list[int], times_s: list[float]) -> DisplayedFrame:
    """Copy a file from its second key frame on: the pictures shown before that one refer to what is gone."""
    whole = path.with_name("whole-" + path.name)
    path.rename(whole)
    with av.open(str(whole)) as source, av.open(str(path), "w", format=source.format.name.split(",")[0]) as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        keys, first_pts = 0, None
        for packet in source.demux(stream):
            if packet.size:
                keys += packet.is_keyframe
                if keys >= 2:
                    first_pts = packet.pts if first_pts is None else first_pts
                    packet.stream = copy
                    target.mux(packet)
    stamps = sorted(packet.pts or 0 for packet in _packets(whole))
    whole.unlink()
    first = stamps.index(first_pts or 0)
    return numbers[first:], times_s[first:]


def _join(path: Path, numbers: list[int], times_s: list[float]) -> DisplayedFrame:
    """Append a transport stream to itself: time stamps begin again in the middle."""
    path.write_bytes(path.read_bytes() * 2)
    step = times_s[1] - times_s[0]
    return numbers * 2, [i * step for i in range(2 * len(numbers))]


def _rewrite(path: Path, change: "Callable[[list[Packet[VideoStream]]], list[Packet[VideoStream]]]") -> None:
    """Write a file anew with other packets."""
    plain = path.with_name("plain-" + path.name)
    path.rename(plain)
    # else the muxer would put hidden pictures and shown ones into one packet again
    options = {"fflags": "-autobsf"}
    with av.open(str(plain)) as source, av.open(str(path), "w", format="webm", options=options) as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        for packet in change([packet for packet in source.demux(stream) if packet.size]):
            packet.stream = copy
            target.mux(packet)
    plain.unlink()


def _hide(path: Path, numbers: list[int], times_s: list[float]) -> DisplayedFrame:
    """Mark every fifth picture of a WebM as one that is decoded and never shown; in VP9 they must be key frames."""
    _rewrite(path, lambda packets: [_hidden(p) if i % 5 == 3 else p for i, p in enumerate(packets)])
    shown = [i for i in range(len(numbers)) if i % 5 != 3]
    return [numbers[i] for i in shown], [times_s[i] for i in shown]


def _superframes(path: Path, numbers: list[int], times_s: list[float]) -> DisplayedFrame:
    """Put every fifth picture of a VP9 file, hidden, into the packet of the next one (VP9 specification, annex B)."""

    def change(packets: "list[Packet[VideoStream]]") -> "list[Packet[VideoStream]]":
        out = []
        for i, packet in enumerate(packets):
            if i % 5 == 3:
                continue
            if i % 5 == 4:
                parts = [bytes(_hidden(packets[i - 1])), bytes(packet)]
                index = b"\xc9" + b"".join(len(part).to_bytes(2, "little") for part in parts) + b"\xc9"
                packet = _like(packet, b"".join(parts) + index)  # noqa: PLW2901
            out.append(packet)
        return out

    _rewrite(path, change)
    shown = [i for i in range(len(numbers)) if i % 5 != 3]
    return [numbers[i] for i in shown], [times_s[i] for i in shown]


def _hidden(packet: "Packet[VideoStream]") -> "Packet[VideoStream]":
    """Return a VP8 packet or a VP9 key frame with its show_frame bit cleared."""
    data = bytearray(bytes(packet))
    data[0] &= ~(0x10 if packet.stream.codec_context.name == "vp8" else 0x02)
    return _like(packet, bytes(data))


def _packet(data: bytes) -> "Packet[VideoStream]":
    return cast("Packet[VideoStream]", Packet(data))


def _like(packet: "Packet[VideoStream]", data: bytes) -> "Packet[VideoStream]":
    """Return a packet with other data and the same stamps."""
    out = _packet(data)
    out.pts, out.dts, out.time_base = packet.pts, packet.dts, packet.time_base
    out.is_keyframe = packet.is_keyframe
    return out


def _pack(path: Path, numbers: list[int], times_s: list[float]) -> DisplayedFrame:
    """Put each B-picture of an AVI into the packet before it and a filler in its place, as DivX did."""
    plain = path.with_name("plain-" + path.name)
    path.rename(plain)
    packets = [bytes(packet) for packet in _packets(plain)]
    packed: list[bytes] = []
    for data in packets:
        if _vop_type(data) == 2 and packed:
            packed[-1] += data
            packed.append(_NOT_CODED)
        else:
            packed.append(data)
    at = packed[0].index(b"\x00\x00\x01\xb6")
    packed[0] = packed[0][:at] + b"\x00\x00\x01\xb2DivX503b1393p" + packed[0][at:]
    with av.open(str(plain)) as source, av.open(str(path), "w", format="avi") as target:
        copy = target.add_stream_from_template(source.streams.video[0])
        for i, data in enumerate(packed):
            packet = _packet(data)
            packet.pts = packet.dts = i
            packet.time_base, packet.stream = source.streams.video[0].time_base or Fraction(1, 30), copy
            packet.is_keyframe = _vop_type(data) == 0
            target.mux(packet)
    plain.unlink()
    return numbers, times_s


def _vop_type(data: bytes) -> int:
    """Return the coding type of the first picture in MPEG-4 data: 0 I, 1 P, 2 B."""
    return data[data.index(b"\x00\x00\x01\xb6") + 4] >> 6


# P-picture, no modulo time, marker, time increment 0 in five bits (30 Hz), marker, not coded, stuffing
_NOT_CODED = b"\x00\x00\x01\xb6" + bytes([0b01_0_1_0000, 0b0_1_0_01111])

AFTER = {"trim": _trim, "hide": _hide, "superframes": _superframes, "cut in": _cut_in, "join": _join, "pack": _pack}
