"""What votes say of raters: shares, warnings and misfit, by hand and by simulation."""

import numpy as np
import pytest
from scipy import special, stats

from skillviewer.core.dataset.pairs import Judgement, Verdict
from skillviewer.core.proportion import Proportion
from skillviewer.core.ranking.bradley_terry import bradley_terry
from skillviewer.core.ranking.raters import Misfit, RaterReport, expected_wins, misfit, rater_misfits, rater_reports
from skillviewer.core.ranking.votes import ShownPair

NOBODY = Proportion(0, 0)


def one(rater: str, left: str, right: str, verdict: int | None, **more: float) -> ShownPair:
    return ShownPair(left, right, rater, None if verdict is None else Verdict(verdict), **more)  # type: ignore[arg-type]


def report(**changes: object) -> RaterReport:
    kept: dict[str, object] = {
        "name": "Ann",
        "judged": 60,
        "skipped": 0,
        "neither": 5,
        "left": Proportion(27, 55),
        "median_s": 8.0,
        "hurried": Proportion(0, 60),
        "agreement": Proportion(25, 30),
        "consistency": Proportion(3, 3),
        "misfit": Misfit(1.0, 1.0, 0.0, 55),
    }
    return RaterReport(**(kept | changes))  # type: ignore[arg-type]


def test_wilsons_interval_by_hand() -> None:
    """All of ten: n / (n + z squared)."""
    low, high = Proportion(10, 10).interval
    assert low == pytest.approx(10 / (10 + 1.959964**2), abs=1e-5)
    assert high == pytest.approx(1, abs=1e-9)
    assert Proportion(83, 100).text == "83 % (74 to 89) of 100"
    assert NOBODY.text == "–"
    assert np.isnan(NOBODY.value)
    assert NOBODY.interval == (0, 1)


def test_a_raters_numbers_by_hand() -> None:
    asked = [
        one("Ann", "a", "b", 1, taken_s=4.0, watched=0.2),
        one("Ann", "c", "d", -1, taken_s=6.0, watched=0.9),
        one("Ann", "e", "f", 0, taken_s=20.0),
        one("Ann", "g", "h", None),
        one("Ann", "b", "a", -1),  # a again: the same
        one("Ann", "d", "c", -1),  # c this time: another
        one("Ann", "f", "e", 0),  # no difference again
        one("Bob", "b", "a", -1),  # a, as Ann
        one("Cem", "a", "b", -1),  # b: the others are split for nobody, but for Ann it is one to one
        one("Bob", "c", "d", 1),  # c; Ann first said d
        one("Bob", "f", "e", 0),
    ]
    ann, bob, cem = rater_reports(asked)
    assert (ann.judged, ann.skipped, ann.neither) == (6, 1, 2)
    assert ann.left == Proportion(1, 4)
    assert ann.median_s == 6.0
    assert ann.hurried == Proportion(1, 2)
    assert ann.consistency == Proportion(2, 3)
    assert ann.agreement == Proportion(1, 2)  # a-b: Bob and Cem are split; c-d: not as Bob; e-f: as Bob
    assert bob.agreement == Proportion(1, 2)  # a-b: split; c-d: not as Ann's first; e-f: as Ann
    assert cem.agreement == Proportion(0, 1)
    assert (bob.consistency, bob.median_s, bob.hurried) == (NOBODY, None, NOBODY)


def test_a_pair_that_was_put_back_says_nothing_of_consistency() -> None:
    asked = [one("Ann", "a", "b", 1), ShownPair("b", "a", "Ann", Verdict.LEFT, "again"), one("Ann", "b", "a", -1)]
    (ann,) = rater_reports(asked)
    assert ann.consistency == Proportion(1, 1)
    assert ann.judged == 3


