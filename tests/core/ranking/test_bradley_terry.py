"""Bradley-Terry strengths against the likelihood itself."""

from itertools import combinations

import choix
import evalica
import numpy as np
import pytest
from scipy import optimize, stats

from skillviewer.core.dataset.pairs import Judgement, Pair, Verdict
from skillviewer.core.errors import DatasetError
from skillviewer.core.ranking import bradley_terry as module
from skillviewer.core.ranking.bradley_terry import PRIOR_SD, bradley_terry, strengths_from_wins


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


def test_other_packages_agree() -> None:
    """choix maximises the same posterior, without ties; evalica's likelihood has ties as half wins, without a prior."""
    rng = np.random.default_rng(2)
    won = [tuple(int(x) for x in rng.choice(7, 2, replace=False)) for _ in range(60)]
    ours = bradley_terry([Pair(str(i), str(j)) for i, j in won], prior_sd=2.0)
    theirs = choix.opt_pairwise(7, won, alpha=1 / (2 * 2.0**2))
    np.testing.assert_allclose(ours.values, theirs - theirs.mean(), atol=1e-4)
    judged = [Judgement(str(i), str(j), Verdict(int(rng.choice([1, 0, -1]))), "r") for i, j in won]
    flat = bradley_terry(judged, prior_sd=1e4).by_video()
    winners = [{1: evalica.Winner.X, 0: evalica.Winner.Draw, -1: evalica.Winner.Y}[int(j.verdict)] for j in judged]
    scores = evalica.bradley_terry(
        [j.left for j in judged], [j.right for j in judged], winners, tolerance=1e-12, limit=10_000
    ).scores
    logits = np.log([scores[name] for name in "0123456"])
    np.testing.assert_allclose([flat[name] for name in "0123456"], logits - logits.mean(), atol=1e-3)


def test_uncertainty_is_close_to_expectation_propagation() -> None:
    rng = np.random.default_rng(2)
    won = [tuple(int(x) for x in sorted(rng.choice(7, 2, replace=False))) for _ in range(40)]
    won += [(j, i) for i, j in won[:12]]
    ours = bradley_terry([Pair(str(i), str(j)) for i, j in won], prior_sd=2.0)
    _, theirs = choix.ep_pairwise(7, won, 1 / 2.0**2)
    about_mean = np.eye(7) - 1 / 7
    assert isinstance(ours.covariance, np.ndarray)
    np.testing.assert_allclose(ours.covariance, about_mean @ theirs @ about_mean, atol=0.1)


def test_a_video_of_which_nothing_was_said_stands_at_the_mean() -> None:
    strengths = bradley_terry([Pair("a", "b")], names=["c"])
    assert strengths.names == ("a", "b", "c")
    assert strengths.by_video()["c"] == pytest.approx(0)
    assert strengths.standard_errors[2] > strengths.standard_errors[0]


def test_no_wins_at_all_give_the_prior() -> None:
    values, covariance = strengths_from_wins(np.zeros((3, 3)), prior_sd=2.0)
    np.testing.assert_array_equal(values, 0)
    np.testing.assert_allclose(covariance, 4 * (np.eye(3) - 1 / 3), atol=1e-12)


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
    assert isinstance(c, np.ndarray)
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


@pytest.mark.parametrize("per_video", [1.5, 12])
def test_many_videos_are_fitted_without_a_full_matrix(per_video: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the exact solution of the same votes, on a sparse graph of votes with islands and on a dense one."""
    rng = np.random.default_rng(5)
    n, m = 150, int(150 * per_video)
    quality = rng.normal(0, 1.5, n)
    judged = []
    for i, j in rng.integers(0, n, (m, 2)).tolist():
        if i != j:
            draw = rng.random() * 1.2 - 0.2
            verdict = (
                Verdict.NEITHER if draw < 0 else Verdict(1 if draw < 1 / (1 + np.exp(quality[j] - quality[i])) else -1)
            )
            judged.append(Judgement(f"{i:03}", f"{j:03}", verdict, "r"))
    exact = bradley_terry(judged)
    monkeypatch.setattr(module, "MAX_EXACT_VIDEOS", 10)
    drawn = bradley_terry(judged)
    assert isinstance(drawn.covariance, module.DrawnPosterior)
    np.testing.assert_allclose(drawn.values, exact.values, atol=1e-9)
    off = drawn.standard_errors / exact.standard_errors - 1
    assert np.abs(off).max() < (0.1 if per_video < 2 else 0.05)
    assert np.abs(off.mean()) < 0.01
    left, right = np.nonzero(~np.eye(len(exact.names), dtype=bool))
    leads = np.sqrt(drawn.lead_variances(left, right) / exact.lead_variances(left, right)) - 1
    assert np.abs(leads).max() < (0.25 if per_video < 2 else 0.1)
    assert np.abs(leads.mean()) < 0.01


def test_a_start_and_a_wide_stop_lead_to_the_same_strengths() -> None:
    rng = np.random.default_rng(6)
    wins = rng.integers(0, 3, (30, 30)).astype(float)
    i, j = np.nonzero(np.triu(wins + wins.T, 1))
    games = module.Comparisons(i, j, wins[i, j], wins[j, i])
    settled, _ = games.maximise(30, 1 / 9)
    near, _ = games.maximise(30, 1 / 9, rng.normal(0, 1, 30), tolerance=1e-2)
    np.testing.assert_allclose(near, settled, atol=1e-3)
    np.testing.assert_allclose(
        settled - settled.mean(), most_probable(np.triu(wins, 1) + np.tril(wins, -1), 3.0), atol=1e-4
    )
