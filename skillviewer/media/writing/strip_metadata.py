"""Removal of the metadata that cameras and encoders write into the packets of a video stream.

Camcorders store date, time, place and device in the packets (AVCHD's MDPM is a user data message of H.264), and
encoders their settings. Sources: ITU-T H.264 7.3.2.3 and D.1, H.265 7.3.2.4 and D.2 (supplemental enhancement
information, messages 4 and 5), ISO/IEC 11172-2, 13818-2 and 14496-2 (start code B2), AV1 5.3 and 5.8 (metadata), ITU-T
T.81 B.2.4 (segments APPn and COM of JPEG).
"""

import re
from collections.abc import Callable, Iterator

_H264_MESSAGE_UNITS = (6,)
_HEVC_MESSAGE_UNITS = (39, 40)
_USER_DATA = frozenset({4, 5})  # types of messages: registered by ITU-T T.35, unregistered
_START = b"\0\0\1"
_MPEG_USER_DATA = re.compile(
    rb"\x00\x00\x01\xb2(?!DivX\d+b\d+p?\x00*(?:\x00\x00\x01|\Z)).*?(?=\x00\x00\x01|\Z)", re.DOTALL
)
"""User data of MPEG streams, except the mark by which decoders recognise packed B-frames of DivX."""

_EMULATION_PREVENTION = re.compile(rb"\x00\x00\x03(?=[\x00-\x03]|\Z)")
_NEEDS_EMULATION_PREVENTION = re.compile(rb"\x00\x00(?=[\x00-\x03])")

Cleaner = Callable[[bytes], bytes]
"""Function that returns a packet without its metadata."""


def cleaner_of(codec: str, header: bytes) -> Cleaner | None:
    """Return the function that removes the metadata from the packets of a codec; None if the codec is not supported.

    Args:
        codec: Name of the codec in libav.
        header: Header of the stream (``extradata``), which defines the format of its packets.
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
    if codec in ("vp8", "vp9", "gif", "ffv1", "rawvideo", "prores"):  # their packets cannot hold metadata
        return lambda data: data
    return None


def cleaned_header(codec: str, header: bytes, cleaned: Cleaner) -> bytes:
    """Return the header of a stream without metadata."""
    is_parameter_box = header.startswith(b"\1")  # else it has the format of packets
    if codec == "av1" or (codec == "h264" and is_parameter_box):  # such boxes cannot hold metadata
        return header
    if codec == "hevc" and is_parameter_box:
        return _without_message_arrays(header)
    return cleaned(header)


def _without_message_arrays(box: bytes) -> bytes:
    """Return a ``HEVCDecoderConfigurationRecord`` without arrays of messages (ISO/IEC 14496-15 8.3.3.1)."""
    remaining = []
    position = 23
    n_arrays = box[22] if len(box) > 22 else 0
    for _ in range(n_arrays):
        start = position
        n_units = int.from_bytes(box[position + 1 : position + 3], "big")
        position += 3
        for _ in range(n_units):
            position += 2 + int.from_bytes(box[position : position + 2], "big")
        unit_type = box[start] & 0x3F
        if unit_type not in _HEVC_MESSAGE_UNITS:
            remaining.append(box[start:position])
    return box[:22] + bytes([len(remaining)]) + b"".join(remaining)


def _length_size(codec: str, header: bytes) -> int:
    """Return the size of the length field of a unit; 0 if units begin with start codes."""
    if not header or header.startswith((_START, b"\0" + _START)):
        return 0
    position = 4 if codec == "h264" else 21  # ISO/IEC 14496-15 5.3.3.1 and 8.3.3.1
    return (header[position] & 3) + 1 if len(header) > position else 0


def _without_messages(data: bytes, codec: str, length_size: int) -> bytes:
    remaining = []
    for unit, start_code in _units(data, length_size):
        stripped = _unit_without_messages(unit, codec)
        if stripped:
            prefix = len(stripped).to_bytes(length_size, "big") if length_size else start_code
            remaining.append(prefix + stripped)
    return b"".join(remaining)


def _units(data: bytes, length_size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield every unit, with its start code if it has one."""
    if length_size:
        position = 0
        while position + length_size <= len(data):
            start = position + length_size
            size = int.from_bytes(data[position:start], "big")
            yield data[start : start + size], b""
            position = start + size
        return
    position = data.find(_START)
    while position >= 0:
        following = data.find(_START, position + 3)
        stop = len(data) if following < 0 else following
        # zeros before a start code belong to it
        start_code = b"\0" + _START if position > 0 and data[position - 1] == 0 else _START
        yield data[position + 3 : stop].rstrip(b"\0"), start_code
        position = following


def _unit_without_messages(unit: bytes, codec: str) -> bytes:
    if not unit:
        return unit
    if codec == "h264":
        header_size = 1
        is_message_unit = unit[0] & 0x1F in _H264_MESSAGE_UNITS
    else:
        header_size = 2
        is_message_unit = (unit[0] >> 1) & 0x3F in _HEVC_MESSAGE_UNITS
    if not is_message_unit:
        return unit
    payload = _EMULATION_PREVENTION.sub(b"\0\0", unit[header_size:])
    remaining = b"".join(message for kind, message in _messages(payload) if kind not in _USER_DATA)
    if not remaining:
        return b""
    return unit[:header_size] + _NEEDS_EMULATION_PREVENTION.sub(b"\0\0\3", remaining + b"\x80")


def _messages(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (type, bytes) of every complete message."""
    position = 0
    while position + 2 <= len(payload):
        start = position
        header = []
        for _ in range(2):  # type, then size: each a sum of bytes, the last below 255
            number = 0
            while position < len(payload) and payload[position] == 0xFF:
                number += 255
                position += 1
            if position == len(payload):
                return
            header.append(number + payload[position])
            position += 1
        kind, size = header
        position += size
        if position > len(payload):
            return
        yield kind, payload[start:position]


def _without_metadata(data: bytes) -> bytes:
    """Return a temporal unit without its metadata units (open bitstream units of type 5)."""
    remaining = []
    position = 0
    while position < len(data):
        kind = (data[position] >> 3) & 15
        header_size = 1 + (data[position] >> 2 & 1)
        if data[position] & 2:  # it has a size field, seven bits per byte, the lowest first
            size = 0
            shift = 0
            while position + header_size < len(data):
                byte = data[position + header_size]
                header_size += 1
                size |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            size += header_size
        else:
            size = len(data) - position
        if kind != 5:
            remaining.append(data[position : position + size])
        position += size
    return b"".join(remaining)


def _without_segments(data: bytes) -> bytes:
    """Return JPEG pictures (two, if fields were coded separately) without application segments and comments.

    APP0 and APP14 stay: they define the order of fields and the meaning of colours.
    """
    remaining = []
    position = 0
    while (start := data.find(b"\xff\xd8", position)) >= 0:
        remaining.append(data[position : start + 2])
        position = start + 2
        while position + 4 <= len(data) and data[position] == 0xFF and data[position + 1] != 0xDA:
            size = 2 + int.from_bytes(data[position + 2 : position + 4], "big")
            marker = data[position + 1]
            is_metadata = marker == 0xFE or (0xE1 <= marker <= 0xEF and marker != 0xEE)
            if not is_metadata:
                remaining.append(data[position : position + size])
            position += size
    return b"".join(remaining) + data[position:]
