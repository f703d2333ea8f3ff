"""Bradley-Terry strengths against the likelihood itself."""

from itertools import combinations

import numpy as np
import pytest
from scipy import optimize, stats

from skillviewer.core.errors import DatasetError
from skillviewer.core.pairs import Judgement, Pair, Verdict
from skillviewer.core.ranking import PRIOR_SD, bradley_terry


def most_probable(wins: np.ndarray, prior_sd: float) -> np.ndarray:
    """Return the strengths that maximise the posterior, by a general optimiser."""

    def cost(theta: np.ndarray) -> float:
        lead = theta[:, None] - theta[None, :]
        return float((wins * np.log1p(np.exp(-lead))).sum() + (theta**2).sum() / (2 * prior_sd**2))

    return np.asarray(optimize.minimize(cost, np.zeros(len(wins)), method="BFGS", options={"gtol": 1e-7}).x)


@pytest.mark.parametrize("prior_sd", [0.5, 3.0, 10.0])
def test_strengths_maximise_the_posterior(prior_sd: float) -> None:
    rng = np.random.default_rng(1)
    wins = rng.integers(0, 4, (6, 6)).astype(float)
    np.fill_diagonal(wins, 0)
    pairs = [Pair(str(i), str(j)) for i in range(6) for j in range(6) for _ in range(int(wins[i, j]))]
    strengths = bradley_terry(pairs, prior_sd)
    assert strengths.names == tuple("012345")
    np.testing.assert_allclose(strengths.values, most_probable(wins, prior_sd), atol=1e-4)


def test_without_much_of_a_prior_it_is_the_log_odds() -> None:
    strengths = bradley_terry([Pair("a", "b")] * 3 + [Pair("b", "a")], prior_sd=1000.0).by_video()
    assert strengths["a"] - strengths["b"] == pytest.approx(np.log(3), abs=1e-4)


def test_no_difference_is_half_a_win_for_each() -> None:
    judged = [Judgement("a", "b", Verdict.NEITHER, "r")] * 2 + [Judgement("b", "a", Verdict.RIGHT, "r")]
    wins = np.array([[0, 2.0], [1.0, 0]])
    np.testing.assert_allclose(bradley_terry(judged).values, most_probable(wins, PRIOR_SD), atol=1e-5)


def test_covariance_is_the_inverse_curvature() -> None:
    """Two videos: the difference has the curvature n p q of the games and 1 / (2 sd^2) of the prior."""
    strengths = bradley_terry([Pair("a", "b")] * 3 + [Pair("b", "a")], prior_sd=2.0)
    lead = strengths.values[0] - strengths.values[1]
    p = 1 / (1 + np.exp(-lead))
    c = strengths.covariance
    assert c[0, 0] + c[1, 1] - 2 * c[0, 1] == pytest.approx(1 / (4 * p * (1 - p) + 1 / (2 * 2.0**2)), rel=1e-6)
    assert c.sum() == pytest.approx(0, abs=1e-9)  # strengths about their mean: nothing moves them all
    assert strengths.standard_errors == pytest.approx(np.sqrt(np.diag(c)))


def test_a_perfect_order_of_a_hundred_videos_settles() -> None:
    names = [f"{i:03}" for i in range(100)]
    strengths = bradley_terry([Pair(a, b) for a, b in combinations(names, 2)])
    assert np.all(np.diff(strengths.values) < 0)
    assert abs(strengths.values.mean()) < 1e-9
    assert np.all(strengths.standard_errors > 0)


def test_a_hopeless_start_settles_too() -> None:
    """A thousand wins to one, and a wide prior: a full Newton step from 0 overshoots."""
    strengths = bradley_terry([Pair("a", "b")] * 3000 + [Pair("b", "c")] * 2 + [Pair("c", "b")], prior_sd=50.0)
    wins = np.array([[0, 3000.0, 0], [0, 0, 2.0], [0, 1.0, 0]])
    np.testing.assert_allclose(strengths.values, most_probable(wins, 50.0), rtol=1e-3)


def test_true_strengths_come_back() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(0, 1, 15)
    pairs = []
    for i, j in combinations(range(15), 2):
        for win in rng.random(20) < 1 / (1 + np.exp(true[j] - true[i])):
            pairs.append(Pair(f"{i:02}", f"{j:02}") if win else Pair(f"{j:02}", f"{i:02}"))
    strengths = bradley_terry(pairs)
    assert stats.pearsonr(strengths.values, true).statistic > 0.97
    off = (strengths.values - (true - true.mean())) / strengths.standard_errors
    assert np.mean(np.abs(off) < 1.96) >= 0.8


def test_islands_get_finite_strengths() -> None:
    assert np.isfinite(bradley_terry([Pair("a", "b"), Pair("x", "y")]).values).all()


def test_nothing_to_compare_is_told() -> None:
    with pytest.raises(DatasetError, match="no comparisons"):
        bradley_terry([])


def test_arrays_are_read_only_and_names_go_with_values() -> None:
    strengths = bradley_terry([Pair("good", "bad")])
    assert strengths.by_video()["good"] > strengths.by_video()["bad"]
    with pytest.raises(ValueError, match="read-only"):
        strengths.values[0] = 1
