"""Cache of sound envelopes: one file per video, named by its digest, so that the sound is decoded once."""

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
"""Folder in the cache. Scrub proxies lie there too, so that both are removed together."""

SUFFIX = ".envelope"
FORMAT = 1
_MAX_BYTES = 1 << 26
"""Largest size of an uncompressed file: a week of sound."""


class _EnvelopeRecord(msgspec.Struct, frozen=True):
    format: int
    digest: str
    peaks: bytes  # in steps of 1/255
    facts: SoundFacts | None


def envelope_path(digest: str) -> Path:
    """Return the path of the envelope of a video, whether or not the file exists."""
    return cache_dir() / FOLDER / f"{digest}{SUFFIX}"


def save_envelope(envelope: SoundEnvelope) -> None:
    """Save an envelope. A full disk is no error, because the envelope can be computed again."""
    peaks = np.rint(np.clip(envelope.peaks, 0, 1) * 255).astype(np.uint8)
    record = _EnvelopeRecord(FORMAT, envelope.digest, peaks.tobytes(), envelope.facts)
    content = zlib.compress(msgspec.msgpack.encode(record))
    path = envelope_path(envelope.digest)
    with suppress(ExportError), atomic_export(path, overwrite=True, durable=False) as temp_path:
        temp_path.write_bytes(content)


def load_envelope(digest: str) -> SoundEnvelope | None:
    """Load the envelope of a video, or return None if there is none. A damaged file is removed."""
    path = envelope_path(digest)
    try:
        content = zlib.decompressobj().decompress(path.read_bytes(), _MAX_BYTES)
        record = msgspec.msgpack.decode(content, type=_EnvelopeRecord)
    except FileNotFoundError:
        return None
    except (OSError, zlib.error, msgspec.DecodeError, ValueError):
        with suppress(OSError):
            path.unlink()
        return None
    if (record.format, record.digest) != (FORMAT, digest):
        return None
    peaks = np.divide(np.frombuffer(record.peaks, np.uint8), 255, dtype=np.float32)
    return SoundEnvelope(digest, peaks, record.facts)
