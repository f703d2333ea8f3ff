"""Features on disk, keyed by what they were computed from, and kept within a size.

An entry is one pass of one video under one preprocessing and backbone: a safetensors file with the features in float16
and their checksum. It is written aside and renamed, so that two processes never see half of it, and an entry that does
not check out is dropped and computed again.
"""

import hashlib
import json
import os
import zlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save_file

from skillviewer.core.atomic_write import atomic_path, cached_files, make_room
from skillviewer.core.paths import cache_dir
from skillviewer.engine.runtime.disk_usage import FEATURES

DEFAULT_MAX_BYTES = 20 * 2**30
_SUFFIX = ".safetensors"
_KINDS: dict[str, np.dtype[Any]] = {"F16": np.dtype(np.float16), "U8": np.dtype(np.uint8)}
_MAX_HEADER = 2**16
_WRITERS = 64
"""Processes that may fill one cache at once: each uses that share of the free room before it looks again."""


@dataclass(frozen=True, slots=True)
class FeatureKey:
    """Key of features: all that they depend on."""

    video_digest: str  # SHA-256 of the video file
    # everything about preprocessing, backbones and precision that changes the numbers, as plain values
    configuration: tuple[tuple[str, str | int | float | None], ...]
    positions: tuple[int, ...]  # positions on the model's timeline, one per sampled frame of the pass
    recipe: str = ""  # digest of everything but the video and its part, by which entries are counted; not in the name

    @property
    def name(self) -> str:
        """File name of the entry, without suffix."""
        text = json.dumps([self.video_digest, self.configuration, self.positions])
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(unsafe_hash=True)
class FeatureCache:
    """A folder of feature files with a cap on its size; the least recently used entries are dropped first.

    Without a folder the program's own is meant.
    """

    folder: Path = field(default_factory=lambda: cache_dir() / FEATURES)
    max_bytes: int = DEFAULT_MAX_BYTES
    _unchecked: int = field(default=0, init=False, compare=False)

    def _path(self, key: FeatureKey) -> Path:
        return self.folder / key.name[:2] / (key.name + _SUFFIX)

    def get(self, key: FeatureKey, shape: Sequence[int]) -> NDArray[Any] | None:
        """Return the features of a key, mapped from the disk, or None when there is no sound entry.

        Their shape must be (N, 2F, h, w).
        """
        path = self._path(key)
        try:
            features = _map(path, tuple(shape))
        except OSError:  # not there; or not to be read now (too many open files, say), which tells nothing against it
            return None
        except (ValueError, KeyError, TypeError):
            features = None
        if features is None:
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)  # used now: it goes last
        return features

    def put(self, key: FeatureKey, features: NDArray[Any]) -> bool:
        """Keep features. A cache that cannot be written costs time later, not the result: then False is returned.

        Args:
            key: Their key.
            features: (N, 2F, h, w) float16; or snippets of bytes, uint8.
        """
        path = self._path(key)
        size = features.nbytes
        if size > self.max_bytes:
            return False
        try:
            if size > self._unchecked:  # a look at every file, on a network too: not for each of thousands
                used_bytes = make_room(self.folder, _SUFFIX, size, self.max_bytes)
                self._unchecked = size + (self.max_bytes - used_bytes - size) // _WRITERS
            self._unchecked -= size
            with atomic_path(path) as temp_path:
                save_file(
                    {"features": np.ascontiguousarray(features)},
                    temp_path,
                    metadata={"crc32": _checksum(features), "video": key.video_digest, "recipe": key.recipe},
                )
        except (OSError, SafetensorError):
            return False
        return True

    def count(self, recipe: str) -> Counter[str]:
        """Return the number of entries of a recipe by SHA-256 of their video, from the headers of all files."""
        counts = Counter[str]()
        for path, _, _ in self.entries():
            facts = _facts_of(path)
            if facts.get("recipe") == recipe:
                counts[str(facts.get("video", ""))] += 1
        return counts

    def forget(self, video_digest: str) -> int:
        """Delete the features of a video, and files that name no video; return the number of deleted files.

        Raises:
            OSError: A file cannot be deleted.
        """
        paths = [path for path, _, _ in self.entries() if _video_of(path) in ("", video_digest)]
        for path in paths:
            path.unlink(missing_ok=True)
        return len(paths)

    def entries(self) -> list[tuple[Path, int, float]]:
        """Return (path, bytes, last use) of every file, the longest unused first."""
        return cached_files(self.folder, _SUFFIX)


def _map(path: Path, shape: tuple[int, ...]) -> NDArray[Any] | None:
    """Map the tensor of a safetensors file (8 bytes of header length, a JSON header, the data), if it is sound."""
    length, header = _header(path)
    entry = header["features"]
    kind = _KINDS.get(entry["dtype"])
    if kind is None or tuple(entry["shape"]) != shape:
        return None
    start = 8 + length + entry["data_offsets"][0]
    features = np.memmap(path, kind, "r", start, shape)
    return features if _checksum(features) == header["__metadata__"]["crc32"] else None


def _header(path: Path) -> tuple[int, dict[str, Any]]:
    """Return length and content of the header of a safetensors file."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header: dict[str, Any] = json.loads(file.read(min(length, _MAX_HEADER)))
        return length, header


def _facts_of(path: Path) -> dict[str, Any]:
    """Return the metadata of a file of features; empty if it cannot be read."""
    try:
        return dict(_header(path)[1]["__metadata__"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _video_of(path: Path) -> str:
    """Return the digest of the video that features are of; "" if the file does not say."""
    return str(_facts_of(path).get("video", ""))


def _checksum(features: NDArray[Any]) -> str:
    return f"{zlib.crc32(np.ascontiguousarray(features).data):08x}"
