"""Checks of a packet's first bytes without decoding: whether it is well formed, and whether it shows a picture."""

from collections.abc import Callable
from typing import TypeAlias

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
    at, end = 0, len(data)
    while at < end:
        start = at + size
        length = int.from_bytes(data[at:start], "big")
        at = start + length
        if not length or at > end or data[start] & 0x80:
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
    at, end = 0, len(data)
    while at < end:
        head = data[at]
        at += 2 if head & 0x04 else 1
        if head & 0x81:  # bits that must be zero
            return _MALFORMED
        if not head & 0x02:  # only the last unit may omit its size
            return _blank(data)
        size = shift = 0
        while at < end and shift < 56:
            size |= (data[at] & 0x7F) << shift
            shift += 7
            at += 1
            if not data[at - 1] & 0x80:
                break
        at += size
    return _blank(data) if at == end else _MALFORMED
