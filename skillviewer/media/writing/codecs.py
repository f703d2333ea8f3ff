"""Which codecs the installed video library has."""

from typing import Literal

import av


def can_decode(name: str) -> bool:
    """Return whether a codec can be read; ``name`` as FFmpeg spells it, "h264" say."""
    return _has(name, "r")


def can_encode(name: str) -> bool:
    """Return whether there is an encoder; ``name`` as FFmpeg spells it, "libx264" say."""
    return _has(name, "w")


def _has(name: str, mode: Literal["r", "w"]) -> bool:
    try:
        av.Codec(name, mode)
    except av.codec.codec.UnknownCodecError:
        return False
    return True
