"""Expected information against numerical integration."""

from collections.abc import Callable

import numpy as np
from scipy import integrate, special, stats

from skillviewer.core.ranking.information import information
from skillviewer.core.seeded import seeded_generator, seeded_hashes, seeded_pair_hashes


def bits_by_integration(mean: float, variance: float) -> float:
    """Mutual information of a Bradley-Terry vote and a normal lead."""
    if variance == 0:
        return 0.0
    lead = stats.norm(mean, np.sqrt(variance))
    reach = 9 * np.sqrt(variance)

    def over(f: Callable[[float], float]) -> float:
        return float(integrate.quad(lambda x: f(x) * lead.pdf(x), mean - reach, mean + reach, limit=200)[0])

    def entropy(p: float) -> float:
        return float((special.entr(p) + special.entr(1 - p)) / np.log(2))

    return entropy(over(special.expit)) - over(lambda x: entropy(special.expit(x)))


def test_bits_are_those_of_the_model() -> None:
    values = np.array([0.0, 0.3, 2.0, -3.0])
    root = np.random.default_rng(0).normal(0, 1, (4, 4))
    covariance = root @ root.T
    found = information(values, covariance)
    for i in range(4):
        for j in range(4):
            variance = covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]
            assert abs(found[i, j] - bits_by_integration(values[i] - values[j], max(variance, 0))) < 0.02
    np.testing.assert_array_equal(found, found.T)


def test_known_strengths_leave_nothing_to_tell() -> None:
    assert information(np.array([0.0, 0.0, 1.0]), np.zeros((3, 3))).max() < 1e-3


def test_an_unknown_video_tells_more_than_a_near_tie() -> None:
    found = information(np.array([0.0, 0.0, 1.0]), np.diag([0.01, 0.01, 4.0]))
    assert found[0, 2] > 10 * found[0, 1]


def test_lots_are_uniform_and_belong_to_names() -> None:
    names = [f"video {i}" for i in range(120)]
    hashes = seeded_pair_hashes(names, 3)
    assert stats.kstest(hashes[np.triu_indices(120, 1)], "uniform").pvalue > 0.01
    np.testing.assert_array_equal(hashes, hashes.T)
    np.testing.assert_array_equal(seeded_pair_hashes(names[40:50], 3), hashes[40:50, 40:50])
    assert stats.kstest(seeded_hashes(names, 3), "uniform").pvalue > 0.01
    assert (seeded_hashes(names, 3) != seeded_hashes(names, 4)).all()
    assert (
        seeded_generator(1, "Ann", 5).random()
        == seeded_generator(1, "Ann", 5).random()
        != seeded_generator(1, "Ann", 6).random()
    )
