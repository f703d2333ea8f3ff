"""Agreement by hand, and against another package."""

import itertools

import evalica
import numpy as np
import pandas as pd
import pytest

from skillviewer.core.dataset.pairs import UNNAMED, Judgement, Verdict
from skillviewer.core.ranking.agreement import FEW_PAIRS, Alpha, Level, _alphas, agreement, coincidences
from skillviewer.core.ranking.raters import rater_reports
from skillviewer.core.ranking.votes import ShownPair
from tests.core.answers import judged
from tests.facts import missing

FIVE_PAIRS = judged(
    *[("A", "a", x, 1) for x in "bc"],
    *[("B", "a", x, 1) for x in "bc"],
    ("A", "a", "d", -1),
    ("B", "a", "d", -1),
    ("A", "a", "e", -1),
    ("B", "a", "e", 1),
    ("A", "a", "f", 0),
    ("B", "a", "f", 0),
)


KRIPPENDORFF = """
    1 2 3 3 2 1 4 1 2 * * *
    1 2 3 3 2 2 4 1 2 5 * 3
    * 3 3 3 2 3 4 2 2 5 1 *
    1 2 3 3 2 4 4 1 2 5 1 *
"""
"""Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), example C: 4 observers, 12 units, 5 values."""


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815)])
def test_the_published_example(level: Level, alpha: float) -> None:
    table = np.array([line.split() for line in KRIPPENDORFF.split("\n") if line.strip()])
    counts = np.stack([(table == value).sum(axis=0) for value in "12345"], axis=1).astype(float)
    counts = counts[counts.sum(axis=1) > 1]
    assert coincidences(counts).sum() == pytest.approx(40)  # pairable values, as printed there
    assert float(_alphas(coincidences(counts).sum(axis=0), level)) == pytest.approx(alpha, abs=5e-4)


def slowly(pairs: list[dict[str, int]]) -> float:
    """Nominal alpha from its definition, pair of values by pair of values."""
    observed = sum(
        sum(a != b for k, a in enumerate(v) for m, b in enumerate(v) if k != m) / (len(v) - 1)
        for v in [list(said.values()) for said in pairs]
    )
    said = [value for verdicts in pairs for value in verdicts.values()]
    expected = sum(a != b for k, a in enumerate(said) for m, b in enumerate(said) if k != m) / (len(said) - 1)
    return 1 - observed / expected


def test_the_interval_is_that_of_drawing_whole_pairs() -> None:
    rng = np.random.default_rng(1)
    said = [{r: int(rng.choice([1, -1], p=[0.8, 0.2])) for r in "ABC"[: 2 + i % 2]} for i in range(40)]
    found = agreement(
        judged(*[(r, "a", f"b{i:02}", v) for i, row in enumerate(said) for r, v in row.items()]), "nominal"
    )
    assert found is not None
    assert found.value == pytest.approx(slowly(said))
    drawn = [slowly([said[k] for k in rng.integers(0, 40, 40)]) for _ in range(400)]
    np.testing.assert_allclose([found.low, found.high], np.percentile(drawn, [2.5, 97.5]), atol=0.06)


def test_nominal_by_hand() -> None:
    """Ten verdicts: five 1, three -1, two 0; one pair of five differs. alpha = 1 - 0.2 / (1 - (20 + 6 + 2) / 90)."""
    found = agreement(FIVE_PAIRS, "nominal")
    assert found is not None
    assert found.value == pytest.approx(1 - 0.2 / (62 / 90))
    assert (found.n_pairs, found.n_raters) == (5, 2)
    assert found.low <= found.value <= found.high


def test_ordinal_by_hand() -> None:
    """Midpoints of the cumulated counts 3, 2, 5: 1.5, 4, 7.5; squared distances 6.25, 12.25 and, end to end, 36."""
    found = agreement(FIVE_PAIRS, "ordinal")
    assert found is not None
    observed = 2 * 36 / 10
    expected = 2 * (3 * 2 * 6.25 + 2 * 5 * 12.25 + 3 * 5 * 36) / 90
    assert found.value == pytest.approx(1 - observed / expected)


def test_sides_and_order_of_names_do_not_matter() -> None:
    turned = [Judgement(j.right, j.left, Verdict(-j.verdict), j.rater) for j in FIVE_PAIRS[::2]]
    assert agreement([*turned, *FIVE_PAIRS[1::2]], "ordinal") == agreement(FIVE_PAIRS, "ordinal")


def test_a_repeat_does_not_count_and_a_pair_of_one_rater_neither() -> None:
    more = [*FIVE_PAIRS, *judged(("A", "b", "a", 1), ("A", "x", "y", 1))]
    assert agreement(more, "nominal") == agreement(FIVE_PAIRS, "nominal")
    assert agreement(judged(("A", "a", "b", 1), ("A", "b", "a", 1), ("B", "a", "c", 1)), "nominal") is None
    assert agreement([], "nominal") is None


