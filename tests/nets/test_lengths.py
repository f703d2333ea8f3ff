"""Videos with several numbers of steps in one batch: each gets the numbers that it gets alone."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from skillviewer.nets.losses import PairBatch
from skillviewer.nets.models import InputKind, attention_model
from skillviewer.nets.presets import LossSettings
from tests.nets.small import RELEASED, small_model, small_sizes

LENGTHS = (8, 3, 11, 8, 1)
PAIRS = [(0, 1, 1), (2, 1, 1), (3, 4, 1)]
NAMES = [name for name in RELEASED if attention_model(name).inputs is not InputKind.SNIPPETS]


def videos(name: str, lengths: Sequence[int] = LENGTHS) -> list[Tensor]:
    sizes = small_sizes(attention_model(name))
    generator = torch.Generator().manual_seed(5)
    return [torch.randn(n, sizes.feature_channels, *sizes.grid, generator=generator).abs() for n in lengths]


@pytest.mark.parametrize("name", NAMES)
def test_a_video_in_a_padded_batch_gets_its_own_numbers(name: str) -> None:
    model, some = small_model(name), videos(name)
    padded = pad_sequence(some, batch_first=True, padding_value=1e6)  # what is beyond the end must not count
    with torch.inference_mode():
        out = model(padded, lengths=LENGTHS)
        for at, video in enumerate(some):
            alone, n = model(video[None]), len(video)
            for found, own in zip(out[:3], alone[:3], strict=True):
                torch.testing.assert_close(found[at, :n], own[0], rtol=1e-4, atol=1e-6)
            torch.testing.assert_close(out.score[at], alone.score[0], rtol=1e-4, atol=1e-6)
            assert torch.equal(out.score_curve[at, n:], out.score[at].expand(max(LENGTHS) - n))
            assert not out.attention[at, n:].any()


@pytest.mark.parametrize("name", NAMES)
def test_equal_lengths_are_the_batch_without_them(name: str) -> None:
    """Both ways of unrolling agree on loss and gradients."""
    lengths = (11,) * 4
    features = torch.stack(videos(name, lengths))
    found = []
    for given in (None, lengths):
        model = small_model(name)
        pairs = replace(PairBatch.of([(0, 1, 1), (2, 1, 1), (3, 0, 1)], [(1, 3)]), lengths=given)
        loss = model.loss(features, pairs, LossSettings(margin=5.0)).loss
        loss.backward()  # type: ignore[no-untyped-call]
        found.append([loss.detach(), *(p.grad for p in model.parameters() if p.grad is not None)])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", ["full", "no-rnn", "sharp", "average", "pool", "visual", "sca", "cbam", "pooled"])
def test_padding_changes_neither_loss_nor_gradients(name: str) -> None:
    """The loss of the scores, each computed alone, is the truth."""
    some = videos(name)
    settings = LossSettings(margin=5.0)
    padded = pad_sequence(some, batch_first=True, padding_value=1e6)
    one, other = small_model(name), small_model(name)
    found = one.loss(padded, replace(PairBatch.of(PAIRS), lengths=LENGTHS), settings)
    found.loss.backward()  # type: ignore[no-untyped-call]
    score = torch.cat([other(video[None]).score for video in some])
    expected = torch.stack([torch.relu(5.0 - score[a] + score[b]) for a, b, _ in PAIRS]).mean()
    expected.backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(found.loss, expected, rtol=1e-4, atol=1e-5)
    for mine, own in zip(one.parameters(), other.parameters(), strict=True):
        assert (mine.grad is None) == (own.grad is None)
        if mine.grad is not None and own.grad is not None:
            torch.testing.assert_close(mine.grad, own.grad, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["raan", "tsn-frozen"])
def test_losses_of_whole_videos_leave_padding_out(name: str) -> None:
    """Other numbers beyond the end of the videos change nothing; numbers before do."""
    lengths = (8, 11, 9)
    some, model = videos(name, lengths), small_model(name)
    pairs = replace(PairBatch.of([(0, 1, 1), (2, 0, 1)], [(1, 2)]), lengths=lengths)
    losses = []
    for fill in (0.0, 1e6):
        padded = pad_sequence(some, batch_first=True, padding_value=fill)
        losses.append(model.loss(padded, pairs, LossSettings()))
    assert torch.isfinite(losses[0].loss)
    for first, second in zip(*losses, strict=True):
        torch.testing.assert_close(first, second)
    whole = torch.cat([model(video[None]).score for video in some])
    torch.testing.assert_close(losses[0].score, whole, rtol=1e-4, atol=1e-6)
    padded[0, 0] += 1
    assert not torch.allclose(model.loss(padded, pairs, LossSettings()).score[0], losses[0].score[0])
