"""Evidence and faithfulness on models whose truth is known."""

import numpy as np
import pytest
import torch

from skillviewer.core.analysis.analysis import MapKind
from tests.engine.known import SIDE, Known, Pooling, evidence_of, only, random_video


def test_score_read_from_one_cell_is_all_of_that_cell() -> None:
    fused = random_video(passes=2)
    evidence = evidence_of(Known(only((1, 3), value=2.0), only((1, 3))), fused)
    values = fused[:, :, 0].double().numpy()
    effects = 2 * (values[:, :, 1, 3] - values.mean())
    assert evidence.cells is not None
    assert evidence.cell_steps is not None
    np.testing.assert_allclose(evidence.segments, effects, atol=1e-5)
    np.testing.assert_allclose(evidence.cell_steps[:, :, 1, 3], effects, atol=1e-5)
    np.testing.assert_allclose(evidence.cells[:, 1, 3], effects.sum(axis=1), atol=1e-5)
    for cells in (evidence.cells.copy(), evidence.cell_steps.copy()):
        cells[..., 1, 3] = 0
        np.testing.assert_allclose(cells, 0, atol=1e-6)
    assert evidence.baseline == pytest.approx(6 * 2 * values.mean(), abs=1e-5)
    # a linear model leaves nothing over
    assert evidence.remainder == pytest.approx(0, abs=1e-5)
    assert evidence.cell_remainder == pytest.approx(0, abs=1e-5)


def test_attention_on_the_cell_that_counts_is_faithful() -> None:
    tested = evidence_of(Known(only((1, 3)), only((1, 3))), random_video()).faithfulness
    assert tested is not None
    assert tested.value == 1
    assert tested.faithful
    assert tested.decidable
    assert tested.label == "mostly faithful to the model: 1.00 of 1"
    # everything goes with the first cell and comes back with it
    np.testing.assert_allclose(tested.deletion.scores[1:], tested.deletion.scores[-1], atol=1e-5)
    np.testing.assert_allclose(tested.insertion.scores[1:], tested.score, atol=1e-5)
    np.testing.assert_allclose(tested.insertion.distances[1:], 0, atol=1e-5)
    # all but the strip before the first point: (0.05 of 25 cells is one) half of 1/25
    assert tested.deletion.area == pytest.approx((1 - 0.5 / 25) * tested.deletion.distances[-1], rel=1e-5)
    assert tested.gain == pytest.approx((1 - 1 / 25) * tested.deletion.distances[-1], rel=1e-5)


def test_attention_beside_what_counts_is_not_faithful() -> None:
    tested = evidence_of(Known(only((1, 3)), only((4, 0))), random_video(n=25)).faithfulness
    assert tested is not None
    assert tested.value == 0
    assert not tested.faithful
    assert tested.decidable
    assert "no better than random" in tested.sentence


def test_attention_that_shuns_what_counts_is_not_faithful() -> None:
    shunning = (1 - only((1, 3))) / (SIDE * SIDE - 1)
    tested = evidence_of(Known(only((1, 3)), shunning), random_video()).faithfulness
    assert tested is not None
    assert tested.gain < tested.random_gains.mean() < 0.5 * tested.effects_gain
    assert tested.value == 0


def test_luck_of_a_fixed_map_is_not_taken_for_faithfulness() -> None:
    """One cell counts in all frames and maps rank it by chance: far from the half of them that rank it high pass."""
    found = 0
    for seed in range(40):
        looking = torch.rand(SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
        tested = evidence_of(Known(only((2, 2)), looking / looking.sum()), random_video(), seed=seed).faithfulness
        assert tested is not None
        found += tested.faithful
    assert found <= 6


def test_where_nothing_matters_faithfulness_cannot_be_told() -> None:
    tested = evidence_of(Known(torch.zeros(SIDE, SIDE), only((1, 3))), random_video()).faithfulness
    assert tested is not None
    assert (tested.value, tested.decidable) == (0, False)
    assert "cannot be told" in tested.sentence
    assert np.isnan(tested.rank_correlation).all()
    assert np.isnan(tested.opposite_share).all()


def test_rank_correlation_finds_the_cells_that_count() -> None:
    weights = torch.arange(1.0, 26).reshape(SIDE, SIDE)
    fused = torch.ones(1, 4, 2, SIDE, SIDE)
    fused[:, :2] = -1  # the mean is 0: every cell's effect is its weight, down then up
    tested = evidence_of(Known(weights, weights / weights.sum()), fused).faithfulness
    assert tested is not None
    np.testing.assert_allclose(tested.rank_correlation, 1)
    turned = evidence_of(Known(weights, weights.flip(0, 1) / weights.sum()), fused).faithfulness
    assert turned is not None
    np.testing.assert_allclose(turned.rank_correlation, -1)


def test_opposite_sign_of_the_most_attended_cells() -> None:
    reading = only((0, 0), (0, 1), value=3.0) + only((4, 4), value=-1.0)
    fused = torch.ones(1, 4, 2, SIDE, SIDE)
    fused[:, :2] = -1
    looking = only((4, 4), value=0.6) + only((0, 0), value=0.4)  # a tenth of 25 cells is two
    tested = evidence_of(Known(reading, looking), fused).faithfulness
    assert tested is not None
    np.testing.assert_allclose(tested.opposite_share, 0.5)
    signed = evidence_of(Known(reading, looking, MapKind.SIGNED), fused).faithfulness
    assert signed is not None
    # maps are positive: in the first two frames the cell that lifts takes away, in the others the one that lowers
    np.testing.assert_allclose(signed.opposite_share, 0.5)
    agreeing = evidence_of(Known(reading, only((0, 0), (0, 1), value=0.5)), fused).faithfulness
    assert agreeing is not None
    np.testing.assert_allclose(agreeing.opposite_share, 0)


def test_shuffled_attention_takes_another_cells_value() -> None:
    fused = random_video(n=1)
    tested = evidence_of(Pooling(torch.zeros(SIDE, SIDE), only((2, 2))), fused).faithfulness
    assert tested is not None
    values = fused[0, 0, 0].flatten().tolist()
    nearest = [min(values, key=lambda v: abs(v - score)) for score in tested.permuted]
    np.testing.assert_allclose(tested.permuted, nearest, atol=1e-6)
    assert len(set(nearest)) > 5
    assert tested.uniform == pytest.approx(np.mean(values), abs=1e-6)
