"""SHA-256 of values, files and checkpoints, and the names of a checkpoint's files."""

import hashlib
import json
from pathlib import Path

from skillviewer.core.progress import NEVER, CancelToken

_BLOCK = 1 << 20
CONFIG = "config.json"
WEIGHTS = "weights.safetensors"
CARD = "card.json"
CARD_PAGE = "MODEL_CARD.md"
"""Files of a checkpoint."""


def values_sha256(*values: object) -> str:
    """Return the SHA-256 of values as JSON; values of unknown types are hashed as text."""
    # json.dumps escapes lone surrogates, which could not be encoded
    text = json.dumps(values, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_of(path: Path, token: CancelToken = NEVER) -> str:
    """Return the hexadecimal SHA-256 of a file. The token is checked after every MiB.

    Raises:
        OSError: The file cannot be read.
    """
    return _sha256((path,), token)


def checkpoint_sha256(folder: Path, token: CancelToken = NEVER) -> str:
    """Return the SHA-256 of a checkpoint's configuration and weights, which does not depend on the card.

    Raises:
        OSError: One of the two files cannot be read.
    """
    return _sha256((folder / CONFIG, folder / WEIGHTS), token)


def _sha256(paths: tuple[Path, ...], token: CancelToken) -> str:
    digest = hashlib.sha256()
    block = bytearray(_BLOCK)
    for path in paths:
        with path.open("rb", buffering=0) as file:
            while n_read := file.readinto(block):
                digest.update(memoryview(block)[:n_read])
                token.check()
    return digest.hexdigest()