def test_where_only_one_verdict_was_given_alpha_is_not_defined() -> None:
    """Chance alone would give no other, so that nothing says whether raters agree or always say the same."""
    found = agreement(judged(("A", "a", "b", 1), ("B", "a", "b", 1)), "nominal")
    assert found is not None
    assert np.isnan(found.value)
    assert np.isnan(found.low)
    assert "interval" not in found.sentence
    assert not missing(found.sentence, "too few", "1 pair that")
    two = agreement(judged(*[(r, "a", x, 1) for r in "AB" for x in "bc"]), "ordinal")
    assert two is not None
    assert np.isnan([two.value, two.low, two.high]).all()
    names = [f"v{i:02d}" for i in range(13)]
    same = [(r, x, y, 1) for r in "AB" for x, y in itertools.pairwise(names)]
    twelve = agreement(judged(*same), "ordinal")
    assert twelve is not None
    assert not missing(twelve.sentence, "12 pairs", "2 raters")


def test_agreement_on_few_pairs_is_counted_and_not_stated() -> None:
    votes = [(r, "a", x, 1 if x == "b" else -1) for r in "AB" for x in "bcd"]
    found = agreement(judged(*votes), "ordinal")
    assert found is not None
    assert found.value == 1.0
    assert not missing(found.sentence, "too few", f"{FEW_PAIRS} are needed", "3 pairs", "2 raters")
    assert "1.0" not in found.sentence


def test_an_interval_without_width_is_none() -> None:
    names = [f"v{i:02d}" for i in range(13)]
    votes = [(r, x, y, 1 if i % 2 else -1) for r in "AB" for i, (x, y) in enumerate(itertools.pairwise(names))]
    found = agreement(judged(*votes), "nominal")
    assert found is not None
    assert (found.value, np.isnan(found.low)) == (1.0, True)
    assert "interval" not in found.sentence
    assert not missing(found.sentence, "uncertainty")


def test_votes_without_a_name_are_each_somebody_s_own() -> None:
    pairs = [("a", "b"), ("a", "c"), ("b", "c"), ("c", "d")]
    said = ((1, 1, 1, -1, -1), (1, 1, 1, 1, 1), (-1, -1, 1, 0, 0), (1, 0, 1, -1, 1))
    unnamed = [(UNNAMED, x, y, v) for (x, y), votes in zip(pairs, said, strict=True) for v in votes]
    found = agreement(judged(*unnamed), "nominal")
    named = agreement(judged(*[(str(i % 5), x, y, v) for i, (_, x, y, v) in enumerate(unnamed)]), "nominal")
    assert found == named
    asked = [ShownPair(x, y, rater, Verdict(v)) for rater, x, y, v in unnamed]
    (report,) = rater_reports(asked)
    assert report.consistency.n == 0, "nobody repeated anything"
    assert report.misfit is None


@pytest.mark.parametrize("level", ["nominal", "ordinal"])
def test_alpha_equals_that_of_evalica(level: Level) -> None:
    """Its two solvers differ in the last digits; ours must not differ from either by more."""
    rng = np.random.default_rng(3)
    for n_raters, n_pairs, absent in itertools.product((2, 3, 6), (2, 5, 30, 60), (0.0, 0.3, 0.6)):
        table = rng.choice([-1, 0, 1], (n_raters, n_pairs), p=[0.5, 0.2, 0.3]).astype(float)
        table[rng.random(table.shape) < absent] = np.nan
        shared = table[:, (~np.isnan(table)).sum(axis=0) > 1]
        votes = [
            (str(rater), "a", f"b{pair:02}", int(table[rater, pair]))
            for rater, pair in np.ndindex(table.shape)
            if not np.isnan(table[rater, pair])
        ]
        found = agreement(judged(*votes), level)
        if not shared.size:
            assert found is None
            continue
        assert found is not None
        if len(np.unique(shared[~np.isnan(shared)])) == 1:
            assert np.isnan(found.value)  # evalica says 1 there: nothing tells agreement from a habit
            continue
        for solver in ("naive", "pyo3"):
            theirs = evalica.alpha(pd.DataFrame(table), level, solver=solver).alpha
            assert found.value == pytest.approx(theirs, rel=0, abs=1e-12)


def test_more_pairs_narrow_the_interval() -> None:
    rng = np.random.default_rng(0)

    def width(n: int) -> float:
        rows = [(r, "a", f"b{i}", int(rng.choice([1, -1], p=[0.8, 0.2]))) for i in range(n) for r in "ABC"]
        found = agreement(judged(*rows), "nominal")
        assert found is not None
        return found.high - found.low

    assert width(400) < 0.6 * width(60)


@pytest.mark.parametrize(
    ("value", "low", "words"),
    [
        (0.9, 0.85, "the raters agree well"),
        (0.85, 0.7, "reaches lower"),
        (0.7, 0.5, "tentative"),
        (0.3, 0.1, "too little"),
    ],
)
def test_words(value: float, low: float, words: str) -> None:
    assert words in Alpha(value, low, 0.95, 40, 3, "ordinal").sentence


def test_few_pairs_tell_nothing() -> None:
    assert Alpha(0.9, 0.85, 0.95, 9, 3, "ordinal").verdict == "too few pairs to tell"
