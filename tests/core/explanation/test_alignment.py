"""Alignment in time: the cheapest monotone path, warps that are known, and parts in which two videos differ."""

import itertools

import numpy as np
import pytest

from skillviewer.core.arrays import FloatArray
from skillviewer.core.explanation.alignment import PACE_COST, ScoreGap, _cheapest_path, align
from tests.facts import missing


def cheapest(distance: FloatArray) -> float:
    """Return the price of the cheapest path by trying all of them."""
    n = len(distance)
    prices = []
    for middle in itertools.combinations_with_replacement(range(n), n - 2):
        path = (0, *middle, n - 1)
        steps = np.diff(path)
        prices.append(distance[np.arange(n), list(path)].sum() + PACE_COST * np.abs(steps - 1).sum())
    return float(min(prices))


@pytest.mark.parametrize("seed", range(6))
def test_the_path_is_the_cheapest_of_all(seed: int) -> None:
    distance = np.random.default_rng(seed).random((7, 7))
    path = _cheapest_path(distance)
    steps = np.diff(path)
    assert (path[0], path[-1]) == (0, 6)
    assert (steps >= 0).all()
    price = distance[np.arange(7), path].sum() + PACE_COST * np.abs(steps - 1).sum()
    assert price == pytest.approx(cheapest(distance))


def walk(phase: FloatArray) -> FloatArray:
    """Return (N, 16) features that tell the phase, 0 to 1, and noise."""
    centres = np.linspace(0, 1, 12)
    known = np.exp(-((phase[:, None] - centres) ** 2) / 0.02)
    return np.hstack([known, 0.05 * np.random.default_rng(0).standard_normal((len(phase), 4))])


def test_a_known_warp_is_found() -> None:
    own_s, other_s = np.linspace(0, 10, 80), np.linspace(2, 8, 60)
    own, other = (own_s / 10) ** 1.8, (other_s - 2) / 6  # phase of the task at each time
    found = align(walk(own), walk(other), own_s, other_s)
    truth = 2 + 6 * own
    assert np.abs(found.other_s - truth).mean() < 0.15
    assert np.abs(np.interp(own_s, [0, 10], [2, 8]) - truth).mean() > 0.8, "a common pace is far from it"
    assert found.gain > 0.5
    assert np.interp(found.to_other(own_s), found.other_s, found.own_s) == pytest.approx(
        found.to_own(found.to_other(own_s))
    )


def test_frames_without_order_are_not_aligned() -> None:
    rng, times = np.random.default_rng(3), np.linspace(0, 5, 40)
    found = align(rng.standard_normal((40, 30)), rng.standard_normal((40, 30)), times, 2 * times)
    assert found.gain == 0
    assert found.to_other(times) == pytest.approx(2 * times)


def test_a_parting_is_told_in_words() -> None:
    part = ScoreGap(1.0, 2.5, 0.5, 1.1, -0.8, 0.25)
    assert not missing(part.text(), "takes 1.5", "0.6", "−0.80", "+0.25")
