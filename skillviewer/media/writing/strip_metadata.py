"""Removal of the metadata that cameras and encoders write into the packets of a video stream.

Camcorders store date, time, place and device in the packets (AVCHD's MDPM is a user data message of H.264), and
encoders store their settings. The formats are specified in

* ITU-T H.264 7.3.2.3 and D.1, H.265 7.3.2.4 and D.2 (supplemental enhancement information, messages 4 and 5);
* ISO/IEC 11172-2, 13818-2 and 14496-2 (start code B2);
* AV1 5.3 and 5.8 (metadata);
* ITU-T T.81 B.2.4 (segments APPn and COM of JPEG).
"""

import re
from collections.abc import Callable, Iterator

_H264_MESSAGE_UNITS = (6,)
_HEVC_MESSAGE_UNITS = (39, 40)
_USER_DATA_TYPES = frozenset({4, 5})  # types of messages: registered by ITU-T T.35, unregistered
_START_CODE = b"\0\0\1"
_MPEG_USER_DATA = re.compile(
    rb"\x00\x00\x01\xb2(?!DivX\d+b\d+p?\x00*(?:\x00\x00\x01|\Z)).*?(?=\x00\x00\x01|\Z)", re.DOTALL
)
"""User data of MPEG streams, except the text by which decoders recognise packed B-frames of DivX."""

_EMULATION_PREVENTION = re.compile(rb"\x00\x00\x03(?=[\x00-\x03]|\Z)")
_NEEDS_EMULATION_PREVENTION = re.compile(rb"\x00\x00(?=[\x00-\x03])")

MetadataRemover = Callable[[bytes], bytes]
"""Returns the bytes of a packet without its metadata."""


def metadata_remover(codec: str, header: bytes) -> MetadataRemover | None:
    """Return the function that removes the metadata from packets of a codec, or None if the codec is not supported.

    Args:
        codec: Name of the codec in libav.
        header: Header of the stream (``extradata``), which defines the format of its packets.
    """
    if codec in ("h264", "hevc"):
        length_size = _length_size(codec, header)
        return lambda data: _without_messages(data, codec, length_size)
    if codec in ("mpeg1video", "mpeg2video", "mpeg4"):
        return lambda data: _MPEG_USER_DATA.sub(b"", data)
    if codec == "av1":
        return _without_metadata_units
    if codec == "mjpeg":
        return _without_segments
    if codec in ("vp8", "vp9", "gif", "ffv1", "rawvideo", "prores"):  # their packets cannot hold metadata
        return lambda data: data
    return None


def stripped_header(codec: str, header: bytes, remove_metadata: MetadataRemover) -> bytes:
    """Return the header of a stream without metadata."""
    is_parameter_box = header.startswith(b"\1")  # otherwise it has the format of packets
    cannot_hold_metadata = codec == "av1" or (codec == "h264" and is_parameter_box)
    if cannot_hold_metadata:
        return header
    if codec == "hevc" and is_parameter_box:
        return _without_message_arrays(header)
    return remove_metadata(header)


def _without_message_arrays(box: bytes) -> bytes:
    """Return a ``HEVCDecoderConfigurationRecord`` without arrays of messages (ISO/IEC 14496-15 8.3.3.1)."""
    remaining_arrays = []
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
            remaining_arrays.append(box[start:position])
    return box[:22] + bytes([len(remaining_arrays)]) + b"".join(remaining_arrays)


def _length_size(codec: str, header: bytes) -> int:
    """Return the size of the length field before each unit, or 0 if start codes separate the units."""
    if not header or header.startswith((_START_CODE, b"\0" + _START_CODE)):
        return 0
    position = 4 if codec == "h264" else 21  # ISO/IEC 14496-15 5.3.3.1 and 8.3.3.1
    return (header[position] & 3) + 1 if len(header) > position else 0


def _without_messages(data: bytes, codec: str, length_size: int) -> bytes:
    remaining_units = []
    for unit, start_code in _units(data, length_size):
        stripped = _unit_without_messages(unit, codec)
        if stripped:
            prefix = len(stripped).to_bytes(length_size, "big") if length_size else start_code
            remaining_units.append(prefix + stripped)
    return b"".join(remaining_units)


def _units(data: bytes, length_size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield every unit and its start code, which is empty if the units have length fields."""
    if length_size:
        position = 0
        while position + length_size <= len(data):
            start = position + length_size
            size = int.from_bytes(data[position:start], "big")
            yield data[start : start + size], b""
            position = start + size
        return
    position = data.find(_START_CODE)
    while position >= 0:
        next_position = data.find(_START_CODE, position + 3)
        stop = len(data) if next_position < 0 else next_position
        start_code = _START_CODE
        if position > 0 and data[position - 1] == 0:  # a zero before a start code belongs to it
            start_code = b"\0" + _START_CODE
        yield data[position + 3 : stop].rstrip(b"\0"), start_code
        position = next_position


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
    remaining = b"".join(
        message for message_type, message in _messages(payload) if message_type not in _USER_DATA_TYPES
    )
    if not remaining:
        return b""
    trailing_bits = b"\x80"
    return unit[:header_size] + _NEEDS_EMULATION_PREVENTION.sub(b"\0\0\3", remaining + trailing_bits)


def _messages(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and bytes of every complete message, the bytes with type and size."""
    start = 0
    while start + 2 <= len(payload):
        message_type, position = _read_sum(payload, start)
        size, position = _read_sum(payload, position)
        stop = position + size
        if stop > len(payload):
            return
        yield message_type, payload[start:stop]
        start = stop


def _read_sum(payload: bytes, position: int) -> tuple[int, int]:
    """Return a number that is stored as a sum of bytes, the last of them below 255, and the position after it.

    The position lies behind the payload if the number is incomplete.
    """
    number = 0
    while position < len(payload):
        byte = payload[position]
        number += byte
        position += 1
        if byte != 0xFF:
            return number, position
    return number, len(payload) + 1


def _without_metadata_units(data: bytes) -> bytes:
    """Return a temporal unit of AV1 without its metadata units (open bitstream units of type 5)."""
    remaining_units = []
    position = 0
    while position < len(data):
        unit_type = (data[position] >> 3) & 15
        has_extension = data[position] >> 2 & 1
        has_size = data[position] & 2
        header_size = 2 if has_extension else 1
        if has_size:
            size = 0
            shift = 0
            while position + header_size < len(data):  # LEB128: seven bits per byte, the lowest first
                byte = data[position + header_size]
                header_size += 1
                size |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            size += header_size
        else:
            size = len(data) - position
        if unit_type != 5:
            remaining_units.append(data[position : position + size])
        position += size
    return b"".join(remaining_units)


def _without_segments(data: bytes) -> bytes:
    """Return JPEG pictures (two, if fields were coded separately) without application segments and comments.

    APP0 and APP14 stay: they define the order of fields and the meaning of colours.
    """
    remaining_parts = []
    position = 0
    while True:
        start = data.find(b"\xff\xd8", position)
        if start < 0:
            break
        remaining_parts.append(data[position : start + 2])
        position = start + 2
        while position + 4 <= len(data) and data[position] == 0xFF and data[position + 1] != 0xDA:
            size = 2 + int.from_bytes(data[position + 2 : position + 4], "big")
            marker = data[position + 1]
            is_comment = marker == 0xFE
            is_application_segment = 0xE1 <= marker <= 0xEF and marker != 0xEE
            if not is_comment and not is_application_segment:
                remaining_parts.append(data[position : position + size])
            position += size
    return b"".join(remaining_parts) + data[position:]
