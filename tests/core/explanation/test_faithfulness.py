"""The parts of the test of faithfulness, each against a loop or a hand."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.arrays import FloatArray
from skillviewer.core.explanation.faithfulness import (
    Faithfulness,
    OcclusionCurve,
    area_under,
    moved_at_random,
    occlusion_counts,
    occlusion_ranks,
    opposite_shares,
    rank_correlations,
    rounding_of,
    step_distances,
)
from tests.facts import missing


@pytest.mark.parametrize("n_cells", [1, 2, 6, 10, 11, 24, 25, 49, 169, 196])
def test_counts_run_from_none_to_all_and_mirror(n_cells: int) -> None:
    counts = occlusion_counts(n_cells)
    assert counts[0] == 0
    assert counts[-1] == n_cells
    assert (np.diff(counts) > 0).all()
    np.testing.assert_array_equal(n_cells - counts[::-1], counts)
    assert len(counts) <= 11


def test_rank_puts_the_largest_first_and_equals_in_random_order() -> None:
    maps = np.array([[[0.2, 0.5], [0.3, 0.0]], [[1.0, 1.0], [0.0, 0.0]]])
    firsts = set()
    for seed in range(20):
        rank = occlusion_ranks(maps, np.random.default_rng(seed))
        assert rank[0].tolist() == [2, 0, 1, 3]
        assert sorted(rank[1].tolist()) == [0, 1, 2, 3]
        assert set(rank[1, :2].tolist()) == {0, 1}
        firsts.add(int(np.argmin(rank[1])))
    assert firsts == {0, 1}


def test_moving_keeps_every_frame_together() -> None:
    rng = np.random.default_rng(0)
    maps = np.zeros((5, 4, 6))
    places = [(0, 0), (0, 1), (1, 1), (3, 5), (2, 2)]
    for frame, place in zip(maps, places, strict=True):
        frame[place] = 1
    seen = set()
    for _ in range(300):
        moved = moved_at_random(maps, rng)
        at = [tuple(int(i) for i in np.argwhere(frame)[0]) for frame in moved]
        assert [frame.sum() for frame in moved] == [1] * 5
        # steps from frame to frame stay, mirrored or not, around the edges
        for axis, n in ((0, 4), (1, 6)):
            steps = [(b[axis] - a[axis]) % n for a, b in pairwise(places)]
            found = [(b[axis] - a[axis]) % n for a, b in pairwise(at)]
            assert found in (steps, [(-s) % n for s in steps])
        seen.add(at[0])
    assert len(seen) == 24  # it goes everywhere


def test_step_distances_by_hand() -> None:
    whole = np.array([1.0, 2.0, 4.0])
    curves = np.array([[1.0, 2.0, 4.0], [0.0, 2.0, 5.0], [2.0, 3.0, 5.0]])
    # steps of the whole 1, 1, 2; of the others 1, 1, 2; 0, 2, 3; 2, 1, 2
    np.testing.assert_allclose(step_distances(curves, whole), [0, (1 + 1 + 1) / 3, 1 / 3])


def test_area_is_scipys() -> None:
    rng = np.random.default_rng(0)
    fractions, curves = np.sort(rng.uniform(0, 1, 9)), rng.normal(size=(3, 9))
    np.testing.assert_allclose(area_under(fractions, curves), integrate.trapezoid(curves, fractions, axis=-1))


def test_rank_correlation_is_spearmans_frame_by_frame() -> None:
    rng = np.random.default_rng(0)
    attention, effects = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 3, 4, 5))
    attention[0, 0] = attention[0, 0].round()  # ties
    attention[1, 1] = 0.2  # constant
    effects[1, 2] *= 1e-9  # rounding
    found = rank_correlations(attention, effects, 1e-6)
    for k in range(2):
        for n in range(3):
            if (k, n) in {(1, 1), (1, 2)}:
                assert np.isnan(found[k, n])
            else:
                expected = stats.spearmanr(np.abs(attention[k, n]).ravel(), np.abs(effects[k, n]).ravel()).statistic
                assert found[k, n] == pytest.approx(expected)


@pytest.mark.parametrize("kind", [MapKind.DISTRIBUTION, MapKind.SIGNED])
def test_opposite_share_counts_the_most_attended_cells(kind: MapKind) -> None:
    rng = np.random.default_rng(0)
    attention = rng.normal(size=(2, 4, 5, 6))
    if kind is MapKind.DISTRIBUTION:
        attention = np.abs(attention)
    effects, segments = rng.normal(size=(2, 4, 5, 6)), rng.normal(size=(2, 4))
    segments[1, 3] = 0
    found = opposite_shares(attention, effects, segments, kind, 1e-6)
    for k in range(2):
        for n in range(4):
            top = sorted(np.ndindex(5, 6), key=lambda c: -abs(attention[k, n][c]))[:3]  # a tenth of 30
            reference = [attention[k, n][c] if kind is MapKind.SIGNED else segments[k, n] for c in top]
            expected = np.mean([effects[k, n][c] * r < 0 for c, r in zip(top, reference, strict=True)])
            if kind is MapKind.DISTRIBUTION and (k, n) == (1, 3):
                assert np.isnan(found[k, n])
            else:
                assert found[k, n] == pytest.approx(expected)


# ---- the verdict, on curves whose areas are known


FRACTIONS = np.array([0.0, 0.5, 1.0])


def removal(*middle: float) -> OcclusionCurve:
    """Return curves through 0, the given distance and 2: an area of a half plus half the middle."""
    rows = np.array([[0.0, m, 2.0] for m in middle])
    rows = rows if len(middle) > 1 else rows[0]
    return OcclusionCurve(FRACTIONS, 10 - rows, rows)


def made(own: float, effects: float, random: FloatArray) -> Faithfulness:
    """Return a test whose gains are these: half of deletion's middle, insertion's being flat."""
    flat = removal(0.0)
    return Faithfulness(
        score=10.0,
        deletion=removal(2 * own),
        insertion=flat,
        deletion_random=removal(*(2 * random)),
        insertion_random=removal(*np.zeros(len(random))),
        deletion_effects=removal(2 * effects),
        insertion_effects=flat,
        permuted=np.array([9.0, 12.0]),
        uniform=9.5,
        rank_correlation=np.array([[0.5, np.nan, 0.1]]),
        opposite_share=np.array([[np.nan, np.nan, np.nan]]),
    )


RANDOM = np.array([-0.1, 0.1] * 10)
LIMIT = 2 * float(np.std(RANDOM, ddof=1)) + rounding_of(10.0)


def test_gains_are_differences_of_areas() -> None:
    tested = made(0.7, 0.9, RANDOM)
    assert tested.deletion.area == pytest.approx(0.5 + 0.7)
    assert (tested.gain, tested.effects_gain) == pytest.approx((0.7, 0.9))
    np.testing.assert_allclose(tested.random_gains, RANDOM)
    assert tested.threshold == pytest.approx(LIMIT)


@pytest.mark.parametrize(
    ("own", "effects", "value", "label"),
    [
        (0.7, 0.9, (0.7 - LIMIT) / (0.9 - LIMIT), "mostly faithful to the model: 0.71 of 1"),
        (0.9, 0.9, 1.0, "mostly faithful to the model: 1.00 of 1"),
        (0.9, 0.3, 1.0, "mostly faithful to the model: 1.00 of 1"),  # better than the measured effects
        (0.5, 0.9, (0.5 - LIMIT) / (0.9 - LIMIT), "partly faithful to the model: 0.42 of 1"),
        (0.25, 0.9, (0.25 - LIMIT) / (0.9 - LIMIT), "weakly faithful to the model: 0.06 of 1"),
        (0.2, 0.9, 0.0, "no better than random"),  # within two standard deviations
        (-0.8, 0.9, 0.0, "no better than random"),
        (0.1, 0.1, 0.0, "faithfulness cannot be told"),
    ],
)
def test_verdict(own: float, effects: float, value: float, label: str) -> None:
    tested = made(own, effects, RANDOM)
    assert tested.value == pytest.approx(value)
    assert tested.faithful is (value > 0)
    assert tested.decidable is (label != "faithfulness cannot be told")
    assert tested.label == label
    facts = {"mostly": "nearly as much", "partly": "clearly less", "weakly": "far less", "no": "not why it scored so"}
    assert not missing(tested.sentence, facts.get(label.split(maxsplit=1)[0], "cannot be told"))


def test_what_is_read_backwards() -> None:
    tested = made(0.7, 0.9, RANDOM)
    assert tested.insertion.reversed().distances.tolist() == [2.0, 0.0, 0.0]
    assert tested.deletion.reversed().scores.tolist() == tested.deletion.scores.tolist()[::-1]
    assert tested.insertion.reversed().fractions.tolist() == FRACTIONS.tolist()
    # an order that is worse one way is as much better the other way
    assert tested.deletion.reversed().area == pytest.approx(tested.deletion.area)


def test_changes_under_other_maps_and_means() -> None:
    tested = made(0.7, 0.9, RANDOM)
    assert tested.permuted_change == pytest.approx((1 + 2) / 2)
    assert tested.uniform_change == -0.5
    assert np.nanmean(tested.rank_correlation) == pytest.approx(0.3)
    assert np.isnan(tested.opposite_share).all()


def test_values_are_frozen() -> None:
    tested = made(0.7, 0.9, RANDOM)
    with pytest.raises(ValueError, match="read-only"):
        tested.permuted[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        tested.deletion.scores[0] = 0
    with pytest.raises(AttributeError):
        tested.score = 0.0  # type: ignore[misc]
    assert replace(tested, score=3.0).score == 3.0
