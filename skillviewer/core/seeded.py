"""Reproducible random numbers from a seed and a name, the same on every computer.

Unlike draws from a sequential generator, the number of a name does not change when other names come or go.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.arrays import FloatArray


def _hashes(names: Sequence[str], seed: int) -> NDArray[np.uint64]:
    key = str(seed).encode()
    digests = [hashlib.blake2b(name.encode(), digest_size=8, key=key).digest() for name in names]
    return np.array([int.from_bytes(digest, "little") for digest in digests], dtype=np.uint64)


def _uniform(hashes: NDArray[np.uint64]) -> FloatArray:
    """Return numbers in [0, 1) from hashes, mixed by splitmix64 (Steele, Lea and Flood, 2014)."""
    mixed = hashes + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) / 2**53)


def seeded_hashes(names: Sequence[str], seed: int) -> FloatArray:
    """Return a hash of every name, (n,), uniform in [0, 1)."""
    return _uniform(_hashes(names, seed))


def seeded_pair_hashes(names: Sequence[str], seed: int) -> FloatArray:
    """Return a hash of every two names, (n, n), uniform in [0, 1), symmetric, and 1 on the diagonal."""
    hashes = _hashes(names, seed)
    pair_hashes = _uniform(hashes[:, None] ^ hashes[None, :])
    np.fill_diagonal(pair_hashes, 1)
    return pair_hashes


def seeded_generator(seed: int, name: str, number: int) -> np.random.Generator:
    """Return the random generator of a seed, a name and a number, which may be negative."""
    text = f"{number}|{name}"
    key = str(seed)
    digest = hashlib.blake2b(text.encode(), digest_size=16, key=key.encode()).digest()
    return np.random.default_rng(int.from_bytes(digest, "little"))
