"""The network that trains its backbones: what it cuts out, whose gradient is whose, and its loss."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from skillviewer.nets.attention_models import end_to_end
from skillviewer.nets.attention_models.end_to_end import (
    CHANNELS,
    CROP_PX,
    SIZE_PX,
    EndToEndModel,
    centre_of_snippet,
    draw_snippets,
    make_snippet,
)
from skillviewer.nets.attention_models.tsn import split_means
from skillviewer.nets.backbones.backbones import IMAGENET, backbone
from skillviewer.nets.backbones.two_stream import FLOW_ACROSS_MODALITIES, TwoStream, appearance_input, motion_input
from skillviewer.nets.fusion import CellMean
from skillviewer.nets.losses import PairBatch, split_ranking_loss
from skillviewer.nets.presets import LossSettings
from tests.nets.small import SMALL

SIDE, FIELDS = 12, 2
PAIRS = PairBatch.of([(0, 1, 1)], similar=[(1, 2)])


def trunk(channels: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(channels, 3, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(2))


def model() -> EndToEndModel:
    torch.manual_seed(0)
    streams = TwoStream(trunk(3), trunk(2 * FIELDS), IMAGENET, FLOW_ACROSS_MODALITIES, SIDE)
    return EndToEndModel(replace(SMALL, feature_channels=6, grid=(2, 2), tsn_hidden=(5, 4)), streams, dropout=0.0)


def deep() -> EndToEndModel:
    """Return a model on trunks with batch normalisation, averaged over their cells and standardised."""
    torch.manual_seed(0)

    def one(channels: int) -> nn.Module:
        return nn.Sequential(nn.Conv2d(channels, 3, 3, stride=2), nn.BatchNorm2d(3), nn.ReLU())

    streams = TwoStream(one(3), one(2 * FIELDS), IMAGENET, FLOW_ACROSS_MODALITIES, SIDE)
    sizes = replace(SMALL, feature_channels=6, grid=(5, 5), tsn_hidden=(), standardise=True)
    net = EndToEndModel(sizes, streams, dropout=0.0)
    assert isinstance(net.fusion, CellMean)
    net.fusion.set_statistics(torch.linspace(-1, 1, 6), torch.linspace(0.5, 2, 6))
    return net


def snippets(n: int = 8) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (3, n, 3 + 2 * FIELDS, 16, 20), generator=generator, dtype=torch.uint8)


def test_testing_looks_at_the_middle_of_every_snippet() -> None:
    net, given = model().eval(), snippets()
    with torch.inference_mode():
        out = net(given)
        middle = given[:, :, :, 2:14, 4:16].flatten(0, 1)
        appearance = net.streams.appearance(appearance_input(middle[:, :3].permute(0, 2, 3, 1), IMAGENET))
        motion = net.streams.motion(motion_input(middle[:, 3:], FLOW_ACROSS_MODALITIES, SIDE))
        scores = 0.4 * net.appearance(appearance.flatten(1)) + 0.6 * net.motion(motion.flatten(1))
    torch.testing.assert_close(out.score, scores.reshape(3, 8).mean(dim=1))
    border = given.clone()
    border[..., 0], border[..., 1, :] = 255, 0
    with torch.inference_mode():
        torch.testing.assert_close(net(border).score, out.score)


def test_each_stream_is_trained_by_its_own_phase_alone() -> None:
    for phase, other in (("appearance", "motion"), ("motion", "appearance")):
        net = model().train()
        net.loss(snippets(), PAIRS, LossSettings(), phase).loss.backward()  # type: ignore[no-untyped-call]
        own = {p.name: p.parameters for p in net.phases()}
        assert all(p.grad is not None for p in own[phase])
        assert any(float(p.grad.abs().max()) > 0 for p in own[phase] if p.grad is not None)
        assert all(p.grad is None for p in own[other])
    every = {id(p) for phase in net.phases() for p in phase.parameters}
    assert every == {id(p) for p in net.parameters()}


@pytest.mark.parametrize("make", [model, deep])
def test_losses_of_the_streams_add_up(make: Callable[[], EndToEndModel]) -> None:
    net, given = make().eval(), snippets()  # without chance
    with torch.no_grad():
        whole, *parts = (net.loss(given, PAIRS, LossSettings(), p) for p in ("all", "appearance", "motion"))
    torch.testing.assert_close(parts[0].loss + parts[1].loss, whole.loss)
    torch.testing.assert_close(0.4 * parts[0].score + 0.6 * parts[1].score, whole.score)


def test_training_cuts_at_random_but_from_the_global_generator() -> None:
    net, given = model().train(), snippets()

    def cut(seed: int) -> Tensor:
        torch.manual_seed(seed)
        return net.loss(given, PAIRS, LossSettings(), "appearance").score.detach()

    assert torch.equal(cut(0), cut(0))
    assert not torch.equal(cut(0), cut(1))


def test_fewer_snippets_than_splits_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot fill"):
        model().loss(snippets(6), PAIRS, LossSettings(), "motion")


def test_deep_trunks_are_averaged_over_their_cells_and_standardised() -> None:
    net, given = deep().eval(), snippets()
    with torch.inference_mode():
        found = net.features(given).numpy().mean(axis=(3, 4))
        out = net(given)
        head = net.head().eval()(net.features(given))
    values = (found - np.linspace(-1, 1, 6)) / np.linspace(0.5, 2, 6)
    state = {name: tensor.numpy() for name, tensor in net.head().state_dict().items()}
    weights = [
        (state[f"{name}.layers.1.weight"][0], state[f"{name}.layers.1.bias"]) for name in ("appearance", "motion")
    ]
    streams = [values[..., 3 * i : 3 * i + 3] @ weight + bias for i, (weight, bias) in enumerate(weights)]
    expected = (0.4 * streams[0] + 0.6 * streams[1]).mean(axis=1)
    np.testing.assert_allclose(out.score.numpy(), expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(head.score, out.score)


def test_batch_normalisation_keeps_its_statistics_in_training() -> None:
    net = deep().train()
    assert net.training
    before = {k: v.clone() for k, v in net.state_dict().items()}
    phases = {phase.name: phase.parameters for phase in net.phases()}
    for phase in phases:
        net.loss(snippets(), PAIRS, LossSettings(), phase).loss.backward()  # type: ignore[no-untyped-call]
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    norms = [part for part in net.streams.modules() if isinstance(part, nn.BatchNorm2d)]
    assert len(norms) == 2
    assert all(norm.weight.grad is not None and norm.weight.grad.any() for norm in norms), "its weights are trained"


@pytest.mark.parametrize(("room", "n_again"), [(0, 3), (1, 2), (10**9, 0)])
def test_activations_that_are_computed_again_give_the_same_gradients(
    room: int, n_again: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(end_to_end, "MAX_ACTIVATION_BYTES", room)  # one byte: the first video is stored
    net, given = deep().train(), snippets()
    n_passes = 0

    def count(*_: object) -> None:
        nonlocal n_passes
        n_passes += 1

    net.streams.motion.register_forward_pre_hook(count)
    torch.manual_seed(3)
    net.loss(given, PAIRS, LossSettings(), "motion").loss.backward()  # type: ignore[no-untyped-call]
    assert n_passes == 3 + n_again
    found = [p.grad.clone() for p in net.phases()[1].parameters if p.grad is not None]
    net.zero_grad()
    torch.manual_seed(3)
    stack = net.inputs(given)[1]
    values = net.streams.motion(stack)  # all at once, kept
    assert isinstance(net.fusion, CellMean)
    scores = net.motion(net.fusion.of_stream(values, 1).flatten(1)).reshape(3, -1)
    split_ranking_loss(split_means(scores, SMALL.tsn_splits), PAIRS, 1.0, 0.5).backward()  # type: ignore[no-untyped-call]
    again = [p.grad for p in net.phases()[1].parameters if p.grad is not None]
    torch.testing.assert_close(found, again)


def test_snippets_of_every_split_are_drawn_without_repetition_in_order_of_time() -> None:
    numbers = torch.arange(25).repeat(200, 1)
    torch.manual_seed(0)
    drawn = draw_snippets(numbers, 7, 3)
    assert drawn.shape == (200, 21)
    assert bool((drawn.diff(dim=1) > 0).all())
    assert torch.equal(drawn * 7 // 25, torch.arange(7).repeat_interleave(3).expand(200, 21))
    assert set(drawn.flatten().tolist()) == set(range(25))
    assert len({tuple(row) for row in drawn.tolist()}) > 50, "every video has draws of its own"
    assert draw_snippets(numbers, 7, 1).shape == (200, 7)
    assert draw_snippets(numbers, 7, 0) is numbers
    few = torch.arange(20).repeat(2, 1)
    assert draw_snippets(few, 7, 3) is few
    values = torch.rand(2, 25, 3, 4)
    torch.manual_seed(1)
    places = draw_snippets(numbers[:2], 7, 1)
    torch.manual_seed(1)
    assert torch.equal(draw_snippets(values, 7, 1), torch.stack([v[p] for v, p in zip(values, places, strict=True)]))


def test_fewer_snippets_a_batch_change_the_loss_alone() -> None:
    net, given = model().eval(), snippets(21)
    torch.manual_seed(0)
    some = net.loss(given, PAIRS, LossSettings(snippets=1), "appearance")
    torch.manual_seed(0)
    same = net.loss(draw_snippets(given, 7, 1), PAIRS, LossSettings(), "appearance")
    torch.testing.assert_close(some.score, same.score)
    torch.testing.assert_close(some.loss, same.loss)
    assert not torch.allclose(some.score, net.loss(given, PAIRS, LossSettings(), "appearance").score)


def test_snippet_of_a_frame_and_its_middle() -> None:
    width, height = SIZE_PX
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[..., 0] = np.arange(width) % 256
    rgb[..., 1] = np.arange(height)[:, None] % 256
    flow = np.repeat(np.arange(12, dtype=np.uint8)[:, None, None] * 20, 90, axis=1).repeat(160, axis=2)
    snippet = make_snippet(rgb, flow)
    assert snippet.shape == (CHANNELS, height, width)
    assert [int(values.min()) for values in snippet[3:]] == [20 * i for i in range(10)], "the first five fields"
    picture, stack = centre_of_snippet(snippet)
    assert picture.shape == (CROP_PX, CROP_PX, 3)
    assert stack.shape == (10, CROP_PX, CROP_PX)
    assert picture[0, 0].tolist() == [58, 16, 0]
    assert picture[-1, -1].tolist() == [(58 + 223) % 256, 16 + 223, 0]


@pytest.mark.slow
def test_alexnets_are_trained_end_to_end() -> None:
    entry = backbone("alexnet")
    torch.manual_seed(0)
    streams = TwoStream(entry.make(3), entry.make(10), entry.normalisation, FLOW_ACROSS_MODALITIES, CROP_PX)
    sizes = replace(SMALL, feature_channels=2 * entry.n_channels, grid=entry.grid(CROP_PX), tsn_hidden=(8, 7))
    net = EndToEndModel(sizes, streams).train()
    given = torch.randint(0, 256, (2, 7, CHANNELS, SIZE_PX[1], SIZE_PX[0]), dtype=torch.uint8)
    assert net.features(given[:1, :1]).shape == (1, 1, 512, 6, 6)
    net.loss(given, PairBatch.of([(0, 1, 1)]), LossSettings()).loss.backward()  # type: ignore[no-untyped-call]
    for trunk in (streams.appearance, streams.motion):
        first = next(trunk.parameters())
        assert first.grad is not None
        assert first.grad.any()