def test_an_untroubled_rater_is_not_warned_of() -> None:
    assert report().warnings == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"left": Proportion(42, 55)}, "Favours the left side: 42 of 55 votes."),
        ({"left": Proportion(13, 55)}, "Favours the right side: 42 of 55 votes."),
        ({"hurried": Proportion(12, 60)}, "Voted before half of the two videos was seen in 12 of 60 votes."),
        ({"consistency": Proportion(2, 8)}, "Gives the same verdict again on only 2 of 8 repeated pairs."),
        ({"agreement": Proportion(10, 30)}, "Agrees with most of the others in only 10 of 30 pairs."),
        ({"misfit": Misfit(1.5, 2.0, 3.0, 55)}, "Fits the order of the others badly (infit 1.50; 1 is expected)."),
        ({"neither": 40}, "Sees no difference in 40 of 60 pairs."),
        ({"skipped": 30}, "Skipped 30 of 90 pairs."),
        ({"judged": 5}, "Only 5 votes: these numbers say little yet."),
    ],
)
def test_warnings(changes: dict[str, object], words: str) -> None:
    assert report(**changes).warnings == (words,)


def test_misfit_by_hand() -> None:
    """Residuals 0.2 and 0.8 of chances 0.8: squares 0.04 and 0.64, variances 0.16."""
    found = misfit(np.array([1.0, 0.0]), np.array([0.8, 0.8]))
    assert found is not None
    assert found.infit == pytest.approx(0.68 / 0.32)
    assert found.outfit == pytest.approx((0.25 + 4) / 2)
    assert found.z == pytest.approx((0.68 / 0.32 - 1) * 0.32 / np.sqrt(2 * 0.16 * 0.36))
    assert misfit(np.zeros(0), np.zeros(0)) is None


def test_misfit_of_honest_votes_is_1() -> None:
    rng = np.random.default_rng(0)
    chance = rng.uniform(0.05, 0.95, 20_000)
    found = misfit((rng.random(20_000) < chance).astype(float), chance)
    assert found is not None
    assert found.infit == pytest.approx(1, abs=0.02)
    assert abs(found.z) < 3


def test_expected_wins_allow_for_what_is_not_known() -> None:
    known = bradley_terry([Judgement("a", "b", Verdict.LEFT, "x")] * 9 + [Judgement("a", "b", Verdict.RIGHT, "x")])
    sure = 1 / (1 + np.exp(known.values[1] - known.values[0]))
    (found,) = expected_wins(known, np.array([0]), np.array([1]))
    assert 0.5 < found < sure


def test_expected_wins_are_those_of_the_posterior() -> None:
    """Against numerical integration of the logistic curve over the normal lead."""
    votes = [
        Judgement(a, b, Verdict.LEFT, "x") for a, b in (("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("a", "c"))
    ]
    scale = bradley_terry(votes)
    left, right = np.nonzero(~np.eye(4, dtype=bool))
    covariance = np.asarray(scale.covariance)
    for i, j, found in zip(left, right, expected_wins(scale, left, right), strict=True):
        lead = scale.values[i] - scale.values[j]
        sd = float(np.sqrt(covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]))
        z = np.linspace(-9, 9, 20_001)
        mean = np.trapezoid(stats.norm.pdf(z) * special.expit(lead + sd * z), z)
        assert found == pytest.approx(float(mean), abs=0.02)


def test_who_sees_another_order_is_found_and_who_does_not_is_not() -> None:
    rng = np.random.default_rng(4)
    quality = rng.normal(0, 1.5, 15)
    judgements = []
    for rater in ("Ann", "Bob", "Cem", "Dea"):
        own = -quality if rater == "Dea" else quality
        for _ in range(60):
            i, j = rng.choice(15, 2, replace=False)
            left = rng.random() < 1 / (1 + np.exp(own[j] - own[i]))
            judgements.append(Judgement(f"{i:02}", f"{j:02}", Verdict.LEFT if left else Verdict.RIGHT, rater))
    reports = rater_reports([ShownPair(j.left, j.right, j.rater, j.verdict) for j in judgements])
    warned = {r.name for r in reports if any("Fits the order" in text for text in r.warnings)}
    assert warned == {"Dea"}
    found = rater_misfits(judgements)["Ann"]
    assert found is not None
    assert found.infit < 1.2
    assert rater_misfits([j for j in judgements if j.rater == "Ann"]) == {"Ann": None}
