"""A ridge on few measures: it chooses those that tell, and knows nothing of videos that it was not fitted on."""

import numpy as np
import pytest
import torch

from skillviewer.nets.attention_models.measures_baseline import MAX_CHOSEN, MeasuredModel
from skillviewer.nets.losses import PairBatch
from skillviewer.nets.number_inputs import N_MEASURES
from skillviewer.nets.sizes import HeadSizes

SIZES = HeadSizes(feature_channels=N_MEASURES, grid=(1, 1))


def videos(n: int, seed: int = 0) -> torch.Tensor:
    """Return (n, 2, 64, 1, 1) features, of which the first step knows nothing."""
    features = torch.full((n, 2, N_MEASURES, 1, 1), float("nan"))
    features[:, 1] = torch.randn(n, N_MEASURES, 1, 1, generator=torch.Generator().manual_seed(seed))
    return features


def pairs_by(values: torch.Tensor) -> PairBatch:
    order = values.argsort(descending=True).tolist()
    return PairBatch.of([(better, worse, 1) for at, better in enumerate(order) for worse in order[at + 1 :]])


def test_the_measures_that_tell_are_chosen_first() -> None:
    features = videos(40)
    skill = 100 * features[:, 1, 7, 0, 0] - 60 * features[:, 1, 30, 0, 0]
    model = MeasuredModel(SIZES)
    model.solve(features, pairs_by(skill), 0.0)
    assert model.score.weight[0].nonzero().flatten().tolist() == [7]
    model.solve(features, pairs_by(skill), 1 / (MAX_CHOSEN - 1))
    assert model.score.weight[0].nonzero().flatten().tolist() == [7, 30]
    assert model.score.weight[0, 7] > 0 > model.score.weight[0, 30]
    other = videos(30, seed=1)
    scores = model.eval()(other).score
    truth = 100 * other[:, 1, 7, 0, 0] - 60 * other[:, 1, 30, 0, 0]
    assert np.corrcoef(scores.detach().numpy(), truth.numpy())[0, 1] > 0.95


def test_the_weights_are_those_of_a_ridge() -> None:
    features = videos(25)
    features[:, 1, MAX_CHOSEN:] = float("nan")  # as many measures as can be chosen
    pairs = pairs_by(features[:, 1, 0, 0, 0])
    model = MeasuredModel(SIZES)
    model.solve(features, pairs, 1.0)
    own = features[:, 1, :MAX_CHOSEN, 0, 0].double().numpy()
    standard = np.clip((own - own.mean(axis=0)) / own.std(axis=0), -4, 4)
    apart = standard[pairs.better] - standard[pairs.worse]
    expected = np.linalg.solve(apart.T @ apart / len(apart) + np.eye(MAX_CHOSEN), apart.mean(axis=0))
    assert model.score.weight[0, :MAX_CHOSEN].detach().numpy() == pytest.approx(expected, abs=1e-5)


def test_an_unknown_measure_counts_as_average_and_a_rare_one_is_not_used() -> None:
    features = videos(20)
    skill = features[:, 1, 3, 0, 0].clone()
    features[::2, 1, 3] = float("nan")
    features[:15, 1, 4] = float("nan")
    model = MeasuredModel(SIZES)
    model.solve(features, pairs_by(skill), 1.0)
    assert model.score.weight[0, 4] == 0
    unknown = torch.full((1, 2, N_MEASURES, 1, 1), float("nan"))
    assert model.eval()(unknown).score.tolist() == [0]


def test_another_input_is_refused() -> None:
    with pytest.raises(ValueError, match="measures"):
        MeasuredModel(HeadSizes(feature_channels=12, grid=(1, 1)))
