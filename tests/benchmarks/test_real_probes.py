"""Ridge regressions on one side alone and on several, against their normal equations."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.real_probes import Numbers, Variant, ordered, regress


def side(seed: int) -> Any:
    """Return a side of nine videos of three people, with two blocks of numbers."""
    rng = np.random.default_rng(seed)
    names = tuple(f"v{i}" for i in range(9))
    participants, ratings = (
        {name: name[1] for name in names},
        dict(zip(names, rng.integers(0, 3, 9) * 1.0, strict=True)),
    )
    known: Any = SimpleNamespace(dataset=SimpleNamespace(participants=participants), ratings=ratings)
    return Numbers(known, names, {"a": rng.normal(size=(9, 4)), "b": rng.normal(size=(9, 2))})


@pytest.mark.parametrize("shared", [0.0, 0.5, 1.0])
def test_a_regression_solves_its_normal_equations(shared: float) -> None:
    """The common and the own part of every side are columns of their own."""
    sides, seen = [side(1), side(2)], [np.arange(9) < 6, np.arange(9) > 2]
    found = regress(sides, seen, Variant(("a", "b"), 3.0, shared))
    blocks, targets = [], []
    for one, mask in zip(sides, seen, strict=True):
        own_blocks = [one.blocks[name] for name in "ab"]
        scaled = [(b - b[mask].mean(0)) / (b[mask].std(0) + 1e-6) / np.sqrt(2 * b.shape[1]) for b in own_blocks]
        blocks.append(np.concatenate(scaled, axis=1))
        targets.append(one.ratings[mask] - one.ratings[mask].mean())
    none = np.zeros_like(blocks[0])
    own, common = np.sqrt(1 - shared), np.sqrt(shared)
    wide = [
        np.hstack([common * blocks[0], own * blocks[0], none]),
        np.hstack([common * blocks[1], none, own * blocks[1]]),
    ]
    x = np.concatenate([rows[mask] for rows, mask in zip(wide, seen, strict=True)])
    weights = np.linalg.solve(x.T @ x + 3 * np.eye(x.shape[1]), x.T @ np.concatenate(targets))
    for rows, scores in zip(wide, found, strict=True):
        np.testing.assert_allclose(scores, rows @ weights, atol=1e-9)


def test_ties_of_scores_order_nothing() -> None:
    assert ordered(np.array([1.0, 1.0, 3.0]), np.array([2.0, 1.0, 1.0])) == (0, 2)
    assert ordered(np.array([4.0, 1.0, 3.0]), np.array([2.0, 1.0, 1.0])) == (2, 2)
