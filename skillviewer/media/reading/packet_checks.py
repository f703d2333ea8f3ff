"""Checks of the bytes of packets: whether a packet is well formed, and whether it shows a picture."""

from collections.abc import Callable
from typing import TypeAlias

PacketCheck: TypeAlias = Callable[[memoryview], str]
"""Returns the problem of a packet's bytes, or ""."""

_HIDDEN = "a packet shows nothing"
_MALFORMED = "a packet is malformed"


def packet_check(codec: str, extradata: bytes | None) -> PacketCheck:
    """Return the check for packets of a codec; ``extradata`` is what the container holds for the decoder."""
    length_field_bytes = 0 if extradata is None else _length_field_bytes(codec, extradata)
    if length_field_bytes:
        return lambda data: _check_units(data, length_field_bytes)
    if codec == "rawvideo":
        return lambda _data: ""
    return _CHECKS.get(codec, _check_not_blank)


def _length_field_bytes(codec: str, extradata: bytes) -> int:
    """Return the size of the length field before each unit of H.264 or HEVC, or 0 if start codes separate the units.

    ISO/IEC 14496-15, decoder configuration records.
    """
    if len(extradata) > 22 and extradata[0] == 1:
        if codec == "h264":
            return (extradata[4] & 3) + 1
        if codec == "hevc":
            return (extradata[21] & 3) + 1
    return 0


def _check_units(data: memoryview, length_field_bytes: int) -> str:
    """Check that the units fill the packet, and that the forbidden bit of each is zero."""
    position = 0
    end = len(data)
    while position < end:
        start = position + length_field_bytes
        length = int.from_bytes(data[position:start], "big")
        position = start + length
        if length == 0 or position > end:
            return _MALFORMED
        is_forbidden_bit_set = data[start] & 0x80
        if is_forbidden_bit_set:
            return _MALFORMED
    return ""


def _check_not_blank(data: memoryview) -> str:
    return "" if any(data[:8]) else _MALFORMED


def _check_start_code(data: memoryview) -> str:
    if bytes(data[:2]) != b"\x00\x00":
        return _MALFORMED
    return _check_not_blank(data)


def _check_mpeg4(data: memoryview) -> str:
    """Check for pictures of less than 10 bytes: they are "not coded" and only fill a packed stream."""
    return _HIDDEN if len(data) < 10 else _check_start_code(data)


def _check_vp8(data: memoryview) -> str:
    """Check show_frame (RFC 6386, section 9.1)."""
    problem = _check_not_blank(data)
    if problem:
        return problem
    is_shown = (data[0] >> 4) & 1
    return "" if is_shown else _HIDDEN


def _check_vp9(data: memoryview) -> str:
    """Check frame_marker, profile, show_existing_frame, frame_type and show_frame (VP9 specification 6.2).

    A superframe, whose last byte has 110 as its upper bits, contains the shown picture.
    """
    header = data[0]
    if header >> 6 != 0b10:
        return _MALFORMED
    is_superframe = data[-1] >> 5 == 0b110
    profile = (header >> 4) & 0b11
    if is_superframe or profile == 3:
        return ""
    shows_existing_frame = (header >> 3) & 1
    shows_frame = (header >> 1) & 1
    is_shown = shows_existing_frame or shows_frame
    return "" if is_shown else _HIDDEN


def _check_av1(data: memoryview) -> str:
    """Check that open bitstream units of declared size fill the packet (AV1 specification 5.3)."""
    position = 0
    end = len(data)
    while position < end:
        header = data[position]
        has_extension = header & 0x04
        has_size = header & 0x02
        position += 2 if has_extension else 1
        if header & 0x81:  # bits that must be zero
            return _MALFORMED
        if not has_size:  # only the last unit may omit its size
            return _check_not_blank(data)
        size = 0
        shift = 0
        while position < end and shift < 56:  # LEB128
            size |= (data[position] & 0x7F) << shift
            shift += 7
            position += 1
            if not data[position - 1] & 0x80:
                break
        position += size
    return _check_not_blank(data) if position == end else _MALFORMED


_CHECKS: dict[str, PacketCheck] = {
    "vp8": _check_vp8,
    "vp9": _check_vp9,
    "av1": _check_av1,
    "mpeg4": _check_mpeg4,
    "mpeg2video": _check_start_code,
}
