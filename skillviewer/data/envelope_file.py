"""Files of sound envelopes in the cache, named by the digest of the video. They spare decoding the whole sound."""

import zlib
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np

from skillviewer.core.atomic_write import atomic_export
from skillviewer.core.errors import ExportError
from skillviewer.core.paths import cache_dir
from skillviewer.core.video.sound import SoundEnvelope, SoundFacts

FOLDER = "proxies"
"""Folder of the cache with copies that can be made again: emptied and forgotten with the scrub proxies."""

SUFFIX = ".envelope"
FORMAT = 1
_MAX_BYTES = 1 << 26
"""Largest size of a file when it is unpacked: a week of sound."""


class _Kept(msgspec.Struct, frozen=True):
    """Content of a file: peaks in steps of 1/255."""

    format: int
    digest: str
    peaks: bytes
    facts: SoundFacts | None


def envelope_path(digest: str) -> Path:
    """Return the path of the envelope of a video, whether or not the file exists."""
    return cache_dir() / FOLDER / f"{digest}{SUFFIX}"


def save_envelope(envelope: SoundEnvelope) -> None:
    """Save an envelope; it can be computed again, so that a full disk is no error."""
    peaks = np.rint(np.clip(envelope.peaks, 0, 1) * 255).astype(np.uint8).tobytes()
    content = zlib.compress(msgspec.msgpack.encode(_Kept(FORMAT, envelope.digest, peaks, envelope.facts)))
    path = envelope_path(envelope.digest)
    with suppress(ExportError), atomic_export(path, overwrite=True, durable=False) as temp_path:
        temp_path.write_bytes(content)


def load_envelope(digest: str) -> SoundEnvelope | None:
    """Load the envelope of a video, or return None; a damaged file is removed, since it can be computed again."""
    path = envelope_path(digest)
    try:
        unpacked = zlib.decompressobj().decompress(path.read_bytes(), _MAX_BYTES)
        record = msgspec.msgpack.decode(unpacked, type=_Kept)
    except FileNotFoundError:
        return None
    except (OSError, zlib.error, msgspec.DecodeError, ValueError):
        with suppress(OSError):
            path.unlink()
        return None
    if (record.format, record.digest) != (FORMAT, digest):
        return None
    return SoundEnvelope(digest, np.divide(np.frombuffer(record.peaks, np.uint8), 255, dtype=np.float32), record.facts)
