"""Removal of the metadata that cameras and encoders write into compressed pictures, packet by packet.

Camcorders store date, time, place and device there (AVCHD's MDPM is a user data message of H.264), and encoders their
settings. Sources: ITU-T H.264 7.3.2.3 and D.1, H.265 7.3.2.4 and D.2 (supplemental enhancement information, messages 4
and 5), ISO/IEC 11172-2, 13818-2 and 14496-2 (start code B2), AV1 5.3 and 5.8 (metadata), ITU-T T.81 B.2.4 (segments
APPn and COM of JPEG).
"""

import re
from collections.abc import Callable, Iterator

_USER_DATA = frozenset({4, 5})  # messages: registered by ITU-T T.35, unregistered
_START = b"\0\0\1"
_MPEG_USER_DATA = re.compile(
    rb"\x00\x00\x01\xb2(?!DivX\d+b\d+p?\x00*(?:\x00\x00\x01|\Z)).*?(?=\x00\x00\x01|\Z)", re.DOTALL
)
"""All except the mark by which decoders recognise frames packed in pairs."""

_STUFFED = re.compile(rb"\x00\x00\x03(?=[\x00-\x03]|\Z)")
_TO_STUFF = re.compile(rb"\x00\x00(?=[\x00-\x03])")

Cleaner = Callable[[bytes], bytes]
"""Maps a packet to the same without metadata."""


def cleaner_of(codec: str, header: bytes) -> Cleaner | None:
    """Return the function that removes metadata from packets of a codec (libav's name); None if not supported.

    ``header`` is the stream's own (``extradata``), which defines the form of packets.
    """
    if codec in ("h264", "hevc"):
        length = _length_size(codec, header)
        return lambda data: _without_messages(data, codec, length)
    if codec in ("mpeg1video", "mpeg2video", "mpeg4"):
        return lambda data: _MPEG_USER_DATA.sub(b"", data)
    if codec == "av1":
        return _without_metadata
    if codec == "mjpeg":
        return _without_segments
    if codec in ("vp8", "vp9", "gif", "ffv1", "rawvideo", "prores"):  # have no room for metadata
        return lambda data: data
    return None


def cleaned_header(codec: str, header: bytes, cleaned: Cleaner) -> bytes:
    """Return the header of a stream without metadata."""
    if codec in ("h264", "hevc") and header.startswith(b"\1"):  # a box of parameters; that of HEVC may hold messages
        return header if codec == "h264" else _without_message_arrays(header)
    return header if codec == "av1" else cleaned(header)  # av1: a box of parameters


def _without_message_arrays(box: bytes) -> bytes:
    """Return a ``HEVCDecoderConfigurationRecord`` without arrays of messages (ISO/IEC 14496-15 8.3.3.1)."""
    kept, at = [], 23
    for _ in range(box[22] if len(box) > 22 else 0):
        start, units = at, int.from_bytes(box[at + 1 : at + 3], "big")
        at += 3
        for _ in range(units):
            at += 2 + int.from_bytes(box[at : at + 2], "big")
        if box[start] & 0x3F not in (39, 40):
            kept.append(box[start:at])
    return box[:22] + bytes([len(kept)]) + b"".join(kept)


def _length_size(codec: str, header: bytes) -> int:
    """Return the size of the length field of a unit; 0 if units begin with start codes."""
    if not header or header.startswith((_START, b"\0" + _START)):
        return 0
    at = 4 if codec == "h264" else 21  # ISO/IEC 14496-15 5.3.3.1 and 8.3.3.1
    return (header[at] & 3) + 1 if len(header) > at else 0


def _without_messages(data: bytes, codec: str, length: int) -> bytes:
    kept = []
    for unit, prefix in _units(data, length):
        stripped = _unit_without_messages(unit, codec)
        if stripped:
            kept.append((len(stripped).to_bytes(length, "big") if length else prefix) + stripped)
    return b"".join(kept)


def _units(data: bytes, length: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield every unit, with its start code if it has one."""
    if length:
        at = 0
        while at + length <= len(data):
            size = int.from_bytes(data[at : at + length], "big")
            yield data[at + length : at + length + size], b""
            at += length + size
        return
    at = data.find(_START)
    while at >= 0:
        following = data.find(_START, at + 3)
        stop = len(data) if following < 0 else following
        prefix = b"\0" + _START if at > 0 and data[at - 1] == 0 else _START
        yield data[at + 3 : stop].rstrip(b"\0"), prefix  # zeros before a start code belong to it
        at = following


def _unit_without_messages(unit: bytes, codec: str) -> bytes:
    if not unit:
        return unit
    head = 1 if codec == "h264" else 2
    kind = unit[0] & 0x1F if codec == "h264" else (unit[0] >> 1) & 0x3F
    if kind not in ((6,) if codec == "h264" else (39, 40)):
        return unit
    plain = _STUFFED.sub(b"\0\0", unit[head:])
    kept = b"".join(whole for message, whole in _messages(plain) if message not in _USER_DATA)
    if not kept:
        return b""
    return unit[:head] + _TO_STUFF.sub(b"\0\0\3", kept + b"\x80")


def _messages(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (type, bytes) of every complete message."""
    at = 0
    while at + 2 <= len(payload):
        start, numbers = at, []
        for _ in range(2):  # type, then size: each a sum of bytes, the last below 255
            number = 0
            while at < len(payload) and payload[at] == 0xFF:
                number, at = number + 255, at + 1
            if at == len(payload):
                return
            numbers.append(number + payload[at])
            at += 1
        at += numbers[1]
        if at > len(payload):
            return
        yield numbers[0], payload[start:at]


def _without_metadata(data: bytes) -> bytes:
    """Return a temporal unit without its metadata units (open bitstream units of type 5)."""
    kept, at = [], 0
    while at < len(data):
        kind, size, head = (data[at] >> 3) & 15, len(data) - at, 1 + (data[at] >> 2 & 1)
        if data[at] & 2:  # it has a size field, seven bits per byte, the lowest first
            size, place = 0, 0
            while at + head < len(data):
                byte, head = data[at + head], head + 1
                size, place = size | (byte & 127) << place, place + 7
                if byte < 128:
                    break
            size += head
        if kind != 5:
            kept.append(data[at : at + size])
        at += size
    return b"".join(kept)


def _without_segments(data: bytes) -> bytes:
    """Return JPEG pictures (two, if fields were coded separately) without application segments and comments.

    APP0 and APP14 stay: they define the order of fields and the meaning of colours.
    """
    kept, at = [], 0
    while (start := data.find(b"\xff\xd8", at)) >= 0:
        kept.append(data[at : start + 2])
        at = start + 2
        while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
            size = 2 + int.from_bytes(data[at + 2 : at + 4], "big")
            marker = data[at + 1]
            metadata = marker == 0xFE or (0xE1 <= marker <= 0xEF and marker != 0xEE)
            if not metadata:
                kept.append(data[at : at + size])
            at += size
    return b"".join(kept) + data[at:]
