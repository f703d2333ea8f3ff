"""Batched TV-L1 in torch against the compiled one."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from benchmarks.known_flow import known_pairs
from skillviewer.core.arrays import Float32Array
from skillviewer.core.errors import SettingsError
from skillviewer.media.flow import tvl1 as compiled
from skillviewer.media.flow.flow import quantise, tvl1
from skillviewer.nets.backbones.flow_tvl1 import (
    BatchedTVL1,
    _central_gradient,
    _median_blur,
    _pyramid,
    _resized,
    _warped,
    iterations,
)

PAIRS = known_pairs(60, 76, noise=1.0)
FIRST = torch.from_numpy(np.stack([p.first for p in PAIRS]))
SECOND = torch.from_numpy(np.stack([p.second for p in PAIRS]))


def channels_last(flow: torch.Tensor) -> Float32Array:
    return flow.permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize("preset", compiled.PRESETS)
def test_equals_the_compiled_one(preset: str) -> None:
    """Positions are rounded to 1/32 px, so the last bit of a sum now and then decides, and later warps spread it."""
    model = BatchedTVL1(preset)
    for pair, flow in zip(PAIRS[:2], channels_last(model(FIRST[:2], SECOND[:2])), strict=True):
        theirs = tvl1(pair.first, pair.second, preset)
        levels = np.abs(quantise(flow, 20).astype(np.int64) - quantise(theirs, 20))
        assert np.mean(levels <= 1) > 0.99
        assert pair.error_px(flow) == pytest.approx(pair.error_px(theirs), abs=0.01)


@pytest.mark.parametrize("preset", compiled.PRESETS)
def test_one_warp_equals_the_compiled_one_to_the_last_digits(preset: str) -> None:
    p = replace(compiled.PRESETS[preset], n_warps=1)
    model = BatchedTVL1()
    model._parameters = p
    for pair in PAIRS:
        first, second = compiled.pyramid(pair.first, p)[1], compiled.pyramid(pair.second, p)[1]
        start = np.random.default_rng(0).uniform(-2, 2, (*first.shape, 2)).astype(np.float32)
        ours = model._one_level(
            torch.from_numpy(first)[None, None],
            torch.from_numpy(second)[None, None],
            torch.from_numpy(start).permute(2, 0, 1)[None],
        )
        theirs = compiled._refine(first, second, start, p)
        assert np.abs(theirs - start).max() > 0.5  # something was computed
        assert np.abs(channels_last(ours)[0] - theirs).max() < 1e-3


def test_a_field_does_not_depend_on_its_batch() -> None:
    model = BatchedTVL1("tvl1-fast")
    together = model(FIRST, SECOND)
    assert torch.equal(model(FIRST[1:2], SECOND[1:2]), together[1:2])
    assert torch.equal(model(FIRST.flip(0), SECOND.flip(0)), together.flip(0))


def test_parts_equal_those_of_opencv() -> None:
    p = compiled.PRESETS["tvl1"]
    for ours, theirs in zip(_pyramid(FIRST, p), compiled.pyramid(PAIRS[0].first, p), strict=True):
        assert np.allclose(ours[0, 0], theirs, atol=1e-4)
    picture = compiled.pyramid(PAIRS[0].first, p)[0]
    h, w = picture.shape
    batch = torch.from_numpy(picture)[None, None]
    assert np.array_equal(_central_gradient(batch)[0], np.stack(compiled._central_gradient(picture)))
    for side in (3, 5):
        assert np.array_equal(_median_blur(batch, side)[0, 0], cv2.medianBlur(picture, side))
    larger = cv2.resize(picture, (95, 75), interpolation=cv2.INTER_LINEAR)
    assert np.allclose(_resized(batch, 75, 95, h / 75, w / 95)[0, 0], larger, atol=1e-3)
    flow = np.random.default_rng(1).normal(0, 4, (h, w, 2)).astype(np.float32)
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
    warped = cv2.remap(picture, xs + flow[..., 0], ys + flow[..., 1], cv2.INTER_CUBIC)
    assert np.allclose(_warped(batch, torch.from_numpy(flow).permute(2, 0, 1)[None])[0, 0], warped, atol=1e-3)


@pytest.mark.slow
def test_iterations_can_be_compiled_whole() -> None:
    """The tracer of torch.compile takes them without a break and changes no number."""
    p = compiled.PRESETS["tvl1"]
    torch.manual_seed(0)
    flow, gradient = torch.randn(2, 2, 8, 9), torch.randn(2, 2, 8, 9)
    linear = (gradient, 1 / (gradient * gradient).sum(1, keepdim=True), torch.randn(2, 1, 8, 9))
    state = (flow, torch.zeros_like(flow), torch.zeros_like(flow), torch.tensor([True, False])[:, None, None, None])
    traced = torch.compile(iterations, backend="eager", fullgraph=True)(state, linear, p, 4)
    plain = iterations(state, linear, p, 4)
    assert all(torch.equal(a, b) for a, b in zip(traced, plain, strict=True))
    assert torch.equal(plain[0][1], flow[1])  # the field that had converged
    assert not torch.equal(plain[0][0], flow[0])


def test_unknown_preset_is_refused() -> None:
    with pytest.raises(SettingsError, match="tvl2"):
        BatchedTVL1("tvl2")
