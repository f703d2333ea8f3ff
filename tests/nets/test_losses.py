"""Losses against cases worked out by hand."""

import pytest
import torch

from skillviewer.nets.losses import (
    PairBatch,
    disparity_loss,
    diversity_loss,
    doubly_stochastic_penalty,
    hinge,
    margin_ranking_loss,
    rank_aware_loss,
    similarity_loss,
    split_ranking_loss,
)
from skillviewer.nets.presets import LossSettings

SCORE = torch.tensor([1.0, 0.8, -1.0, 1.0])
PAIRS = PairBatch.of([(0, 1, 1), (2, 0, 1), (1, 2, 1), (3, 0, -1)])
"""Differences of better and worse: 0.2, -2, 1.8, 0."""


def test_margin_ranking_loss_by_hand() -> None:
    losses = [0.3, 2.5, 0.0, 0.5]
    assert float(margin_ranking_loss(SCORE, PAIRS, LossSettings(0.5, "sum"))) == pytest.approx(sum(losses))
    assert float(margin_ranking_loss(SCORE, PAIRS, LossSettings(0.5, "mean"))) == pytest.approx(sum(losses) / 4)


def test_margin_ranking_loss_is_torchs() -> None:
    generator = torch.Generator().manual_seed(0)
    score = torch.randn(10, generator=generator)
    rows = [(i, (i * 7 + 3) % 10, 1 if i % 3 else -1) for i in range(10)]
    pairs = PairBatch.of(rows)
    theirs = torch.nn.MarginRankingLoss(0.5)(score[pairs.first], score[pairs.second], pairs.label)
    torch.testing.assert_close(margin_ranking_loss(score, pairs, LossSettings()), theirs)


def test_better_and_worse_follow_the_label() -> None:
    assert PAIRS.better.tolist() == [0, 2, 1, 0]
    assert PAIRS.worse.tolist() == [1, 0, 2, 3]
    assert PairBatch.of([]).better.tolist() == []
    assert float(margin_ranking_loss(SCORE, PairBatch.of([]), LossSettings())) == 0


def test_hinge_and_similarity_meet_at_the_margin() -> None:
    assert hinge(torch.tensor([-1.0, 0.0, 0.5, 1.0, 3.0]), 1.0).tolist() == [2, 1, 0.5, 0, 0]
    first, second = torch.tensor([0.0, 0.0, 0.0, 3.0]), torch.tensor([0.5, 1.0, -2.5, 0.0])
    assert similarity_loss(first, second, 1.0).tolist() == [0, 0, 1.5, 2]


def test_split_ranking_loss_compares_split_with_split() -> None:
    splits = torch.tensor([[0.0, 2.0], [0.5, 0.0], [3.0, 0.0]])
    pairs = PairBatch.of([(0, 1, 1)], similar=[(1, 2)])
    ranked = (1.5 + 0.0) / 2  # differences -0.5 and 2
    alike = (1.5 + 0.0) / 2  # distances 2.5 and 0
    loss = split_ranking_loss(splits, pairs, margin=1.0, beta=0.25)
    assert float(loss) == pytest.approx(0.25 * ranked + 0.75 * alike)
    assert float(split_ranking_loss(splits, PairBatch.of([(0, 1, 1)]), beta=0.5)) == pytest.approx(0.5 * ranked)


def test_losses_of_rank_aware_attention_by_hand() -> None:
    pairs = PairBatch.of([(0, 1, 1), (0, 1, -1)])
    pros, cons = torch.tensor([[1.0, 0.5], [0.2, 0.3]]), torch.tensor([[0.7, 0.1], [0.4, 0.6]])
    uniform = torch.tensor([0.3, 0.2])
    # filters: 0.8 and 0.2, the least 0.2, against 0.1 of uniform; turned around: -0.8 against -0.1
    assert float(disparity_loss(pros, uniform, pairs, 0.05)) == pytest.approx((0 + 0.75) / 2)
    # pros of the better minus cons of the worse: 0.6, -0.1; turned around 0.2 - 0.7, 0.3 - 0.1
    expected = ((0.15 + 0.1 + 0.1) + (0.15 + 0.5 - 0.1)) / 2
    assert float(rank_aware_loss(pros, cons, uniform, pairs, 0.15)) == pytest.approx(expected)


def test_diversity_is_nothing_for_filters_at_different_times() -> None:
    """Both videos of every pair count, each time that it is in one."""
    apart = torch.eye(4)[None, :, :2]
    same = apart[:, :, [0, 0]]
    three = torch.cat([apart, same, apart])
    assert float(diversity_loss(three, PairBatch.of([(0, 2, 1)]))) == 0
    assert float(diversity_loss(three, PairBatch.of([(1, 1, 1)]))) == pytest.approx(2 * 2**0.5)
    assert float(diversity_loss(three, PairBatch.of([(0, 1, 1), (2, 0, -1)]))) == pytest.approx(2**0.5 / 2)


def test_doubly_stochastic_penalty_by_hand() -> None:
    attention = torch.tensor([[[[1.0, 0.0]], [[0.5, 0.5]]]])  # sums over time 1.5 and 0.5
    assert float(doubly_stochastic_penalty(attention)) == pytest.approx(0.25)
