"""Losses on scores of pairs. Every function takes the scores of distinct videos and the pairs among them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from skillviewer.nets.presets import LossSettings


@dataclass(frozen=True, slots=True)
class PairBatch:
    """Pairs among the B distinct videos of a batch, so that each video is computed once."""

    first: Tensor  # (P,) int64, index of one video of each pair
    second: Tensor  # (P,) int64, index of the other
    label: Tensor  # (P,) float, +1 if the first is better, -1 if the second is
    similar_first: Tensor  # (Q,) int64, one video of each pair without disparity
    similar_second: Tensor  # (Q,) int64, the other
    lengths: Sequence[int] | None = None  # steps of the videos whose features are given, if these are padded

    @classmethod
    def of(
        cls,
        pairs: Sequence[tuple[int, int, int]],
        similar: Sequence[tuple[int, int]] = (),
        device: torch.device | None = None,
    ) -> "PairBatch":
        """Build a batch from plain numbers.

        Args:
            pairs: (index, index, label) of every pair with disparity.
            similar: (index, index) of every pair without.
            device: Device of the tensors.
        """
        rows = torch.tensor(list(pairs), dtype=torch.int64, device=device).reshape(-1, 3)
        similar_pairs = torch.tensor(list(similar), dtype=torch.int64, device=device).reshape(-1, 2)
        return cls(rows[:, 0], rows[:, 1], rows[:, 2].float(), similar_pairs[:, 0], similar_pairs[:, 1])

    @property
    def better(self) -> Tensor:
        """(P,) index of the better video of each pair."""
        return torch.where(self.label > 0, self.first, self.second)

    @property
    def worse(self) -> Tensor:
        """(P,) index of the worse video of each pair."""
        return torch.where(self.label > 0, self.second, self.first)


def reduce(losses: Tensor, reduction: str) -> Tensor:
    """Return the mean or the sum of losses; 0 if there are none."""
    if losses.numel() == 0 or reduction == "sum":
        return losses.sum()
    return losses.mean()


def hinge(difference: Tensor, margin: float) -> Tensor:
    """Return max(0, margin - difference), element by element."""
    return torch.relu(margin - difference)


def margin_ranking_loss(score: Tensor, pairs: PairBatch, settings: LossSettings) -> Tensor:
    """Return the loss of Li et al. 2019: max(0, -S(better) + S(worse) + margin), summed or averaged over the pairs.

    Scores are (B,), of the distinct videos; pairs without disparity are ignored.
    """
    return reduce(hinge(score[pairs.better] - score[pairs.worse], settings.margin), settings.reduction)


def similarity_loss(first: Tensor, second: Tensor, margin: float = 1.0) -> Tensor:
    """Return L_sim of Doughty et al. 2018, element by element: max(0, |f(i) - f(j)| - m)."""
    return torch.relu((first - second).abs() - margin)


def split_ranking_loss(split_scores: Tensor, pairs: PairBatch, margin: float = 1.0, beta: float = 0.5) -> Tensor:
    """Return L_rank3 of Doughty et al. 2018: beta L_rank2 + (1 - beta) L_sim; split k is compared with split k.

    The paper does not specify the weighting of the sums; here each is averaged over its pairs and splits.

    Scores are (B, 7), of the splits of every distinct video; ``margin`` is m, ``beta`` the weight of the ranking part.
    """
    ranking_losses = reduce(hinge(split_scores[pairs.better] - split_scores[pairs.worse], margin), "mean")
    similarity = similarity_loss(split_scores[pairs.similar_first], split_scores[pairs.similar_second], margin)
    return beta * ranking_losses + (1 - beta) * reduce(similarity, "mean")


def disparity_loss(filters: Tensor, uniform: Tensor, pairs: PairBatch, margin: float = 0.05) -> Tensor:
    """Return the disparity loss of rank-aware attention (Doughty et al. 2019), averaged over the pairs.

    max(0, margin - [min_k (s_k(better) - s_k(worse)) - (u(better) - u(worse))]): every attention filter should separate
    a pair better than uniform attention.

    ``filters`` are (B, K) scores of the filters of one branch, ``uniform`` (B,) scores without attention.
    """
    return rank_aware_loss(filters, filters, uniform, pairs, margin)


def rank_aware_loss(pros: Tensor, cons: Tensor, uniform: Tensor, pairs: PairBatch, margin: float = 0.15) -> Tensor:
    """Return the rank-aware loss of Doughty et al. 2019, averaged over the pairs.

    max(0, margin - [min_k (pros_k(better) - cons_k(worse)) - (u(better) - u(worse))]).

    ``pros`` and ``cons`` are (B, K) scores of the filters for skill and the lack of it, ``uniform`` (B,) scores without
    attention.
    """
    better = pairs.better
    worse = pairs.worse
    smallest_margin = (pros[better] - cons[worse]).amin(dim=1)
    return reduce(hinge(smallest_margin - (uniform[better] - uniform[worse]), margin), "mean")


def diversity_loss(attention: Tensor, pairs: PairBatch) -> Tensor:
    """Return ||A^T A - I||_F of both videos of a pair, averaged over the pairs, as in the code of Doughty et al. 2019.

    Filters should attend to different times.

    ``attention`` is (B, N, K), each filter a distribution over the N steps.
    """
    gram = attention.transpose(1, 2) @ attention
    eye = torch.eye(gram.shape[1], dtype=gram.dtype, device=gram.device)
    norms: Tensor = torch.linalg.matrix_norm(gram - eye)
    return reduce(norms[pairs.better] + norms[pairs.worse], "mean")


def doubly_stochastic_penalty(attention: Tensor) -> Tensor:
    """Return mean over videos and cells of (1 - sum_t alpha_{t,i})^2 of (B, N, h, w) attention (Sharma et al. 2015)."""
    return (1 - attention.sum(dim=1)).square().mean()
