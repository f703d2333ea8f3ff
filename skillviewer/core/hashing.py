"""Hashes of files."""

import hashlib
from pathlib import Path

from skillviewer.core.progress import CancelToken

_BLOCK = 1 << 20


def sha256_of(path: Path, token: CancelToken | None = None) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes.

    Args:
        path: The file.
        token: Checked after every block of 1 MiB.

    Raises:
        OSError: The file cannot be read.
        Cancelled: The token was raised.
    """
    made, block = hashlib.sha256(), bytearray(_BLOCK)
    with path.open("rb", buffering=0) as file:
        while n := file.readinto(block):
            made.update(memoryview(block)[:n])
            if token is not None:
                token.check()
    return made.hexdigest()
