"""Cache of features on disk, with a limit of its size.

An entry is one pass of one video under one preprocessing and backbone: a safetensors file with the features in float16
and their checksum. It is written under a temporary name and renamed, so that no process reads an unfinished entry. An
entry with a wrong checksum is deleted and computed again.
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
_DTYPES: dict[str, np.dtype[Any]] = {"F16": np.dtype(np.float16), "U8": np.dtype(np.uint8)}
_MAX_HEADER_BYTES = 2**16
_MAX_WRITERS = 64
"""Processes that may fill one cache at once: each uses 1/64 of the free room before it measures the room again."""


@dataclass(frozen=True, slots=True)
class FeatureKey:
    """Key of features: all that they depend on."""

    video_digest: str  # SHA-256 of the video file
    # all settings of preprocessing, backbones and precision that change the numbers, as plain values
    configuration: tuple[tuple[str, str | int | float | None], ...]
    positions: tuple[int, ...]  # positions on the model's timeline, one per sampled frame of the pass
    recipe: str = ""  # digest of all settings but the video and its range, to count entries; not part of the name

    @property
    def name(self) -> str:
        """File name of the entry, without suffix."""
        text = json.dumps([self.video_digest, self.configuration, self.positions])
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(unsafe_hash=True)
class FeatureCache:
    """A folder of feature files with a limit of its size; the least recently used entries are deleted first."""

    folder: Path = field(default_factory=lambda: cache_dir() / FEATURES)
    max_bytes: int = DEFAULT_MAX_BYTES
    # bytes that this process may write before it measures the free room again
    _allowance_bytes: int = field(default=0, init=False, compare=False)

    def _path(self, key: FeatureKey) -> Path:
        return self.folder / key.name[:2] / (key.name + _SUFFIX)

    def get(self, key: FeatureKey, shape: Sequence[int]) -> NDArray[Any] | None:
        """Return the features of a key as a memory map, or None if there is no valid entry of shape (N, 2F, h, w)."""
        path = self._path(key)
        try:
            features = _map_features(path, tuple(shape))
        except OSError:
            # the file is missing, or cannot be read now, for instance with too many open files; it is not deleted
            return None
        except (ValueError, KeyError, TypeError):
            features = None
        if features is None:
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)  # the most recently used entry is deleted last
        return features

    def put(self, key: FeatureKey, features: NDArray[Any]) -> bool:
        """Store features and return whether they were stored. Features that were not are computed again when needed.

        Args:
            key: Key of the features.
            features: (N, 2F, h, w) float16 features, or uint8 snippets.
        """
        path = self._path(key)
        size = features.nbytes
        if size > self.max_bytes:
            return False
        metadata = {"crc32": _checksum(features), "video": key.video_digest, "recipe": key.recipe}
        try:
            if size > self._allowance_bytes:
                # this lists all files, perhaps on a network drive, so it is not done for every entry
                used_bytes = make_room(self.folder, _SUFFIX, size, self.max_bytes)
                free_bytes = self.max_bytes - used_bytes - size
                self._allowance_bytes = size + free_bytes // _MAX_WRITERS
            self._allowance_bytes -= size
            with atomic_path(path) as temp_path:
                save_file({"features": np.ascontiguousarray(features)}, temp_path, metadata=metadata)
        except (OSError, SafetensorError):
            return False
        return True

    def count(self, recipe: str) -> Counter[str]:
        """Return the number of entries of a recipe by SHA-256 of their video, from the headers of all files."""
        counts = Counter[str]()
        for path, _, _ in self.entries():
            metadata = _metadata_of(path)
            if metadata.get("recipe") == recipe:
                counts[str(metadata.get("video", ""))] += 1
        return counts

    def forget(self, video_digest: str) -> int:
        """Delete the features of a video and all files that name no video; return the number of deleted files.

        Raises:
            OSError: A file cannot be deleted.
        """
        paths = [path for path, _, _ in self.entries() if _video_digest_of(path) in ("", video_digest)]
        for path in paths:
            path.unlink(missing_ok=True)
        return len(paths)

    def entries(self) -> list[tuple[Path, int, float]]:
        """Return (path, bytes, last use) of every file, the least recently used first."""
        return cached_files(self.folder, _SUFFIX)


def _map_features(path: Path, shape: tuple[int, ...]) -> NDArray[Any] | None:
    """Return the tensor of a safetensors file as a memory map, or None if shape or checksum are wrong.

    The file has 8 bytes with the length of the header, the header in JSON, and the data.
    """
    header_bytes, header = _read_header(path)
    entry = header["features"]
    dtype = _DTYPES.get(entry["dtype"])
    if dtype is None or tuple(entry["shape"]) != shape:
        return None
    start = 8 + header_bytes + entry["data_offsets"][0]
    features = np.memmap(path, dtype, "r", start, shape)
    return features if _checksum(features) == header["__metadata__"]["crc32"] else None


def _read_header(path: Path) -> tuple[int, dict[str, Any]]:
    """Return length and content of the header of a safetensors file."""
    with path.open("rb") as file:
        n_bytes = int.from_bytes(file.read(8), "little")
        header: dict[str, Any] = json.loads(file.read(min(n_bytes, _MAX_HEADER_BYTES)))
        return n_bytes, header


def _metadata_of(path: Path) -> dict[str, Any]:
    """Return the metadata of a file of features; empty if it cannot be read."""
    try:
        _, header = _read_header(path)
        return dict(header["__metadata__"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _video_digest_of(path: Path) -> str:
    """Return the digest of the video in the metadata of a file of features; "" without one."""
    return str(_metadata_of(path).get("video", ""))


def _checksum(features: NDArray[Any]) -> str:
    return f"{zlib.crc32(np.ascontiguousarray(features).data):08x}"
