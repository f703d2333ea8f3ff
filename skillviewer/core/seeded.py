"""Reproducible random numbers: they follow from a seed and a name, on every computer and in every order.

The hash of a name does not change when other names come or go, unlike draws from a sequential generator.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.arrays import FloatArray


def _hashes(names: Sequence[str], seed: int) -> NDArray[np.uint64]:
    key = str(seed).encode()
    words = [int.from_bytes(hashlib.blake2b(n.encode(), digest_size=8, key=key).digest(), "little") for n in names]
    return np.array(words, dtype=np.uint64)


def _uniform(words: NDArray[np.uint64]) -> FloatArray:
    """Return numbers in [0, 1) from words that are mixed once more (splitmix64: Steele, Lea and Flood, 2014)."""
    mixed = words + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) / 2**53)


def seeded_hashes(names: Sequence[str], seed: int) -> FloatArray:
    """Return (n,) hashes of names, uniform in [0, 1)."""
    return _uniform(_hashes(names, seed))


def seeded_pair_hashes(names: Sequence[str], seed: int) -> FloatArray:
    """Return (n, n) hashes of every two names, uniform in [0, 1); symmetric, and 1 on the diagonal."""
    words = _hashes(names, seed)
    hashes = _uniform(words[:, None] ^ words[None, :])
    np.fill_diagonal(hashes, 1)
    return hashes


def stream(seed: int, name: str, number: int) -> np.random.Generator:
    """Return the generator of a seed, a name and a number, which may be negative."""
    words = hashlib.blake2b(f"{number}|{name}".encode(), digest_size=16, key=str(seed).encode()).digest()
    return np.random.default_rng(int.from_bytes(words, "little"))
