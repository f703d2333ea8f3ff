"""The network that trains its backbones: what it cuts out, whose gradient is whose, and its loss."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from skillviewer.nets.end_to_end import EndToEndModel
from skillviewer.nets.features import FLOW_ACROSS_MODALITIES, IMAGENET, TwoStream, appearance_input, motion_input
from skillviewer.nets.losses import PairBatch
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


def test_losses_of_the_streams_add_up() -> None:
    net, given = model().eval(), snippets()  # without chance
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
