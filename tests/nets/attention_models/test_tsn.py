"""Splits, training loss and augmentation of Doughty et al. 2018, and training of rank-aware attention."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from skillviewer.nets.attention_models.raan import RaanModel
from skillviewer.nets.attention_models.tsn import TsnModel, augment_snippets, split_means
from skillviewer.nets.losses import PairBatch
from skillviewer.nets.presets import LossSettings
from tests.nets.small import SMALL, small_features, small_model


def test_splits_are_equal_and_in_order_of_time() -> None:
    values = torch.arange(21.0).reshape(1, 21)
    assert split_means(values, 7)[0].tolist() == [1, 4, 7, 10, 13, 16, 19]
    uneven = split_means(torch.arange(25.0).reshape(1, 25), 7)[0]
    assert uneven.tolist() == [1.5, 5.5, 9, 12.5, 16, 19.5, 23]
    pairs = split_means(torch.stack([values, -values], dim=2), 7)
    assert pairs.shape == (1, 7, 2)
    torch.testing.assert_close(pairs[..., 0], -pairs[..., 1])
    with pytest.raises(ValueError, match="6 snippets cannot fill 7 splits"):
        split_means(torch.zeros(1, 6), 7)


def test_training_loss_is_that_of_both_streams_by_splits() -> None:
    model = small_model("tsn-frozen")
    assert isinstance(model, TsnModel)
    features = small_features("tsn-frozen", n_frames=14)
    pairs = PairBatch.of([(0, 1, 1), (2, 1, -1)], similar=[(0, 2)])
    out = model.loss(features, pairs, LossSettings())
    with torch.inference_mode():
        streams = model.stream_scores(model.fuse(features)).numpy()
        final = model(features).score
    expected = 0.0
    for s in range(2):
        f = streams[..., s].reshape(3, 7, 2).mean(axis=2)
        ranking = [max(0, 1 - f[i, k] + f[j, k]) for i, j in ((0, 1), (1, 2)) for k in range(7)]
        similar = [max(0, abs(f[0, k] - f[2, k]) - 1) for k in range(7)]
        expected += 0.5 * float(np.mean(ranking)) + 0.5 * float(np.mean(similar))
    assert float(out.loss.detach()) == pytest.approx(expected, rel=1e-5)
    torch.testing.assert_close(out.score.detach(), final)


def test_hidden_layers_start_from_alexnets() -> None:
    sizes = replace(SMALL, feature_channels=2, grid=(2, 3))
    model = TsnModel(sizes, hidden=(8, 7))
    classifier = {
        "classifier.1.weight": torch.rand(8, 6),
        "classifier.1.bias": torch.rand(8),
        "classifier.4.weight": torch.rand(7, 8),
        "classifier.4.bias": torch.rand(7),
        "classifier.6.weight": torch.rand(1000, 7),
    }
    score = model.state_dict()["motion.layers.6.weight"].clone()
    model.initialise_hidden_layers(classifier)
    state = model.state_dict()
    for stream in ("appearance", "motion"):
        assert torch.equal(state[f"{stream}.layers.1.weight"], classifier["classifier.1.weight"])
        assert torch.equal(state[f"{stream}.layers.4.bias"], classifier["classifier.4.bias"])
    assert torch.equal(state["motion.layers.6.weight"], score)


def test_augmentation_treats_pictures_and_flow_alike() -> None:
    size = (256, 340)
    column = torch.arange(340).mul(255).div(339, rounding_mode="floor").to(torch.uint8)
    rgb = column[None, None, :, None].expand(3, *size, 3)
    stack = torch.full((3, 4, *size), 128, dtype=torch.uint8)
    stack[:, 0::2] = 200  # moves to the right
    stack[:, 1::2] = column
    flipped = 0
    for seed in range(12):
        pictures, flow = augment_snippets(rgb, stack, 32, torch.Generator().manual_seed(seed))
        assert pictures.shape == (3, 32, 32, 3)
        assert flow.shape == (3, 4, 32, 32)
        assert pictures.dtype == flow.dtype == torch.uint8
        assert torch.equal(pictures[0], pictures[2])
        # the vertical flow was painted like the pictures: cut and turned alike it still is
        assert int((pictures[..., 0].int() - flow[:, 1].int()).abs().max()) <= 1
        turned = bool(pictures[0, 0, 0, 0] > pictures[0, 0, -1, 0])
        assert int(flow[0, 0, 5, 5]) == (55 if turned else 200)
        flipped += turned
        again = augment_snippets(rgb, stack, 32, torch.Generator().manual_seed(seed))
        assert torch.equal(again[0], pictures)
    assert 0 < flipped < 12
    with pytest.raises(ValueError, match="do not match"):
        augment_snippets(rgb, stack[:, :, :100], 32, torch.Generator())


def test_dropout_of_the_published_half() -> None:
    model = small_model("tsn-frozen")
    rates = {module.p for module in model.modules() if isinstance(module, torch.nn.Dropout)}
    assert rates == {0.5}


def test_rank_aware_phases_train_different_parameters() -> None:
    model, features = small_model("raan"), small_features("raan")
    assert isinstance(model, RaanModel)
    pairs = PairBatch.of([(0, 1, 1), (1, 2, 1)])
    scoring, attention = model.phases()
    assert (scoring.name, attention.name) == ("scoring", "attention")
    names = {id(p): n for n, p in model.named_parameters()}
    assert all(".filters." in names[id(p)] for p in attention.parameters)
    assert not any(".filters." in names[id(p)] for p in scoring.parameters)
    parts = [
        float(model.loss(features, pairs, LossSettings(), phase).loss.detach()) for phase in ("scoring", "attention")
    ]
    both = float(model.loss(features, pairs, LossSettings()).loss.detach())
    assert both == pytest.approx(sum(parts), rel=1e-5)


def test_rank_aware_noise_is_alike_for_both_videos() -> None:
    model = small_model("raan").train()
    twice = small_features("raan", batch=1).expand(2, -1, -1, -1, -1)
    torch.manual_seed(0)
    first = model.loss(twice, PairBatch.of([(0, 1, 1)]), LossSettings()).score
    second = model.loss(twice, PairBatch.of([(0, 1, 1)]), LossSettings()).score
    torch.testing.assert_close(first[0], first[1])
    assert not torch.allclose(first, second)
