"""Codecs of the installed video library."""

from typing import Literal

import av


def can_decode(name: str) -> bool:
    """Return True if a codec can be decoded; ``name`` as in FFmpeg ("h264", say)."""
    return _has(name, "r")


def can_encode(name: str) -> bool:
    """Return True if there is an encoder; ``name`` as in FFmpeg ("libx264", say)."""
    return _has(name, "w")


def _has(name: str, mode: Literal["r", "w"]) -> bool:
    try:
        av.Codec(name, mode)
    except av.codec.codec.UnknownCodecError:
        return False
    return True
